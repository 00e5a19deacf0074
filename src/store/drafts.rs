//! Drafts' rows, and the transaction that ends a turn.
//!
//! The mark on the updates decides: whoever sets it writes the whole turn, whoever finds it set
//! writes nothing. A draft that became a job belongs to the ledger's transactions from then on
//! and is never written here.

use std::collections::BTreeMap;

use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use rei_actors::ports::StoreError;
use rei_actors::ports::drafts::{DraftStore, FavouriteChange, FormChange, TurnCommit};
use rei_domain::draft::{Draft, DraftState};
use rei_domain::ids::{ChatId, DraftId, JobId, Nonce, UserId};
use rei_domain::money::Money;
use rei_domain::time::Moment;
use serde_json::{Value, json};

use crate::store::codec::{parse_spec, render_inputs, render_look, storable, unreadable};
use crate::store::conn::Conn;
use crate::store::db::Db;
use crate::store::outbox::insert_outbox;
use crate::store::stmt::{sql, statements};
use crate::store::topups::forms::set_form;
use crate::store::topups::moves::insert_topups;

statements! {
    DRAFT = "
        SELECT id, user_id, chat_id, state, job_id, prompt, aspect, size, look, inputs, price,
               nonce, created_at, expires_at
        FROM drafts WHERE id = ?";

    ASKING = "
        SELECT id, user_id, chat_id, state, job_id, prompt, aspect, size, look, inputs, price,
               nonce, created_at, expires_at
        FROM drafts WHERE chat_id = ? AND state = 'asking' AND created_at >= ?
        ORDER BY created_at DESC, id DESC LIMIT 1";

    UNFINISHED = "
        SELECT id, user_id, chat_id, state, job_id, prompt, aspect, size, look, inputs, price,
               nonce, created_at, expires_at
        FROM drafts WHERE chat_id = ? AND state IN ('asking', 'open')
        ORDER BY created_at DESC, id DESC LIMIT ?";

    MARK_PROCESSED = "
        UPDATE inbox SET processed_at = ?
        WHERE processed_at IS NULL
          AND update_id IN (SELECT CAST(value AS BIGINT) FROM json_each(?))";

    UPSERT_DRAFTS = "
        INSERT INTO drafts (id, user_id, chat_id, state, prompt, aspect, size, look, inputs,
                            price, nonce, created_at, expires_at)
        SELECT value->>'id', CAST(value->>'user' AS BIGINT), CAST(value->>'chat' AS BIGINT),
               value->>'state', value->>'prompt', value->>'aspect', value->>'size',
               value->>'look', value->>'inputs', CAST(value->>'price' AS BIGINT), value->>'nonce',
               CAST(value->>'created_at' AS BIGINT), CAST(value->>'expires_at' AS BIGINT)
        FROM json_each(?)
        WHERE true
        ON CONFLICT (id) DO UPDATE SET
            state = excluded.state, prompt = excluded.prompt, aspect = excluded.aspect,
            size = excluded.size, look = excluded.look, inputs = excluded.inputs, price = excluded.price,
            nonce = excluded.nonce, expires_at = excluded.expires_at
        WHERE drafts.state <> 'confirmed'";

    SET_FAVOURITE = "UPDATE jobs SET favourite_at = ? WHERE id = ?";

    SET_LANGUAGE = "UPDATE users SET language = ? WHERE id = ?";
}

/// Drafts' rows.
#[derive(Clone)]
pub struct DraftRows(Db);

impl DraftRows {
    /// The rows of a database.
    pub fn new(db: Db) -> Self {
        Self(db)
    }
}

#[derive(QueryableByName)]
pub(super) struct DraftRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = BigInt)]
    chat_id: i64,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Nullable<Text>)]
    job_id: Option<String>,
    #[diesel(sql_type = Text)]
    prompt: String,
    #[diesel(sql_type = Text)]
    aspect: String,
    #[diesel(sql_type = Text)]
    size: String,
    #[diesel(sql_type = Nullable<Text>)]
    look: Option<String>,
    #[diesel(sql_type = Text)]
    inputs: String,
    #[diesel(sql_type = BigInt)]
    price: i64,
    #[diesel(sql_type = Text)]
    nonce: String,
    #[diesel(sql_type = BigInt)]
    created_at: i64,
    #[diesel(sql_type = BigInt)]
    expires_at: i64,
}

impl DraftRow {
    pub(super) fn parse(self) -> Result<Draft, StoreError> {
        Ok(Draft {
            id: DraftId::new(self.id),
            user: UserId(self.user_id),
            chat: ChatId(self.chat_id),
            state: parse_state(&self.state, self.job_id)?,
            spec: parse_spec(
                self.prompt,
                &self.aspect,
                &self.size,
                self.look.as_deref(),
                &self.inputs,
            )?,
            price: Money::from_kopecks(self.price),
            nonce: Nonce::new(self.nonce),
            created_at: Moment(self.created_at),
            expires_at: Moment(self.expires_at),
        })
    }
}

