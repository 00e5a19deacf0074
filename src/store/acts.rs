//! Acts of admins as rows, and the rows that admins look at.
//!
//! An act that moves money ends with its posting (`ledger::riders::acts`); every other step is
//! taken here, once: whoever finds the act elsewhere than he thought changes nothing.

pub(super) mod effects;
pub(super) mod people;
pub(super) mod rows;

use async_trait::async_trait;
use rei_actors::ports::StoreError;
use rei_actors::ports::acts::{ActMove, ActStore, JobMoney, JobsOf, Moved, NewAct};
use rei_actors::ports::users::User;
use rei_domain::admin::{Act, ActState, Ban, JobLine, Person, Standing, Who};
use rei_domain::audit::Actor;
use rei_domain::ids::{ActId, JobId, UserId};
use rei_domain::time::Moment;

use crate::store::audit;
use crate::store::conn::{Conn, Engine};
use crate::store::db::Db;
use crate::store::outbox::insert_outbox;
use crate::store::stmt::{sql, statements};
use rows::ActRow;

statements! {
    INSERT_ACT = "
        INSERT INTO acts (id, update_id, kind, user_id, amount, subject, hold_id, until, cap_hour,
                          cap_day, reason, asker, chat_id, nonce, needs_second, state, created_at,
                          expires_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'asked', ?, ?)
        ON CONFLICT (update_id) DO NOTHING";

    ACT = "
        SELECT id, kind, user_id, amount, subject, hold_id, until, cap_hour, cap_day, reason,
               asker, chat_id, nonce, needs_second, approver, state, created_at, expires_at
        FROM acts WHERE id = ?";

    ACT_OF_UPDATE = "
        SELECT id, kind, user_id, amount, subject, hold_id, until, cap_hour, cap_day, reason,
               asker, chat_id, nonce, needs_second, approver, state, created_at, expires_at
        FROM acts WHERE update_id = ?";

    MOVE_ACT = "
        UPDATE acts SET state = ?, approver = COALESCE(?, approver),
            expires_at = COALESCE(?, expires_at), ended_at = ?
        WHERE id = ? AND state = ?";
}

const ACT_LOCKED: &str = "
        SELECT id, kind, user_id, amount, subject, hold_id, until, cap_hour, cap_day, reason,
               asker, chat_id, nonce, needs_second, approver, state, created_at, expires_at
        FROM acts WHERE id = ? FOR UPDATE";

/// The texts of this file for PostgreSQL alone.
pub const POSTGRES_ONLY: &[&str] = &[ACT_LOCKED];

/// Acts' rows.
#[derive(Clone)]
pub struct ActRows(Db);

impl ActRows {
    /// The rows of a database.
    pub fn new(db: Db) -> Self {
        Self(db)
    }
}

async fn find_act(conn: &mut Conn, id: &ActId) -> Result<Option<Act>, StoreError> {
    let row = conn.optional::<ActRow>(sql!(ACT, id.as_str())).await?;
    row.map(ActRow::parse).transpose()
}

async fn ask(conn: &mut Conn, new: &NewAct) -> Result<Act, StoreError> {
    let act = &new.act;
    if rows::insert(conn, INSERT_ACT, new).await? > 0 {
        let by = Actor::User(act.asker);
        let entry = act.entry(ActState::Asked, by, "", act.created_at);
        audit::append(conn, &[entry]).await?;
    }
    let row: ActRow = conn.one(sql!(ACT_OF_UPDATE, new.update_id)).await?;
    row.parse()
}

async fn take(conn: &mut Conn, step: &ActMove) -> Result<Moved, StoreError> {
    let gone = || StoreError::Broken("there is no such act".to_owned());
    let id = step.act.as_str();
    if step.to == ActState::Done {
        // The user's shard comes before the act, as in the ledger's own transactions.
        let act = find_act(conn, &step.act).await?.ok_or_else(gone)?;
        effects::lock_user(conn, act.user).await?;
    }
    let text = match conn.engine() {
        Engine::Postgres => ACT_LOCKED,
        Engine::Sqlite => ACT,
    };
    let row = conn.optional::<ActRow>(sql!(text, id)).await?;
    let act = row.ok_or_else(gone)?.parse()?;
    if act.state != step.from {
        return Ok(Moved::Not(act.state));
    }
    let ended_at = step.to.is_final().then_some(step.at.0);
    let moved = sql!(
        MOVE_ACT,
        step.to.as_str(),
        step.approver.map(|user| user.0),
        step.expires_at.map(|at| at.0),
        ended_at,
        id,
        step.from.as_str()
    );
    conn.execute(moved).await?;
    if step.to == ActState::Done {
        effects::write(conn, &act, step.at).await?;
    }
    insert_outbox(conn, &step.outbox).await?;
    audit::append(conn, std::slice::from_ref(&step.audit)).await?;
    Ok(Moved::Now)
}

#[async_trait]
impl ActStore for ActRows {
    async fn ask(&self, new: NewAct) -> Result<Act, StoreError> {
        self.0
            .tx(async move |conn: &mut Conn| ask(conn, &new).await)
            .await
    }

    async fn act(&self, id: &ActId) -> Result<Option<Act>, StoreError> {
        let id = id.clone();
        self.0
            .read(async move |conn: &mut Conn| find_act(conn, &id).await)
            .await
    }

    async fn take(&self, step: ActMove) -> Result<Moved, StoreError> {
        self.0
            .tx(async move |conn: &mut Conn| take(conn, &step).await)
            .await
    }

    async fn known(&self, users: &[UserId]) -> Result<Vec<User>, StoreError> {
        let users = users.to_vec();
        self.0
            .read(async move |conn: &mut Conn| people::known(conn, &users).await)
            .await
    }

    async fn find(&self, who: &Who) -> Result<Option<User>, StoreError> {
        let who = who.clone();
        self.0
            .read(async move |conn: &mut Conn| people::find(conn, &who).await)
            .await
    }

    async fn standing(&self, user: UserId) -> Result<Standing, StoreError> {
        self.0
            .read(async move |conn: &mut Conn| people::standing(conn, user).await)
            .await
    }

    async fn person(&self, user: UserId, now: Moment) -> Result<Option<Person>, StoreError> {
        self.0
            .read(async move |conn: &mut Conn| people::person(conn, user, now).await)
            .await
    }

    async fn jobs(&self, filter: JobsOf, limit: u32) -> Result<Vec<JobLine>, StoreError> {
        self.0
            .read(async move |conn: &mut Conn| people::jobs(conn, filter, limit).await)
            .await
    }

    async fn job_money(&self, job: &JobId) -> Result<Option<JobMoney>, StoreError> {
        let job = job.clone();
        self.0
            .read(async move |conn: &mut Conn| people::job_money(conn, &job).await)
            .await
    }

    async fn ban(&self, user: UserId, now: Moment) -> Result<Option<Ban>, StoreError> {
        self.0
            .read(async move |conn: &mut Conn| people::ban(conn, user, now).await)
            .await
    }
}

#[cfg(test)]
mod tests;
