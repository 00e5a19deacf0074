//! `RouteKeeper`: one per node. Keeps what routing learns, and reads what operators decided.
//!
//! It holds nothing: health is restored from rows before the first job is routed, and a change
//! that could not be kept is kept at the next look.

use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;

use super::Routes;
use crate::ports::StoreError;
use crate::ports::clock::Clock;
use crate::ports::routes::RouteStore;
use crate::supervision::{Child, Context};

/// What the keeper needs from outside.
#[derive(Clone)]
pub struct KeeperPorts {
    pub clock: Arc<dyn Clock>,
    pub routes: Arc<Routes>,
    pub store: Arc<dyn RouteStore>,
}

/// The keeper of one node.
pub struct RouteKeeper {
    ports: KeeperPorts,
    /// The time between two looks.
    tick: Duration,
    work: Option<SpawnHandle>,
}

impl RouteKeeper {
    /// A keeper that looks every `tick`.
    pub fn new(ports: KeeperPorts, tick: Duration) -> Self {
        Self {
            ports,
            tick,
            work: None,
        }
    }
}

impl Actor for RouteKeeper {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        let work = go(self.ports.clone(), self.tick);
        self.work = Some(ctx.spawn(work.into_actor(self)));
    }
}

impl Child for RouteKeeper {
    /// Keeps what is left to keep.
    fn drain(&mut self, ctx: &mut Context<Self>) -> ResponseActFuture<Self, ()> {
        if let Some(work) = self.work.take() {
            ctx.cancel_future(work);
        }
        let ports = self.ports.clone();
        let work = async move {
            if let Err(error) = look(&ports).await {
                tracing::warn!(%error, "what routing learned could not be kept");
            }
        };
        Box::pin(work.into_actor(self))
    }
}

async fn go(ports: KeeperPorts, tick: Duration) {
    loop {
        if let Err(error) = look(&ports).await {
            tracing::warn!(%error, "what routing learned cannot be kept now");
        }
        tokio::time::sleep(tick).await;
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