fn parse_state(state: &str, job: Option<String>) -> Result<DraftState, StoreError> {
    match (state, job) {
        ("asking", None) => Ok(DraftState::Asking),
        ("open", None) => Ok(DraftState::Open),
        ("confirmed", Some(job)) => Ok(DraftState::Confirmed(JobId::new(job))),
        ("cancelled", None) => Ok(DraftState::Cancelled),
        _ => Err(unreadable("state")),
    }
}

#[async_trait]
impl DraftStore for DraftRows {
    async fn draft(&self, id: &DraftId) -> Result<Option<Draft>, StoreError> {
        let id = id.clone();
        self.0
            .read(async move |conn: &mut Conn| {
                let row = conn.optional::<DraftRow>(sql!(DRAFT, id.as_str())).await?;
                row.map(DraftRow::parse).transpose()
            })
            .await
    }

    async fn asking(&self, chat: ChatId, since: Moment) -> Result<Option<Draft>, StoreError> {
        self.0
            .read(async move |conn: &mut Conn| {
                let row = conn
                    .optional::<DraftRow>(sql!(ASKING, chat.0, since.0))
                    .await?;
                row.map(DraftRow::parse).transpose()
            })
            .await
    }

    async fn unfinished(&self, chat: ChatId, limit: u32) -> Result<Vec<Draft>, StoreError> {
        self.0
            .read(async move |conn: &mut Conn| {
                let rows = conn
                    .load::<DraftRow>(sql!(UNFINISHED, chat.0, i64::from(limit)))
                    .await?;
                rows.into_iter().map(DraftRow::parse).collect()
            })
            .await
    }

    async fn commit(&self, turn: TurnCommit, at: Moment) -> Result<(), StoreError> {
        self.0
            .tx(async move |conn: &mut Conn| commit_turn(conn, &turn, at).await)
            .await
    }
}

async fn commit_turn(conn: &mut Conn, turn: &TurnCommit, at: Moment) -> Result<(), StoreError> {
    if !turn.update_ids.is_empty() {
        // In one order everywhere, so that two nodes with the same turn wait for each other and
        // never in a circle.
        let mut ids = turn.update_ids.clone();
        ids.sort_unstable();
        let ids = json!(ids).to_string();
        let marked = conn
            .execute(sql!(MARK_PROCESSED, at.0, ids.as_str()))
            .await?;
        if marked == 0 {
            return Ok(());
        }
    }
    upsert_drafts(conn, &turn.drafts).await?;
    if let Some((user, language)) = turn.language {
        conn.execute(sql!(SET_LANGUAGE, language.as_str(), user.0))
            .await?;
    }
    let favourite = match &turn.favourite {
        Some(FavouriteChange::Keep(job)) => Some((job, Some(at.0))),
        Some(FavouriteChange::Release(job)) => Some((job, None)),
        None => None,
    };
    if let Some((job, since)) = favourite {
        conn.execute(sql!(SET_FAVOURITE, since, job.as_str()))
            .await?;
    }
    insert_topups(conn, &turn.topups).await?;
    match &turn.form {
        Some(FormChange::Ask(chat, form)) => set_form(conn, *chat, Some(form)).await?,
        Some(FormChange::Forget(chat)) => set_form(conn, *chat, None).await?,
        None => {}
    }
    insert_outbox(conn, &turn.outbox).await
}

async fn upsert_drafts(conn: &mut Conn, drafts: &[Draft]) -> Result<(), StoreError> {
    // A draft that changed twice in the turn is written once, as it is at the end: one statement
    // may not update a row twice.
    let mut last: BTreeMap<&str, &Draft> = BTreeMap::new();
    for draft in drafts {
        last.insert(draft.id.as_str(), draft);
    }
    let rows: Vec<Value> = last.into_values().filter_map(render_draft).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let rows = Value::Array(rows).to_string();
    conn.execute(sql!(UPSERT_DRAFTS, rows.as_str())).await?;
    Ok(())
}

/// A draft as a row, or nothing for one that became a job: its row is not ours to write.
fn render_draft(draft: &Draft) -> Option<Value> {
    let state = match &draft.state {
        DraftState::Asking => "asking",
        DraftState::Open => "open",
        DraftState::Cancelled => "cancelled",
        DraftState::Confirmed(_) => return None,
    };
    let look = render_look(&draft.spec);
    Some(json!({
        "id": draft.id.as_str(),
        "user": draft.user.0,
        "chat": draft.chat.0,
        "state": state,
        "prompt": storable(&draft.spec.prompt),
        "aspect": look.aspect,
        "size": look.size,
        "look": look.look,
        "inputs": render_inputs(&draft.spec.inputs),
        "price": draft.price.kopecks(),
        "nonce": draft.nonce.as_str(),
        "created_at": draft.created_at.0,
        "expires_at": draft.expires_at.0,
    }))
}

#[cfg(test)]
mod tests;
