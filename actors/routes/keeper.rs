//! `RouteKeeper`: one per node. Keeps what routing learns, and reads what operators decided.
//!
//! It holds nothing: health is restored from rows before the first job is routed, and a change
//! that could not be kept is kept at the next look.

use std::sync::Arc;
use std::time::Duration;

use super::Routes;
use crate::ports::StoreError;
use crate::ports::clock::Clock;
use crate::ports::routes::RouteStore;
use crate::routine::{Routine, RoutineActor};

/// What the keeper needs from outside.
#[derive(Clone)]
pub struct KeeperPorts {
    pub clock: Arc<dyn Clock>,
    pub routes: Arc<Routes>,
    pub store: Arc<dyn RouteStore>,
}

/// The keeper's work on one node.
#[derive(Clone)]
pub struct Keeping {
    ports: KeeperPorts,
    tick: Duration,
}

/// The keeper of one node.
pub type RouteKeeper = RoutineActor<Keeping>;

impl Keeping {
    /// A keeper that looks every `tick`, and once more at the end.
    pub fn new(ports: KeeperPorts, tick: Duration) -> Self {
        Self { ports, tick }
    }
}

impl Routine for Keeping {
    const FAILED: &'static str = "what routing learned cannot be kept now";

    fn tick(&self) -> Duration {
        self.tick
    }

    async fn round(&mut self) -> Result<(), StoreError> {
        look(&self.ports).await
    }

    async fn after_last(&mut self) -> Result<(), StoreError> {
        look(&self.ports).await
    }
}

/// Keeps what changed and reads the cordons.
pub async fn look(ports: &KeeperPorts) -> Result<(), StoreError> {
    let changed = ports.routes.take_changed();
    if !changed.is_empty() {
        let kept = ports.store.keep_health(&changed, ports.clock.now()).await;
        if let Err(error) = kept {
            ports.routes.still_changed(&changed);
            return Err(error);
        }
    }
    ports.routes.set_cordons(ports.store.cordons().await?);
    Ok(())
}

/// Takes over what an earlier process kept. Called before the first job is routed.
pub async fn restore(routes: &Routes, store: &dyn RouteStore) -> Result<(), StoreError> {
    routes.restore(&store.health().await?);
    routes.set_cordons(store.cordons().await?);
    Ok(())
}
