//! Acts of admins as rows, and what admins and the banned are shown.

use async_trait::async_trait;
use rei_domain::admin::{Act, ActState, Ban, JobLine, Person, Standing, Who};
use rei_domain::audit::AuditEntry;
use rei_domain::ids::{ActId, HoldId, JobId, UserId};
use rei_domain::job::JobState;
use rei_domain::money::Money;
use rei_domain::time::Moment;

use crate::ports::StoreError;
use crate::ports::outbox::NewOutbox;
use crate::ports::users::User;

/// An act to be written, and the update that asked for it.
#[derive(Clone, Debug)]
pub struct NewAct {
    pub act: Act,
    /// A repeated turn finds the act of its first time.
    pub update_id: i64,
}

/// A step of an act that moves no money. What an order does beside money (a ban, caps) is
/// written with the step to `Done`.
#[derive(Clone, Debug)]
pub struct ActMove {
    pub act: ActId,
    pub from: ActState,
    pub to: ActState,
    pub approver: Option<UserId>,
    /// From now on; `None` leaves it.
    pub expires_at: Option<Moment>,
    pub at: Moment,
    pub audit: AuditEntry,
    pub outbox: Vec<NewOutbox>,
}

/// Whether a step was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Moved {
    Now,
    /// Somebody was faster; where the act stands.
    Not(ActState),
}

/// What can be given back of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobMoney {
    pub job: JobId,
    pub user: UserId,
    pub hold: HoldId,
    pub state: JobState,
    pub price: Money,
    /// What was charged and not given back since.
    pub left: Money,
}

/// Acts' rows.
#[async_trait]
pub trait ActStore: Send + Sync + 'static {
    /// Writes an act that was asked for, with its audit entry; the act as it is stored.
    async fn ask(&self, new: NewAct) -> Result<Act, StoreError>;

    /// An act by id.
    async fn act(&self, id: &ActId) -> Result<Option<Act>, StoreError>;

    /// Takes a step if the act still stands where the step begins, with the audit entry and the
    /// messages in the same transaction.
    async fn take(&self, step: ActMove) -> Result<Moved, StoreError>;

    /// The users among these whom the bot knows.
    async fn known(&self, users: &[UserId]) -> Result<Vec<User>, StoreError>;

    /// Finds a user the bot knows.
    async fn find(&self, who: &Who) -> Result<Option<User>, StoreError>;

    /// What a user has and owes.
    async fn standing(&self, user: UserId) -> Result<Standing, StoreError>;

    /// All that an admin sees of a user.
    async fn person(&self, user: UserId, now: Moment) -> Result<Option<Person>, StoreError>;

    /// Jobs, newest first. The filter's user is known already.
    async fn jobs(&self, filter: JobsOf, limit: u32) -> Result<Vec<JobLine>, StoreError>;

    /// What can be given back of a job.
    async fn job_money(&self, job: &JobId) -> Result<Option<JobMoney>, StoreError>;

    /// The ban that holds for a user now.
    async fn ban(&self, user: UserId, now: Moment) -> Result<Option<Ban>, StoreError>;
}

/// Which jobs are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobsOf {
    Unfinished,
    In(JobState),
    User(UserId),
}
