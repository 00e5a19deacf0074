//! What can be seen of an actor from outside, without asking it.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::crash::Crash;
use super::intensity::{Budget, Verdict};
use super::locked;
use crate::gate::Load;
use crate::metrics::{ACTORS, ActorMeters};

/// Where an actor stands.
///
/// ```text
/// Starting ─▶ Running ─▶ Draining ─▶ Stopped
///    ▲           │ crash
///    └─ BackingOff ─▶ Escalated
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Waiting for its thread, or for those before it in its group.
    Starting,
    /// Taking messages.
    Running,
    /// Crashed; its next instance is on the way.
    BackingOff,
    /// Finishing what it was given before it stops.
    Draining,
    /// Given up: past its intensity, or its thread is blocked.
    Escalated,
    /// Ended as it was told to.
    Stopped,
}

impl State {
    /// Whether an instance takes messages.
    pub(super) fn is_up(self) -> bool {
        match self {
            Self::Running | Self::Draining => true,
            Self::Starting | Self::BackingOff | Self::Escalated | Self::Stopped => false,
        }
    }

    /// Whether no instance will follow.
    pub(super) fn has_ended(self) -> bool {
        match self {
            Self::Escalated | Self::Stopped => true,
            Self::Starting | Self::Running | Self::BackingOff | Self::Draining => false,
        }
    }
}

/// Why an actor was replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A handler, an actor future, a spawned future, `started` or the factory panicked.
    Panic,
    /// It took no message for too long.
    Hang,
    /// It stopped itself.
    Stop,
    /// It reported a `Failure`.
    Error,
    /// An administrator asked for it.
    Admin,
    /// Another child of its `RestForOne` group, which it depends on, was replaced.
    Group,
}

impl Cause {
    /// Every cause, in the order of declaration.
    pub const ALL: [Self; 6] = [
        Self::Panic,
        Self::Hang,
        Self::Stop,
        Self::Error,
        Self::Admin,
        Self::Group,
    ];

    /// The value of the metric label `cause`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Panic => "panic",
            Self::Hang => "hang",
            Self::Stop => "stop",
            Self::Error => "error",
            Self::Admin => "admin",
            Self::Group => "group",
        }
    }
}

/// How often an actor was replaced, by cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restarts([u64; Cause::ALL.len()]);

impl Restarts {
    /// Restarts for one cause.
    pub fn of(&self, cause: Cause) -> u64 {
        self.0[cause as usize]
    }

    /// Restarts for any cause.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

/// The messages inside the gates of an actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailboxLoad {
    /// Admitted and not yet handled.
    pub messages: usize,
    /// The most its gates admit.
    pub capacity: usize,
}

/// One actor, or one nursery as a whole, at one moment.
#[derive(Clone, Debug)]
pub struct Observation {
    /// The name of the child or nursery.
    pub name: Arc<str>,
    /// Where it stands; a nursery is `Running` until it drains.
    pub state: State,
    /// What waits in front of it; for a nursery, in front of all its actors.
    pub mailbox: MailboxLoad,
    /// How often it was replaced since the process began.
    pub restarts: Restarts,
    /// How long the present instance has been running, zero when none is; for a nursery, its own age.
    pub uptime: Duration,
    /// How long ago the last restart was decided.
    pub last_restart: Option<Duration>,
    /// What the last crash was: a place in the code or the kind of a failure, never words from a message.
    pub last_error: Option<String>,
    /// Live instances: 0 or 1 for a child, the population for a nursery.
    pub instances: usize,
    /// Keys of a nursery that are shut out at the moment.
    pub quarantined: usize,
}

/// The facts about crashes and load that a child and a nursery keep alike.
pub(super) struct Chronicle {
    pub(super) name: Arc<str>,
    pub(super) load: Arc<Load>,
    pub(super) meters: Arc<ActorMeters>,
    restarts: [AtomicU64; Cause::ALL.len()],
    last_restart: Mutex<Option<Instant>>,
    last_error: Mutex<Option<String>>,
}

impl Chronicle {
    pub(super) fn new(name: &str) -> Self {
        let meters = Arc::new(ACTORS.of(name));
        Self {
            name: name.into(),
            load: Arc::new(Load::new(meters.mailbox.clone())),
            meters,
            restarts: Default::default(),
            last_restart: Mutex::new(None),
            last_error: Mutex::new(None),
        }
    }

    pub(super) fn note_restart(&self, crash: &Crash) {
        self.restarts[crash.cause as usize].fetch_add(1, Relaxed);
        self.meters.restarts(crash.cause).inc();
        *locked(&self.last_restart) = Some(Instant::now());
        self.note_error(crash);
    }

    pub(super) fn note_error(&self, crash: &Crash) {
        match crash.cause {
            Cause::Panic | Cause::Hang | Cause::Stop | Cause::Error => {
                *locked(&self.last_error) = Some(crash.what.to_string());
            }
            Cause::Admin | Cause::Group => {}
        }
    }

    pub(super) fn observe(&self, state: State, uptime: Duration, instances: usize) -> Observation {
        Observation {
            name: Arc::clone(&self.name),
            state,
            mailbox: self.load.read(),
            restarts: Restarts(self.restarts.each_ref().map(|count| count.load(Relaxed))),
            uptime,
            last_restart: locked(&self.last_restart).map(|when| when.elapsed()),
            last_error: locked(&self.last_error).clone(),
            instances,
            quarantined: 0,
        }
    }
}

/// What is known of one named child.
pub(super) struct Record {
    pub(super) chronicle: Chronicle,
    state: watch::Sender<State>,
    up_since: Mutex<Option<Instant>>,
    admin: Mutex<Budget>,
}

impl Record {
    pub(super) fn new(name: &str, admin: Budget) -> Self {
        Self {
            chronicle: Chronicle::new(name),
            state: watch::Sender::new(State::Starting),
            up_since: Mutex::new(None),
            admin: Mutex::new(admin),
        }
    }

    pub(super) fn state(&self) -> State {
        *self.state.borrow()
    }

    pub(super) fn enter(&self, state: State) {
        let mut since = locked(&self.up_since);
        *since = match (state.is_up(), *since) {
            (true, None) => Some(Instant::now()),
            (true, since) => since,
            (false, _) => None,
        };
        drop(since);
        self.chronicle.meters.up.set(i64::from(state.is_up()));
        self.state.send_replace(state);
    }

    /// Waits for the first state that `wanted` accepts.
    pub(super) async fn until(&self, wanted: impl Fn(State) -> bool) -> State {
        let mut states = self.state.subscribe();
        let state = states.wait_for(|state| wanted(*state)).await;
        *state.expect("the record owns the sender, so the channel is open")
    }

    /// Takes an administrator's restart out of their own budget, so that their orders alone can never escalate.
    pub(super) fn spend_admin_restart(&self) -> Verdict {
        locked(&self.admin).spend(Instant::now())
    }

    pub(super) fn observe(&self) -> Observation {
        let since = *locked(&self.up_since);
        let uptime = since.map_or(Duration::ZERO, |start| start.elapsed());
        self.chronicle
            .observe(self.state(), uptime, usize::from(since.is_some()))
    }
}
