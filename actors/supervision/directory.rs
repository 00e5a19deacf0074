//! `Directory`: the members of a tree, seen and administered from outside.

use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;

use super::locked;
use super::observation::Observation;

/// Why an administrator's restart was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestartError {
    /// No child has this name.
    #[error("no such actor")]
    Unknown,
    /// As many restarts were ordered within the window as the child's intensity allows.
    #[error("restarted too often")]
    RateLimited,
    /// It is being restarted already, is draining, or has ended.
    #[error("actor is not running")]
    NotRunning,
    /// The name is a nursery's, whose actors are not restarted together.
    #[error("a nursery has no single actor to restart")]
    Nursery,
}

/// What the tree can do with a child and a nursery alike.
pub(super) trait Member: Send + Sync {
    fn name(&self) -> &Arc<str>;
    fn observe(&self) -> Observation;
    fn restart(&self) -> Result<(), RestartError>;
    fn drain(&self);
    fn stop(&self);
    /// Resolves when no actor of it is left.
    fn gone(&self) -> BoxFuture<'_, ()>;
}

pub(super) type Members = Mutex<Vec<Arc<dyn Member>>>;

/// Observes and administers the members of a tree; cheap to clone, usable from any thread.
#[derive(Clone)]
pub struct Directory {
    pub(super) members: Arc<Members>,
}

impl Directory {
    /// Every child and nursery, in the order they were started.
    pub fn observations(&self) -> Vec<Observation> {
        let members = locked(&self.members).clone();
        members.iter().map(|member| member.observe()).collect()
    }

    /// Restarts a child by the path a crash takes, with cause `admin`.
    ///
    /// It has a budget of its own, as large as the child's intensity, so orders alone never escalate.
    pub fn restart(&self, name: &str) -> Result<(), RestartError> {
        let members = locked(&self.members).clone();
        let member = members.iter().find(|member| &**member.name() == name);
        member.ok_or(RestartError::Unknown)?.restart()
    }
}
