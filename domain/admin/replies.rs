//! What the bot says to admins, and to users about what admins did.

use super::{Act, AdminCommand, Denied, Fault, JobStory, Order, ProviderLine, Role, Standing};
use crate::audit::AuditLink;
use crate::conversation::Language;
use crate::ids::{JobId, TopupId, UserId};
use crate::job::JobState;
use crate::ledger::caps::Caps;
use crate::money::Money;
use crate::refund::RefundRefusal;
use crate::time::Moment;

/// What the bot says. A view turns it into words and buttons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdminReply {
    /// The commands of a role.
    Help {
        role: Role,
    },
    /// The command could not be read; how it is typed.
    Usage {
        command: AdminCommand,
        fault: Fault,
    },
    UserNotFound,
    JobNotFound,
    /// Neither a job nor a credited payment.
    SubjectNotFound,
    /// The job cannot be withdrawn: it is at work, or ended.
    JobNotWaiting {
        job: JobId,
        state: JobState,
    },
    /// Nothing of the job's price is left to give back.
    NothingToRefund {
        job: JobId,
        left: Money,
    },
    /// The payment cannot be given back like this.
    NotReturnable(RefundRefusal),
    /// The user is not banned.
    NotBanned,
    Denied(Denied),
    /// It needs a second admin, and there is none.
    NobodyToApprove,
    /// The act before its end, to its asker or to one who may agree.
    Card {
        act: Box<Act>,
        before: Standing,
        reader: UserId,
    },
    /// The act after its end.
    Ended {
        act: Box<Act>,
        cause: Option<ActCause>,
    },
    /// To the user whom an act was about.
    Told {
        order: Order,
        reason: String,
    },
    Person(Box<Person>),
    Jobs(Vec<JobLine>),
    Audit(Vec<AuditLink>),
    Why(Box<JobStory>),
    Providers(Vec<ProviderLine>),
    /// These are set up.
    ProviderNotFound {
        known: Vec<String>,
    },
    /// The provider is in already.
    NotCordoned,
    /// The request was offered to this user once more.
    Replayed {
        user: UserId,
    },
    /// Only what failed, brought nothing and is still sold is offered once more.
    NotReplayable,
    /// To a user who is banned and wants to order.
    Banned(Ban),
}

/// Why an act could not be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ActCause {
    #[error("only {available} is available")]
    NotEnough { available: Money },
    #[error("only {left} is left to give back")]
    MoreThanLeft { left: Money },
    #[error("the payment cannot be given back any more")]
    NotReturnable,
    /// The job began or ended meanwhile.
    #[error("the job has moved on")]
    JobMoved,
    #[error("the ledger refused it")]
    Ledger,
}

/// Why and until when a user may not order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    pub since: Moment,
    /// `None` is until it is lifted.
    pub until: Option<Moment>,
    pub reason: String,
}

/// All that an admin sees of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub user: UserId,
    /// Telegram's name without the sign.
    pub name: Option<String>,
    pub language: Language,
    pub blocked_the_bot: bool,
    pub known_since: Moment,
    pub standing: Standing,
    /// Holds that are open.
    pub holds: u32,
    /// Set by an admin, and by the user himself.
    pub caps_by_admin: Caps,
    pub caps_by_user: Caps,
    pub ban: Option<Ban>,
    /// Newest first.
    pub jobs: Vec<JobLine>,
    /// Newest first.
    pub payments: Vec<Payment>,
}

/// A job in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobLine {
    pub id: JobId,
    pub user: UserId,
    pub state: JobState,
    /// Why its last attempt brought nothing, if it did not.
    pub cause: Option<String>,
    pub price: Money,
    pub created_at: Moment,
}

/// A payment in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    pub id: TopupId,
    pub amount: Money,
    /// What of it is not spent.
    pub left: Money,
    pub at: Moment,
}
