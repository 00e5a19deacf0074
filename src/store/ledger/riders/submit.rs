//! A confirmed draft becomes a job and a usage session.

use std::collections::BTreeMap;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable};
use rei_actors::ports::StoreError;
use rei_actors::ports::jobs::NewJob;
use rei_actors::ports::ledger::{CommandRefusal, LedgerCommand, Rider};
use rei_domain::draft::{ConfirmRefusal, Draft, DraftState};
use rei_domain::ids::{DraftId, Nonce, UserId};
use rei_domain::ledger::Movement;
use rei_domain::money::Money;
use rei_domain::spec::Output;
use rei_domain::time::Moment;
use serde_json::{Value, json};

use crate::store::Conn;
use crate::store::codec::{render_inputs, render_look, storable};
use crate::store::conn::Engine;
use crate::store::drafts::DraftRow;
use crate::store::ledger::writes::expect_rows;
use crate::store::stmt::{sql, statements};

statements! {
    DRAFTS = "
        SELECT id, user_id, chat_id, state, job_id, prompt, aspect, size, look, inputs, price,
               nonce, created_at, expires_at
        FROM drafts WHERE id IN (SELECT value->>'draft' FROM json_each(?)) ORDER BY id";

    CONFIRM_DRAFTS = "
        UPDATE drafts SET state = 'confirmed', job_id = confirmed.job
        FROM (SELECT value->>'draft' AS draft, value->>'job' AS job FROM json_each(?)) confirmed
        WHERE drafts.id = confirmed.draft AND drafts.state = 'open'";

    INSERT_JOBS = "
        INSERT INTO jobs (id, draft_id, user_id, chat_id, hold_id, lane, kind, model, prompt, aspect,
                          size, look, inputs, price, state, fence, attempt, due_at, state_at,
                          created_at, deadline_at)
        SELECT value->>'id', value->>'draft', CAST(value->>'user' AS BIGINT),
               CAST(value->>'chat' AS BIGINT), value->>'hold', value->>'lane', value->>'kind',
               value->>'model', value->>'prompt', value->>'aspect', value->>'size',
               value->>'look', value->>'inputs',
               CAST(value->>'price' AS BIGINT), 'queued', 0, 0,
               CAST(value->>'created_at' AS BIGINT), CAST(value->>'created_at' AS BIGINT),
               CAST(value->>'created_at' AS BIGINT), CAST(value->>'deadline_at' AS BIGINT)
        FROM json_each(?)";

    OPEN_SESSIONS = "
        INSERT INTO usage_sessions (id, user_id, job_id, unit, rate, held, metered_seconds,
                                    charged, started_at)
        SELECT value->>'id', CAST(value->>'user' AS BIGINT), value->>'id', value->>'unit',
               CAST(value->>'rate' AS BIGINT), CAST(value->>'price' AS BIGINT), 0, 0,
               CAST(value->>'created_at' AS BIGINT)
        FROM json_each(?)";

    BANS = "
        SELECT user_id, until FROM bans
        WHERE user_id IN (SELECT CAST(value->>'user' AS BIGINT) FROM json_each(?))";
}

const DRAFTS_LOCKED: &str = "
        SELECT id, user_id, chat_id, state, job_id, prompt, aspect, size, look, inputs, price,
               nonce, created_at, expires_at
        FROM drafts WHERE id IN (SELECT value->>'draft' FROM json_each(?)) ORDER BY id FOR UPDATE";

/// The texts of this file for PostgreSQL alone.
pub const POSTGRES_ONLY: &[&str] = &[DRAFTS_LOCKED];

#[derive(QueryableByName)]
struct BanRow {
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    until: Option<i64>,
}

/// The drafts of one batch, and the jobs they become.
pub(super) struct Submits {
    now: Moment,
    drafts: BTreeMap<DraftId, Draft>,
    /// Users who may not order, and until when; `None` is until it is lifted.
    bans: BTreeMap<UserId, Option<Moment>>,
    submitted: Vec<NewJob>,
}

