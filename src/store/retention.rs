//! Rows whose time is over.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use rei_actors::ports::StoreError;
use rei_actors::ports::retention::{Amount, AssetClass, Periods, Survey};
use rei_domain::time::{Moment, Span};

use crate::store::codec::{parse_count, parse_word, render_ids};
use crate::store::conn::Conn;
use crate::store::db::Db;
use crate::store::stmt::{Stmt, sql, statements};

// The places of the periods in what follows: created before, then results, inputs, orphans.
statements! {
    MARK = "
        UPDATE assets SET marked_at = ?
        WHERE id IN (SELECT idle.id FROM idle_assets idle
                     WHERE idle.marked_at IS NULL AND idle.created_at <= ?
                       AND idle.idle_since <= CASE idle.class WHEN 'result' THEN CAST(? AS BIGINT)
                                  WHEN 'input' THEN CAST(? AS BIGINT)
                                  ELSE CAST(? AS BIGINT) END
                     ORDER BY idle.created_at LIMIT ?)";

    UNMARK = "
        UPDATE assets SET marked_at = NULL
        WHERE marked_at IS NOT NULL AND removed_at IS NULL
          AND id NOT IN (SELECT idle.id FROM idle_assets idle WHERE idle.marked_at IS NOT NULL)";

    OVER = "
        SELECT idle.id, idle.class, idle.size, asset.sha256
        FROM idle_assets idle JOIN assets asset ON asset.id = idle.id
        WHERE idle.marked_at <= ? AND idle.created_at <= ?
          AND idle.idle_since <= CASE idle.class WHEN 'result' THEN CAST(? AS BIGINT)
                                  WHEN 'input' THEN CAST(? AS BIGINT)
                                  ELSE CAST(? AS BIGINT) END
        ORDER BY idle.created_at LIMIT ?";

    REMOVE = "
        UPDATE assets SET removed_at = ?
        WHERE removed_at IS NULL AND id IN (SELECT value->>'id' FROM json_each(?))";

    KEPT = "
        SELECT id, sha256 FROM assets
        WHERE removed_at IS NULL AND id IN (SELECT value->>'id' FROM json_each(?))";

    SURVEY_ASSETS = "
        SELECT idle.class, COUNT(*) AS count, CAST(SUM(idle.size) AS BIGINT) AS bytes
        FROM idle_assets idle
        WHERE idle.created_at <= ?
          AND idle.idle_since <= CASE idle.class WHEN 'result' THEN CAST(? AS BIGINT)
                                  WHEN 'input' THEN CAST(? AS BIGINT)
                                  ELSE CAST(? AS BIGINT) END
        GROUP BY idle.class";

    // The newest row stays: it tells up to where updates were taken.
    FORGET_UPDATES = "
        DELETE FROM inbox WHERE update_id IN (
            SELECT update_id FROM inbox
            WHERE processed_at <= ? AND (set_aside_cause IS NULL OR processed_at <= ?)
              AND update_id < (SELECT MAX(update_id) FROM inbox)
            LIMIT ?)";

    SURVEY_UPDATES = "
        SELECT COUNT(*) AS count FROM inbox
        WHERE processed_at <= ? AND (set_aside_cause IS NULL OR processed_at <= ?)
          AND update_id < (SELECT MAX(update_id) FROM inbox)";

    // A payment that comes late offers its request again.
    FORGET_DRAFTS = "
        DELETE FROM drafts WHERE id IN (
            SELECT id FROM drafts
            WHERE state <> 'confirmed' AND expires_at <= ?
              AND id NOT IN (SELECT id FROM series)
              AND id NOT IN (SELECT draft_id FROM topups WHERE draft_id IS NOT NULL)
            LIMIT ?)";

    SURVEY_DRAFTS = "
        SELECT COUNT(*) AS count FROM drafts
        WHERE state <> 'confirmed' AND expires_at <= ?
          AND id NOT IN (SELECT id FROM series)
          AND id NOT IN (SELECT draft_id FROM topups WHERE draft_id IS NOT NULL)";
}

/// The moments before which things of each kind are over.
struct Limits {
    /// What is younger is no asset's time yet.
    any: i64,
    results: i64,
    inputs: i64,
    orphans: i64,
}

impl Limits {
    fn of(periods: &Periods, now: Moment) -> Limits {
        let shortest = periods.results.min(periods.inputs).min(periods.orphans);
        let before = |span: Span| (now - span).0;
        Limits {
            any: before(shortest),
            results: before(periods.results),
            inputs: before(periods.inputs),
            orphans: before(periods.orphans),
        }
    }
}

/// An asset whose row says that it is removed; its bytes are to follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovedAsset {
    pub id: String,
    pub class: AssetClass,
    pub size: u64,
    pub sha256: String,
}

#[derive(QueryableByName)]
struct OverRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    class: String,
    #[diesel(sql_type = BigInt)]
    size: i64,
    #[diesel(sql_type = Text)]
    sha256: String,
}

#[derive(QueryableByName)]
struct KeptRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    sha256: String,
}

#[derive(QueryableByName)]
struct ClassRow {
    #[diesel(sql_type = Text)]
    class: String,
    #[diesel(sql_type = BigInt)]
    count: i64,
    #[diesel(sql_type = BigInt)]
    bytes: i64,
}

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Rows, by how long they are kept.
#[derive(Clone)]
pub struct RetentionRows(Db);

