//! `Group`: named children and what the crash of one means for the others.

use std::any::Any;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix::dev::channel;
use actix::{Addr, ArbiterHandle};
use futures_util::future::{BoxFuture, LocalBoxFuture};

use super::context::Child;
use super::control::Order;
use super::crash::Crash;
use super::directory::{Member, RestartError};
use super::escalation::{Alarm, EscalationReason};
use super::intensity::{Backoff, Budget, Intensity, Verdict};
use super::locked;
use super::observation::{Cause, Observation, Record, State};
use super::pulse::{Finding, Heartbeat, Misses};
use super::tree::{SpawnError, Tree};
use super::warden::{Kin, Leave, Reins, Turn, Warden};
use crate::gate::Gate;

/// How one child is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChildSpec {
    /// How many restarts are still healing.
    pub intensity: Intensity,
    /// The pauses before restarts.
    pub backoff: Backoff,
    /// How closely it is watched; `None` for an actor that may rightly hold its mailbox for long.
    pub heartbeat: Option<Heartbeat>,
    /// Places behind its gate.
    pub capacity: usize,
}

impl Default for ChildSpec {
    fn default() -> Self {
        Self {
            intensity: Intensity::default(),
            backoff: Backoff::default(),
            heartbeat: Some(Heartbeat::default()),
            capacity: 1_024,
        }
    }
}

/// What the crash of one child means for the others of its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Nothing.
    OneForOne,
    /// Those listed after it depend on it and are replaced too.
    RestForOne,
}

/// Children with one strategy, added in order.
pub struct Group<'tree> {
    tree: &'tree Tree,
    strategy: Strategy,
    siblings: Arc<Mutex<Vec<Arc<Post>>>>,
}

impl<'tree> Group<'tree> {
    pub(super) fn new(tree: &'tree Tree, strategy: Strategy) -> Self {
        Self {
            tree,
            strategy,
            siblings: Arc::default(),
        }
    }

    /// Starts the next child of the group; see `Tree::spawn_child`.
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
        // Zero is unbounded: the gate is the limit.
        let (sender, receiver) = channel::channel(0);
        let addr = Addr::new(sender);
        let budget = || Budget::new(spec.intensity, spec.backoff);
        let post = Arc::new(Post {
            record: Record::new(name, budget()),
            reins: Arc::default(),
            _addr: Box::new(addr.clone()),
        });
        let load = Arc::clone(&post.record.chronicle.load);
        let gate = Gate::new(addr, spec.capacity, load);
        self.tree.admit(Arc::clone(&post) as Arc<dyn Member>)?;
        let place = self.take_place(&post);
        Warden::start(
            arbiter,
            receiver,
            post.record.chronicle.meters.handling.clone(),
            Arc::clone(&post.reins),
            budget(),
            factory,
            place,
        )
        .map_err(|_gone| {
            post.record.enter(State::Stopped);
            SpawnError::ArbiterGone
        })?;
        if let Some(heartbeat) = spec.heartbeat {
            let alarm = Arc::clone(&self.tree.alarm);
            self.tree.watchdogs.spawn(watch(post, heartbeat, alarm));
        }
        Ok(gate)
    }

    fn take_place(&self, post: &Arc<Post>) -> Place {
        let mut siblings = locked(&self.siblings);
        let number = siblings.len();
        siblings.push(Arc::clone(post));
        Place {
            post: Arc::clone(post),
            strategy: self.strategy,
            siblings: Arc::clone(&self.siblings),
            number,
            alarm: Arc::clone(&self.tree.alarm),
        }
    }
}

/// One named child as the tree holds it; it keeps an address, so the mailbox is never without one.
struct Post {
    record: Record,
    reins: Arc<Reins>,
    _addr: Box<dyn Any + Send + Sync>,
}

impl Member for Post {
    fn name(&self) -> &Arc<str> {
        &self.record.chronicle.name
    }

    fn observe(&self) -> Observation {
        self.record.observe()
    }

