//! Jobs' rows: leases with fencing, attempts, progress.

use async_trait::async_trait;
use rei_domain::billing::Ending;
use rei_domain::conversation::SentResult;
use rei_domain::ids::{AssetId, ChatId, DraftId, Fence, HoldId, JobId, MessageId, ModelId, UserId};
use rei_domain::job::{JobState, LaneName};
use rei_domain::money::Money;
use rei_domain::spec::{Kind, Spec};
use rei_domain::time::Moment;

use crate::ports::StoreError;
use crate::ports::outbox::NewOutbox;
use crate::routes::decision::DecisionRecord;

/// A job to be written together with its hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    pub id: JobId,
    pub draft: DraftId,
    pub user: UserId,
    pub chat: ChatId,
    pub hold: HoldId,
    pub lane: LaneName,
    /// The model as it is sold; every provider knows it by a name of its own.
    pub model: ModelId,
    pub spec: Spec,
    /// The locked price, equal to the hold's amount.
    pub price: Money,
    pub created_at: Moment,
    /// After this the job fails and the money goes back, whatever happens.
    pub deadline_at: Moment,
}

/// A job's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    pub id: JobId,
    pub draft: DraftId,
    pub user: UserId,
    pub chat: ChatId,
    pub hold: HoldId,
    pub lane: LaneName,
    pub model: ModelId,
    pub spec: Spec,
    pub price: Money,
    pub state: JobState,
    pub fence: Fence,
    /// Attempts begun so far.
    pub attempt: u32,
    /// The provider's name of the last attempt.
    pub provider: Option<String>,
    /// The provider's own id for the last attempt, when it has one.
    pub provider_job: Option<String>,
    pub result: Option<AssetId>,
    pub ending: Option<Ending>,
    pub created_at: Moment,
    pub deadline_at: Moment,
    pub finished_at: Option<Moment>,
}

/// The most waiting jobs that are counted before one.
pub const POSITION_MAX: u32 = 1_000;

/// What the scheduler needs of a job that could be leased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub id: JobId,
    pub user: UserId,
    pub lane: LaneName,
}

/// An attempt at a provider.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// From 1.
    pub number: u32,
    pub provider: String,
    pub outcome: AttemptOutcome,
    /// Why it brought nothing, if it did not.
    pub cause: Option<String>,
    /// Why it was made there; attempts of older versions do not say.
    pub decision: Option<DecisionRecord>,
}

/// What is known of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AttemptOutcome {
    /// Recorded before the submit and not since: the process may have died in between.
    Begun,
    /// The provider gave an id or a result.
    Accepted,
    /// The provider surely did not do it.
    Rejected,
    /// The answer was lost; it was reconciled by policy.
    Lost,
}

impl AttemptOutcome {
    /// The name in rows.
    pub fn as_str(self) -> &'static str {
        match self {
            AttemptOutcome::Begun => "begun",
            AttemptOutcome::Accepted => "accepted",
            AttemptOutcome::Rejected => "rejected",
            AttemptOutcome::Lost => "lost",
        }
    }

    /// Reads [`AttemptOutcome::as_str`] back.
    pub fn parse(text: &str) -> Option<AttemptOutcome> {
        [
            AttemptOutcome::Begun,
            AttemptOutcome::Accepted,
            AttemptOutcome::Rejected,
            AttemptOutcome::Lost,
        ]
        .into_iter()
        .find(|outcome| outcome.as_str() == text)
    }
}

/// What a user wants kept for good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Favourites {
    /// The job that was asked about is one of them.
    pub is_one: bool,
    pub count: u32,
}

/// How an attempt ended, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptEnd {
    pub outcome: AttemptOutcome,
    /// The adapter's own words: never what the provider wrote or the user asked for.
    pub cause: Option<String>,
}

impl AttemptEnd {
    /// It surely brought nothing.
    pub fn rejected(cause: &str) -> Self {
        Self::because(AttemptOutcome::Rejected, cause)
    }

    /// Nobody knows what it brought.
    pub fn lost(cause: &str) -> Self {
        Self::because(AttemptOutcome::Lost, cause)
    }

    /// It came to this, for this reason.
    pub fn because(outcome: AttemptOutcome, cause: &str) -> Self {
        let cause = Some(cause.to_owned());
        Self { outcome, cause }
    }
}

/// The holder of a lease: this fence of this job. A write with an older fence is refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LeaseToken {
    pub job: JobId,
    pub fence: Fence,
}

/// Why a write under a lease did not happen.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LeaseError {
    /// Another worker has the job, or it has moved on: stop working on it.
    #[error("the lease is lost")]
    Lost,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Jobs' rows. Settling is not here: it commits with the ledger (`ports::ledger`).
