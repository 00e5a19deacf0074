//! `LateWatch`: one per node. Looks after jobs whose time ran out while their provider went on.
//!
//! Their money is back, and what the provider takes is booked as a loss. A result that comes all
//! the same is given to the user: it is paid for, and he waited for it. Promises that it comes
//! once, however many nodes look, and that it costs nothing. Holds nothing but the names of jobs
//! that surely bring nothing; after a restart each of them is asked after once more.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use rei_domain::ids::JobId;
use rei_domain::time::Span;

use crate::bell::Bell;
use crate::metrics;
use crate::ports::StoreError;
use crate::ports::assets::Assets;
use crate::ports::clock::Clock;
use crate::ports::jobs::{Job, JobStore};
use crate::ports::outbox::{NewOutbox, OutboxBody};
use crate::ports::provider::{ProviderError, ProviderProgress, RenderResult};
use crate::routes::Routes;
use crate::routine::{Routine, RoutineActor};
use crate::runner::result_asset;

/// Jobs asked after in one look.
const JOBS_AT_ONCE: u32 = 100;

/// What the watch needs from outside.
#[derive(Clone)]
pub struct LatePorts {
    pub clock: Arc<dyn Clock>,
    pub jobs: Arc<dyn JobStore>,
    pub assets: Arc<dyn Assets>,
    pub routes: Arc<Routes>,
    /// Rung when messages were written.
    pub outbox: Bell,
}

/// How long and how often is looked.
#[derive(Clone, Copy, Debug)]
pub struct LateSettings {
    /// From the end of a job.
    pub watch_for: Span,
    pub tick: Duration,
}

/// The watch's work on one node.
#[derive(Clone)]
pub struct Watching {
    ports: LatePorts,
    settings: LateSettings,
    /// Jobs that surely bring nothing.
    hopeless: BTreeSet<JobId>,
}

/// The watch of one node.
pub type LateWatch = RoutineActor<Watching>;

impl Watching {
    /// A watch that has seen nothing yet.
    pub fn new(ports: LatePorts, settings: LateSettings) -> Self {
        Self {
            ports,
            settings,
            hopeless: BTreeSet::new(),
        }
    }
}

impl Routine for Watching {
    const FAILED: &'static str = "late results are looked for later, a store is away";

    fn tick(&self) -> Duration {
        self.settings.tick
    }

    async fn round(&mut self) -> Result<(), StoreError> {
        look(&self.ports, self.settings.watch_for, &mut self.hopeless).await
    }
}

/// Asks once after every overdue job that is not known to bring nothing.
async fn look(
    ports: &LatePorts,
    watch_for: Span,
    hopeless: &mut BTreeSet<JobId>,
) -> Result<(), StoreError> {
    let since = ports.clock.now() - watch_for;
    let jobs = ports.jobs.overdue(since, JOBS_AT_ONCE).await?;
    hopeless.retain(|id| jobs.iter().any(|job| job.id == *id));
    for job in jobs {
        if hopeless.contains(&job.id) {
            continue;
        }
        match ask(ports, &job).await {
            Some(ProviderProgress::Done(result)) => keep(ports, &job, result).await?,
            Some(ProviderProgress::Running { .. }) => {}
            None => {
                hopeless.insert(job.id);
            }
        }
    }
    Ok(())
}

/// Where the provider stands; `None` when it will never bring anything.
async fn ask(ports: &LatePorts, job: &Job) -> Option<ProviderProgress> {
    let named = |name: &str| Some(name) == job.provider.as_deref();
    let mut providers = ports.routes.providers().iter();
    let provider = providers.find(|provider| named(provider.name()))?;
    let again = ProviderProgress::Running {
        poll_after: Duration::ZERO,
    };
    match provider.poll(job.provider_job.as_deref()?).await {
        Ok(progress) => Some(progress),
        Err(ProviderError::Retryable { .. } | ProviderError::Ambiguous { .. }) => Some(again),
        Err(ProviderError::Refused { .. } | ProviderError::Broken { .. }) => None,
    }
}

async fn keep(ports: &LatePorts, job: &Job, result: RenderResult) -> Result<(), StoreError> {
    let asset = result_asset(job);
    ports.assets.put(&asset, job.user, &result.media).await?;
    let message = NewOutbox {
        key: format!("late:{}", job.id),
        chat: job.chat,
        slot: None,
        body: OutboxBody::result(&job.id),
        created_at: ports.clock.now(),
    };
    if ports.jobs.keep_late(&job.id, &asset, message).await? {
        tracing::info!(job.id = %job.id, "a result came late and is given away");
        metrics::JOBS.came_late(job.spec.mode());
        ports.outbox.ring();
    }
    Ok(())
}
