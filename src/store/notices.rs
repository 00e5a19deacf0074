//! The rows of payment notices.
//!
//! Two indexes tell repeats: a signed notice is known by its id, a listed one by what it says.
//! Rows stay when they have ended, so a repeat is known for as long as there are rows.

use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use rei_actors::ports::StoreError;
use rei_actors::ports::notices::{
    Notice, NoticeEnd, NoticeId, NoticeSource, NoticeStore, StoredNotice, Storing,
};
use rei_domain::time::Moment;

use crate::store::codec::{parse_count, storable};
use crate::store::conn::Conn;
use crate::store::db::Db;
use crate::store::stmt::{sql, statements};

statements! {
    INSERT_NOTICE = "
        INSERT INTO notices (method, event, object, signed_id, body, received_at, due_at, attempts)
        VALUES (?, ?, ?, ?, ?, ?, ?, 0)
        ON CONFLICT DO NOTHING
        RETURNING id";

    SIGNED_AS = "
        SELECT event, object FROM notices WHERE method = ? AND signed_id = ?";

    WAITING = "
        SELECT id, method, event, object, signed_id, body, received_at, attempts FROM notices
        WHERE finished_at IS NULL AND due_at <= ?
        ORDER BY due_at, id LIMIT ?";

    WAITING_OF = "
        SELECT id, method, event, object, signed_id, body, received_at, attempts FROM notices
        WHERE method = ? AND finished_at IS NULL AND due_at <= ?
        ORDER BY due_at, id LIMIT ?";

    FINISH = "
        UPDATE notices SET finished_at = ?, set_aside_cause = ?
        WHERE id = ? AND finished_at IS NULL";

    POSTPONE = "
        UPDATE notices SET due_at = ?, attempts = attempts + 1
        WHERE id = ? AND finished_at IS NULL";
}

/// The rows of payment notices.
#[derive(Clone)]
pub struct NoticeRows(Db);

impl NoticeRows {
    /// The rows of a database.
    pub fn new(db: Db) -> Self {
        Self(db)
    }
}

/// Ends a notice inside the caller's transaction, so that it ends exactly when its effect is
/// written. One that has ended stays as it ended first.
pub async fn finish(
    conn: &mut Conn,
    id: NoticeId,
    how: &NoticeEnd,
    at: Moment,
) -> Result<(), StoreError> {
    let cause = match how {
        NoticeEnd::Processed => None,
        NoticeEnd::SetAside { cause } => Some(storable(cause)),
    };
    conn.execute(sql!(FINISH, at.0, cause.as_deref(), id.0))
        .await?;
    Ok(())
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = BigInt)]
    #[diesel(column_name = id)]
    _id: i64,
}

#[derive(QueryableByName)]
struct SubjectRow {
    #[diesel(sql_type = Text)]
    event: String,
    #[diesel(sql_type = Text)]
    object: String,
}

#[derive(QueryableByName)]
struct NoticeRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    method: String,
    #[diesel(sql_type = Text)]
    event: String,
    #[diesel(sql_type = Text)]
    object: String,
    #[diesel(sql_type = Nullable<Text>)]
    signed_id: Option<String>,
    #[diesel(sql_type = Text)]
    body: String,
    #[diesel(sql_type = BigInt)]
    received_at: i64,
    #[diesel(sql_type = BigInt)]
    attempts: i64,
}

impl NoticeRow {
    fn parse(self) -> Result<StoredNotice, StoreError> {
        let source = match self.signed_id {
            Some(id) => NoticeSource::Signed { id },
            None => NoticeSource::Listed,
        };
        Ok(StoredNotice {
            id: NoticeId(self.id),
            notice: Notice {
                method: self.method,
                event: self.event,
                object: self.object,
                body: self.body,
                source,
                received_at: Moment(self.received_at),
            },
            attempts: parse_count("attempts", self.attempts)?,
        })
    }
}

#[async_trait]
impl NoticeStore for NoticeRows {
    async fn store(&self, notice: Notice) -> Result<Storing, StoreError> {
        self.0
            .write(async move |conn: &mut Conn| {
                let signed_id = match &notice.source {
                    NoticeSource::Listed => None,
                    NoticeSource::Signed { id } => Some(id.as_str()),
                };
                let (method, event) = (notice.method.as_str(), notice.event.as_str());
                let object = notice.object.as_str();
                let body = storable(&notice.body);
                let at = notice.received_at.0;
                let row = sql!(
                    INSERT_NOTICE,
                    method,
                    event,
                    object,
                    signed_id,
                    body.as_ref(),
                    at,
                    at
                );
                if conn.optional::<IdRow>(row).await?.is_some() {
                    return Ok(Storing::Stored);
                }
                let Some(signed_id) = signed_id else {
                    return Ok(Storing::Duplicate);
                };
                let known: SubjectRow = conn.one(sql!(SIGNED_AS, method, signed_id)).await?;
                if (known.event.as_str(), known.object.as_str()) == (event, object) {
                    Ok(Storing::Duplicate)
                } else {
                    Ok(Storing::IdReused)
                }
            })
            .await
    }

    async fn waiting(&self, now: Moment, limit: u32) -> Result<Vec<StoredNotice>, StoreError> {
        self.0
            .read(async move |conn: &mut Conn| {
                let rows = conn
                    .load::<NoticeRow>(sql!(WAITING, now.0, i64::from(limit)))
                    .await?;
                rows.into_iter().map(NoticeRow::parse).collect()
            })
            .await
    }

    async fn waiting_of(
        &self,
        method: &str,
        now: Moment,
        limit: u32,
    ) -> Result<Vec<StoredNotice>, StoreError> {
        let method = method.to_owned();
        self.0
            .read(async move |conn: &mut Conn| {
                let waiting = sql!(WAITING_OF, method.as_str(), now.0, i64::from(limit));
                let rows = conn.load::<NoticeRow>(waiting).await?;
                rows.into_iter().map(NoticeRow::parse).collect()
            })
            .await
    }

    async fn finish(&self, id: NoticeId, how: NoticeEnd, at: Moment) -> Result<(), StoreError> {
        self.0
            .write(async move |conn: &mut Conn| finish(conn, id, &how, at).await)
            .await
    }

    async fn postpone(&self, id: NoticeId, due_at: Moment) -> Result<(), StoreError> {
        self.0
            .write(async move |conn: &mut Conn| {
                conn.execute(sql!(POSTPONE, due_at.0, id.0)).await?;
                Ok(())
            })
            .await
    }
}

#[cfg(test)]
mod tests;
