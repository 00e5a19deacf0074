//! The ledger's rows, and the rows that commit with them.

use async_trait::async_trait;
use rei_domain::admin::ActState;
use rei_domain::audit::AuditEntry;
use rei_domain::billing::Ending;
use rei_domain::conversation::Balance;
use rei_domain::draft::ConfirmRefusal;
use rei_domain::ids::{ActId, DraftId, Fence, JobId, Nonce, RefundId, ShardId, TopupId, UserId};
use rei_domain::job::JobState;
use rei_domain::ledger::{Applied, Posting, Refusal};
use rei_domain::money::Money;
use rei_domain::refund::RefundStage;
use rei_domain::time::Moment;
use rei_domain::topup::TopupState;

use crate::ports::StoreError;
use crate::ports::jobs::{AttemptEnd, Job, NewJob};
use crate::ports::notices::NoticeId;
use crate::ports::outbox::NewOutbox;
use crate::ports::topups::{Evidence, NewRefund};
use crate::ports::usage::UsageRider;

/// A posting with the rows that must commit with it, and the guard they stand under.
#[derive(Clone, Debug)]
pub struct LedgerCommand {
    pub posting: Posting,
    pub rider: Rider,
    /// Messages that tell of it, written only if the posting is applied now.
    pub outbox: Vec<NewOutbox>,
    /// The audit entry of an admin's act, written only if the posting is applied now.
    pub audit: Option<Audited>,
}

/// The audit entry of a command, and the act of an admin that it carries out.
#[derive(Clone, Debug)]
pub struct Audited {
    pub entry: AuditEntry,
    /// The act is done with the posting. Guard: it stands where the press found it, has not
    /// expired, and is about this user and this sum.
    pub act: Option<CarriedOut>,
}

/// An act that is carried out.
#[derive(Clone, Debug)]
pub struct CarriedOut {
    pub act: ActId,
    /// Where the press found it.
    pub from: ActState,
    /// Who agreed as the second one.
    pub approver: Option<UserId>,
}

/// Rows beyond the ledger that exist exactly when the posting does.
#[derive(Clone, Debug)]
pub enum Rider {
    /// Nothing rides along.
    None,
    /// A confirmed draft becomes a job and a usage session. Guard: the draft is open, carries
    /// this nonce and has not expired; another hold of it makes the posting a repeat.
    Submit {
        draft: DraftId,
        nonce: Nonce,
        job: Box<NewJob>,
    },
    /// A leased job ends; its usage session ends with it. Guard: the job has this fence and a
    /// state from which it can end this way.
    Finish {
        job: JobId,
        fence: Fence,
        ending: Ending,
        /// What is now known of the last attempt, if one was begun.
        attempt: Option<AttemptEnd>,
    },
    /// A waiting job is withdrawn; `job` is what whoever withdraws it saw, and only its id is
    /// trusted. Guard: it is queued, and nobody has begun it.
    Cancel { job: Box<Job> },
    /// A lost attempt of a leased job is booked and the job put back. Guard: as `Finish`.
    RetryLost {
        job: JobId,
        fence: Fence,
        due_at: Moment,
        /// Why its answer is not known.
        cause: String,
    },
    /// A payment is credited to its top-up. Guard: the top-up is the user's, of this amount and
    /// in a state from which it can be credited.
    Credit(Credit),
    /// A refund begins. Guard: its payment is the user's and credited, and all refunds of the
    /// payment together are at most what it brought in.
    HoldRefund(NewRefund),
    /// A refund ends. Guard: it is the user's and at a stage from which it can end so.
    SettleRefund(Settlement),
    /// A refund that the method made without us is taken from the user. Guard: as `HoldRefund`.
    Reverse(Reversal),
    /// A session by the running second begins, goes on or ends.
    Usage(UsageRider),
}

/// What is written with a credit.
#[derive(Clone, Debug)]
pub struct Credit {
    pub topup: TopupId,
    pub evidence: Evidence,
    /// The notice that told of the payment; it ends with the credit.
    pub notice: Option<NoticeId>,
    /// The request that waited for the money, at today's price; left alone unless it is open.
    pub offer: Option<DraftOffer>,
}

