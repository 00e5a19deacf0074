//! `Intake`: writes updates in groups and wakes the chats they belong to.
//!
//! An update is durable before its sender is answered. A wake-up that is lost, with a crash or
//! because a session's gate is full, is made good by a regular look at what waits.

use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use async_trait::async_trait;
use fail::fail_point;
use rei_domain::ids::ChatId;
use tokio::time::{Instant, timeout_at};

use crate::batch::{Batch, BatchError, BatchLimits, Batcher, Promise, promise};
use crate::gate::{Gate, Gated, Permit};
use crate::ports::StoreError;
use crate::ports::inbox::{InboxStore, RawUpdate};
use crate::ports::intake::{Accepted, Intake, IntakeError};
use crate::session::Sessions;
use crate::supervision::{Child, Context};

/// Chats woken by one regular look.
const WAITING_CHATS_MAX: u32 = 512;

/// Store this update, and keep the promise when it is durable.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct StoreUpdate {
    pub update: RawUpdate,
    pub promise: Promise<Accepted, StoreError>,
}

/// An update keeps its place behind the gate until it is durable, so that the gate bounds what
/// waits here.
type Updates = Batcher<(RawUpdate, Permit), Accepted, StoreError>;

/// How the intake behaves.
#[derive(Clone, Copy, Debug)]
pub struct IntakeSettings {
    pub limits: BatchLimits,
    /// The longest time between two looks at what waits.
    pub poll: Duration,
}

/// The intake of one node.
pub struct IntakeActor {
    store: Arc<dyn InboxStore>,
    sessions: Arc<dyn Sessions>,
    settings: IntakeSettings,
    updates: Updates,
}

impl IntakeActor {
    /// An intake with nothing waiting.
    pub fn new(
        store: Arc<dyn InboxStore>,
        sessions: Arc<dyn Sessions>,
        settings: IntakeSettings,
    ) -> Self {
        Self {
            store,
            sessions,
            settings,
            updates: Batcher::new(settings.limits),
        }
    }

    fn flush(&mut self, ctx: &mut Context<Self>) {
        let Some(batch) = self.updates.next_batch() else {
            return;
        };
        let Batch {
            operations,
            receipt,
        } = batch;
        fail_point!("intake.flush");
        let (store, sessions) = (self.store.clone(), self.sessions.clone());
        let write = async move {
            let (updates, places): (Vec<RawUpdate>, Vec<Permit>) = operations.into_iter().unzip();
            let keys: Vec<(i64, ChatId)> = updates
                .iter()
                .map(|update| (update.update_id, update.chat))
                .collect();
            let stored = store.store(updates).await;
            drop(places);
            if stored.is_ok() {
                for (_, chat) in &keys {
                    sessions.wake(*chat);
                }
            }
            receipt.settle(stored.map(|new| {
                let answer = |(id, _): &(i64, ChatId)| match new.contains(id) {
                    true => Accepted::New,
                    false => Accepted::Known,
                };
                keys.iter().map(answer).collect()
            }));
        };
        ctx.spawn(
            write
                .into_actor(self)
                .map(|(), actor, ctx| actor.flush(ctx)),
        );
    }
}

impl Actor for IntakeActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        let looks = look_regularly(
            self.store.clone(),
            self.sessions.clone(),
            self.settings.poll,
        );
        ctx.spawn(looks.into_actor(self));
    }
}

impl Child for IntakeActor {}

/// Wakes chats whose updates were stored and not answered: after a start, after a lost wake-up.
async fn look_regularly(store: Arc<dyn InboxStore>, sessions: Arc<dyn Sessions>, every: Duration) {
    loop {
        match store.waiting_chats(WAITING_CHATS_MAX).await {
            Ok(chats) => {
                for chat in chats {
                    sessions.wake(chat);
                }
            }
            Err(error) => tracing::warn!(%error, "waiting chats cannot be read"),
        }
        tokio::time::sleep(every).await;
    }
}

impl Handler<Gated<StoreUpdate>> for IntakeActor {
    type Result = ();

    fn handle(&mut self, message: Gated<StoreUpdate>, ctx: &mut Context<Self>) {
        let (StoreUpdate { update, promise }, place) = message.split();
        // What does not fit is answered `Lost`, and its sender comes again.
        if let Err(_overfull) = self.updates.push_promised((update, place), promise) {
            tracing::warn!("the intake's queue is full");
        }
        self.flush(ctx);
    }
}

/// The intake for those who receive updates.
#[derive(Clone)]
pub struct IntakeGate {
    gate: Gate<IntakeActor>,
    /// How long a sender waits for a place and an answer together.
    limit: Duration,
}

impl IntakeGate {
    /// A way in that waits at most `limit`.
    pub fn new(gate: Gate<IntakeActor>, limit: Duration) -> Self {
        Self { gate, limit }
    }
}

#[async_trait]
impl Intake for IntakeGate {
    async fn accept(&self, update: RawUpdate) -> Result<Accepted, IntakeError> {
        let deadline = Instant::now() + self.limit;
        let Ok(place) = self.gate.enter(deadline).await else {
            return Err(IntakeError::Busy);
        };
        let (promise, answer) = promise();
        let message = StoreUpdate { update, promise };
        if self.gate.hand_over(place, message).is_err() {
            return Err(IntakeError::Busy);
        }
        match timeout_at(deadline, answer).await {
            Ok(Ok(accepted)) => Ok(accepted),
            Ok(Err(BatchError::Failed(error))) => Err(IntakeError::Store(error)),
            Ok(Err(BatchError::Lost)) => {
                let lost = StoreError::Retryable("a batch was lost".into());
                Err(IntakeError::Store(lost))
            }
            Err(_elapsed) => Err(IntakeError::Busy),
        }
    }
}
