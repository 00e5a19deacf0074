//! `Nursery`: actors made on demand, one for each key, such as a session for each active chat.
//!
//! What is promised:
//! - Messages for a key reach one actor at a time, in the order they were admitted.
//! - An actor that passivates is forgotten, and the next message makes a fresh one. A message admitted in that very
//!   moment is taken by a fresh instance from the same mailbox.
//! - A key that crashes past its intensity (a poison message) is shut out for a while; all others live.
//! - Memory is bounded: at most `children_max` actors and `QUARANTINED_MAX` keys shut out.
//!
//! What is deliberately not done: no metric and no log line names a key, and plain addresses are not given out, since
//! passivation can only wait for messages that came through the gate.

mod inmate;

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix::dev::channel;
use actix::{Addr, ArbiterHandle, Handler, Message};
use futures_util::future::BoxFuture;
use tokio::sync::watch;
use tokio::time::Instant;

use self::inmate::Inmate;
use super::context::Child;
use super::control::Order;
use super::crash::Crash;
use super::directory::{Member, RestartError};
use super::escalation::{Alarm, EscalationReason};
use super::intensity::{Backoff, Budget, Intensity};
use super::locked;
use super::observation::{Chronicle, Observation, State};
use super::pulse::{Finding, Heartbeat, Misses};
use super::tree::{SpawnError, Tree};
use super::warden::{Reins, Warden};
use crate::gate::{AskError, Gate, Gated, TellError};

/// Keys remembered as shut out; when there are more, the one whose time is up first is let in again.
const QUARANTINED_MAX: usize = 1_024;

/// How the actors of a nursery are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NurserySpec {
    /// How many restarts of one key are still healing.
    pub intensity: Intensity,
    /// The pauses before restarts.
    pub backoff: Backoff,
    /// How closely actors with mail are watched; idle ones are not asked.
    pub heartbeat: Option<Heartbeat>,
    /// Places behind the gate of each actor.
    pub capacity: usize,
    /// The most actors alive at once.
    pub children_max: usize,
    /// How long a key past its intensity is shut out.
    pub quarantine: Duration,
}

/// Why a message for a key was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NurseryError<E> {
    /// The key crashed too often and is shut out for a while. The message was not sent.
    #[error("key is quarantined")]
    Quarantined,
    /// As many actors as allowed are alive. The message was not sent.
    #[error("nursery is full")]
    Crowded,
    /// The nursery is draining or has ended. The message was not sent.
    #[error("nursery has ended")]
    Closed,
    /// As the gate of the key's actor says.
    #[error(transparent)]
    Gate(#[from] E),
}

/// Actors made on demand; clones are the same nursery. See the module.
pub struct Nursery<Key, A: Child> {
    ward: Arc<Ward<Key, A>>,
}

impl<Key, A: Child> Clone for Nursery<Key, A> {
    fn clone(&self) -> Self {
        Self {
            ward: Arc::clone(&self.ward),
        }
    }
}

impl<Key, A: Child> fmt::Debug for Nursery<Key, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nursery")
            .field("name", &self.ward.chronicle.name)
            .finish_non_exhaustive()
    }
}

struct Ward<Key, A: Child> {
    chronicle: Chronicle,
    spec: NurserySpec,
    factory: Box<dyn Fn(&Key) -> A + Send + Sync>,
    arbiters: Vec<ArbiterHandle>,
    next_arbiter: AtomicUsize,
    draining: AtomicBool,
    rooms: Mutex<Rooms<Key, A>>,
    population: watch::Sender<usize>,
    born: Instant,
    alarm: Arc<Alarm>,
}

struct Rooms<Key, A: Child> {
    beds: HashMap<Key, Bed<A>>,
    quarantined: HashMap<Key, Instant>,
}

struct Bed<A: Child> {
    gate: Gate<A>,
    reins: Arc<Reins>,
    misses: Misses,
}

impl Tree {
    /// Starts a nursery: actors made on demand, one for each key, on these arbiters in turn.
    pub fn spawn_nursery<Key, A, F>(
        &self,
        name: &str,
        arbiters: Vec<ArbiterHandle>,
        spec: NurserySpec,
        factory: F,
    ) -> Result<Nursery<Key, A>, SpawnError>
    where
        Key: Eq + Hash + Clone + Send + Sync + 'static,
        A: Child,
        F: Fn(&Key) -> A + Send + Sync + 'static,
    {
        let alarm = Arc::clone(&self.alarm);
        let nursery = Nursery::new(name, arbiters, spec, factory, alarm);
        self.admit(nursery.member())?;
        if let Some(heartbeat) = spec.heartbeat {
            self.watchdogs.spawn(nursery.clone().watch(heartbeat));
        }
        Ok(nursery)
    }
}

