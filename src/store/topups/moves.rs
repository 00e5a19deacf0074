//! How top-ups begin and move.

use diesel::QueryableByName;
use diesel::sql_types::Text;
use rei_actors::ports::StoreError;
use rei_actors::ports::notices::{NoticeEnd, NoticeId};
use rei_actors::ports::outbox::NewOutbox;
use rei_actors::ports::topups::{Moved, NewTopup, Topup, TopupMove};
use rei_domain::ids::TopupId;
use rei_domain::time::Moment;
use rei_domain::topup::TopupEvent;
use serde_json::{Value, json};

use super::rows::{TopupRow, topup_columns};
use super::steps::topup_steps;
use crate::store::conn::Conn;
use crate::store::notices;
use crate::store::outbox::insert_outbox;
use crate::store::stmt::{Stmt, sql, statements};

statements! {
    INSERT_TOPUPS = "
        INSERT INTO topups (id, user_id, chat_id, method, amount, due_amount, due_currency,
                            language, email, draft_id, state, failures, due_at, created_at)
        SELECT value->>'id', CAST(value->>'user' AS BIGINT), CAST(value->>'chat' AS BIGINT),
               value->>'method', CAST(value->>'amount' AS BIGINT),
               CAST(value->>'due_amount' AS BIGINT), value->>'due_currency', value->>'language',
               value->>'email', value->>'draft', 'asked', 0,
               CAST(value->>'created_at' AS BIGINT), CAST(value->>'created_at' AS BIGINT)
        FROM json_each(?)
        WHERE true
        ON CONFLICT (id) DO NOTHING";

    TAKE_TOPUPS = concat!(
        "UPDATE topups SET due_at = ?
        WHERE due_at <= ? AND id IN (
            SELECT due.id FROM topups due
            WHERE due.method = ? AND due.state IN ('asked', 'pending') AND due.due_at <= ?
            ORDER BY due.due_at LIMIT ?)
        RETURNING ", topup_columns!()
    );

    OFFER = "
        UPDATE topups SET external_id = COALESCE(external_id, ?), pay_url = ?, due_amount = ?,
            due_currency = ?, due_at = ?, failures = 0, state = (
                SELECT value->>'after' FROM json_each(?) WHERE value->>'before' = topups.state)
        WHERE id = ? AND state IN (SELECT value->>'before' FROM json_each(?))
        RETURNING id";

    CANCEL = "
        UPDATE topups SET cause = ?, finished_at = ?, state = (
            SELECT value->>'after' FROM json_each(?) WHERE value->>'before' = topups.state)
        WHERE id = ? AND state IN (SELECT value->>'before' FROM json_each(?))
        RETURNING id";

    PARK = "
        UPDATE topups SET external_id = COALESCE(external_id, ?), cause = ?, finished_at = ?,
            seen_amount = ?, seen_currency = ?, seen_created_at = ?, seen_captured_at = ?,
            seen_at = ?, state = (
                SELECT value->>'after' FROM json_each(?) WHERE value->>'before' = topups.state)
        WHERE id = ? AND state IN (SELECT value->>'before' FROM json_each(?))
        RETURNING id";

    RELEASE = "
        UPDATE topups SET cause = NULL, finished_at = NULL, due_at = ?, failures = 0, state = (
            SELECT value->>'after' FROM json_each(?) WHERE value->>'before' = topups.state)
        WHERE id = ? AND state IN (SELECT value->>'before' FROM json_each(?))
        RETURNING id";

    PUT_OFF_TOPUP = "
        UPDATE topups SET failures = ?, due_at = ?
        WHERE id = ? AND state IN ('asked', 'pending')";
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = Text)]
    #[diesel(column_name = id)]
    _id: String,
}

/// Writes top-ups that a turn began; one that is known stays as it is.
pub async fn insert_topups(conn: &mut Conn, topups: &[NewTopup]) -> Result<(), StoreError> {
    if topups.is_empty() {
        return Ok(());
    }
    let rows: Vec<Value> = topups.iter().map(topup_row).collect();
    let rows = Value::Array(rows).to_string();
    conn.execute(sql!(INSERT_TOPUPS, rows.as_str())).await?;
    Ok(())
}

fn topup_row(topup: &NewTopup) -> Value {
    json!({
        "id": topup.id.as_str(),
        "user": topup.user.0,
        "chat": topup.chat.0,
        "method": topup.method,
        "amount": topup.amount.kopecks(),
        "due_amount": topup.due.amount,
        "due_currency": topup.due.currency,
        "language": topup.language.as_str(),
        "email": topup.email.as_ref().map(|email| email.as_str()),
        "draft": topup.draft.as_ref().map(|draft| draft.as_str()),
        "created_at": topup.created_at.0,
    })
}

pub(super) async fn take(
    conn: &mut Conn,
    method: &str,
    now: Moment,
    until: Moment,
    limit: u32,
) -> Result<Vec<Topup>, StoreError> {
    let take = sql!(TAKE_TOPUPS, until.0, now.0, method, now.0, i64::from(limit));
    let rows = conn.load::<TopupRow>(take).await?;
    rows.into_iter().map(TopupRow::parse).collect()
}

pub(super) async fn move_topup(
    conn: &mut Conn,
    id: &TopupId,
    how: &TopupMove,
    notice: Option<NoticeId>,
    outbox: &[NewOutbox],
    at: Moment,
) -> Result<Moved, StoreError> {
    let steps = topup_steps(event(how));
    let moved = conn
        .optional::<IdRow>(statement(id, how, &steps, at))
        .await?;
    if let Some(notice) = notice {
        notices::finish(conn, notice, &NoticeEnd::Processed, at).await?;
    }
    if moved.is_none() {
        return Ok(Moved::Not);
    }
    insert_outbox(conn, outbox).await?;
    Ok(Moved::Now)
}

fn event(how: &TopupMove) -> TopupEvent {
    match how {
        TopupMove::Offer { .. } => TopupEvent::Offer,
        TopupMove::Cancel { .. } => TopupEvent::Cancel,
        TopupMove::Park { .. } => TopupEvent::Park,
        TopupMove::Release => TopupEvent::Release,
    }
}

fn statement<'a>(id: &'a TopupId, how: &'a TopupMove, steps: &'a str, at: Moment) -> Stmt<'a> {
    let id = id.as_str();
    match how {
        TopupMove::Offer {
            external,
            pay_url,
            due,
            due_at,
        } => sql!(
            OFFER,
            external.as_deref(),
            pay_url.as_str(),
            due.amount,
            due.currency,
            due_at.0,
            steps,
            id,
            steps
        ),
        TopupMove::Cancel { cause } => {
            sql!(CANCEL, cause.as_deref(), at.0, steps, id, steps)
        }
        TopupMove::Park { reason, evidence } => sql!(
            PARK,
            evidence.external.as_str(),
            reason.as_str(),
            at.0,
            evidence.sum.amount,
            evidence.sum.currency.as_str(),
            evidence.paid_created_at.0,
            evidence.captured_at.map(|at| at.0),
            evidence.seen_at.0,
            steps,
            id,
            steps
        ),
        TopupMove::Release => sql!(RELEASE, at.0, steps, id, steps),
    }
}

pub(super) async fn put_off(
    conn: &mut Conn,
    id: &TopupId,
    failures: u32,
    due_at: Moment,
) -> Result<(), StoreError> {
    let put_off = sql!(PUT_OFF_TOPUP, i64::from(failures), due_at.0, id.as_str());
    conn.execute(put_off).await?;
    Ok(())
}
