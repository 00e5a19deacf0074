//! Riders: the rows that commit with a posting, and the guards they stand under.

use std::collections::BTreeMap;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use rei_actors::ports::StoreError;
use rei_actors::ports::jobs::{AttemptOutcome, NewJob};
use rei_actors::ports::ledger::{CommandRefusal, LedgerCommand, Rider};
use rei_domain::billing::{Ending, UserMoney, user_money};
use rei_domain::draft::{ConfirmRefusal, Draft, DraftState};
use rei_domain::ids::{DraftId, Fence, JobId, UserId};
use rei_domain::job::{JobEvent, JobState, step};
use rei_domain::ledger::Movement;
use rei_domain::money::Money;
use rei_domain::time::Moment;
use serde_json::{Value, json};

use super::writes::expect_rows;
use crate::store::Conn;
use crate::store::codec::{parse_word, render_inputs, storable};
use crate::store::conn::Engine;
use crate::store::drafts::DraftRow;
use crate::store::stmt::{sql, statements};

statements! {
    DRAFTS = "
        SELECT id, user_id, chat_id, state, job_id, prompt, aspect, size, inputs, price, nonce,
               created_at, expires_at
        FROM drafts WHERE id IN (SELECT value->>'draft' FROM json_each(?)) ORDER BY id";

    JOBS = "
        SELECT id, user_id, state, fence FROM jobs
        WHERE id IN (SELECT value->>'job' FROM json_each(?)) ORDER BY id";

    CONFIRM_DRAFTS = "
        UPDATE drafts SET state = 'confirmed', job_id = confirmed.job
        FROM (SELECT value->>'draft' AS draft, value->>'job' AS job FROM json_each(?)) confirmed
        WHERE drafts.id = confirmed.draft AND drafts.state = 'open'";

    INSERT_JOBS = "
        INSERT INTO jobs (id, draft_id, user_id, chat_id, hold_id, lane, model, prompt, aspect,
                          size, inputs, price, state, fence, attempt, due_at, state_at,
                          created_at, deadline_at)
        SELECT value->>'id', value->>'draft', CAST(value->>'user' AS BIGINT),
               CAST(value->>'chat' AS BIGINT), value->>'hold', value->>'lane', value->>'model',
               value->>'prompt', value->>'aspect', value->>'size', value->>'inputs',
               CAST(value->>'price' AS BIGINT), 'queued', 0, 0,
               CAST(value->>'created_at' AS BIGINT), CAST(value->>'created_at' AS BIGINT),
               CAST(value->>'created_at' AS BIGINT), CAST(value->>'deadline_at' AS BIGINT)
        FROM json_each(?)";

    OPEN_SESSIONS = "
        INSERT INTO usage_sessions (id, user_id, job_id, unit, rate, held, metered_seconds,
                                    charged, started_at)
        SELECT value->>'id', CAST(value->>'user' AS BIGINT), value->>'id', 'image',
               CAST(value->>'price' AS BIGINT), CAST(value->>'price' AS BIGINT), 0, 0,
               CAST(value->>'created_at' AS BIGINT)
        FROM json_each(?)";

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
        UPDATE attempts SET outcome = marked.outcome, ended_at = marked.at
        FROM (
            SELECT value->>'job' AS job, value->>'outcome' AS outcome,
                   CAST(value->>'at' AS BIGINT) AS at
            FROM json_each(?)
        ) marked
        WHERE attempts.job_id = marked.job
          AND attempts.number = (SELECT MAX(last.number) FROM attempts last
                                 WHERE last.job_id = marked.job)";

    CLOSE_SESSIONS = "
        UPDATE usage_sessions SET charged = closed.charged, end_reason = closed.reason,
            ended_at = closed.at
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

const DRAFTS_LOCKED: &str = "
        SELECT id, user_id, chat_id, state, job_id, prompt, aspect, size, inputs, price, nonce,
               created_at, expires_at
        FROM drafts WHERE id IN (SELECT value->>'draft' FROM json_each(?)) ORDER BY id FOR UPDATE";

const JOBS_LOCKED: &str = "
        SELECT id, user_id, state, fence FROM jobs
        WHERE id IN (SELECT value->>'job' FROM json_each(?)) ORDER BY id FOR UPDATE";

/// The texts of this file for PostgreSQL alone.
pub const POSTGRES_ONLY: &[&str] = &[DRAFTS_LOCKED, JOBS_LOCKED];

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
    attempt: Option<AttemptOutcome>,
}

