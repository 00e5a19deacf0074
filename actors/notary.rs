//! `Notary`: one per node. Makes a checkpoint of every day that is over, and keeps an eye on the
//! sum of all balances.
//!
//! It holds nothing: what is covered stands in rows, so it can be replaced at any moment, and
//! the notaries of two nodes make each checkpoint once. A row whose hash does not follow is
//! never vouched for: from it on nothing is, until an operator has looked.

use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;

use crate::metrics::books::BOOKS;
use crate::ports::StoreError;
use crate::ports::checkpoints::{CheckpointStore, Closed};
use crate::ports::clock::Clock;
use crate::supervision::{Child, Context};

/// What the notary needs from outside.
#[derive(Clone)]
pub struct NotaryPorts {
    pub clock: Arc<dyn Clock>,
    pub checkpoints: Arc<dyn CheckpointStore>,
}

/// The notary of one node.
pub struct Notary {
    ports: NotaryPorts,
    /// The time between two looks.
    tick: Duration,
    work: Option<SpawnHandle>,
}

impl Notary {
    /// A notary that looks every `tick`.
    pub fn new(ports: NotaryPorts, tick: Duration) -> Self {
        Self {
            ports,
            tick,
            work: None,
        }
    }
}

impl Actor for Notary {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        let work = go(self.ports.clone(), self.tick);
        self.work = Some(ctx.spawn(work.into_actor(self)));
    }
}

impl Child for Notary {
    /// Looks no more; a checkpoint that is being written is written or is not.
    fn drain(&mut self, ctx: &mut Context<Self>) -> ResponseActFuture<Self, ()> {
        if let Some(work) = self.work.take() {
            ctx.cancel_future(work);
        }
        Box::pin(actix::fut::ready(()))
    }
}

async fn go(ports: NotaryPorts, tick: Duration) {
    loop {
        if let Err(error) = look(&ports).await {
            tracing::warn!(%error, "checkpoints are made later, a store is away");
        }
        tokio::time::sleep(tick).await;
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
