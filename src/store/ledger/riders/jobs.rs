//! Jobs that end, are withdrawn or are put back, and the usage sessions that end with them.

use std::collections::BTreeMap;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use rei_actors::ports::StoreError;
use rei_actors::ports::jobs::AttemptEnd;
use rei_actors::ports::ledger::{CommandRefusal, LedgerCommand, Rider};
use rei_domain::billing::{Ending, UserMoney, user_money};
use rei_domain::ids::{Fence, JobId, UserId};
use rei_domain::job::{JobEvent, JobState, step};
use rei_domain::money::Money;
use rei_domain::time::Moment;
use serde_json::{Value, json};

use crate::store::Conn;
use crate::store::codec::parse_word;
use crate::store::conn::Engine;
use crate::store::ledger::writes::expect_rows;
use crate::store::stmt::{sql, statements};

statements! {
    JOBS = "
        SELECT id, user_id, state, fence FROM jobs
        WHERE id IN (SELECT value->>'job' FROM json_each(?)) ORDER BY id";

    MOVE_JOBS = "
        UPDATE jobs SET state = moved.state, ending = moved.ending, lease_owner = NULL,
            lease_until = NULL, due_at = COALESCE(moved.due_at, jobs.due_at),
            finished_at = moved.finished_at, state_at = moved.at
        FROM (
            SELECT value->>'job' AS job, value->>'state' AS state, value->>'ending' AS ending,
                   CAST(value->>'due_at' AS BIGINT) AS due_at,
                   CAST(value->>'finished_at' AS BIGINT) AS finished_at,
                   CAST(value->>'at' AS BIGINT) AS at, CAST(value->>'fence' AS BIGINT) AS fence
            FROM json_each(?)
        ) moved
        WHERE jobs.id = moved.job AND jobs.fence = moved.fence";

    MARK_ATTEMPTS = "
        UPDATE attempts SET outcome = marked.outcome, cause = marked.cause, ended_at = marked.at
        FROM (
            SELECT value->>'job' AS job, value->>'outcome' AS outcome, value->>'cause' AS cause,
                   CAST(value->>'at' AS BIGINT) AS at
            FROM json_each(?)
        ) marked
        WHERE attempts.job_id = marked.job
          AND attempts.number = (SELECT MAX(last.number) FROM attempts last
                                 WHERE last.job_id = marked.job)";

    CLOSE_SESSIONS = "
        UPDATE usage_sessions SET charged = closed.charged, end_reason = closed.reason,
            ended_at = closed.at,
            metered_seconds = CASE unit WHEN 'output_second' THEN closed.charged / rate
                                        ELSE metered_seconds END
        FROM (
            SELECT value->>'job' AS job, value->>'ending' AS reason,
                   CAST(value->>'charged' AS BIGINT) AS charged,
                   CAST(value->>'at' AS BIGINT) AS at
            FROM json_each(?)
        ) closed
        WHERE usage_sessions.job_id = closed.job AND usage_sessions.ended_at IS NULL";

    PRICES = "
        SELECT id, price FROM jobs WHERE id IN (SELECT value->>'job' FROM json_each(?))";
}

const JOBS_LOCKED: &str = "
        SELECT id, user_id, state, fence FROM jobs
        WHERE id IN (SELECT value->>'job' FROM json_each(?)) ORDER BY id FOR UPDATE";

/// The texts of this file for PostgreSQL alone.
pub const POSTGRES_ONLY: &[&str] = &[JOBS_LOCKED];

#[derive(QueryableByName)]
struct JobGuardRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = BigInt)]
    fence: i64,
}

#[derive(QueryableByName)]
struct PriceRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    price: i64,
}

/// A job as its guards see it.
struct JobGuard {
    user: UserId,
    state: JobState,
    fence: Fence,
}

/// How a job leaves its lease.
struct MovedJob {
    fence: Fence,
    state: JobState,
    ending: Option<Ending>,
    due_at: Option<Moment>,
    attempt: Option<AttemptEnd>,
}