/// The riders of one batch: what they found, and what they will write.
pub(super) struct Riders {
    now: Moment,
    drafts: BTreeMap<DraftId, Draft>,
    jobs: BTreeMap<JobId, JobGuard>,
    submitted: Vec<NewJob>,
    /// One entry a job, however often the batch moves it: put back and withdrawn is two steps.
    moved: BTreeMap<JobId, MovedJob>,
}

impl Riders {
    /// Locks and reads the drafts and jobs that the commands' guards look at.
    pub(super) async fn read(
        conn: &mut Conn,
        commands: &[LedgerCommand],
        now: Moment,
    ) -> Result<Riders, StoreError> {
        let (mut drafts, mut jobs) = (Vec::new(), Vec::new());
        for command in commands {
            match &command.rider {
                Rider::None => {}
                Rider::Submit { draft, .. } => drafts.push(json!({ "draft": draft.as_str() })),
                Rider::Finish { job, .. } | Rider::RetryLost { job, .. } => {
                    jobs.push(json!({ "job": job.as_str() }));
                }
                Rider::Cancel { job } => jobs.push(json!({ "job": job.id.as_str() })),
            }
        }
        let mut riders = Riders {
            now,
            drafts: BTreeMap::new(),
            jobs: BTreeMap::new(),
            submitted: Vec::new(),
            moved: BTreeMap::new(),
        };
        if !drafts.is_empty() {
            riders.read_drafts(conn, drafts).await?;
        }
        if !jobs.is_empty() {
            riders.read_jobs(conn, jobs).await?;
        }
        Ok(riders)
    }