impl<Key, A> Nursery<Key, A>
where
    Key: Eq + Hash + Clone + Send + Sync + 'static,
    A: Child,
{
    fn new(
        name: &str,
        arbiters: Vec<ArbiterHandle>,
        spec: NurserySpec,
        factory: impl Fn(&Key) -> A + Send + Sync + 'static,
        alarm: Arc<Alarm>,
    ) -> Self {
        Self {
            ward: Arc::new(Ward {
                chronicle: Chronicle::new(name),
                spec,
                factory: Box::new(factory),
                arbiters,
                next_arbiter: AtomicUsize::new(0),
                draining: AtomicBool::new(false),
                rooms: Mutex::new(Rooms {
                    beds: HashMap::new(),
                    quarantined: HashMap::new(),
                }),
                population: watch::Sender::new(0),
                born: Instant::now(),
                alarm,
            }),
        }
    }

    fn member(&self) -> Arc<dyn Member> {
        Arc::clone(&self.ward) as Arc<dyn Member>
    }

    /// Actors alive now.
    pub fn population(&self) -> usize {
        *self.ward.population.borrow()
    }

    /// Sends a message to the actor of a key without waiting for anything.
    pub fn tell<M>(&self, key: &Key, message: M) -> Result<(), NurseryError<TellError>>
    where
        A: Handler<Gated<M>>,
        M: Message + Send + 'static,
        M::Result: Send,
    {
        loop {
            let gate = self.ward.gate(key)?;
            match gate.try_enter() {
                Ok(permit) => return Ok(gate.hand_over(permit, message)?),
                // The actor left between the look-up and the gate; the next look-up makes a fresh one or says why not.
                Err(TellError::Closed) => {}
                Err(TellError::Full) => return Err(TellError::Full.into()),
            }
        }
    }

    /// Sends a message to the actor of a key and waits for its answer, as `Gate::ask` does.
    pub async fn ask<M>(
        &self,
        key: &Key,
        message: M,
        limit: Duration,
    ) -> Result<M::Result, NurseryError<AskError>>
    where
        A: Handler<Gated<M>>,
        M: Message + Send + 'static,
        M::Result: Send,
    {
        let deadline = Instant::now() + limit;
        loop {
            let gate = self.ward.gate(key)?;
            match gate.enter(deadline).await {
                Ok(permit) => return Ok(gate.converse(permit, message, deadline).await?),
                // As in `tell`.
                Err(AskError::Closed) => {}
                Err(refusal) => return Err(refusal.into()),
            }
        }
    }

    /// The watchdog: asks each actor that has mail.
    async fn watch(self, heartbeat: Heartbeat) {
        let ward = &self.ward;
        loop {
            tokio::time::sleep(heartbeat.interval).await;
            if ward.draining.load(Relaxed) {
                return;
            }
            if ward.sweep(heartbeat) == Finding::ThreadBlocked {
                let chronicle = &ward.chronicle;
                chronicle.meters.escalations.inc();
                tracing::error!(actor = &*chronicle.name, "actor's thread is blocked");
                ward.alarm
                    .ring(&chronicle.name, EscalationReason::ThreadBlocked);
                return;
            }
        }
    }
}

