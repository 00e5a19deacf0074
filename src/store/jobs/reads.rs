//! Questions about jobs.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use rei_actors::ports::StoreError;
use rei_actors::ports::assets::Asset;
use rei_actors::ports::jobs::{Attempt, AttemptOutcome, Candidate, Favourites, Job};
use rei_actors::routes::decision::DecisionRecord;
use rei_domain::conversation::SentResult;
use rei_domain::ids::{AssetId, ChatId, JobId, MessageId, UserId};
use rei_domain::job::LaneName;
use rei_domain::spec::Kind;
use rei_domain::time::Moment;
use serde_json::{Value, json};

use super::leases::render_ids;
use super::{JobRow, unsettled, worked_on};
use crate::store::codec::{parse_count, parse_kind, parse_word};
use crate::store::conn::Conn;
use crate::store::stmt::{sql, statements};

statements! {
    JOB = "
        SELECT id, draft_id, user_id, chat_id, hold_id, lane, model, prompt, aspect, size, look,
               inputs,
               price, state, fence, attempt, provider, provider_job, result, ending, created_at,
               deadline_at, finished_at
        FROM jobs WHERE id = ?";

    JOBS = "
        SELECT id, draft_id, user_id, chat_id, hold_id, lane, model, prompt, aspect, size, look,
               inputs,
               price, state, fence, attempt, provider, provider_job, result, ending, created_at,
               deadline_at, finished_at
        FROM jobs WHERE id IN (SELECT value->>'job' FROM json_each(?))";

    // What there may be in which lane, so that a round reads no empty ones. The first row in the
    // order of an index, where EXISTS would be planned as a scan when most rows wait.
    DUE_LANES = "
        SELECT value->>'kind' AS kind, value->>'lane' AS lane FROM json_each(?)
        WHERE (
            SELECT jobs.id FROM jobs
            WHERE jobs.kind = value->>'kind' AND jobs.lane = value->>'lane'
              AND jobs.state = 'queued' AND jobs.due_at <= ?
            ORDER BY jobs.created_at, jobs.id LIMIT 1) IS NOT NULL
           OR (
            SELECT jobs.id FROM jobs
            WHERE jobs.kind = value->>'kind' AND jobs.lane = value->>'lane'
              AND jobs.lease_until <= ?
            ORDER BY jobs.lease_until LIMIT 1) IS NOT NULL";

    FAVOURITES = "
        SELECT COUNT(*) AS count, CAST(COALESCE(MAX(CASE WHEN id = ? THEN 1 ELSE 0 END), 0) AS BIGINT) AS is_one
        FROM jobs WHERE user_id = ? AND favourite_at IS NOT NULL";

    ATTEMPTS = "
        SELECT number, provider, outcome, cause, decision FROM attempts WHERE job_id = ? ORDER BY number";

    // Two halves, each with an index of its own and a limit of its own: without that every
    // waiting row would be read and sorted. A job that waits has no lease, a job that is worked
    // on always has one.
    CANDIDATES = "
        SELECT id, user_id, lane FROM (
            SELECT id, user_id, lane, created_at FROM (
                SELECT id, user_id, lane, created_at FROM jobs
                WHERE kind = ? AND lane = ? AND state = 'queued' AND due_at <= ?
                ORDER BY created_at, id LIMIT ?) waiting
            UNION ALL
            SELECT id, user_id, lane, created_at FROM (
                SELECT id, user_id, lane, created_at FROM jobs
                WHERE kind = ? AND lane = ? AND lease_until <= ?
                  AND state IN (SELECT value->>'state' FROM json_each(?))
                ORDER BY lease_until LIMIT ?) orphaned
        ) leasable
        ORDER BY created_at, id LIMIT ?";

    // From user to user by the index, so it costs the same however many jobs each has.
    OLDEST_OF_USERS = "
        WITH RECURSIVE waiting (user_id) AS (
            SELECT MIN(user_id) FROM jobs
            WHERE kind = ? AND lane = ? AND state = 'queued' AND user_id > ? AND due_at <= ?
            UNION ALL
            SELECT (SELECT MIN(job.user_id) FROM jobs job
                    WHERE job.kind = ? AND job.lane = ? AND job.state = 'queued'
                      AND job.user_id > waiting.user_id AND job.due_at <= ?)
            FROM waiting WHERE waiting.user_id IS NOT NULL
        )
        SELECT job.id, job.user_id, job.lane
        FROM (SELECT user_id FROM waiting WHERE user_id IS NOT NULL LIMIT ?) turn
        JOIN jobs job ON job.id = (
            SELECT oldest.id FROM jobs oldest
            WHERE oldest.kind = ? AND oldest.lane = ? AND oldest.state = 'queued'
              AND oldest.user_id = turn.user_id AND oldest.due_at <= ?
            ORDER BY oldest.created_at, oldest.id LIMIT 1)
        ORDER BY job.user_id";

    UNFINISHED = "
        SELECT id, draft_id, user_id, chat_id, hold_id, lane, model, prompt, aspect, size, look,
               inputs,
               price, state, fence, attempt, provider, provider_job, result, ending, created_at,
               deadline_at, finished_at
        FROM jobs
        WHERE user_id = ? AND state IN (SELECT value->>'state' FROM json_each(?))
        ORDER BY created_at DESC, id DESC LIMIT ?";

    OVERDUE = "
        SELECT id, draft_id, user_id, chat_id, hold_id, lane, model, prompt, aspect, size, look,
               inputs,
               price, state, fence, attempt, provider, provider_job, result, ending, created_at,
               deadline_at, finished_at
        FROM jobs
        WHERE state = 'failed' AND ending = 'timeout' AND result IS NULL
          AND provider_job IS NOT NULL AND finished_at >= ?
        ORDER BY finished_at LIMIT ?";

    // Up to POSITION_MAX, so that a long queue makes nobody's progress dear.
    POSITION = "
        SELECT (
            SELECT COUNT(*) FROM (
                SELECT 1 AS one FROM jobs earlier
                WHERE earlier.state = 'queued' AND earlier.kind = job.kind
                  AND earlier.lane = job.lane
                  AND (earlier.created_at, earlier.id) < (job.created_at, job.id)
                LIMIT 1000
            ) before
        ) AS jobs
        FROM jobs job WHERE job.id = ? AND job.state = 'queued'";

    WAITING = "
        SELECT lane, COUNT(*) AS jobs FROM jobs WHERE state = 'queued' GROUP BY lane";

    SENT_RESULT = "
        SELECT sent.job_id, sent.asset_id, asset.user_id, asset.kind, asset.width, asset.height,
               asset.millis, asset.size, asset.sha256
        FROM sent_pictures sent JOIN assets asset ON asset.id = sent.asset_id
        WHERE sent.chat_id = ? AND sent.message_id = ?";
}

