//! Jobs' rows: who works on what, and how far it got.
//!
//! Promises that a write under a lease happens only with the job's present fence and from a
//! state that `rei_domain::job::step` allows, in one statement, so that a worker that lost its
//! lease can change nothing; and that the same write again, after its answer was lost, succeeds
//! without doing anything. Deliberately moves no money: settling, failing and cancelling commit
//! with the ledger.

mod group;
pub(super) mod late;
pub(super) mod leases;
pub(super) mod reads;
mod steps;

use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use rei_actors::ports::StoreError;
use rei_actors::ports::jobs::{
    Attempt, AttemptEnd, Candidate, Favourites, Job, JobStore, LeaseError, LeaseToken,
};
use rei_actors::ports::outbox::NewOutbox;
use rei_actors::routes::decision::DecisionRecord;
use rei_domain::billing::Ending;
use rei_domain::conversation::SentResult;
use rei_domain::ids::{AssetId, ChatId, DraftId, Fence, HoldId, JobId, MessageId, ModelId, UserId};
use rei_domain::job::{JobState, LaneName};
use rei_domain::money::Money;
use rei_domain::spec::Kind;
use rei_domain::time::Moment;

use self::group::{Group, Step, Write};
pub use self::steps::{steps, unsettled, worked_on};
use crate::store::codec::{parse_count, parse_spec, parse_word};
use crate::store::conn::Conn;
use crate::store::db::Db;

/// Jobs' rows.
#[derive(Clone)]
pub struct JobRows {
    db: Db,
    group: Group,
}

impl JobRows {
    /// The rows of a database.
    pub fn new(db: Db) -> Self {
        let group = Group::new(db.clone());
        Self { db, group }
    }

    async fn write(&self, lease: &LeaseToken, step: Step, at: Moment) -> Result<(), LeaseError> {
        let lease = lease.clone();
        self.group.write(Write { lease, step, at }).await
    }
}

#[derive(QueryableByName)]
struct JobRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    draft_id: String,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = BigInt)]
    chat_id: i64,
    #[diesel(sql_type = Text)]
    hold_id: String,
    #[diesel(sql_type = Text)]
    lane: String,
    #[diesel(sql_type = Text)]
    model: String,
    #[diesel(sql_type = Text)]
    prompt: String,
    #[diesel(sql_type = Text)]
    aspect: String,
    #[diesel(sql_type = Text)]
    size: String,
    #[diesel(sql_type = Nullable<Text>)]
    look: Option<String>,
    #[diesel(sql_type = Text)]
    inputs: String,
    #[diesel(sql_type = BigInt)]
    price: i64,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = BigInt)]
    fence: i64,
    #[diesel(sql_type = BigInt)]
    attempt: i64,
    #[diesel(sql_type = Nullable<Text>)]
    provider: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    provider_job: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    result: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    ending: Option<String>,
    #[diesel(sql_type = BigInt)]
    created_at: i64,
    #[diesel(sql_type = BigInt)]
    deadline_at: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    finished_at: Option<i64>,
}

impl JobRow {
    fn parse(self) -> Result<Job, StoreError> {
        let ending = match self.ending.as_deref() {
            Some(ending) => Some(parse_word("ending", ending, Ending::parse)?),
            None => None,
        };
        Ok(Job {
            id: JobId::new(self.id),
            draft: DraftId::new(self.draft_id),
            user: UserId(self.user_id),
            chat: ChatId(self.chat_id),
            hold: HoldId::new(self.hold_id),
            lane: parse_word("lane", &self.lane, LaneName::parse)?,
            model: ModelId::new(self.model),
            spec: parse_spec(
                self.prompt,
                &self.aspect,
                &self.size,
                self.look.as_deref(),
                &self.inputs,
            )?,
            price: Money::from_kopecks(self.price),
            state: parse_word("state", &self.state, JobState::parse)?,
            fence: Fence(self.fence),
            attempt: parse_count("attempt", self.attempt)?,
            provider: self.provider,
            provider_job: self.provider_job,
            result: self.result.map(AssetId::new),
            ending,
            created_at: Moment(self.created_at),
            deadline_at: Moment(self.deadline_at),
            finished_at: self.finished_at.map(Moment),
        })
    }
}

#[async_trait]
impl JobStore for JobRows {
    async fn job(&self, id: &JobId) -> Result<Option<Job>, StoreError> {
        let id = id.clone();
        self.db
            .read(async move |conn: &mut Conn| reads::job(conn, &id).await)
            .await
    }

    async fn attempts(&self, id: &JobId) -> Result<Vec<Attempt>, StoreError> {
        let id = id.clone();
        self.db
            .read(async move |conn: &mut Conn| reads::attempts(conn, &id).await)
            .await
    }

    async fn candidates(
        &self,
        kind: Kind,
        lane: LaneName,
        now: Moment,
        limit: u32,
    ) -> Result<Vec<Candidate>, StoreError> {
        self.db
            .read(async move |conn: &mut Conn| {
                reads::candidates(conn, kind, lane, now, limit).await
            })
            .await
    }

