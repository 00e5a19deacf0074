//! `JobScheduler`: one per node. Three bounded lanes for each kind of result, in front of the
//! providers' slots.
//!
//! It is nudged when a job is written or a slot is free, and polls as well, so a lost nudge
//! costs one poll interval. What it holds can be lost: leases and states are rows.

pub mod dispatch;
pub mod slots;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix::prelude::*;
use fail::fail_point;
use rei_domain::job::{JobState, LaneName};
use rei_domain::spec::Kind;
use rei_domain::time::{Moment, Span};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::bell::Bell;
use crate::gate::Gate;
use crate::metrics;
use crate::ports::StoreError;
use crate::ports::jobs::{Job, LeaseToken};
use crate::provider::{ProviderActor, RunJob};
use crate::routes::decision::DecisionRecord;
use crate::routes::{Asked, Places, Route, Routes};
use crate::supervision::{Child, Context};
use dispatch::{Dispatch, DispatchPorts, DispatchSettings, Dispatched};
use slots::{UserBounds, UserSlots};

/// A provider as the scheduler sees it.
#[derive(Clone)]
pub struct ProviderSlots {
    pub gate: Gate<ProviderActor>,
    /// Places at the provider; shared with nobody else.
    pub slots: Arc<Semaphore>,
    /// How many there are.
    pub all: u32,
}

impl ProviderSlots {
    fn places(&self) -> Places {
        let free = self.slots.available_permits();
        Places {
            all: self.all,
            free: u32::try_from(free).unwrap_or(u32::MAX),
        }
    }
}

/// How the scheduler behaves.
#[derive(Clone, Debug)]
pub struct SchedulerSettings {
    pub dispatch: DispatchSettings,
    /// The longest time between two looks at the rows.
    pub poll: Duration,
    /// What one user may hold of this node.
    pub user_bounds: UserBounds,
}

/// The scheduler of one node.
pub struct JobScheduler {
    ports: DispatchPorts,
    settings: SchedulerSettings,
    /// By the numbers of the routes.
    backends: Vec<ProviderSlots>,
    routes: Arc<Routes>,
    users: UserSlots,
    bell: Bell,
    draining: Arc<AtomicBool>,
}

impl JobScheduler {
    /// A scheduler that wakes by `bell`.
    pub fn new(
        ports: DispatchPorts,
        settings: SchedulerSettings,
        backends: Vec<ProviderSlots>,
        routes: Arc<Routes>,
        bell: Bell,
    ) -> Self {
        Self {
            ports,
            users: UserSlots::new(settings.user_bounds),
            settings,
            backends,
            routes,
            bell,
            draining: Arc::new(AtomicBool::new(false)),
        }
    }
}

impl Actor for JobScheduler {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        let rounds = Rounds {
            dispatch: Dispatch::new(self.ports.clone(), self.settings.dispatch.clone()),
            ports: self.ports.clone(),
            backends: self.backends.clone(),
            routes: self.routes.clone(),
            users: self.users.clone(),
            shown_at: None,
        };
        let work = go(
            rounds,
            self.bell.clone(),
            self.settings.poll,
            self.draining.clone(),
        );
        ctx.spawn(work.into_actor(self));
    }
}

impl Child for JobScheduler {
    /// Stops leasing; what was leased is the providers' to finish.
    fn drain(&mut self, _: &mut Context<Self>) -> ResponseActFuture<Self, ()> {
        self.draining.store(true, Ordering::SeqCst);
        self.bell.ring();
        Box::pin(actix::fut::ready(()))
    }
}

async fn go(mut rounds: Rounds, bell: Bell, poll: Duration, draining: Arc<AtomicBool>) {
    while !draining.load(Ordering::SeqCst) {
        if let Err(error) = rounds.round().await {
            tracing::warn!(%error, "jobs wait, a store is away");
            tokio::time::sleep(poll).await;
        }
        tokio::select! {
            () = bell.rung() => {}
            () = tokio::time::sleep(poll) => {}
        }
    }
}

struct Rounds {
    dispatch: Dispatch,
    ports: DispatchPorts,
    backends: Vec<ProviderSlots>,
    routes: Arc<Routes>,
    users: UserSlots,
    /// When the depths of the lanes were last counted.
    shown_at: Option<Moment>,
}

/// Jobs leased in one statement.
const DISPATCHED_AT_ONCE: usize = 64;

