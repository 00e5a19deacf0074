//! `Gate`: the bounded entrance to an actor.
//!
//! An actix mailbox is no limit: every clone of an address owns a slot of its own, and a full `send` makes a clone
//! (measured: 200,000 messages in a mailbox of 16). A gate is an address with a semaphore; the permit travels inside
//! the message and returns when the message is handled, however many clones of the gate there are.
//!
//! What is promised: never more than `capacity` messages of a gate are admitted and unhandled; waiting callers are
//! admitted in the order they came; each refusal says whether the message was sent.
//! What is deliberately not done: a gate does not repeat, and does not rank. An actor with lanes has a gate for each.
//!
//! Handlers take `Gated<M>`, so a message that must pass a gate cannot be sent past it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use actix::{Actor, Addr, Handler, Message};
use prometheus::IntGauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};
use tokio::time::{Instant, timeout_at};

use crate::supervision::{Child, MailboxLoad};

#[cfg(test)]
mod tests;

/// Why a message that nobody waits for was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TellError {
    /// As many messages as the gate admits are waiting.
    #[error("mailbox is full")]
    Full,
    /// The actor has ended for good.
    #[error("actor has ended")]
    Closed,
}

/// Why a question has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// The gate admitted nobody else in time. The message was not sent.
    #[error("mailbox is full")]
    Full,
    /// The actor has ended for good. The message was not sent.
    #[error("actor has ended")]
    Closed,
    /// The message was sent and not answered in time: it may be handled, or still be.
    #[error("no answer in time")]
    TimedOut,
    /// The message was sent and its answer dropped, most likely by a crash: it may have had its effect.
    #[error("actor was replaced before it answered")]
    Lost,
}

/// A message with the permit that admitted it.
#[derive(Debug)]
pub struct Gated<M> {
    message: M,
    permit: Permit,
}

impl<M> Gated<M> {
    /// The message alone; its place is free from now on.
    pub fn open(self) -> M {
        self.message
    }

    /// The message and its permit, for a handler whose work outlasts the handling: a lane that queues it, a future.
    pub fn split(self) -> (M, Permit) {
        (self.message, self.permit)
    }
}

impl<M: Message> Message for Gated<M> {
    type Result = M::Result;
}

/// A place behind a gate; dropping it frees the place.
#[derive(Debug)]
#[must_use = "dropping a permit frees its place"]
pub struct Permit {
    _slot: OwnedSemaphorePermit,
    load: Arc<Load>,
}

impl Permit {
    fn new(slot: OwnedSemaphorePermit, load: &Arc<Load>) -> Self {
        load.messages.fetch_add(1, Relaxed);
        load.gauge.inc();
        Self {
            _slot: slot,
            load: Arc::clone(load),
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.load.messages.fetch_sub(1, Relaxed);
        self.load.gauge.dec();
    }
}

/// How much waits behind all gates of one actor, or of one nursery.
#[derive(Debug)]
pub(crate) struct Load {
    messages: AtomicUsize,
    capacity: AtomicUsize,
    gauge: IntGauge,
}

impl Load {
    pub(crate) fn new(gauge: IntGauge) -> Self {
        Self {
            messages: AtomicUsize::new(0),
            capacity: AtomicUsize::new(0),
            gauge,
        }
    }

    pub(crate) fn read(&self) -> MailboxLoad {
        MailboxLoad {
            messages: self.messages.load(Relaxed),
            capacity: self.capacity.load(Relaxed),
        }
    }
}

/// The capacity one gate adds to its actor's load, for as long as a clone of the gate exists.
#[derive(Debug)]
struct Capacity {
    places: usize,
    load: Arc<Load>,
}

impl Drop for Capacity {
    fn drop(&mut self) {
        self.load.capacity.fetch_sub(self.places, Relaxed);
    }
}

/// A bounded entrance to an actor; clones share its places.
#[derive(Debug)]
pub struct Gate<A: Actor> {
    addr: Addr<A>,
    slots: Arc<Semaphore>,
    capacity: Arc<Capacity>,
}

impl<A: Actor> Clone for Gate<A> {
    fn clone(&self) -> Self {
        Self {
            addr: self.addr.clone(),
            slots: Arc::clone(&self.slots),
            capacity: Arc::clone(&self.capacity),
        }
    }
}

impl<A: Child> Gate<A> {
    /// A gate with `capacity` places; the mailbox behind `addr` must itself be unbounded, as a supervised one is.
    pub(crate) fn new(addr: Addr<A>, capacity: usize, load: Arc<Load>) -> Self {
        load.capacity.fetch_add(capacity, Relaxed);
        Self {
            addr,
            slots: Arc::new(Semaphore::new(capacity)),
            capacity: Arc::new(Capacity {
                places: capacity,
                load,
            }),
        }
    }