#[async_trait]
pub trait JobStore: Send + Sync + 'static {
    /// A job by id.
    async fn job(&self, id: &JobId) -> Result<Option<Job>, StoreError>;

    /// The attempts of a job, in order.
    async fn attempts(&self, id: &JobId) -> Result<Vec<Attempt>, StoreError>;

    /// Jobs of a kind and a lane that can be leased at `now`, oldest first: waiting ones that are
    /// due, and begun ones whose lease ran out.
    async fn candidates(
        &self,
        kind: Kind,
        lane: LaneName,
        now: Moment,
        limit: u32,
    ) -> Result<Vec<Candidate>, StoreError>;

    /// The oldest waiting job of a kind and a lane that is due at `now`, of each of the next
    /// `limit` users after `after`, by their ids. So a user is found behind another's flood.
    async fn oldest_of_users(
        &self,
        kind: Kind,
        lane: LaneName,
        after: UserId,
        now: Moment,
        limit: u32,
    ) -> Result<Vec<Candidate>, StoreError>;

    /// Those of these jobs that exist, in no order.
    async fn jobs(&self, ids: &[JobId]) -> Result<Vec<Job>, StoreError>;

    /// The kinds and lanes in which there may be something to lease at `now`.
    async fn due_lanes(&self, now: Moment) -> Result<Vec<(Kind, LaneName)>, StoreError>;

    /// Leases jobs until `until`: the fence grows by one, the state follows `JobEvent::Lease`.
    /// Those that cannot be leased (any more) are left out; the others come in no order.
    async fn lease_all(
        &self,
        ids: &[JobId],
        owner: &str,
        now: Moment,
        until: Moment,
    ) -> Result<Vec<Job>, StoreError>;

    /// [`JobStore::lease_all`] of one job.
    async fn lease(
        &self,
        id: &JobId,
        owner: &str,
        now: Moment,
        until: Moment,
    ) -> Result<Option<Job>, StoreError> {
        let ids = std::slice::from_ref(id);
        let leased = self.lease_all(ids, owner, now, until).await?;
        Ok(leased.into_iter().next())
    }

    /// Extends leases; returns those that are still held.
    async fn renew(
        &self,
        leases: &[LeaseToken],
        until: Moment,
    ) -> Result<Vec<LeaseToken>, StoreError>;

    /// Makes leases run out now, so that another worker goes on at once. Nothing is undone.
    async fn release(&self, leases: &[LeaseToken], now: Moment) -> Result<(), StoreError>;

    /// Records attempt number `attempt` before the submit (`JobEvent::BeginSubmit`), and why it
    /// is made at this provider.
    async fn begin_attempt(
        &self,
        lease: &LeaseToken,
        attempt: u32,
        provider: &str,
        decision: &DecisionRecord,
        at: Moment,
    ) -> Result<(), LeaseError>;

    /// Records the provider's id (`JobEvent::Accept`).
    async fn accepted(
        &self,
        lease: &LeaseToken,
        attempt: u32,
        provider_job: &str,
        at: Moment,
    ) -> Result<(), LeaseError>;

    /// Records that the result is stored (`JobEvent::Render`) and the attempt accepted.
    async fn rendered(
        &self,
        lease: &LeaseToken,
        attempt: u32,
        result: &AssetId,
        at: Moment,
    ) -> Result<(), LeaseError>;

    /// Puts the job back, due at `due_at` (`JobEvent::Requeue`), and marks the last attempt
    /// unless none was begun under this lease.
    async fn requeue(
        &self,
        lease: &LeaseToken,
        attempt: Option<AttemptEnd>,
        due_at: Moment,
        at: Moment,
    ) -> Result<(), LeaseError>;

    /// Jobs that ended since `since` because their time ran out, while a provider goes on with
    /// them under an id of its own; oldest first.
    async fn overdue(&self, since: Moment, limit: u32) -> Result<Vec<Job>, StoreError>;

    /// Whether a job's result is a favourite, and how many of these its user has.
    async fn favourites(&self, job: &Job) -> Result<Favourites, StoreError>;

    /// Keeps the result of such a job, with the message that brings it. `false` when it has one
    /// already, or ended in another way.
    async fn keep_late(
        &self,
        id: &JobId,
        result: &AssetId,
        message: NewOutbox,
    ) -> Result<bool, StoreError>;

    /// The user's jobs that are not finished, newest first, at most `limit`.
    async fn unfinished(&self, user: UserId, limit: u32) -> Result<Vec<Job>, StoreError>;

    /// How many waiting jobs stand before this one in its lane, [`POSITION_MAX`] at most; `None`
    /// when it does not wait.
    async fn position(&self, id: &JobId) -> Result<Option<u32>, StoreError>;

    /// Waiting jobs per lane, for the gauge.
    async fn waiting(&self) -> Result<Vec<(LaneName, u32)>, StoreError>;

    /// The picture that the bot sent in this message, if it did.
    async fn sent_result(
        &self,
        chat: ChatId,
        message: MessageId,
    ) -> Result<Option<SentResult>, StoreError>;
}
