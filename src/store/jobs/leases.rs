//! Writes under a lease.
//!
//! Each is guarded by the fence and by the state at once. When the guard holds nothing, the
//! write may have happened before and its answer been lost: then the row and its attempt already
//! say exactly what was to be written, and the repeat succeeds. Otherwise the lease is lost.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use rei_actors::ports::StoreError;
use rei_actors::ports::jobs::{AttemptEnd, AttemptOutcome, Job, LeaseError, LeaseToken};
use rei_domain::ids::{AssetId, Fence, JobId};
use rei_domain::job::JobEvent;
use rei_domain::time::Moment;
use serde_json::{Value, json};

use super::{JobRow, steps, worked_on};
use crate::store::conn::Conn;
use crate::store::stmt::{Stmt, sql, statements};

statements! {
    LEASE = "
        UPDATE jobs SET fence = fence + 1, lease_owner = ?, lease_until = ?, state_at = ?,
            state = (SELECT value->>'after' FROM json_each(?) WHERE value->>'before' = jobs.state)
        WHERE id IN (SELECT value->>'job' FROM json_each(?))
          AND state IN (SELECT value->>'before' FROM json_each(?))
          AND CASE WHEN state = 'queued' THEN due_at ELSE lease_until END <= ?
        RETURNING id, draft_id, user_id, chat_id, hold_id, lane, model, prompt, aspect, size,
                  look, inputs, price, state, fence, attempt, provider, provider_job, result, ending,
                  created_at, deadline_at, finished_at";

    // Naming the column lets the index of live leases serve, however many jobs have ended.
    RENEW = "
        UPDATE jobs SET lease_until = ?
        WHERE lease_until IS NOT NULL
          AND state IN (SELECT value->>'state' FROM json_each(?))
          AND (id, fence) IN (
              SELECT value->>'job', CAST(value->>'fence' AS BIGINT) FROM json_each(?))
        RETURNING id, fence";

    RELEASE = "
        UPDATE jobs SET lease_until = ?
        WHERE lease_until > ?
          AND state IN (SELECT value->>'state' FROM json_each(?))
          AND (id, fence) IN (
              SELECT value->>'job', CAST(value->>'fence' AS BIGINT) FROM json_each(?))";

    BEGIN = "
        UPDATE jobs SET attempt = ?, provider = ?, provider_job = NULL, state_at = ?,
            state = (SELECT value->>'after' FROM json_each(?) WHERE value->>'before' = jobs.state)
        WHERE id = ? AND fence = ? AND attempt = ? - 1
          AND state IN (SELECT value->>'before' FROM json_each(?))";

    // The fence says under which lease the attempt was begun: a worker that takes over a job
    // must not mistake the attempt of another for a repeat of its own.
    INSERT_ATTEMPT = "
        INSERT INTO attempts (job_id, number, fence, provider, outcome, begun_at, decision)
        VALUES (?, ?, ?, ?, 'begun', ?, ?)";

    BEGUN = "
        SELECT job.id, job.fence FROM jobs job
        JOIN attempts try ON try.job_id = job.id AND try.number = job.attempt
        WHERE job.id = ? AND job.fence = ? AND job.state = 'submitting' AND job.attempt = ?
          AND try.fence = job.fence AND try.provider = ? AND try.outcome = 'begun'";

    ACCEPT = "
        UPDATE jobs SET provider_job = ?, state_at = ?,
            state = (SELECT value->>'after' FROM json_each(?) WHERE value->>'before' = jobs.state)
        WHERE id = ? AND fence = ? AND attempt = ?
          AND state IN (SELECT value->>'before' FROM json_each(?))";

    ACCEPT_ATTEMPT = "
        UPDATE attempts SET outcome = 'accepted', provider_job = ?
        WHERE job_id = ? AND number = ?";

    ACCEPTED = "
        SELECT id, fence FROM jobs
        WHERE id = ? AND fence = ? AND attempt = ? AND state = 'running' AND provider_job = ?";

    RENDER = "
        UPDATE jobs SET result = ?, state_at = ?,
            state = (SELECT value->>'after' FROM json_each(?) WHERE value->>'before' = jobs.state)
        WHERE id = ? AND fence = ? AND attempt = ?
          AND state IN (SELECT value->>'before' FROM json_each(?))";

    RENDERED = "
        SELECT id, fence FROM jobs
        WHERE id = ? AND fence = ? AND attempt = ? AND state = 'rendered' AND result = ?";

    REQUEUE = "
        UPDATE jobs SET due_at = ?, lease_owner = NULL, lease_until = NULL, state_at = ?,
            state = (SELECT value->>'after' FROM json_each(?) WHERE value->>'before' = jobs.state)
        WHERE id = ? AND fence = ?
          AND state IN (SELECT value->>'before' FROM json_each(?))";

    // Only an attempt that is still open: a job given back before its next attempt keeps what
    // is known of the one before.
    END_ATTEMPT = "
        UPDATE attempts SET outcome = ?, cause = ?, ended_at = ?
        WHERE job_id = ? AND ended_at IS NULL
          AND number = (SELECT attempt FROM jobs WHERE jobs.id = attempts.job_id)";

    // The fence grows with the next lease, so the job has waited ever since.
    REQUEUED = "
        SELECT id, fence FROM jobs
        WHERE id = ? AND fence = ? AND state = 'queued' AND due_at = ?";
}

#[derive(QueryableByName)]
struct TokenRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    fence: i64,
}

