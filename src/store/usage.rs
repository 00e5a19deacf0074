//! Sessions by the running second: the row of what was sold joined with its meter.

use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use rei_actors::ports::StoreError;
use rei_actors::ports::outbox::NewOutbox;
use rei_actors::ports::usage::UsageStore;
use rei_domain::ids::{ChatId, UsageId, UserId};
use rei_domain::metering::{Meter, Tariff};
use rei_domain::money::Money;
use rei_domain::time::{Moment, Span};
use rei_domain::usage::{Usage, UsageEnd};

use crate::store::codec::{parse_word, unreadable};
use crate::store::conn::Conn;
use crate::store::db::Db;
use crate::store::outbox::insert_outbox;
use crate::store::stmt::{sql, statements};

statements! {
    USAGE = "
        SELECT session.id, session.user_id, meter.chat_id, session.rate, session.charged,
               session.started_at, session.ended_at, session.end_reason, meter.window_secs,
               meter.lead_secs, meter.metered, meter.counted_until, meter.windows_held,
               meter.windows_charged, meter.version, meter.stopping
        FROM usage_sessions session JOIN meters meter ON meter.usage_id = session.id
        WHERE session.id = ?";

    RUNNING_OF = "
        SELECT session.id, session.user_id, meter.chat_id, session.rate, session.charged,
               session.started_at, session.ended_at, session.end_reason, meter.window_secs,
               meter.lead_secs, meter.metered, meter.counted_until, meter.windows_held,
               meter.windows_charged, meter.version, meter.stopping
        FROM usage_sessions session JOIN meters meter ON meter.usage_id = session.id
        WHERE session.user_id = ? AND session.unit = 'running_second'
          AND session.ended_at IS NULL";

    RUNNING = "
        SELECT session.id, session.user_id, meter.chat_id, session.rate, session.charged,
               session.started_at, session.ended_at, session.end_reason, meter.window_secs,
               meter.lead_secs, meter.metered, meter.counted_until, meter.windows_held,
               meter.windows_charged, meter.version, meter.stopping
        FROM usage_sessions session JOIN meters meter ON meter.usage_id = session.id
        WHERE session.unit = 'running_second' AND session.ended_at IS NULL AND session.id > ?
        ORDER BY session.id LIMIT ?";

    COUNT = "
        UPDATE meters SET metered = ?, counted_until = ?, version = version + 1
        WHERE usage_id = ? AND version = ?";

    STOP_AFTER_WINDOW = "
        UPDATE meters SET stopping = ?, version = version + 1
        WHERE usage_id = ? AND version = ? AND stopping IS NULL";

    ASK_TO_STOP = "
        UPDATE meters SET stopping = 'stopped'
        WHERE usage_id = ? AND EXISTS (
            SELECT 1 FROM usage_sessions session
            WHERE session.id = meters.usage_id AND session.ended_at IS NULL)";

    BANNED = "
        SELECT user_id AS id FROM bans WHERE user_id = ? AND (until IS NULL OR until > ?)";
}

/// The rows of sessions by the second.
#[derive(Clone)]
pub struct UsageRows(Db);

impl UsageRows {
    /// The rows of a database.
    pub fn new(db: Db) -> Self {
        Self(db)
    }
}

#[derive(QueryableByName)]
struct BannedRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

#[derive(QueryableByName)]
pub(super) struct UsageRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = BigInt)]
    chat_id: i64,
    #[diesel(sql_type = BigInt)]
    rate: i64,
    #[diesel(sql_type = BigInt)]
    charged: i64,
    #[diesel(sql_type = BigInt)]
    started_at: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    ended_at: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    end_reason: Option<String>,
    #[diesel(sql_type = BigInt)]
    window_secs: i64,
    #[diesel(sql_type = BigInt)]
    lead_secs: i64,
    #[diesel(sql_type = BigInt)]
    metered: i64,
    #[diesel(sql_type = BigInt)]
    counted_until: i64,
    #[diesel(sql_type = BigInt)]
    windows_held: i64,
    #[diesel(sql_type = BigInt)]
    windows_charged: i64,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Nullable<Text>)]
    stopping: Option<String>,
}