/// How often the depths of the lanes are counted. Counting reads every waiting row of an index,
/// so a long queue must not pay for it with every job.
const DEPTHS_EVERY: Span = Span::from_secs(5);

impl Rounds {
    /// Reads what is due and gives it to free slots until one of both is used up.
    async fn round(&mut self) -> Result<(), StoreError> {
        loop {
            self.dispatch.refill().await?;
            self.show_depths().await?;
            let mut dispatched = 0;
            for kind in Kind::ALL {
                dispatched += self.serve(kind).await?;
            }
            // Rows behind full lanes are read only after the lanes were emptied.
            if dispatched == 0 || self.dispatch.has_waiting() {
                return Ok(());
            }
        }
    }

    /// Gives jobs of a kind to its makers until none of them has a place free or nothing waits.
    async fn serve(&mut self, kind: Kind) -> Result<usize, StoreError> {
        let makers: Vec<usize> = self.routes.makers(kind).collect();
        let mut dispatched = 0;
        loop {
            let free = |n: &usize| self.backends[*n].slots.available_permits();
            let free: usize = makers.iter().map(free).sum();
            if free == 0 {
                return Ok(dispatched);
            }
            let (routes, backends) = (&self.routes, &self.backends);
            let (users, clock) = (&self.users, &self.ports.clock);
            let place = |job: &Job| {
                let user_slot = if job.state == JobState::Queued {
                    users.take(kind, job.user)?
                } else {
                    users.take_anyway(kind, job.user)
                };
                let place = choose(routes, backends, job, clock.now())?;
                // Made before the lease: a job that somebody else leases gives the probe back.
                let asked = Asked {
                    routes: routes.clone(),
                    number: place.number,
                    kind,
                    clock: clock.clone(),
                };
                Some((place, asked, user_slot))
            };
            let at_most = free.min(DISPATCHED_AT_ONCE);
            let leased = self.dispatch.next(kind, at_most, place).await?;
            if leased.is_empty() {
                return Ok(dispatched);
            }
            for (job, (place, asked, user_slot)) in leased {
                let next = Dispatched {
                    job,
                    decision: place.decision,
                    asked,
                    slot: place.slot,
                    user_slot,
                };
                self.hand_over(place.number, next).await?;
                dispatched += 1;
            }
        }
    }

    async fn hand_over(&self, number: usize, next: Dispatched) -> Result<(), StoreError> {
        let lease = LeaseToken {
            job: next.job.id.clone(),
            fence: next.job.fence,
        };
        fail_point!("scheduler.leased");
        match self.backends[number].gate.tell(RunJob(next)) {
            Ok(()) => Ok(()),
            Err(error) => {
                tracing::warn!(job.id = %lease.job, %error, "a provider takes no jobs");
                let now = self.ports.clock.now();
                self.ports.jobs.release(&[lease], now).await
            }
        }
    }

    async fn show_depths(&mut self) -> Result<(), StoreError> {
        let now = self.ports.clock.now();
        if self.shown_at.is_some_and(|at| now - at < DEPTHS_EVERY) {
            return Ok(());
        }
        self.shown_at = Some(now);
        let waiting = self.ports.jobs.waiting().await?;
        for lane in LaneName::ALL {
            let depth = waiting.iter().find(|(name, _)| *name == lane);
            metrics::JOBS.queued(lane, depth.map_or(0, |(_, depth)| *depth));
        }
        Ok(())
    }
}

/// A place for a job.
struct Place {
    number: usize,
    slot: OwnedSemaphorePermit,
    decision: DecisionRecord,
}

/// A provider for the job, with a slot of its own. A job that nobody makes is given to whoever
/// has a place: the run ends it and the money goes back.
fn choose(routes: &Routes, backends: &[ProviderSlots], job: &Job, now: Moment) -> Option<Place> {
    let slot_of = |number: usize| {
        let slots: &Arc<Semaphore> = &backends[number].slots;
        Arc::clone(slots).try_acquire_owned().ok()
    };
    let places: Vec<Places> = backends.iter().map(ProviderSlots::places).collect();
    match routes.choose(job, &places, now) {
        Route::Take { number, record } => Some(Place {
            number,
            slot: slot_of(number)?,
            decision: *record,
        }),
        Route::Wait => None,
        Route::Nobody => (0..backends.len()).find_map(|number| {
            Some(Place {
                number,
                slot: slot_of(number)?,
                decision: DecisionRecord::begun_before(now),
            })
        }),
    }
}