#[derive(QueryableByName)]
struct FavouritesRow {
    #[diesel(sql_type = BigInt)]
    count: i64,
    #[diesel(sql_type = BigInt)]
    is_one: i64,
}

#[derive(QueryableByName)]
struct AttemptRow {
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = Text)]
    provider: String,
    #[diesel(sql_type = Text)]
    outcome: String,
    #[diesel(sql_type = Nullable<Text>)]
    cause: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    decision: Option<String>,
}

#[derive(QueryableByName)]
struct CandidateRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = Text)]
    lane: String,
}

impl CandidateRow {
    fn parse(self) -> Result<Candidate, StoreError> {
        Ok(Candidate {
            id: JobId::new(self.id),
            user: UserId(self.user_id),
            lane: parse_word("lane", &self.lane, LaneName::parse)?,
        })
    }
}

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = BigInt)]
    jobs: i64,
}

#[derive(QueryableByName)]
struct LaneRow {
    #[diesel(sql_type = Text)]
    lane: String,
    #[diesel(sql_type = BigInt)]
    jobs: i64,
}

#[derive(QueryableByName)]
struct DueLaneRow {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    lane: String,
}

#[derive(QueryableByName)]
struct SentRow {
    #[diesel(sql_type = Text)]
    job_id: String,
    #[diesel(sql_type = Text)]
    asset_id: String,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    width: i64,
    #[diesel(sql_type = BigInt)]
    height: i64,
    #[diesel(sql_type = BigInt)]
    millis: i64,
    #[diesel(sql_type = BigInt)]
    size: i64,
    #[diesel(sql_type = Text)]
    sha256: String,
}

pub async fn job(conn: &mut Conn, id: &JobId) -> Result<Option<Job>, StoreError> {
    let row = conn.optional::<JobRow>(sql!(JOB, id.as_str())).await?;
    row.map(JobRow::parse).transpose()
}

/// In no order, and without those that do not exist.
pub async fn jobs(conn: &mut Conn, ids: &[JobId]) -> Result<Vec<Job>, StoreError> {
    let ids = render_ids(ids);
    let rows = conn.load::<JobRow>(sql!(JOBS, ids.as_str())).await?;
    rows.into_iter().map(JobRow::parse).collect()
}

pub async fn due_lanes(conn: &mut Conn, now: Moment) -> Result<Vec<(Kind, LaneName)>, StoreError> {
    let lanes = Kind::ALL.into_iter().flat_map(|kind| {
        let lane = move |lane: LaneName| json!({ "kind": kind.as_str(), "lane": lane.as_str() });
        LaneName::ALL.into_iter().map(lane)
    });
    let lanes = Value::Array(lanes.collect()).to_string();
    let due = sql!(DUE_LANES, lanes.as_str(), now.0, now.0);
    let rows = conn.load::<DueLaneRow>(due).await?;
    let lanes = rows.into_iter().map(|row| {
        let kind = parse_word("kind", &row.kind, Kind::parse)?;
        Ok((kind, parse_word("lane", &row.lane, LaneName::parse)?))
    });
    lanes.collect()
}

