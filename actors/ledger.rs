//! `LedgerActor`: one per shard. Serialises balance changes and commits them in groups.
//!
//! A command leaves at once when nothing is in flight; what comes meanwhile goes together in
//! the next transaction. The store locks the shard's head, so two processes cannot interleave
//! either. After a crash the callers do not know whether their command was written, and send
//! it again: its key makes that harmless.

use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use async_trait::async_trait;
use fail::fail_point;
use rei_domain::ids::ShardId;

use crate::batch::{Batch, BatchError, BatchLimits, Batcher};
use crate::gate::{AskError, Gate, Gated};
use crate::metrics;
use crate::ports::StoreError;
use crate::ports::clock::Clock;
use crate::ports::ledger::{LedgerCommand, LedgerOutcome, LedgerStore, Poster, shard_of};
use crate::supervision::{Child, Context};

/// Decide and write this command.
#[derive(Debug, Message)]
#[rtype(result = "Result<LedgerOutcome, StoreError>")]
pub struct Post(pub LedgerCommand);

type Commands = Batcher<LedgerCommand, LedgerOutcome, StoreError>;

/// The actor of one shard.
pub struct LedgerActor {
    shard: ShardId,
    store: Arc<dyn LedgerStore>,
    clock: Arc<dyn Clock>,
    commands: Commands,
}

impl LedgerActor {
    /// An actor with nothing waiting.
    pub fn new(
        shard: ShardId,
        store: Arc<dyn LedgerStore>,
        clock: Arc<dyn Clock>,
        limits: BatchLimits,
    ) -> Self {
        Self {
            shard,
            store,
            clock,
            commands: Batcher::new(limits),
        }
    }

    fn flush(&mut self, ctx: &mut Context<Self>) {
        let Some(batch) = self.commands.next_batch() else {
            return;
        };
        let Batch {
            operations,
            receipt,
        } = batch;
        fail_point!("ledger.flush");
        let (store, shard, now) = (self.store.clone(), self.shard, self.clock.now());
        let write = async move {
            let outcome = store.apply(shard, &operations, now).await;
            if let Ok(outcomes) = &outcome {
                for (command, outcome) in operations.iter().zip(outcomes) {
                    metrics::JOBS.posted(command, outcome, now);
                }
            }
            receipt.settle(outcome);
        };
        ctx.spawn(
            write
                .into_actor(self)
                .map(|(), actor, ctx| actor.flush(ctx)),
        );
    }
}

impl Actor for LedgerActor {
    type Context = Context<Self>;
}

impl Child for LedgerActor {}

impl Handler<Gated<Post>> for LedgerActor {
    type Result = ResponseFuture<Result<LedgerOutcome, StoreError>>;

    fn handle(&mut self, message: Gated<Post>, ctx: &mut Context<Self>) -> Self::Result {
        // The place is kept until the answer, so that the gate bounds what waits here.
        let (Post(command), place) = message.split();
        let pushed = self.commands.push(command);
        self.flush(ctx);
        Box::pin(async move {
            let Ok(answer) = pushed else {
                return Err(StoreError::Retryable("the ledger's queue is full".into()));
            };
            let outcome = answer.await;
            drop(place);
            match outcome {
                Ok(outcome) => Ok(outcome),
                Err(BatchError::Failed(error)) => Err(error),
                Err(BatchError::Lost) => Err(StoreError::Retryable("a batch was lost".into())),
            }
        })
    }
}

/// The way to the ledger for everybody else: finds the shard of a posting's user.
#[derive(Clone)]
pub struct Ledger {
    /// By shard number.
    shards: Vec<Gate<LedgerActor>>,
    /// How long a caller waits for a place and an answer together.
    limit: Duration,
}

impl Ledger {
    /// `shards` in order of their numbers, at least one.
    pub fn new(shards: Vec<Gate<LedgerActor>>, limit: Duration) -> Self {
        Self { shards, limit }
    }
}

#[async_trait]
impl Poster for Ledger {
    async fn post(&self, command: LedgerCommand) -> Result<LedgerOutcome, StoreError> {
        let count = u32::try_from(self.shards.len()).unwrap_or(u32::MAX);
        let ShardId(shard) = shard_of(command.posting.user, count);
        let gate = usize::try_from(shard)
            .ok()
            .and_then(|shard| self.shards.get(shard))
            .ok_or_else(|| StoreError::Broken("the ledger has no shards".into()))?;
        match gate.ask(Post(command), self.limit).await {
            Ok(outcome) => outcome,
            Err(error @ (AskError::Full | AskError::TimedOut | AskError::Lost)) => {
                Err(StoreError::Retryable(format!("the ledger: {error}")))
            }
            Err(error @ AskError::Closed) => {
                Err(StoreError::Broken(format!("the ledger: {error}")))
            }
        }
    }
}
