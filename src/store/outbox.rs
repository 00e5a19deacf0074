//! The outbox's rows.
//!
//! ```text
//! ready ──▶ delivered | superseded | dead
//!   │ ▲
//!   ▼ │ the user came back (`store::users`)
//! unreachable
//! ```
//! A message leaves `ready` once: whoever finishes it second changes nothing.

use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use rei_actors::ports::StoreError;
use rei_actors::ports::outbox::{NewOutbox, OutboxBody, OutboxRow, OutboxStore, Sent};
use rei_actors::runner::draft_slot;
use rei_domain::ids::{ChatId, MessageId};
use rei_domain::job::JobEvent;
use rei_domain::time::Moment;
use serde_json::{Value, json};

use crate::store::codec::{body_job, parse_body, parse_count, render_body};
use crate::store::conn::Conn;
use crate::store::db::Db;
use crate::store::jobs::steps;
use crate::store::stmt::{sql, statements};

/// Messages of one chat in an answer of `due`. Telegram takes about one a second from a chat,
/// so more would only keep the others out of the answer.
const CHAT_PREFIX_MAX: i64 = 8;

statements! {
    // Rows are numbered in the order of the list.
    INSERT_OUTBOX = "
        INSERT INTO outbox (key, chat_id, slot, body, job_id, state, attempts, due_at, created_at)
        SELECT value->>'key', CAST(value->>'chat' AS BIGINT), value->>'slot', value->>'body',
               value->>'job', 'ready', 0, CAST(value->>'created_at' AS BIGINT),
               CAST(value->>'created_at' AS BIGINT)
        FROM json_each(?)
        WHERE true
        ON CONFLICT (key) DO NOTHING";

    // What waits for a later try holds back everything behind it in its chat.
    DUE = "
        SELECT ready.seq, ready.chat_id, ready.slot, ready.body, ready.attempts
        FROM (
            SELECT o.seq, o.chat_id, o.slot, o.body, o.attempts,
                   ROW_NUMBER() OVER (PARTITION BY o.chat_id ORDER BY o.seq) AS place
            FROM outbox o
            WHERE o.state = 'ready' AND o.due_at <= ?
              AND NOT EXISTS (
                  SELECT 1 FROM outbox earlier
                  WHERE earlier.chat_id = o.chat_id AND earlier.state = 'ready'
                    AND earlier.seq < o.seq AND earlier.due_at > ?)
        ) ready
        WHERE ready.place <= ?
        ORDER BY ready.seq LIMIT ?";

    FINISH = "
        UPDATE outbox SET state = ?, finished_at = ?, message_id = ?, cause = ?
        WHERE seq = ? AND state = 'ready'
        RETURNING chat_id, slot, body";

    // It is not over: the row waits until the user can be reached.
    SET_UNREACHABLE = "
        UPDATE outbox SET state = 'unreachable' WHERE seq = ? AND state = 'ready'";

    FILL_SLOT = "
        INSERT INTO outbox_slots (chat_id, slot, message_id) VALUES (?, ?, ?)
        ON CONFLICT (chat_id, slot) DO UPDATE SET message_id = excluded.message_id";

    // A draft that became a job meanwhile keeps its place.
    MOVE_CARD = "
        INSERT INTO outbox_slots (chat_id, slot, message_id)
        SELECT CAST(? AS BIGINT), CAST(? AS TEXT), CAST(? AS BIGINT) FROM drafts
        WHERE id = ? AND state = 'open'
        ON CONFLICT (chat_id, slot) DO UPDATE SET message_id = excluded.message_id";

    DELIVER_JOB = "
        UPDATE jobs SET state_at = ?, state = (
            SELECT value->>'after' FROM json_each(?) WHERE value->>'before' = jobs.state)
        WHERE id = ? AND state IN (SELECT value->>'before' FROM json_each(?))";

    REMEMBER_PICTURE = "
        INSERT INTO sent_pictures (chat_id, message_id, job_id, asset_id)
        SELECT CAST(? AS BIGINT), CAST(? AS BIGINT), id, result FROM jobs
        WHERE id = ? AND result IS NOT NULL
        ON CONFLICT (chat_id, message_id) DO NOTHING";

    // The same moment again is the same try told twice.
    POSTPONE = "
        UPDATE outbox SET attempts = attempts + 1, due_at = ?
        WHERE seq = ? AND state = 'ready' AND due_at <> ?";

    SLOT = "SELECT message_id FROM outbox_slots WHERE chat_id = ? AND slot = ?";
}

/// The outbox's rows.
#[derive(Clone)]
pub struct OutboxRows(Db);

impl OutboxRows {
    /// The rows of a database.
    pub fn new(db: Db) -> Self {
        Self(db)
    }
}

/// Writes messages inside the caller's transaction. Those whose key is known are skipped.
pub async fn insert_outbox(conn: &mut Conn, messages: &[NewOutbox]) -> Result<(), StoreError> {
    if messages.is_empty() {
        return Ok(());
    }
    let rows: Vec<Value> = messages
        .iter()
        .map(|message| {
            json!({
                "key": message.key,
                "chat": message.chat.0,
                "slot": message.slot,
                "body": render_body(&message.body),
                "job": body_job(&message.body),
                "created_at": message.created_at.0,
            })
        })
        .collect();
    let rows = Value::Array(rows).to_string();
    conn.execute(sql!(INSERT_OUTBOX, rows.as_str())).await?;
    Ok(())
}