impl Submits {
    pub(super) async fn read(
        conn: &mut Conn,
        commands: &[LedgerCommand],
        now: Moment,
    ) -> Result<Submits, StoreError> {
        let mut submits = Submits {
            now,
            drafts: BTreeMap::new(),
            bans: BTreeMap::new(),
            submitted: Vec::new(),
        };
        let (mut drafts, mut users) = (Vec::new(), Vec::new());
        for command in commands {
            if let Rider::Submit { draft, .. } = &command.rider {
                drafts.push(json!({ "draft": draft.as_str() }));
                users.push(json!({ "user": command.posting.user.0 }));
            }
        }
        if drafts.is_empty() {
            return Ok(submits);
        }
        submits.read_drafts(conn, drafts).await?;
        let users = Value::from(users).to_string();
        for row in conn.load::<BanRow>(sql!(BANS, &*users)).await? {
            let until = row.until.map(Moment);
            submits.bans.insert(UserId(row.user_id), until);
        }
        Ok(submits)
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

    pub(super) fn check(
        &self,
        command: &LedgerCommand,
        draft: &DraftId,
        nonce: &Nonce,
        job: &NewJob,
    ) -> Result<(), CommandRefusal> {
        let user = command.posting.user;
        let draft = self
            .drafts
            .get(draft)
            .filter(|draft| draft.user == user)
            .ok_or(CommandRefusal::DraftNotFound)?;
        if let Some(until) = self.bans.get(&user)
            && until.is_none_or(|until| self.now < until)
        {
            return Err(CommandRefusal::Banned { until: *until });
        }
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

    pub(super) fn accept(&mut self, draft: &DraftId, job: &NewJob) {
        if let Some(draft) = self.drafts.get_mut(draft) {
            draft.state = DraftState::Confirmed(job.id.clone());
        }
        self.submitted.push(job.clone());
    }

    pub(super) async fn write(&self, conn: &mut Conn) -> Result<(), StoreError> {
        if self.submitted.is_empty() {
            return Ok(());
        }
        let count = self.submitted.len();
        let rows: Vec<Value> = self.submitted.iter().map(job_row).collect();
        let rows = Value::from(rows).to_string();
        let drafts: Vec<Value> = self.submitted.iter().map(confirmed_row).collect();
        let drafts = Value::from(drafts).to_string();
        expect_rows(conn.execute(sql!(CONFIRM_DRAFTS, &*drafts)).await?, count)?;
        expect_rows(conn.execute(sql!(INSERT_JOBS, &*rows)).await?, count)?;
        expect_rows(conn.execute(sql!(OPEN_SESSIONS, &*rows)).await?, count)
    }
}

/// What the command's hold sets aside.
fn held_amount(command: &LedgerCommand) -> Option<Money> {
    let mut operations = command.posting.operations.iter();
    operations.find_map(|operation| match &operation.movement {
        Movement::PlaceHold { amount, .. } => Some(*amount),
        _ => None,
    })
}

fn confirmed_row(job: &NewJob) -> Value {
    json!({ "draft": job.draft.as_str(), "job": job.id.as_str() })
}

/// The unit in which the result is sold, and its price in kopecks.
fn sold_by(job: &NewJob) -> (&'static str, i64) {
    match &job.spec.output {
        Output::Image(_) => ("image", job.price.kopecks()),
        Output::Video(look) => {
            let seconds = i64::from(look.seconds.max(1));
            ("output_second", (job.price.kopecks() / seconds).max(1))
        }
    }
}

fn job_row(job: &NewJob) -> Value {
    let look = render_look(&job.spec);
    let (unit, rate) = sold_by(job);
    json!({
        "id": job.id.as_str(),
        "draft": job.draft.as_str(),
        "user": job.user.0,
        "chat": job.chat.0,
        "hold": job.hold.as_str(),
        "lane": job.lane.as_str(),
        "kind": look.kind,
        "model": job.model.as_str(),
        "prompt": storable(&job.spec.prompt),
        "aspect": look.aspect,
        "size": look.size,
        "look": look.look,
        "unit": unit,
        "rate": rate,
        "inputs": render_inputs(&job.spec.inputs),
        "price": job.price.kopecks(),
        "created_at": job.created_at.0,
        "deadline_at": job.deadline_at.0,
    })
}