/// What a command does to a job.
pub(super) struct JobMove<'a> {
    pub(super) job: &'a JobId,
    /// The lease it was decided under; `None` for a job that nobody has begun.
    pub(super) fence: Option<Fence>,
    pub(super) event: JobEvent,
    pub(super) ending: Option<Ending>,
    pub(super) due_at: Option<Moment>,
    pub(super) attempt: Option<AttemptEnd>,
}

impl<'a> JobMove<'a> {
    /// The move of a rider that is about a job.
    pub(super) fn of(rider: &'a Rider) -> Option<JobMove<'a>> {
        match rider {
            Rider::Finish {
                job,
                fence,
                ending,
                attempt,
            } => Some(JobMove {
                job,
                fence: Some(*fence),
                event: end_event(*ending),
                ending: Some(*ending),
                due_at: None,
                attempt: attempt.clone(),
            }),
            Rider::Cancel { job } => Some(JobMove {
                job: &job.id,
                fence: None,
                event: JobEvent::Cancel,
                ending: Some(Ending::CancelledBeforeSubmit),
                due_at: None,
                attempt: None,
            }),
            Rider::RetryLost {
                job,
                fence,
                due_at,
                cause,
            } => Some(JobMove {
                job,
                fence: Some(*fence),
                event: JobEvent::Requeue,
                ending: None,
                due_at: Some(*due_at),
                attempt: Some(AttemptEnd::lost(cause)),
            }),
            Rider::None
            | Rider::Submit { .. }
            | Rider::Usage(_)
            | Rider::Credit(_)
            | Rider::HoldRefund(_)
            | Rider::SettleRefund(_)
            | Rider::Reverse(_) => None,
        }
    }
}

/// The jobs of one batch: what was found, and how they are moved.
pub(super) struct Jobs {
    now: Moment,
    jobs: BTreeMap<JobId, JobGuard>,
    /// One entry a job, however often the batch moves it: put back and withdrawn is two steps.
    moved: BTreeMap<JobId, MovedJob>,
}

impl Jobs {
    pub(super) async fn read(
        conn: &mut Conn,
        commands: &[LedgerCommand],
        now: Moment,
    ) -> Result<Jobs, StoreError> {
        let mut jobs = Jobs {
            now,
            jobs: BTreeMap::new(),
            moved: BTreeMap::new(),
        };
        let moves = commands
            .iter()
            .filter_map(|command| JobMove::of(&command.rider));
        let ids: Vec<Value> = moves
            .map(|moved| json!({ "job": moved.job.as_str() }))
            .collect();
        if !ids.is_empty() {
            jobs.read_jobs(conn, ids).await?;
        }
        Ok(jobs)
    }

    async fn read_jobs(&mut self, conn: &mut Conn, ids: Vec<Value>) -> Result<(), StoreError> {
        let text = match conn.engine() {
            Engine::Postgres => JOBS_LOCKED,
            Engine::Sqlite => JOBS,
        };
        let ids = Value::from(ids).to_string();
        for row in conn.load::<JobGuardRow>(sql!(text, &*ids)).await? {
            let guard = JobGuard {
                user: UserId(row.user_id),
                state: parse_word("state", &row.state, JobState::parse)?,
                fence: Fence(row.fence),
            };
            self.jobs.insert(JobId::new(row.id), guard);
        }
        Ok(())
    }

    pub(super) fn check(&self, user: UserId, asked: &JobMove<'_>) -> Result<(), CommandRefusal> {
        let guard = self.jobs.get(asked.job).filter(|guard| guard.user == user);
        let Some(guard) = guard else {
            return Err(CommandRefusal::JobMoved { state: None });
        };
        let moved = CommandRefusal::JobMoved {
            state: Some(guard.state),
        };
        if asked.fence.is_some_and(|fence| fence != guard.fence) {
            return Err(moved);
        }
        step(guard.state, asked.event)
            .map(|_| ())
            .map_err(|_| moved)
    }

