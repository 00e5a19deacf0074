//! `JobScheduler`: one per node. Three bounded lanes in front of the providers' slots.
//!
//! It is nudged when a job is written or a slot is free, and polls as well, so a lost nudge
//! costs one poll interval. What it holds can be lost: leases and states are rows.

pub mod dispatch;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix::prelude::*;
use fail::fail_point;
use rei_domain::job::LaneName;
use tokio::sync::Semaphore;

use crate::bell::Bell;
use crate::gate::Gate;
use crate::metrics;
use crate::ports::StoreError;
use crate::ports::jobs::LeaseToken;
use crate::provider::{ProviderActor, RunJob};
use crate::supervision::{Child, Context};
use dispatch::{Dispatch, DispatchPorts, DispatchSettings, Dispatched};

/// A provider as the scheduler sees it.
#[derive(Clone)]
pub struct ProviderSlots {
    pub gate: Gate<ProviderActor>,
    /// Places at the provider; shared with nobody else.
    pub slots: Arc<Semaphore>,
}

/// How the scheduler behaves.
#[derive(Clone, Debug)]
pub struct SchedulerSettings {
    pub dispatch: DispatchSettings,
    /// The longest time between two looks at the rows.
    pub poll: Duration,
}

/// The scheduler of one node.
pub struct JobScheduler {
    ports: DispatchPorts,
    settings: SchedulerSettings,
    provider: ProviderSlots,
    bell: Bell,
    draining: Arc<AtomicBool>,
}

impl JobScheduler {
    /// A scheduler that wakes by `bell`.
    pub fn new(
        ports: DispatchPorts,
        settings: SchedulerSettings,
        provider: ProviderSlots,
        bell: Bell,
    ) -> Self {
        Self {
            ports,
            settings,
            provider,
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
            provider: self.provider.clone(),
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
    provider: ProviderSlots,
}

impl Rounds {
    /// Reads what is due and gives it to free slots until one of both is used up.
    async fn round(&mut self) -> Result<(), StoreError> {
        loop {
            self.dispatch.refill().await?;
            self.show_depths().await?;
            let mut dispatched = 0;
            while let Some(next) = self.dispatch.next(&self.provider.slots).await? {
                self.hand_over(next).await?;
                dispatched += 1;
            }
            // Rows behind full lanes are read only after the lanes were emptied.
            if dispatched == 0 || self.dispatch.has_waiting() {
                return Ok(());
            }
        }
    }

    async fn hand_over(&self, next: Dispatched) -> Result<(), StoreError> {
        let lease = LeaseToken {
            job: next.job.id.clone(),
            fence: next.job.fence,
        };
        fail_point!("scheduler.leased");
        match self.provider.gate.tell(RunJob(next)) {
            Ok(()) => Ok(()),
            Err(error) => {
                tracing::warn!(job.id = %lease.job, %error, "a provider takes no jobs");
                let now = self.ports.clock.now();
                self.ports.jobs.release(&[lease], now).await
            }
        }
    }

    async fn show_depths(&self) -> Result<(), StoreError> {
        let waiting = self.ports.jobs.waiting().await?;
        for lane in LaneName::ALL {
            let depth = waiting.iter().find(|(name, _)| *name == lane);
            metrics::JOBS.queued(lane, depth.map_or(0, |(_, depth)| *depth));
        }
        Ok(())
    }
}