impl UsageRow {
    pub(super) fn parse(self) -> Result<Usage, StoreError> {
        let count = |what, value: i64| u32::try_from(value).map_err(|_| unreadable(what));
        let reason = |what, text: Option<String>| {
            let end = text.map(|text| parse_word(what, &text, UsageEnd::parse));
            end.transpose()
        };
        let end_reason = reason("end_reason", self.end_reason)?;
        Ok(Usage {
            id: UsageId::new(self.id),
            user: UserId(self.user_id),
            chat: ChatId(self.chat_id),
            meter: Meter {
                tariff: Tariff {
                    rate: Money::from_kopecks(self.rate),
                    window_secs: count("window_secs", self.window_secs)?,
                    lead_secs: count("lead_secs", self.lead_secs)?,
                },
                metered: Span(self.metered),
                counted_until: Moment(self.counted_until),
                windows_held: count("windows_held", self.windows_held)?,
                windows_charged: count("windows_charged", self.windows_charged)?,
            },
            charged: Money::from_kopecks(self.charged),
            version: self.version,
            stopping: reason("stopping", self.stopping)?,
            started_at: Moment(self.started_at),
            ended: self.ended_at.map(Moment).zip(end_reason),
        })
    }
}

#[async_trait]
impl UsageStore for UsageRows {
    async fn usage(&self, id: &UsageId) -> Result<Option<Usage>, StoreError> {
        let id = id.clone();
        self.0
            .read(async move |conn: &mut Conn| {
                let row = conn.optional::<UsageRow>(sql!(USAGE, id.as_str())).await?;
                row.map(UsageRow::parse).transpose()
            })
            .await
    }

    async fn running_of(&self, user: UserId) -> Result<Option<Usage>, StoreError> {
        self.0
            .read(async move |conn: &mut Conn| {
                let row = conn.optional::<UsageRow>(sql!(RUNNING_OF, user.0)).await?;
                row.map(UsageRow::parse).transpose()
            })
            .await
    }

    async fn running(&self, after: Option<&UsageId>, limit: u32) -> Result<Vec<Usage>, StoreError> {
        let after = after.map_or_else(String::new, |id| id.as_str().to_owned());
        self.0
            .read(async move |conn: &mut Conn| {
                let stmt = sql!(RUNNING, after.as_str(), i64::from(limit));
                let rows = conn.load::<UsageRow>(stmt).await?;
                rows.into_iter().map(UsageRow::parse).collect()
            })
            .await
    }

    async fn count(&self, id: &UsageId, version: i64, meter: &Meter) -> Result<bool, StoreError> {
        let (id, meter) = (id.clone(), *meter);
        self.0
            .write(async move |conn: &mut Conn| {
                let (metered, until) = (meter.metered.0, meter.counted_until.0);
                let stmt = sql!(COUNT, metered, until, id.as_str(), version);
                Ok(conn.execute(stmt).await? == 1)
            })
            .await
    }

    async fn stop_after_window(
        &self,
        id: &UsageId,
        version: i64,
        reason: UsageEnd,
        warning: &NewOutbox,
    ) -> Result<bool, StoreError> {
        let (id, warning) = (id.clone(), warning.clone());
        self.0
            .tx(async move |conn: &mut Conn| {
                let stmt = sql!(STOP_AFTER_WINDOW, reason.as_str(), id.as_str(), version);
                let had = conn.execute(stmt).await? == 1;
                if had {
                    insert_outbox(conn, std::slice::from_ref(&warning)).await?;
                }
                Ok(had)
            })
            .await
    }

    async fn ask_to_stop(&self, id: &UsageId) -> Result<bool, StoreError> {
        let id = id.clone();
        self.0
            .write(async move |conn: &mut Conn| {
                Ok(conn.execute(sql!(ASK_TO_STOP, id.as_str())).await? == 1)
            })
            .await
    }

    async fn is_banned(&self, user: UserId, now: Moment) -> Result<bool, StoreError> {
        self.0
            .read(async move |conn: &mut Conn| {
                let row = conn
                    .optional::<BannedRow>(sql!(BANNED, user.0, now.0))
                    .await?;
                Ok(row.is_some_and(|row| row.id == user.0))
            })
            .await
    }
}

#[cfg(test)]
mod tests;