    fn restart(&self) -> Result<(), RestartError> {
        if self.record.state() != State::Running {
            return Err(RestartError::NotRunning);
        }
        match self.record.spend_admin_restart() {
            Verdict::Exhausted => Err(RestartError::RateLimited),
            Verdict::RestartAfter(_) => {
                self.reins.control.give(Order::Restart(Crash::BY_ADMIN));
                Ok(())
            }
        }
    }

    fn drain(&self) {
        self.reins.control.give(Order::Drain);
    }

    fn stop(&self) {
        self.reins.control.give(Order::Stop);
    }

    fn gone(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.record.until(State::has_ended).await;
        })
    }
}

/// A child's place in its group, as its warden sees it.
struct Place {
    post: Arc<Post>,
    strategy: Strategy,
    siblings: Arc<Mutex<Vec<Arc<Post>>>>,
    number: usize,
    alarm: Arc<Alarm>,
}

impl Place {
    fn before(&self) -> Vec<Arc<Post>> {
        match self.strategy {
            Strategy::OneForOne => Vec::new(),
            Strategy::RestForOne => locked(&self.siblings)[..self.number].to_vec(),
        }
    }

    fn after(&self) -> Vec<Arc<Post>> {
        match self.strategy {
            Strategy::OneForOne => Vec::new(),
            Strategy::RestForOne => locked(&self.siblings)[self.number + 1..].to_vec(),
        }
    }
}

impl Kin for Place {
    fn turn(&self) -> LocalBoxFuture<'_, Turn> {
        Box::pin(async {
            for sibling in self.before() {
                let decided = |state: State| state.is_up() || state.has_ended();
                if sibling.record.until(decided).await.has_ended() {
                    return Turn::Never;
                }
            }
            Turn::Start
        })
    }

    fn entered(&self, state: State) {
        self.post.record.enter(state);
    }

    fn crashed(&self, crash: &Crash, pause: Duration) {
        let chronicle = &self.post.record.chronicle;
        chronicle.note_restart(crash);
        let (actor, cause, what) = (&*chronicle.name, crash.cause.as_str(), &*crash.what);
        let pause_ms = pause.as_millis();
        match crash.cause {
            Cause::Panic | Cause::Hang | Cause::Stop | Cause::Error => {
                tracing::error!(actor, cause, what, pause_ms, "actor crashed and restarts");
            }
            Cause::Admin | Cause::Group => {
                tracing::warn!(actor, cause, what, pause_ms, "actor restarts");
            }
        }
        if crash.cause == Cause::Group {
            // Whoever began it has told all that come after.
            return;
        }
        for sibling in self.after() {
            sibling
                .reins
                .control
                .give(Order::Restart(Crash::WITH_GROUP));
        }
    }

    fn may_leave(&self) -> Leave {
        Leave::Unsupported
    }

    fn gave_up(&self, crash: &Crash) {
        let chronicle = &self.post.record.chronicle;
        chronicle.note_error(crash);
        chronicle.meters.escalations.inc();
        let (actor, cause, what) = (&*chronicle.name, crash.cause.as_str(), &*crash.what);
        tracing::error!(
            actor,
            cause,
            what,
            "actor crashed too often and is given up"
        );
        self.alarm
            .ring(&chronicle.name, EscalationReason::Intensity);
    }
}

/// The watchdog of one child; runs on a thread that is not the child's.
async fn watch(post: Arc<Post>, heartbeat: Heartbeat, alarm: Arc<Alarm>) {
    let pulse = &post.reins.pulse;
    let mut misses = Misses::default();
    loop {
        if post.record.state().has_ended() {
            return;
        }
        pulse.ask();
        tokio::time::sleep(heartbeat.interval).await;
        if !pulse.is_watched() {
            misses.forgive();
            continue;
        }
        match misses.weigh(pulse.sign(), heartbeat) {
            Finding::Fine => {}
            Finding::Hang => post.reins.control.give(Order::Restart(Crash::HUNG)),
            Finding::ThreadBlocked => {
                let chronicle = &post.record.chronicle;
                post.record.enter(State::Escalated);
                chronicle.meters.escalations.inc();
                tracing::error!(actor = &*chronicle.name, "actor's thread is blocked");
                return alarm.ring(&chronicle.name, EscalationReason::ThreadBlocked);
            }
        }
    }
}
