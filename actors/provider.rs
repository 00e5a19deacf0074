//! `ProviderActor`: one per AI backend. Runs leased jobs on its slots.
//!
//! A slot is a place at the provider. It is taken by the scheduler before a job is leased and
//! free again when the run ends or is dropped with a crashed actor, so slots never leak. A
//! dropped run leaves its lease to run out; the job is taken up again from its row.

use std::collections::BTreeMap;
use std::time::Duration;

use actix::prelude::*;
use rei_domain::ids::JobId;

use crate::bell::Bell;
use crate::gate::Gated;
use crate::metrics;
use crate::ports::jobs::{Job, LeaseToken};
use crate::runner::{RunEnd, RunnerPorts, RunnerSettings, run};
use crate::scheduler::dispatch::Dispatched;
use crate::supervision::{Child, Context};

/// Run this job on the slot that comes with it.
#[derive(Message)]
#[rtype(result = "()")]
pub struct RunJob(pub Dispatched);

/// The actor of one provider.
pub struct ProviderActor {
    ports: RunnerPorts,
    settings: ProviderSettings,
    /// Rung when a slot is free or a job waits again.
    queue: Bell,
    running: BTreeMap<JobId, LeaseToken>,
    /// Rung when nothing runs.
    idle: Bell,
}

/// How the actor behaves.
#[derive(Clone, Copy, Debug)]
pub struct ProviderSettings {
    pub runner: RunnerSettings,
    /// How long runs may go on when the house shuts down; then their leases are released.
    pub drain: Duration,
}

impl ProviderActor {
    /// An actor without runs. `queue` is the scheduler's bell.
    pub fn new(ports: RunnerPorts, settings: ProviderSettings, queue: Bell) -> Self {
        Self {
            ports,
            settings,
            queue,
            running: BTreeMap::new(),
            idle: Bell::new(),
        }
    }

    fn start(&mut self, dispatched: Dispatched, ctx: &mut Context<Self>) {
        let Dispatched {
            job,
            decision,
            asked,
            slot,
            user_slot,
        } = dispatched;
        let (id, lease) = (job.id.clone(), lease_of(&job));
        let (mode, lane) = (job.spec.mode(), job.lane);
        let accepted_at = job.created_at;
        self.running.insert(id.clone(), lease);
        let (ports, settings) = (self.ports.clone(), self.settings.runner);
        let work = async move { run(&ports, &settings, job, &decision).await };
        ctx.spawn(work.into_actor(self).map(move |end, actor, _| {
            actor.running.remove(&id);
            drop(asked);
            drop(slot);
            drop(user_slot);
            match end {
                RunEnd::Finished(ending) => {
                    let took = actor.ports.clock.now() - accepted_at;
                    let provider = actor.ports.provider.name();
                    metrics::JOBS.finished(mode, lane, provider, ending, took);
                }
                RunEnd::Requeued | RunEnd::LeaseLost | RunEnd::Abandoned => {}
            }
            actor.queue.ring();
            if actor.running.is_empty() {
                actor.idle.ring();
            }
        }));
    }
}

fn lease_of(job: &Job) -> LeaseToken {
    LeaseToken {
        job: job.id.clone(),
        fence: job.fence,
    }
}

impl Actor for ProviderActor {
    type Context = Context<Self>;
}

impl Child for ProviderActor {
    /// Lets runs end; what takes longer is released, so that another node goes on at once.
    fn drain(&mut self, _: &mut Context<Self>) -> ResponseActFuture<Self, ()> {
        let idle = self.idle.clone();
        let nothing_runs = self.running.is_empty();
        let limit = self.settings.drain;
        let wait = async move {
            if !nothing_runs {
                // Either way the leases that are left are looked at next.
                let _ = tokio::time::timeout(limit, idle.rung()).await;
            }
        };
        Box::pin(wait.into_actor(self).then(|(), actor, _| {
            let leases: Vec<LeaseToken> = actor.running.values().cloned().collect();
            let (jobs, clock) = (actor.ports.jobs.clone(), actor.ports.clock.clone());
            async move {
                if leases.is_empty() {
                    return;
                }
                if let Err(error) = jobs.release(&leases, clock.now()).await {
                    tracing::warn!(%error, "leases could not be released, they will run out");
                }
            }
            .into_actor(actor)
        }))
    }
}

impl Handler<Gated<RunJob>> for ProviderActor {
    type Result = ();

    fn handle(&mut self, message: Gated<RunJob>, ctx: &mut Context<Self>) {
        let RunJob(dispatched) = message.open();
        self.start(dispatched, ctx);
    }
}
