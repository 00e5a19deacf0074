//! `RoutineActor`: the actor around work that is done again and again.
//!
//! It holds the work as it was before its first round: an actor that is replaced begins anew, so
//! whatever must not be lost stands in rows. A round that fails is told and the next one goes on.

use std::time::Duration;

use actix::prelude::*;

use crate::ports::StoreError;
use crate::supervision::{Child, Context};

/// Work that is done in rounds. When the node closes, a round may be dropped at any await.
#[allow(async_fn_in_trait)] // Only actors run it, on the thread of their arbiter.
pub trait Routine: Clone + Unpin + 'static {
    /// What is said of a round that failed, and of the end when it did.
    const FAILED: &'static str;

    /// From the end of a round to the next.
    fn tick(&self) -> Duration;

    /// One round.
    async fn round(&mut self) -> Result<(), StoreError>;

    /// Returns when the next round is due.
    async fn rest(&mut self) {
        tokio::time::sleep(self.tick()).await;
    }

    /// Waits or prepares before the first round.
    async fn before_first(&mut self) {}

    /// Done after the last round, when the node closes.
    async fn after_last(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// One node's actor for a routine.
pub struct RoutineActor<R> {
    routine: R,
    work: Option<SpawnHandle>,
}

impl<R: Routine> RoutineActor<R> {
    /// An actor that has done nothing yet.
    pub fn new(routine: R) -> Self {
        Self {
            routine,
            work: None,
        }
    }
}

impl<R: Routine> Actor for RoutineActor<R> {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        let work = go(self.routine.clone());
        self.work = Some(ctx.spawn(work.into_actor(self)));
    }
}

impl<R: Routine> Child for RoutineActor<R> {
    fn drain(&mut self, ctx: &mut Context<Self>) -> ResponseActFuture<Self, ()> {
        if let Some(work) = self.work.take() {
            ctx.cancel_future(work);
        }
        let mut routine = self.routine.clone();
        let end = async move { tell::<R>(routine.after_last().await) };
        Box::pin(end.into_actor(self))
    }
}

async fn go<R: Routine>(mut routine: R) {
    routine.before_first().await;
    loop {
        tell::<R>(routine.round().await);
        routine.rest().await;
    }
}

fn tell<R: Routine>(done: Result<(), StoreError>) {
    if let Err(error) = done {
        tracing::warn!(%error, "{}", R::FAILED);
    }
}
