//! Escalation: what happens when an actor cannot be healed.
//!
//! The first one is told to the hook that boot gave, which makes the process end; those after it change nothing.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

/// An actor could not be healed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Escalation {
    /// The child or nursery.
    pub actor: Arc<str>,
    /// Why it was given up.
    pub reason: EscalationReason,
}

/// Why an actor was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EscalationReason {
    /// It crashed more often than its intensity allows.
    Intensity,
    /// Its thread is held by a handler that does not return.
    ThreadBlocked,
}

impl fmt::Display for Escalation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let actor = &self.actor;
        match self.reason {
            EscalationReason::Intensity => {
                write!(f, "{actor} crashed more often than its intensity allows")
            }
            EscalationReason::ThreadBlocked => {
                write!(f, "the thread of {actor} is blocked by a handler")
            }
        }
    }
}

/// Tells of the first escalation, and only of the first.
pub(super) struct Alarm {
    rung: AtomicBool,
    hook: Box<dyn Fn(Escalation) + Send + Sync>,
}

impl Alarm {
    pub(super) fn new(hook: impl Fn(Escalation) + Send + Sync + 'static) -> Self {
        Self {
            rung: AtomicBool::new(false),
            hook: Box::new(hook),
        }
    }

    pub(super) fn ring(&self, actor: &Arc<str>, reason: EscalationReason) {
        if self.rung.swap(true, SeqCst) {
            return;
        }
        (self.hook)(Escalation {
            actor: Arc::clone(actor),
            reason,
        });
    }
}