    async fn read_drafts(&mut self, conn: &mut Conn, ids: Vec<Value>) -> Result<(), StoreError> {
        let text = match conn.engine() {
            Engine::Postgres => DRAFTS_LOCKED,
            Engine::Sqlite => DRAFTS,
        };
        let ids = Value::from(ids).to_string();
        for row in conn.load::<DraftRow>(sql!(text, &*ids)).await? {
            let draft = row.parse()?;
            self.drafts.insert(draft.id.clone(), draft);
        }
        Ok(())
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

    /// Whether the guard of a command's rider stands.
    pub(super) fn check(&self, command: &LedgerCommand) -> Result<(), CommandRefusal> {
        let user = command.posting.user;
        match &command.rider {
            Rider::None => Ok(()),
            Rider::Submit { draft, nonce, job } => {
                let draft = self
                    .drafts
                    .get(draft)
                    .filter(|draft| draft.user == user)
                    .ok_or(CommandRefusal::DraftNotFound)?;
                draft
                    .check_confirm(nonce, self.now)
                    .map_err(CommandRefusal::Draft)?;
                let is_what_was_shown = job.price == draft.price
                    && job.spec == draft.spec
                    && held_amount(command) == Some(draft.price);
                if is_what_was_shown {
                    Ok(())
                } else {
                    Err(CommandRefusal::Draft(ConfirmRefusal::Outdated))
                }
            }
            Rider::Finish {
                job, fence, ending, ..
            } => self.check_job(user, job, Some(*fence), end_event(*ending)),
            Rider::Cancel { job } => self.check_job(user, &job.id, None, JobEvent::Cancel),
            Rider::RetryLost { job, fence, .. } => {
                self.check_job(user, job, Some(*fence), JobEvent::Requeue)
            }
        }
    }

    fn check_job(
        &self,
        user: UserId,
        job: &JobId,
        fence: Option<Fence>,
        event: JobEvent,
    ) -> Result<(), CommandRefusal> {
        let guard = self.jobs.get(job).filter(|guard| guard.user == user);
        let Some(guard) = guard else {
            return Err(CommandRefusal::JobMoved { state: None });
        };
        let moved = CommandRefusal::JobMoved {
            state: Some(guard.state),
        };
        if fence.is_some_and(|fence| fence != guard.fence) {
            return Err(moved);
        }
        step(guard.state, event).map(|_| ()).map_err(|_| moved)
    }

    /// Takes up what an accepted command writes; later commands of the batch see it.
    pub(super) fn accept(&mut self, command: &LedgerCommand) {
        match &command.rider {
            Rider::None => {}
            Rider::Submit { draft, job, .. } => {
                if let Some(draft) = self.drafts.get_mut(draft) {
                    draft.state = DraftState::Confirmed(job.id.clone());
                }
                self.submitted.push((**job).clone());
            }
            Rider::Finish {
                job,
                ending,
                attempt,
                ..
            } => self.move_job(job, end_event(*ending), Some(*ending), None, *attempt),
            Rider::Cancel { job } => {
                let ending = Some(Ending::CancelledBeforeSubmit);
                self.move_job(&job.id, JobEvent::Cancel, ending, None, None);
            }
            Rider::RetryLost { job, due_at, .. } => {
                let lost = Some(AttemptOutcome::Lost);
                self.move_job(job, JobEvent::Requeue, None, Some(*due_at), lost);
            }
        }
    }

    fn move_job(
        &mut self,
        job: &JobId,
        event: JobEvent,
        ending: Option<Ending>,
        due_at: Option<Moment>,
        attempt: Option<AttemptOutcome>,
    ) {
        let guard = self.jobs.get_mut(job);
        let guard = guard.expect("a command is accepted only after its guard was found");
        guard.state = step(guard.state, event).expect("the guard allowed this step");
        let earlier = self.moved.remove(job);
        let moved = MovedJob {
            fence: guard.fence,
            state: guard.state,
            ending,
            due_at: due_at.or(earlier.as_ref().and_then(|moved| moved.due_at)),
            attempt: attempt.or(earlier.and_then(|moved| moved.attempt)),
        };
        self.moved.insert(job.clone(), moved);
    }

    /// Writes what was taken up.
    pub(super) async fn write(&self, conn: &mut Conn) -> Result<(), StoreError> {
        if !self.submitted.is_empty() {
            self.write_submitted(conn).await?;
        }
        if !self.moved.is_empty() {
            self.write_moved(conn).await?;
        }
        Ok(())
    }

    async fn write_submitted(&self, conn: &mut Conn) -> Result<(), StoreError> {
        let count = self.submitted.len();
        let rows: Vec<Value> = self.submitted.iter().map(job_row).collect();
        let rows = Value::from(rows).to_string();
        let drafts: Vec<Value> = self.submitted.iter().map(confirmed_row).collect();
        let drafts = Value::from(drafts).to_string();
        expect_rows(conn.execute(sql!(CONFIRM_DRAFTS, &*drafts)).await?, count)?;
        expect_rows(conn.execute(sql!(INSERT_JOBS, &*rows)).await?, count)?;
        expect_rows(conn.execute(sql!(OPEN_SESSIONS, &*rows)).await?, count)
    }

    async fn write_moved(&self, conn: &mut Conn) -> Result<(), StoreError> {
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
        let outcome = self.attempt?;
        Some(json!({ "job": job.as_str(), "outcome": outcome.as_str(), "at": at }))
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

/// What the command's hold sets aside.
fn held_amount(command: &LedgerCommand) -> Option<Money> {
    command
        .posting
        .operations
        .iter()
        .find_map(|operation| match &operation.movement {
            Movement::PlaceHold { amount, .. } => Some(*amount),
            Movement::GrantBonus { .. }
            | Movement::CaptureHold { .. }
            | Movement::VoidHold { .. }
            | Movement::BookProviderCost { .. }
            | Movement::BookLoss { .. } => None,
        })
}

fn confirmed_row(job: &NewJob) -> Value {
    json!({ "draft": job.draft.as_str(), "job": job.id.as_str() })
}

fn job_row(job: &NewJob) -> Value {
    json!({
        "id": job.id.as_str(),
        "draft": job.draft.as_str(),
        "user": job.user.0,
        "chat": job.chat.0,
        "hold": job.hold.as_str(),
        "lane": job.lane.as_str(),
        "model": job.model,
        "prompt": storable(&job.spec.prompt),
        "aspect": job.spec.aspect.as_str(),
        "size": job.spec.size.as_str(),
        "inputs": render_inputs(&job.spec.inputs),
        "price": job.price.kopecks(),
        "created_at": job.created_at.0,
        "deadline_at": job.deadline_at.0,
    })
}