impl<Key, A> Ward<Key, A>
where
    Key: Eq + Hash + Clone + Send + Sync + 'static,
    A: Child,
{
    /// The gate of the key's actor, which is made if there is none.
    fn gate<E>(self: &Arc<Self>, key: &Key) -> Result<Gate<A>, NurseryError<E>> {
        let mut rooms = locked(&self.rooms);
        if self.draining.load(Relaxed) {
            return Err(NurseryError::Closed);
        }
        if let Some(bed) = rooms.beds.get(key) {
            return Ok(bed.gate.clone());
        }
        if let Some(until) = rooms.quarantined.get(key) {
            if Instant::now() < *until {
                return Err(NurseryError::Quarantined);
            }
            rooms.quarantined.remove(key);
        }
        if rooms.beds.len() >= self.spec.children_max {
            return Err(NurseryError::Crowded);
        }
        let bed = self.make(key).ok_or(NurseryError::Closed)?;
        let gate = bed.gate.clone();
        rooms.beds.insert(key.clone(), bed);
        self.count(&rooms);
        Ok(gate)
    }

    /// Makes the actor of a key; none if its arbiter has ended.
    fn make(self: &Arc<Self>, key: &Key) -> Option<Bed<A>> {
        let turn = self.next_arbiter.fetch_add(1, Relaxed);
        let arbiter = self.arbiters.get(turn % self.arbiters.len().max(1))?;
        let (sender, receiver) = channel::channel(0);
        let gate = Gate::new(
            Addr::new(sender),
            self.spec.capacity,
            Arc::clone(&self.chronicle.load),
        );
        let reins = Arc::<Reins>::default();
        let inmate = Inmate {
            ward: Arc::clone(self),
            key: key.clone(),
            reins: Arc::clone(&reins),
        };
        let ward = Arc::clone(self);
        let of_key = key.clone();
        Warden::start(
            arbiter,
            receiver,
            self.chronicle.meters.handling.clone(),
            Arc::clone(&reins),
            Budget::new(self.spec.intensity, self.spec.backoff),
            move || (ward.factory)(&of_key),
            inmate,
        )
        .ok()?;
        Some(Bed {
            gate,
            reins,
            misses: Misses::default(),
        })
    }

    fn count(&self, rooms: &Rooms<Key, A>) {
        let living = rooms.beds.len();
        self.chronicle
            .meters
            .up
            .set(i64::try_from(living).unwrap_or(i64::MAX));
        self.population.send_replace(living);
    }

    fn sweep(&self, heartbeat: Heartbeat) -> Finding {
        let mut rooms = locked(&self.rooms);
        let mut worst = Finding::Fine;
        for bed in rooms.beds.values_mut() {
            let pulse = &bed.reins.pulse;
            if !pulse.is_watched() || bed.gate.depth() == 0 {
                bed.misses.forgive();
                continue;
            }
            match bed.misses.weigh(pulse.sign(), heartbeat) {
                Finding::Fine => {}
                Finding::Hang => bed.reins.control.give(Order::Restart(Crash::HUNG)),
                Finding::ThreadBlocked => worst = Finding::ThreadBlocked,
            }
            pulse.ask();
        }
        worst
    }

    fn order_all(&self, order: impl Fn() -> Order) {
        let rooms = locked(&self.rooms);
        self.draining.store(true, Relaxed);
        for bed in rooms.beds.values() {
            bed.reins.control.give(order());
        }
    }
}

impl<Key: Eq + Hash + Clone, A: Child> Rooms<Key, A> {
    fn quarantine(&mut self, key: &Key, until: Instant) {
        let now = Instant::now();
        self.quarantined.retain(|_, end| now < *end);
        if self.quarantined.len() >= QUARANTINED_MAX {
            let first = self.quarantined.iter().min_by_key(|(_, end)| **end);
            if let Some(key) = first.map(|(key, _)| key.clone()) {
                self.quarantined.remove(&key);
            }
        }
        self.quarantined.insert(key.clone(), until);
    }
}

impl<Key, A> Member for Ward<Key, A>
where
    Key: Eq + Hash + Clone + Send + Sync + 'static,
    A: Child,
{
    fn name(&self) -> &Arc<str> {
        &self.chronicle.name
    }

    fn observe(&self) -> Observation {
        let now = Instant::now();
        let rooms = locked(&self.rooms);
        let living = rooms.beds.len();
        let quarantined = rooms.quarantined.values().filter(|end| now < **end).count();
        drop(rooms);
        let state = match (self.draining.load(Relaxed), living) {
            (false, _) => State::Running,
            (true, 0) => State::Stopped,
            (true, _) => State::Draining,
        };
        Observation {
            quarantined,
            ..self.chronicle.observe(state, self.born.elapsed(), living)
        }
    }

    fn restart(&self) -> Result<(), RestartError> {
        Err(RestartError::Nursery)
    }

    fn drain(&self) {
        self.order_all(|| Order::Drain);
    }

    fn stop(&self) {
        self.order_all(|| Order::Stop);
    }

    fn gone(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            let mut population = self.population.subscribe();
            population
                .wait_for(|living| *living == 0)
                .await
                .expect("the ward owns the sender, so the channel is open");
        })
    }
}