/// Those of the jobs that could be leased, in no order.
pub async fn lease(
    conn: &mut Conn,
    ids: &[JobId],
    owner: &str,
    now: Moment,
    until: Moment,
) -> Result<Vec<Job>, StoreError> {
    let (steps, ids) = (steps(JobEvent::Lease), render_ids(ids));
    let steps = steps.as_str();
    let lease = sql!(
        LEASE,
        owner,
        until.0,
        now.0,
        steps,
        ids.as_str(),
        steps,
        now.0
    );
    let rows = conn.load::<JobRow>(lease).await?;
    rows.into_iter().map(JobRow::parse).collect()
}

/// Ids as a JSON list of objects, `job` each.
pub fn render_ids(ids: &[JobId]) -> String {
    let ids = ids.iter().map(|id| json!({ "job": id.as_str() }));
    Value::Array(ids.collect()).to_string()
}

pub async fn renew(
    conn: &mut Conn,
    leases: &[LeaseToken],
    until: Moment,
) -> Result<Vec<LeaseToken>, StoreError> {
    let (worked_on, tokens) = (worked_on(), render_tokens(leases));
    let renew = sql!(RENEW, until.0, worked_on.as_str(), tokens.as_str());
    let rows = conn.load::<TokenRow>(renew).await?;
    let held = rows.into_iter().map(|row| LeaseToken {
        job: JobId::new(row.id),
        fence: Fence(row.fence),
    });
    Ok(held.collect())
}

pub async fn release(
    conn: &mut Conn,
    leases: &[LeaseToken],
    now: Moment,
) -> Result<(), StoreError> {
    let (worked_on, tokens) = (worked_on(), render_tokens(leases));
    let release = sql!(RELEASE, now.0, now.0, worked_on.as_str(), tokens.as_str());
    conn.execute(release).await?;
    Ok(())
}

fn render_tokens(leases: &[LeaseToken]) -> String {
    let tokens = leases
        .iter()
        .map(|lease| json!({ "job": lease.job.as_str(), "fence": lease.fence.0 }));
    Value::Array(tokens.collect()).to_string()
}

pub async fn begin(
    conn: &mut Conn,
    lease: &LeaseToken,
    attempt: u32,
    provider: &str,
    decision: &str,
    at: Moment,
) -> Result<(), LeaseError> {
    let (job, fence, attempt) = (lease.job.as_str(), lease.fence.0, i64::from(attempt));
    let steps = steps(JobEvent::BeginSubmit);
    let steps = steps.as_str();
    let begin = sql!(
        BEGIN, attempt, provider, at.0, steps, job, fence, attempt, steps
    );
    if conn.execute(begin).await? == 0 {
        return repeated(conn, sql!(BEGUN, job, fence, attempt, provider)).await;
    }
    let insert = sql!(
        INSERT_ATTEMPT,
        job,
        attempt,
        fence,
        provider,
        at.0,
        decision
    );
    conn.execute(insert).await?;
    Ok(())
}

pub async fn accept(
    conn: &mut Conn,
    lease: &LeaseToken,
    attempt: u32,
    provider_job: &str,
    at: Moment,
) -> Result<(), LeaseError> {
    let (job, fence, attempt) = (lease.job.as_str(), lease.fence.0, i64::from(attempt));
    let steps = steps(JobEvent::Accept);
    let steps = steps.as_str();
    let accept = sql!(
        ACCEPT,
        provider_job,
        at.0,
        steps,
        job,
        fence,
        attempt,
        steps
    );
    if conn.execute(accept).await? == 0 {
        return repeated(conn, sql!(ACCEPTED, job, fence, attempt, provider_job)).await;
    }
    conn.execute(sql!(ACCEPT_ATTEMPT, provider_job, job, attempt))
        .await?;
    Ok(())
}

pub async fn render(
    conn: &mut Conn,
    lease: &LeaseToken,
    attempt: u32,
    result: &AssetId,
    at: Moment,
) -> Result<(), LeaseError> {
    let (job, fence, attempt) = (lease.job.as_str(), lease.fence.0, i64::from(attempt));
    let steps = steps(JobEvent::Render);
    let (steps, result) = (steps.as_str(), result.as_str());
    let render = sql!(RENDER, result, at.0, steps, job, fence, attempt, steps);
    if conn.execute(render).await? == 0 {
        return repeated(conn, sql!(RENDERED, job, fence, attempt, result)).await;
    }
    let accepted = AttemptEnd {
        outcome: AttemptOutcome::Accepted,
        cause: None,
    };
    end_attempt(conn, job, &accepted, at).await?;
    Ok(())
}

pub async fn requeue(
    conn: &mut Conn,
    lease: &LeaseToken,
    attempt: Option<&AttemptEnd>,
    due_at: Moment,
    at: Moment,
) -> Result<(), LeaseError> {
    let (job, fence) = (lease.job.as_str(), lease.fence.0);
    let steps = steps(JobEvent::Requeue);
    let steps = steps.as_str();
    let requeue = sql!(REQUEUE, due_at.0, at.0, steps, job, fence, steps);
    if conn.execute(requeue).await? == 0 {
        return repeated(conn, sql!(REQUEUED, job, fence, due_at.0)).await;
    }
    if let Some(end) = attempt {
        end_attempt(conn, job, end, at).await?;
    }
    Ok(())
}

async fn end_attempt(
    conn: &mut Conn,
    job: &str,
    end: &AttemptEnd,
    at: Moment,
) -> Result<(), StoreError> {
    let (outcome, cause) = (end.outcome.as_str(), end.cause.as_deref());
    conn.execute(sql!(END_ATTEMPT, outcome, cause, at.0, job))
        .await?;
    Ok(())
}

/// Whether the write that found nothing to change had happened before.
async fn repeated(conn: &mut Conn, written: Stmt<'_>) -> Result<(), LeaseError> {
    match conn.optional::<TokenRow>(written).await? {
        Some(_) => Ok(()),
        None => Err(LeaseError::Lost),
    }
}
