//! `Tree`: the named actors of the house, in the order they start.
//!
//! What is promised: children start in order and are asked to drain in reverse; in a `RestForOne` group a crash
//! replaces those listed after the crashed one, which wait until it runs again; an escalation calls the hook once.
//! What is deliberately not done: the tree does not end the process. Its hook does, given by boot, so that a test can
//! watch a storm to its end.

use std::sync::Arc;
use std::time::Duration;

use actix::ArbiterHandle;
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout, timeout_at};

use super::context::Child;
use super::directory::{Directory, Member, Members};
use super::escalation::{Alarm, Escalation};
use super::group::{ChildSpec, Group, Strategy};
use super::locked;
use crate::gate::Gate;

/// How long an actor that is told to stop at once may take, before it is left behind.
const STOP_GRACE: Duration = Duration::from_secs(1);

/// Why a child could not be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpawnError {
    /// Another child or nursery of the tree has this name.
    #[error("name is taken")]
    NameTaken,
    /// The arbiter it should run on has ended.
    #[error("arbiter has ended")]
    ArbiterGone,
}

/// How one member of the tree ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Departure {
    /// It had finished all it was given, or had ended before.
    Drained,
    /// It was stopped at the deadline with work left.
    Cut,
    /// It did not even stop: its thread is blocked.
    Stuck,
}

/// The end of one member, for the log of a shutdown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Farewell {
    /// The child or nursery.
    pub actor: Arc<str>,
    /// How it ended.
    pub departure: Departure,
}

/// The supervision tree; see the module.
pub struct Tree {
    pub(super) watchdogs: Handle,
    pub(super) alarm: Arc<Alarm>,
    members: Arc<Members>,
}

impl Tree {
    /// An empty tree.
    ///
    /// `watchdogs` is the runtime that watches the actors. It must run on other threads than they do, or a blocked
    /// thread blocks its own watchdog. `on_escalation` is called at most once, from any thread; it marks the node not
    /// ready and makes the process end.
    pub fn new(
        watchdogs: Handle,
        on_escalation: impl Fn(Escalation) + Send + Sync + 'static,
    ) -> Self {
        Self {
            watchdogs,
            alarm: Arc::new(Alarm::new(on_escalation)),
            members: Arc::default(),
        }
    }

    /// A view of the tree for those who observe and administer it.
    pub fn directory(&self) -> Directory {
        Directory {
            members: Arc::clone(&self.members),
        }
    }

    /// Begins a group; its children are added in the order in which they depend on each other.
    pub fn group(&self, strategy: Strategy) -> Group<'_> {
        Group::new(self, strategy)
    }

    /// Starts a child that no other depends on.
    ///
    /// The factory runs on the arbiter's thread, at the start and at every restart.
    pub fn spawn_child<A, F>(
        &self,
        name: &str,
        arbiter: &ArbiterHandle,
        spec: ChildSpec,
        factory: F,
    ) -> Result<Gate<A>, SpawnError>
    where
        A: Child,
        F: Fn() -> A + Send + 'static,
    {
        self.group(Strategy::OneForOne)
            .spawn_child(name, arbiter, spec, factory)
    }

    /// Asks every member to drain, the last first, each when those after it have ended; at the deadline the rest is
    /// stopped. The directory shows them until all have ended.
    pub async fn shutdown(self, limit: Duration) -> Vec<Farewell> {
        let deadline = Instant::now() + limit;
        let members = locked(&self.members).clone();
        let mut farewells = Vec::with_capacity(members.len());
        for member in members.iter().rev() {
            member.drain();
            let departure = match timeout_at(deadline, member.gone()).await {
                Ok(()) => Departure::Drained,
                Err(_elapsed) => {
                    member.stop();
                    match timeout(STOP_GRACE, member.gone()).await {
                        Ok(()) => Departure::Cut,
                        Err(_elapsed) => Departure::Stuck,
                    }
                }
            };
            farewells.push(Farewell {
                actor: Arc::clone(member.name()),
                departure,
            });
        }
        locked(&self.members).clear();
        farewells
    }

    pub(super) fn admit(&self, member: Arc<dyn Member>) -> Result<(), SpawnError> {
        let mut members = locked(&self.members);
        if members.iter().any(|other| other.name() == member.name()) {
            return Err(SpawnError::NameTaken);
        }
        members.push(member);
        Ok(())
    }
}