    /// Another gate to the same actor with places of its own, for instance one for each lane of a scheduler.
    pub fn beside(&self, capacity: usize) -> Self {
        Self::new(self.addr.clone(), capacity, Arc::clone(&self.capacity.load))
    }

    /// The plain address, for messages that are not gated: news from parts whose number is bounded otherwise.
    pub fn addr(&self) -> &Addr<A> {
        &self.addr
    }

    /// Messages admitted by this gate and not yet handled.
    pub fn depth(&self) -> usize {
        self.capacity
            .places
            .saturating_sub(self.slots.available_permits())
    }

    /// The most messages this gate admits.
    pub fn capacity(&self) -> usize {
        self.capacity.places
    }

    /// Sends a message without waiting for anything.
    pub fn tell<M>(&self, message: M) -> Result<(), TellError>
    where
        A: Handler<Gated<M>>,
        M: Message + Send + 'static,
        M::Result: Send,
    {
        let permit = self.try_enter()?;
        self.hand_over(permit, message)
    }

    /// Sends a message when there is a place and waits for the answer, at most `limit` for both together.
    pub async fn ask<M>(&self, message: M, limit: Duration) -> Result<M::Result, AskError>
    where
        A: Handler<Gated<M>>,
        M: Message + Send + 'static,
        M::Result: Send,
    {
        let deadline = Instant::now() + limit;
        let permit = self.enter(deadline).await?;
        self.converse(permit, message, deadline).await
    }

    pub(crate) fn try_enter(&self) -> Result<Permit, TellError> {
        match Arc::clone(&self.slots).try_acquire_owned() {
            Ok(slot) => Ok(Permit::new(slot, &self.capacity.load)),
            Err(TryAcquireError::NoPermits) => Err(TellError::Full),
            Err(TryAcquireError::Closed) => Err(TellError::Closed),
        }
    }

    pub(crate) async fn enter(&self, deadline: Instant) -> Result<Permit, AskError> {
        match timeout_at(deadline, Arc::clone(&self.slots).acquire_owned()).await {
            Ok(Ok(slot)) => Ok(Permit::new(slot, &self.capacity.load)),
            Ok(Err(_closed)) => Err(AskError::Closed),
            Err(_elapsed) => Err(AskError::Full),
        }
    }

    pub(crate) fn hand_over<M>(&self, permit: Permit, message: M) -> Result<(), TellError>
    where
        A: Handler<Gated<M>>,
        M: Message + Send + 'static,
        M::Result: Send,
    {
        self.addr
            .try_send(Gated { message, permit })
            .map_err(|_gone| TellError::Closed)
    }

    pub(crate) async fn converse<M>(
        &self,
        permit: Permit,
        message: M,
        deadline: Instant,
    ) -> Result<M::Result, AskError>
    where
        A: Handler<Gated<M>>,
        M: Message + Send + 'static,
        M::Result: Send,
    {
        if !self.addr.connected() {
            return Err(AskError::Closed);
        }
        let answer = self.addr.send(Gated { message, permit });
        match timeout_at(deadline, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_dropped)) => Err(AskError::Lost),
            Err(_elapsed) => Err(AskError::TimedOut),
        }
    }

    /// Closes the gate if nothing has passed it and is unhandled; whoever comes later is told `Closed`.
    pub(crate) fn close_if_idle(&self) -> Result<(), Busy> {
        let all = u32::try_from(self.capacity.places).map_err(|_| Busy)?;
        let _all_places = self.slots.try_acquire_many(all).map_err(|_| Busy)?;
        self.slots.close();
        Ok(())
    }

    /// Closes the gate, whatever is inside.
    pub(crate) fn close(&self) {
        self.slots.close();
    }
}

/// Something has passed the gate and is not yet handled.
#[derive(Debug)]
pub(crate) struct Busy;