    async fn oldest_of_users(
        &self,
        kind: Kind,
        lane: LaneName,
        after: UserId,
        now: Moment,
        limit: u32,
    ) -> Result<Vec<Candidate>, StoreError> {
        self.db
            .read(async move |conn: &mut Conn| {
                reads::oldest_of_users(conn, kind, lane, after, now, limit).await
            })
            .await
    }

    async fn jobs(&self, ids: &[JobId]) -> Result<Vec<Job>, StoreError> {
        let ids = ids.to_vec();
        self.db
            .read(async move |conn: &mut Conn| reads::jobs(conn, &ids).await)
            .await
    }

    async fn due_lanes(&self, now: Moment) -> Result<Vec<(Kind, LaneName)>, StoreError> {
        self.db
            .read(async move |conn: &mut Conn| reads::due_lanes(conn, now).await)
            .await
    }

    async fn lease_all(
        &self,
        ids: &[JobId],
        owner: &str,
        now: Moment,
        until: Moment,
    ) -> Result<Vec<Job>, StoreError> {
        let (ids, owner) = (ids.to_vec(), owner.to_owned());
        self.db
            .write(async move |conn: &mut Conn| leases::lease(conn, &ids, &owner, now, until).await)
            .await
    }

    async fn renew(
        &self,
        leases: &[LeaseToken],
        until: Moment,
    ) -> Result<Vec<LeaseToken>, StoreError> {
        if leases.is_empty() {
            return Ok(Vec::new());
        }
        let leases = leases.to_vec();
        self.db
            .write(async move |conn: &mut Conn| leases::renew(conn, &leases, until).await)
            .await
    }

    async fn release(&self, leases: &[LeaseToken], now: Moment) -> Result<(), StoreError> {
        if leases.is_empty() {
            return Ok(());
        }
        let leases = leases.to_vec();
        self.db
            .write(async move |conn: &mut Conn| leases::release(conn, &leases, now).await)
            .await
    }

    async fn begin_attempt(
        &self,
        lease: &LeaseToken,
        attempt: u32,
        provider: &str,
        decision: &DecisionRecord,
        at: Moment,
    ) -> Result<(), LeaseError> {
        let step = Step::Begin {
            attempt,
            provider: provider.to_owned(),
            decision: decision.render(),
        };
        self.write(lease, step, at).await
    }

    async fn accepted(
        &self,
        lease: &LeaseToken,
        attempt: u32,
        provider_job: &str,
        at: Moment,
    ) -> Result<(), LeaseError> {
        let step = Step::Accept {
            attempt,
            provider_job: provider_job.to_owned(),
        };
        self.write(lease, step, at).await
    }

    async fn rendered(
        &self,
        lease: &LeaseToken,
        attempt: u32,
        result: &AssetId,
        at: Moment,
    ) -> Result<(), LeaseError> {
        let step = Step::Render {
            attempt,
            result: result.clone(),
        };
        self.write(lease, step, at).await
    }

    async fn requeue(
        &self,
        lease: &LeaseToken,
        attempt: Option<AttemptEnd>,
        due_at: Moment,
        at: Moment,
    ) -> Result<(), LeaseError> {
        let step = Step::Requeue { attempt, due_at };
        self.write(lease, step, at).await
    }

    async fn overdue(&self, since: Moment, limit: u32) -> Result<Vec<Job>, StoreError> {
        self.db
            .read(async move |conn: &mut Conn| reads::overdue(conn, since, limit).await)
            .await
    }

    async fn favourites(&self, job: &Job) -> Result<Favourites, StoreError> {
        let job = job.clone();
        self.db
            .read(async move |conn: &mut Conn| reads::favourites(conn, &job).await)
            .await
    }

    async fn keep_late(
        &self,
        id: &JobId,
        result: &AssetId,
        message: NewOutbox,
    ) -> Result<bool, StoreError> {
        let (id, result) = (id.clone(), result.clone());
        self.db
            .tx(async move |conn: &mut Conn| late::keep(conn, &id, &result, &message).await)
            .await
    }

    async fn unfinished(&self, user: UserId, limit: u32) -> Result<Vec<Job>, StoreError> {
        self.db
            .read(async move |conn: &mut Conn| reads::unfinished(conn, user, limit).await)
            .await
    }

    async fn position(&self, id: &JobId) -> Result<Option<u32>, StoreError> {
        let id = id.clone();
        self.db
            .read(async move |conn: &mut Conn| reads::position(conn, &id).await)
            .await
    }

    async fn waiting(&self) -> Result<Vec<(LaneName, u32)>, StoreError> {
        self.db
            .read(async |conn: &mut Conn| reads::waiting(conn).await)
            .await
    }

    async fn sent_result(
        &self,
        chat: ChatId,
        message: MessageId,
    ) -> Result<Option<SentResult>, StoreError> {
        self.db
            .read(async move |conn: &mut Conn| reads::sent_result(conn, chat, message).await)
            .await
    }
}

#[cfg(test)]
mod tests;
