//! The inbox's rows.
//!
//! An update is processed when `processed_at` is set: by the turn it was part of
//! (`store::drafts`), or here when it is set aside as poison.

use std::borrow::Cow;

use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use rei_actors::ports::StoreError;
use rei_actors::ports::inbox::{InboxStore, RawUpdate, StoredUpdate};
use rei_domain::ids::ChatId;
use rei_domain::time::Moment;
use serde::Serialize;
use serde_json::json;

use crate::store::codec::{parse_count, storable};
use crate::store::conn::Conn;
use crate::store::db::Db;
use crate::store::stmt::{sql, statements};

statements! {
    INSERT_UPDATES = "
        INSERT INTO inbox (update_id, chat_id, body, received_at, attempts)
        SELECT CAST(value->>'update_id' AS BIGINT), CAST(value->>'chat' AS BIGINT),
               value->>'body', CAST(value->>'received_at' AS BIGINT), 0
        FROM json_each(?)
        WHERE true
        ON CONFLICT (update_id) DO NOTHING
        RETURNING update_id";

    COUNT_ATTEMPTS = "
        UPDATE inbox SET attempts = attempts + 1
        WHERE processed_at IS NULL
          AND update_id IN (SELECT CAST(value AS BIGINT) FROM json_each(?))";

    UNPROCESSED = "
        SELECT update_id, chat_id, body, received_at, attempts FROM inbox
        WHERE chat_id = ? AND processed_at IS NULL
        ORDER BY update_id LIMIT ?";

    WAITING_CHATS = "
        SELECT chat_id FROM inbox WHERE processed_at IS NULL
        GROUP BY chat_id ORDER BY MIN(received_at), MIN(update_id) LIMIT ?";

    SET_ASIDE = "
        UPDATE inbox SET processed_at = ?, set_aside_cause = ?
        WHERE processed_at IS NULL
          AND update_id IN (SELECT CAST(value AS BIGINT) FROM json_each(?))";
}

/// The inbox's rows.
#[derive(Clone)]
pub struct InboxRows(Db);

impl InboxRows {
    /// The rows of a database.
    pub fn new(db: Db) -> Self {
        Self(db)
    }
}

/// A row as `INSERT_UPDATES` reads it.
#[derive(Serialize)]
struct NewUpdate<'a> {
    update_id: i64,
    chat: i64,
    body: Cow<'a, str>,
    received_at: i64,
}

#[derive(QueryableByName)]
struct UpdateId {
    #[diesel(sql_type = BigInt)]
    update_id: i64,
}

#[derive(QueryableByName)]
struct WaitingChat {
    #[diesel(sql_type = BigInt)]
    chat_id: i64,
}

#[derive(QueryableByName)]
struct UpdateRow {
    #[diesel(sql_type = BigInt)]
    update_id: i64,
    #[diesel(sql_type = BigInt)]
    chat_id: i64,
    #[diesel(sql_type = Text)]
    body: String,
    #[diesel(sql_type = BigInt)]
    received_at: i64,
    #[diesel(sql_type = BigInt)]
    attempts: i64,
}

impl UpdateRow {
    fn parse(self) -> Result<StoredUpdate, StoreError> {
        Ok(StoredUpdate {
            update: RawUpdate {
                update_id: self.update_id,
                chat: ChatId(self.chat_id),
                body: self.body,
                received_at: Moment(self.received_at),
            },
            attempts: parse_count("attempts", self.attempts)?,
        })
    }
}

#[async_trait]
impl InboxStore for InboxRows {
    async fn store(&self, mut updates: Vec<RawUpdate>) -> Result<Vec<i64>, StoreError> {
        if updates.is_empty() {
            return Ok(Vec::new());
        }
        // In one order everywhere, so that two nodes that store the same updates wait for each
        // other and never in a circle.
        updates.sort_by_key(|update| update.update_id);
        let rows: Vec<NewUpdate> = updates
            .iter()
            .map(|update| NewUpdate {
                update_id: update.update_id,
                chat: update.chat.0,
                body: storable(&update.body),
                received_at: update.received_at.0,
            })
            .collect();
        let rows = serde_json::to_string(&rows)
            .map_err(|error| StoreError::Broken(format!("updates cannot be rendered: {error}")))?;
        self.0
            .write(async move |conn: &mut Conn| {
                let new = conn
                    .load::<UpdateId>(sql!(INSERT_UPDATES, rows.as_str()))
                    .await?;
                let mut new: Vec<i64> = new.into_iter().map(|row| row.update_id).collect();
                new.sort_unstable();
                Ok(new)
            })
            .await
    }

    async fn waiting(&self, chat: ChatId, limit: u32) -> Result<Vec<StoredUpdate>, StoreError> {
        self.0
            .read(async move |conn: &mut Conn| {
                let rows = conn
                    .load::<UpdateRow>(sql!(UNPROCESSED, chat.0, i64::from(limit)))
                    .await?;
                rows.into_iter().map(UpdateRow::parse).collect()
            })
            .await
    }

    async fn begin(&self, update_ids: &[i64]) -> Result<(), StoreError> {
        let ids = json!(update_ids).to_string();
        self.0
            .write(async move |conn: &mut Conn| {
                conn.execute(sql!(COUNT_ATTEMPTS, ids.as_str())).await?;
                Ok(())
            })
            .await
    }

    async fn waiting_chats(&self, limit: u32) -> Result<Vec<ChatId>, StoreError> {
        self.0
            .read(async move |conn: &mut Conn| {
                let rows = conn
                    .load::<WaitingChat>(sql!(WAITING_CHATS, i64::from(limit)))
                    .await?;
                Ok(rows.into_iter().map(|row| ChatId(row.chat_id)).collect())
            })
            .await
    }

    async fn set_aside(
        &self,
        update_ids: &[i64],
        cause: &str,
        at: Moment,
    ) -> Result<(), StoreError> {
        let mut ids = update_ids.to_vec();
        ids.sort_unstable();
        let ids = json!(ids).to_string();
        let cause = cause.to_owned();
        self.0
            .write(async move |conn: &mut Conn| {
                conn.execute(sql!(SET_ASIDE, at.0, cause.as_str(), ids.as_str()))
                    .await?;
                Ok(())
            })
            .await
    }
}

#[cfg(test)]
mod tests;
