//! Supervision: every actor of the house is kept alive by a `Warden`.
//!
//! ```text
//!  Tree ── Group (OneForOne | RestForOne) ── Warden ── actor      named, fixed at boot
//!    └──── Nursery ── Warden ── actor per key                     dynamic, passivated when idle
//! ```
//!
//! What is promised:
//! - A panic (in a handler, an actor future or a spawned one), a stop, a reported `Failure`, a missed heartbeat and an
//!   admin's order all take one path: the instance is dropped, the back-off passes, the factory makes a fresh one.
//! - Every `Addr` and `Gate` stays valid and queued messages survive. Only what was being handled is lost, and its
//!   caller is told at once, before the back-off.
//! - Past its intensity a child escalates, once: the tree calls its hook, and boot makes the process end. A key of a
//!   nursery is shut out for a while instead, and the others live.
//!
//! What is deliberately not done: the tree never ends the process itself, never keeps an actor's state across a
//! restart (state is a row), and never cures a handler that does not return, because nothing inside a process can free
//! its thread; the watchdog sees it and escalates.
//!
//! An actor joins by naming `supervision::Context` as its context and with `impl Child for MyActor {}`.

mod context;
mod control;
mod crash;
mod directory;
mod escalation;
mod group;
mod inbox;
mod intensity;
mod nursery;
mod observation;
mod panics;
mod pulse;
mod tree;
mod warden;

#[cfg(test)]
pub(crate) mod tests;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use context::{Child, Context, Failure};
pub use directory::{Directory, RestartError};
pub use escalation::{Escalation, EscalationReason};
pub use group::{ChildSpec, Group, Strategy};
pub use intensity::{Backoff, Intensity};
pub use nursery::{Nursery, NurseryError, NurserySpec};
pub use observation::{Cause, MailboxLoad, Observation, Restarts, State};
pub use panics::install_panic_hook;
pub use pulse::Heartbeat;
pub use tree::{Departure, Farewell, SpawnError, Tree};

/// Locks a mutex whose holder may have panicked: everything guarded here is valid between any two statements.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
