//! `MirrorActor`: one per node. Copies stored pictures and clips to their second place.
//!
//! What is not copied yet stands in rows, so the actor may be replaced at any moment; two nodes
//! that copy the same thing write the same bytes. A thing that cannot be read in the first place
//! holds up nothing else, and is told once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use rei_domain::ids::AssetId;

use crate::metrics::assets::ASSETS;
use crate::ports::StoreError;
use crate::ports::clock::Clock;
use crate::ports::mirror::Mirror;
use crate::routine::{Routine, RoutineActor};

/// Things copied in one step.
const AT_ONCE: u32 = 64;

/// What the actor needs from outside.
#[derive(Clone)]
pub struct MirrorPorts {
    pub clock: Arc<dyn Clock>,
    pub mirror: Arc<dyn Mirror>,
}

/// The copying of one node.
#[derive(Clone)]
pub struct Copying {
    ports: MirrorPorts,
    tick: Duration,
    /// Told already.
    damaged: BTreeSet<AssetId>,
}

/// The mirror's actor of one node.
pub type MirrorActor = RoutineActor<Copying>;

impl Copying {
    /// Copying that looks every `tick` for what the mirror lacks.
    pub fn new(ports: MirrorPorts, tick: Duration) -> Self {
        Self {
            ports,
            tick,
            damaged: BTreeSet::new(),
        }
    }

    async fn measure(&self) -> Result<(), StoreError> {
        let since = self.ports.mirror.behind_since().await?;
        let now = self.ports.clock.now();
        ASSETS.lags(since.map_or(0, |since| (now - since).0));
        Ok(())
    }
}

impl Routine for Copying {
    const FAILED: &'static str = "pictures are copied to the mirror later";

    fn tick(&self) -> Duration {
        self.tick
    }

    async fn round(&mut self) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            self.measure().await?;
            let done = self.ports.mirror.copy_after(after, AT_ONCE).await?;
            ASSETS.copied(done.copied.count);
            for id in done.damaged {
                if self.damaged.insert(id.clone()) {
                    tracing::error!(asset.id = %id, "cannot be copied to the mirror, it is damaged");
                }
            }
            // Where nothing is left to look at, nothing was copied since the lag was measured.
            let Some(last) = done.last else {
                return Ok(());
            };
            after = Some(last);
        }
    }
}
