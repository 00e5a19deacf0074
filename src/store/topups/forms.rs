//! What a chat is being asked about a top-up.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use rei_actors::ports::StoreError;
use rei_actors::ports::topups::{Question, TopupForm};
use rei_domain::ids::{ChatId, DraftId};
use rei_domain::money::Money;
use rei_domain::time::Moment;

use crate::store::codec::unreadable;
use crate::store::conn::Conn;
use crate::store::stmt::{sql, statements};

statements! {
    FORM = "
        SELECT question, method, amount, draft_id, asked_at FROM topup_forms
        WHERE chat_id = ? AND asked_at >= ?";

    ASK = "
        INSERT INTO topup_forms (chat_id, question, method, amount, draft_id, asked_at)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (chat_id) DO UPDATE SET
            question = excluded.question, method = excluded.method, amount = excluded.amount,
            draft_id = excluded.draft_id, asked_at = excluded.asked_at";

    FORGET = "DELETE FROM topup_forms WHERE chat_id = ?";
}

#[derive(QueryableByName)]
struct FormRow {
    #[diesel(sql_type = Text)]
    question: String,
    #[diesel(sql_type = Nullable<Text>)]
    method: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    amount: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    draft_id: Option<String>,
    #[diesel(sql_type = BigInt)]
    asked_at: i64,
}

pub(super) async fn form(
    conn: &mut Conn,
    chat: ChatId,
    since: Moment,
) -> Result<Option<TopupForm>, StoreError> {
    let row = conn
        .optional::<FormRow>(sql!(FORM, chat.0, since.0))
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let question = match (row.question.as_str(), row.method, row.amount) {
        ("amount", None, None) => Question::Amount,
        ("email", Some(method), Some(amount)) => Question::Email {
            method,
            amount: Money::from_kopecks(amount),
        },
        _ => return Err(unreadable("question")),
    };
    Ok(Some(TopupForm {
        question,
        draft: row.draft_id.map(DraftId::new),
        asked_at: Moment(row.asked_at),
    }))
}

/// Writes what the chat is asked now, or that it is asked nothing any more.
pub async fn set_form(
    conn: &mut Conn,
    chat: ChatId,
    form: Option<&TopupForm>,
) -> Result<(), StoreError> {
    let Some(form) = form else {
        conn.execute(sql!(FORGET, chat.0)).await?;
        return Ok(());
    };
    let (question, method, amount) = match &form.question {
        Question::Amount => ("amount", None, None),
        Question::Email { method, amount } => {
            ("email", Some(method.as_str()), Some(amount.kopecks()))
        }
    };
    let draft = form.draft.as_ref().map(|draft| draft.as_str());
    let ask = sql!(
        ASK,
        chat.0,
        question,
        method,
        amount,
        draft,
        form.asked_at.0
    );
    conn.execute(ask).await?;
    Ok(())
}
