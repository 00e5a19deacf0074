//! Admins: who may do what, and what becomes of an act from the command to its end.
//!
//! ```text
//! asked ──allow──▶ done                     the asker, when one is enough
//!   │  └──allow──▶ confirmed ──allow──▶ done    the second one is another admin
//!   └──▶ withdrawn | expired | refused ◀──┘
//! ```
//! Nothing here moves money. An act is asked for, shown with what it will do, allowed by whoever
//! must allow it, and only then carried out, once.

mod act;
mod arguments;
mod commands;
mod policy;
mod providers;
mod replies;
mod sums;

pub use act::{Act, ActState, Approval, Order, Press, PressRefusal, Shortfall, Standing, Step};
pub use arguments::{Fault, JobFilter, REASON_CHARS_MAX, Who, Wish, parse};
pub use commands::AdminCommand;
pub use policy::{Denied, Kind, Policy, Role, Roster, Verdict};
pub use providers::{
    AttemptStory, CandidateStory, CordonLine, JobStory, ProviderLine, VerdictStory,
};
pub use replies::{ActCause, AdminReply, Ban, JobLine, Payment, Person};
pub use sums::{SumFault, parse_sum};