#[derive(QueryableByName)]
struct DueRow {
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = BigInt)]
    chat_id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    slot: Option<String>,
    #[diesel(sql_type = Text)]
    body: String,
    #[diesel(sql_type = BigInt)]
    attempts: i64,
}

impl DueRow {
    fn parse(self) -> Result<OutboxRow, StoreError> {
        Ok(OutboxRow {
            seq: self.seq,
            chat: ChatId(self.chat_id),
            slot: self.slot,
            body: parse_body(&self.body)?,
            attempts: parse_count("attempts", self.attempts)?,
        })
    }
}

#[derive(QueryableByName)]
struct FinishedRow {
    #[diesel(sql_type = BigInt)]
    chat_id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    slot: Option<String>,
    #[diesel(sql_type = Text)]
    body: String,
}

#[derive(QueryableByName)]
struct SlotRow {
    #[diesel(sql_type = BigInt)]
    message_id: i64,
}

#[async_trait]
impl OutboxStore for OutboxRows {
    async fn due(&self, now: Moment, limit: u32) -> Result<Vec<OutboxRow>, StoreError> {
        self.0
            .read(async move |conn: &mut Conn| {
                let due = sql!(DUE, now.0, now.0, CHAT_PREFIX_MAX, i64::from(limit));
                let rows = conn.load::<DueRow>(due).await?;
                rows.into_iter().map(DueRow::parse).collect()
            })
            .await
    }

    async fn finish(&self, seq: i64, sent: &Sent, at: Moment) -> Result<(), StoreError> {
        let sent = sent.clone();
        self.0
            .tx(async move |conn: &mut Conn| match &sent {
                Sent::Delivered { message } => deliver(conn, seq, *message, at).await,
                Sent::Superseded => end(conn, seq, "superseded", None, at).await,
                Sent::Dead { cause } => end(conn, seq, "dead", Some(cause), at).await,
                Sent::Unreachable => {
                    conn.execute(sql!(SET_UNREACHABLE, seq)).await?;
                    Ok(())
                }
            })
            .await
    }

    async fn postpone(&self, seq: i64, due_at: Moment) -> Result<(), StoreError> {
        self.0
            .write(async move |conn: &mut Conn| {
                conn.execute(sql!(POSTPONE, due_at.0, seq, due_at.0))
                    .await?;
                Ok(())
            })
            .await
    }

    async fn slot(&self, chat: ChatId, slot: &str) -> Result<Option<MessageId>, StoreError> {
        let slot = slot.to_owned();
        self.0
            .read(async move |conn: &mut Conn| {
                let row = conn
                    .optional::<SlotRow>(sql!(SLOT, chat.0, slot.as_str()))
                    .await?;
                Ok(row.map(|row| MessageId(row.message_id)))
            })
            .await
    }
}

async fn end(
    conn: &mut Conn,
    seq: i64,
    state: &str,
    cause: Option<&str>,
    at: Moment,
) -> Result<(), StoreError> {
    let no_message: Option<i64> = None;
    let finish = sql!(FINISH, state, at.0, no_message, cause, seq);
    conn.load::<FinishedRow>(finish).await?;
    Ok(())
}

async fn deliver(
    conn: &mut Conn,
    seq: i64,
    message: MessageId,
    at: Moment,
) -> Result<(), StoreError> {
    let no_cause: Option<&str> = None;
    let finish = sql!(FINISH, "delivered", at.0, Some(message.0), no_cause, seq);
    let Some(row) = conn.optional::<FinishedRow>(finish).await? else {
        return Ok(());
    };
    if let Some(slot) = &row.slot {
        conn.execute(sql!(FILL_SLOT, row.chat_id, slot.as_str(), message.0))
            .await?;
    }
    match parse_body(&row.body)? {
        OutboxBody::Result { job } => {
            let steps = steps(JobEvent::Deliver);
            let (steps, job) = (steps.as_str(), job.as_str());
            conn.execute(sql!(DELIVER_JOB, at.0, steps, job, steps))
                .await?;
            conn.execute(sql!(REMEMBER_PICTURE, row.chat_id, message.0, job))
                .await?;
        }
        // The message is the card of the request it offers from now on.
        OutboxBody::Credited {
            draft: Some(draft), ..
        } => {
            let slot = draft_slot(&draft);
            conn.execute(sql!(
                MOVE_CARD,
                row.chat_id,
                slot.as_str(),
                message.0,
                draft.as_str()
            ))
            .await?;
        }
        OutboxBody::Text { .. }
        | OutboxBody::Progress { .. }
        | OutboxBody::File { .. }
        | OutboxBody::Usage { .. }
        | OutboxBody::UsageWarning { .. }
        | OutboxBody::Document { .. }
        | OutboxBody::PayCard { .. }
        | OutboxBody::Credited { draft: None, .. }
        | OutboxBody::Refund { .. } => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests;
