//! `Notary`: one per node. Makes a checkpoint of every day that is over, and keeps an eye on the
//! sum of all balances.
//!
//! It holds nothing: what is covered stands in rows, so it can be replaced at any moment, and
//! the notaries of two nodes make each checkpoint once. A row whose hash does not follow is
//! never vouched for: from it on nothing is, until an operator has looked.

use std::sync::Arc;
use std::time::Duration;

use crate::metrics::books::BOOKS;
use crate::ports::StoreError;
use crate::ports::checkpoints::{CheckpointStore, Closed};
use crate::ports::clock::Clock;
use crate::routine::{Routine, RoutineActor};

/// What the notary needs from outside.
#[derive(Clone)]
pub struct NotaryPorts {
    pub clock: Arc<dyn Clock>,
    pub checkpoints: Arc<dyn CheckpointStore>,
}

/// The notary's work on one node.
#[derive(Clone)]
pub struct Covering {
    ports: NotaryPorts,
    tick: Duration,
}

/// The notary of one node.
pub type Notary = RoutineActor<Covering>;

impl Covering {
    /// A notary that looks every `tick`.
    pub fn new(ports: NotaryPorts, tick: Duration) -> Self {
        Self { ports, tick }
    }
}

impl Routine for Covering {
    const FAILED: &'static str = "checkpoints are made later, a store is away";

    fn tick(&self) -> Duration {
        self.tick
    }

    async fn round(&mut self) -> Result<(), StoreError> {
        look(&self.ports).await
    }
}

/// Weighs the books and covers the days that are over.
pub async fn look(ports: &NotaryPorts) -> Result<(), StoreError> {
    let imbalance = ports.checkpoints.imbalance().await?;
    BOOKS.weighed(imbalance);
    if imbalance.kopecks() != 0 {
        tracing::error!(kopecks = imbalance.kopecks(), "the books do not balance");
    }
    let now = ports.clock.now();
    match ports.checkpoints.close_days(now).await? {
        Closed::Made(0) => BOOKS.closed(0),
        Closed::Made(count) => {
            BOOKS.closed(count);
            tracing::info!(count, "checkpoints are made");
        }
        Closed::Broken { shard, seq } => {
            BOOKS.broken();
            tracing::error!(%shard, seq, "the journal's chain is broken, no checkpoint covers it");
        }
    }
    Ok(())
}
