//! Dispatch: waiting rows into lanes, lanes into free slots.
//!
//! The rows are the queue; the lanes hold names of rows and can be lost. A job is taken by a
//! conditional lease, so two nodes that saw the same row do not both run it.

use std::collections::BTreeSet;
use std::sync::Arc;

use rei_domain::ids::JobId;
use rei_domain::job::LaneName;
use rei_domain::lanes::Lanes;
use rei_domain::time::Span;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::ports::StoreError;
use crate::ports::clock::Clock;
use crate::ports::jobs::{Job, JobStore};

/// What dispatching needs from outside.
#[derive(Clone)]
pub struct DispatchPorts {
    pub clock: Arc<dyn Clock>,
    pub jobs: Arc<dyn JobStore>,
}

/// How jobs are dispatched.
#[derive(Clone, Debug)]
pub struct DispatchSettings {
    /// This node's name in leases; another one after each start.
    pub node: String,
    /// How long a lease lasts.
    pub lease: Span,
    /// Names that a lane holds at most; more rows stay where they are.
    pub lane_capacity: usize,
    /// Names read from a lane's rows at once.
    pub read_at_once: u32,
}

/// A leased job with the slot it will use; both are given to a provider's actor.
#[derive(Debug)]
pub struct Dispatched {
    pub job: Job,
    /// Free again when dropped.
    pub slot: OwnedSemaphorePermit,
}

/// The lanes of one node.
pub struct Dispatch {
    ports: DispatchPorts,
    settings: DispatchSettings,
    lanes: Lanes<JobId>,
    /// What is in the lanes, so that a row is read into them once.
    named: BTreeSet<JobId>,
}

impl Dispatch {
    /// Empty lanes.
    pub fn new(ports: DispatchPorts, settings: DispatchSettings) -> Self {
        Self {
            lanes: Lanes::new(settings.lane_capacity),
            ports,
            settings,
            named: BTreeSet::new(),
        }
    }

    /// Reads due rows into the lanes as far as there is room.
    pub async fn refill(&mut self) -> Result<(), StoreError> {
        let now = self.ports.clock.now();
        for lane in LaneName::ALL {
            let room = u32::try_from(self.lanes.room(lane)).unwrap_or(u32::MAX);
            let limit = room.min(self.settings.read_at_once);
            if limit == 0 {
                continue;
            }
            for candidate in self.ports.jobs.candidates(lane, now, limit).await? {
                if self.named.contains(&candidate.id) {
                    continue;
                }
                let id = candidate.id;
                match self.lanes.push(lane, candidate.user, id.clone()) {
                    Ok(()) => {
                        self.named.insert(id);
                    }
                    // The row is read again when there is room.
                    Err(_full) => break,
                }
            }
        }
        Ok(())
    }

    /// Leases the next job for a free slot. `None` when no slot is free or nothing waits.
    pub async fn next(&mut self, slots: &Arc<Semaphore>) -> Result<Option<Dispatched>, StoreError> {
        let Ok(slot) = Arc::clone(slots).try_acquire_owned() else {
            return Ok(None);
        };
        while let Some((_, id)) = self.lanes.pop() {
            self.named.remove(&id);
            let now = self.ports.clock.now();
            let until = now + self.settings.lease;
            let leased = self
                .ports
                .jobs
                .lease(&id, &self.settings.node, now, until)
                .await?;
            if let Some(job) = leased {
                return Ok(Some(Dispatched { job, slot }));
            }
        }
        Ok(None)
    }

    /// Whether the lanes hold names.
    pub fn has_waiting(&self) -> bool {
        !self.lanes.is_empty()
    }

    /// Names in a lane.
    pub fn waiting(&self, lane: LaneName) -> usize {
        self.lanes.len(lane)
    }
}