    pub(super) fn accept(&mut self, asked: &JobMove<'_>) {
        let guard = self.jobs.get_mut(asked.job);
        let guard = guard.expect("a command is accepted only after its guard was found");
        guard.state = step(guard.state, asked.event).expect("the guard allowed this step");
        let earlier = self.moved.remove(asked.job);
        let moved = MovedJob {
            fence: guard.fence,
            state: guard.state,
            ending: asked.ending,
            due_at: asked
                .due_at
                .or(earlier.as_ref().and_then(|moved| moved.due_at)),
            attempt: asked
                .attempt
                .clone()
                .or(earlier.and_then(|moved| moved.attempt)),
        };
        self.moved.insert(asked.job.clone(), moved);
    }

    pub(super) async fn write(&self, conn: &mut Conn) -> Result<(), StoreError> {
        if self.moved.is_empty() {
            return Ok(());
        }
        let at = self.now.0;
        let rows = self.moved.iter().map(|(job, moved)| moved.row(job, at));
        let rows: Vec<Value> = rows.collect();
        let rows = Value::from(rows).to_string();
        let touched = conn.execute(sql!(MOVE_JOBS, &*rows)).await?;
        expect_rows(touched, self.moved.len())?;
        let marks: Vec<Value> = self
            .moved
            .iter()
            .filter_map(|(job, moved)| moved.mark(job, at))
            .collect();
        if !marks.is_empty() {
            let marks = Value::from(marks).to_string();
            conn.execute(sql!(MARK_ATTEMPTS, &*marks)).await?;
        }
        self.close_sessions(conn).await
    }

    async fn close_sessions(&self, conn: &mut Conn) -> Result<(), StoreError> {
        let ended: Vec<(&JobId, Ending)> = self
            .moved
            .iter()
            .filter_map(|(job, moved)| moved.ending.map(|ending| (job, ending)))
            .collect();
        if ended.is_empty() {
            return Ok(());
        }
        let ids: Vec<Value> = ended
            .iter()
            .map(|(job, _)| json!({ "job": job.as_str() }))
            .collect();
        let ids = Value::from(ids).to_string();
        let prices: BTreeMap<String, Money> = conn
            .load::<PriceRow>(sql!(PRICES, &*ids))
            .await?
            .into_iter()
            .map(|row| (row.id, Money::from_kopecks(row.price)))
            .collect();
        let rows: Vec<Value> = ended
            .iter()
            .map(|(job, ending)| {
                let charged = match user_money(*ending) {
                    UserMoney::Charged => prices.get(job.as_str()).copied(),
                    UserMoney::Returned => None,
                };
                json!({
                    "job": job.as_str(),
                    "ending": ending.as_str(),
                    "charged": charged.unwrap_or(Money::ZERO).kopecks(),
                    "at": self.now.0,
                })
            })
            .collect();
        let rows = Value::from(rows).to_string();
        expect_rows(
            conn.execute(sql!(CLOSE_SESSIONS, &*rows)).await?,
            ended.len(),
        )
    }
}

impl MovedJob {
    fn row(&self, job: &JobId, at: i64) -> Value {
        json!({
            "job": job.as_str(),
            "fence": self.fence.0,
            "state": self.state.as_str(),
            "ending": self.ending.map(Ending::as_str),
            "due_at": self.due_at.map(|due_at| due_at.0),
            "finished_at": self.ending.map(|_| at),
            "at": at,
        })
    }

    fn mark(&self, job: &JobId, at: i64) -> Option<Value> {
        let AttemptEnd { outcome, cause } = self.attempt.as_ref()?;
        Some(json!({
            "job": job.as_str(),
            "outcome": outcome.as_str(),
            "cause": cause,
            "at": at,
        }))
    }
}

fn end_event(ending: Ending) -> JobEvent {
    match ending {
        Ending::Delivered => JobEvent::Settle,
        Ending::CancelledBeforeSubmit => JobEvent::Cancel,
        Ending::ModerationRefused
        | Ending::ProviderFailed
        | Ending::TimedOut
        | Ending::InputUnavailable
        | Ending::InputsTooLarge
        | Ending::OurFault => JobEvent::Fail,
    }
}