impl RetentionRows {
    /// The rows of a database.
    pub fn new(db: Db) -> Self {
        Self(db)
    }

    /// What is over now.
    pub async fn survey(&self, periods: &Periods, now: Moment) -> Result<Survey, StoreError> {
        let (periods, limits) = (*periods, Limits::of(periods, now));
        self.0
            .read(async move |conn: &mut Conn| {
                let assets = sql!(
                    SURVEY_ASSETS,
                    limits.any,
                    limits.results,
                    limits.inputs,
                    limits.orphans
                );
                let mut survey = Survey::default();
                for row in conn.load::<ClassRow>(assets).await? {
                    let class = parse_word("class", &row.class, AssetClass::parse)?;
                    survey.assets[class as usize] = Amount {
                        count: parse_count("count", row.count)?,
                        bytes: parse_count("bytes", row.bytes)?,
                    };
                }
                let (updates, set_aside) = ((now - periods.updates).0, (now - periods.set_aside).0);
                let updates = sql!(SURVEY_UPDATES, updates, set_aside);
                let drafts = sql!(SURVEY_DRAFTS, (now - periods.drafts).0);
                survey.updates = count(conn, updates).await?;
                survey.drafts = count(conn, drafts).await?;
                Ok(survey)
            })
            .await
    }

    /// Marks assets; returns how many.
    pub async fn mark(
        &self,
        periods: &Periods,
        now: Moment,
        limit: u32,
    ) -> Result<u32, StoreError> {
        let limits = Limits::of(periods, now);
        let changed = self
            .0
            .write(async move |conn: &mut Conn| {
                conn.execute(sql!(
                    MARK,
                    now.0,
                    limits.any,
                    limits.results,
                    limits.inputs,
                    limits.orphans,
                    i64::from(limit)
                ))
                .await
            })
            .await?;
        Ok(u32::try_from(changed).unwrap_or(u32::MAX))
    }

    /// Takes the mark from assets that are needed again.
    pub async fn unmark(&self) -> Result<(), StoreError> {
        self.0
            .write(async |conn: &mut Conn| conn.execute(sql!(UNMARK)).await)
            .await?;
        Ok(())
    }

    /// Says that marked assets are removed.
    pub async fn remove(
        &self,
        periods: &Periods,
        now: Moment,
        limit: u32,
    ) -> Result<Vec<RemovedAsset>, StoreError> {
        let limits = Limits::of(periods, now);
        let marked = (now - periods.grace).0;
        self.0
            .tx(async move |conn: &mut Conn| {
                let over = sql!(
                    OVER,
                    marked,
                    limits.any,
                    limits.results,
                    limits.inputs,
                    limits.orphans,
                    i64::from(limit)
                );
                let rows = conn.load::<OverRow>(over).await?;
                let ids = rows.iter().map(|row| row.id.as_str());
                let ids = render_ids(ids);
                conn.execute(sql!(REMOVE, now.0, ids.as_str())).await?;
                let removed = rows.into_iter().map(|row| {
                    Ok(RemovedAsset {
                        class: parse_word("class", &row.class, AssetClass::parse)?,
                        size: parse_count("size", row.size)?,
                        id: row.id,
                        sha256: row.sha256,
                    })
                });
                removed.collect()
            })
            .await
    }

    /// The id and the hash of those assets among these that are kept.
    pub async fn kept(&self, ids: &[&str]) -> Result<Vec<(String, String)>, StoreError> {
        let ids = render_ids(ids.iter().copied());
        let rows = self
            .0
            .read(async move |conn: &mut Conn| conn.load::<KeptRow>(sql!(KEPT, ids.as_str())).await)
            .await?;
        Ok(rows.into_iter().map(|row| (row.id, row.sha256)).collect())
    }

    /// Deletes answered updates; returns how many.
    pub async fn forget_updates(
        &self,
        periods: &Periods,
        now: Moment,
        limit: u32,
    ) -> Result<u32, StoreError> {
        let (answered, set_aside) = ((now - periods.updates).0, (now - periods.set_aside).0);
        let changed = self
            .0
            .write(async move |conn: &mut Conn| {
                conn.execute(sql!(FORGET_UPDATES, answered, set_aside, i64::from(limit)))
                    .await
            })
            .await?;
        Ok(u32::try_from(changed).unwrap_or(u32::MAX))
    }

    /// Deletes requests that became no job; returns how many.
    pub async fn forget_drafts(
        &self,
        periods: &Periods,
        now: Moment,
        limit: u32,
    ) -> Result<u32, StoreError> {
        let expired = (now - periods.drafts).0;
        let changed = self
            .0
            .write(async move |conn: &mut Conn| {
                conn.execute(sql!(FORGET_DRAFTS, expired, i64::from(limit)))
                    .await
            })
            .await?;
        Ok(u32::try_from(changed).unwrap_or(u32::MAX))
    }
}

async fn count(conn: &mut Conn, question: Stmt<'_>) -> Result<u64, StoreError> {
    parse_count("count", conn.one::<CountRow>(question).await?.count)
}