/// A draft's price, locked anew.
#[derive(Clone, Debug)]
pub struct DraftOffer {
    pub draft: DraftId,
    pub price: Money,
    pub nonce: Nonce,
    pub expires_at: Moment,
}

/// What is written with the end of a refund.
#[derive(Clone, Debug)]
pub struct Settlement {
    pub refund: RefundId,
    /// The method's own id of it, where it has one.
    pub external: Option<String>,
    pub end: RefundEnd,
    /// The notice that told of it; it ends with the refund.
    pub notice: Option<NoticeId>,
}

/// How a refund ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundEnd {
    /// The payer has it; the posting captures the hold.
    Returned,
    /// The method will not do it; the posting voids the hold. The cause is a word of the method.
    Refused { cause: String },
}

/// What is written with a reversal.
#[derive(Clone, Debug)]
pub struct Reversal {
    pub refund: NewRefund,
    /// The method's own id of it.
    pub external: String,
    /// The notice that told of it; it ends with the reversal.
    pub notice: Option<NoticeId>,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LedgerOutcome {
    /// Written now or before; the user's balance after it.
    Applied { applied: Applied, balance: Balance },
    /// Nothing changed.
    Refused(CommandRefusal),
}

/// Why nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandRefusal {
    #[error(transparent)]
    Money(#[from] Refusal),
    /// The draft cannot be confirmed like this.
    #[error("the draft cannot be confirmed")]
    Draft(ConfirmRefusal),
    /// The draft does not exist or is another user's.
    #[error("there is no such draft of this user")]
    DraftNotFound,
    /// The user may not order; `None` is until it is lifted.
    #[error("the user is banned")]
    Banned { until: Option<Moment> },
    /// The session's row is not what the command was made from, or the user runs one already.
    #[error("the session has moved on")]
    UsageMoved,
    /// The act is over, or cannot be carried out like this.
    #[error("the act cannot be carried out")]
    Act { state: Option<ActState> },
    /// The job's fence or state is not what the command expected.
    #[error("the job has moved on")]
    JobMoved { state: Option<JobState> },
    /// The top-up is not there, not as the command says, or has moved on.
    #[error("the top-up has moved on")]
    TopupMoved { state: Option<TopupState> },
    /// The refund is not there, there already, or has moved on.
    #[error("the refund has moved on")]
    RefundMoved { stage: Option<RefundStage> },
    /// The refunds of a payment would be more than it brought in.
    #[error("only {left} of the payment did not go back yet")]
    MoreThanPaid { left: Money },
}

/// The ledger's rows.
#[async_trait]
pub trait LedgerStore: Send + Sync + 'static {
    /// How many shards the books have; fixed by the database, at least one.
    async fn shards(&self) -> Result<u32, StoreError>;

    /// Decides the commands in order and writes what was applied, in one transaction. All must
    /// belong to users of `shard`. Each command is all or nothing by itself. After an error the
    /// whole batch may or may not be written: the same commands may be sent again.
    async fn apply(
        &self,
        shard: ShardId,
        commands: &[LedgerCommand],
        now: Moment,
    ) -> Result<Vec<LedgerOutcome>, StoreError>;
}

/// Posts commands to the ledger, in the order of their shard's queue.
///
/// After `StoreError::Retryable` the outcome is unknown; the same command may be sent again.
#[async_trait]
pub trait Poster: Send + Sync + 'static {
    /// Decides and writes one command.
    async fn post(&self, command: LedgerCommand) -> Result<LedgerOutcome, StoreError>;
}

/// The shard that keeps a user's accounts.
pub fn shard_of(user: UserId, shards: u32) -> ShardId {
    let shard = user.0.rem_euclid(i64::from(shards.max(1)));
    ShardId(u32::try_from(shard).expect("a remainder of a u32 fits a u32"))
}