pub async fn overdue(conn: &mut Conn, since: Moment, limit: u32) -> Result<Vec<Job>, StoreError> {
    let stmt = sql!(OVERDUE, since.0, i64::from(limit));
    let rows = conn.load::<JobRow>(stmt).await?;
    rows.into_iter().map(JobRow::parse).collect()
}

pub async fn favourites(conn: &mut Conn, job: &Job) -> Result<Favourites, StoreError> {
    let question = sql!(FAVOURITES, job.id.as_str(), job.user.0);
    let row: FavouritesRow = conn.one(question).await?;
    Ok(Favourites {
        is_one: row.is_one == 1,
        count: parse_count("count", row.count)?,
    })
}

pub async fn attempts(conn: &mut Conn, id: &JobId) -> Result<Vec<Attempt>, StoreError> {
    let rows = conn.load::<AttemptRow>(sql!(ATTEMPTS, id.as_str())).await?;
    let attempts = rows.into_iter().map(|row| {
        Ok(Attempt {
            number: parse_count("number", row.number)?,
            provider: row.provider,
            outcome: parse_word("outcome", &row.outcome, AttemptOutcome::parse)?,
            cause: row.cause,
            decision: row.decision.as_deref().and_then(DecisionRecord::parse),
        })
    });
    attempts.collect()
}

pub async fn candidates(
    conn: &mut Conn,
    kind: Kind,
    lane: LaneName,
    now: Moment,
    limit: u32,
) -> Result<Vec<Candidate>, StoreError> {
    let (kind, lane) = (kind.as_str(), lane.as_str());
    let worked_on = worked_on();
    let candidates = sql!(
        CANDIDATES,
        kind,
        lane,
        now.0,
        i64::from(limit),
        kind,
        lane,
        now.0,
        worked_on.as_str(),
        i64::from(limit),
        i64::from(limit)
    );
    let rows = conn.load::<CandidateRow>(candidates).await?;
    rows.into_iter().map(CandidateRow::parse).collect()
}

pub async fn oldest_of_users(
    conn: &mut Conn,
    kind: Kind,
    lane: LaneName,
    after: UserId,
    now: Moment,
    limit: u32,
) -> Result<Vec<Candidate>, StoreError> {
    let (kind, lane) = (kind.as_str(), lane.as_str());
    let oldest = sql!(
        OLDEST_OF_USERS,
        kind,
        lane,
        after.0,
        now.0,
        kind,
        lane,
        now.0,
        i64::from(limit),
        kind,
        lane,
        now.0
    );
    let rows = conn.load::<CandidateRow>(oldest).await?;
    rows.into_iter().map(CandidateRow::parse).collect()
}

pub async fn unfinished(conn: &mut Conn, user: UserId, limit: u32) -> Result<Vec<Job>, StoreError> {
    let unsettled = unsettled();
    let rows = conn
        .load::<JobRow>(sql!(
            UNFINISHED,
            user.0,
            unsettled.as_str(),
            i64::from(limit)
        ))
        .await?;
    rows.into_iter().map(JobRow::parse).collect()
}

pub async fn position(conn: &mut Conn, id: &JobId) -> Result<Option<u32>, StoreError> {
    let row = conn
        .optional::<CountRow>(sql!(POSITION, id.as_str()))
        .await?;
    row.map(|row| parse_count("jobs", row.jobs)).transpose()
}

/// Every lane has its number, so that a gauge of an empty lane shows zero.
pub async fn waiting(conn: &mut Conn) -> Result<Vec<(LaneName, u32)>, StoreError> {
    let rows = conn.load::<LaneRow>(sql!(WAITING)).await?;
    let mut waiting = Vec::with_capacity(LaneName::ALL.len());
    for lane in LaneName::ALL {
        let row = rows.iter().find(|row| row.lane == lane.as_str());
        let jobs = row.map_or(Ok(0), |row| parse_count("jobs", row.jobs))?;
        waiting.push((lane, jobs));
    }
    Ok(waiting)
}

pub async fn sent_result(
    conn: &mut Conn,
    chat: ChatId,
    message: MessageId,
) -> Result<Option<SentResult>, StoreError> {
    let row = conn
        .optional::<SentRow>(sql!(SENT_RESULT, chat.0, message.0))
        .await?;
    row.map(SentRow::parse).transpose()
}

impl SentRow {
    fn parse(self) -> Result<SentResult, StoreError> {
        let asset = Asset {
            id: AssetId::new(self.asset_id),
            user: UserId(self.user_id),
            kind: parse_word("kind", &self.kind, parse_kind)?,
            width: parse_count("width", self.width)?,
            height: parse_count("height", self.height)?,
            millis: parse_count("millis", self.millis)?,
            size: parse_count("size", self.size)?,
            sha256: self.sha256,
        };
        Ok(SentResult {
            job: JobId::new(self.job_id),
            input: asset.as_input(),
        })
    }
}
