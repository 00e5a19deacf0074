//! The context of a supervised actor.
//!
//! It offers what `actix::Context` offers, so `ResponseActFuture`, `AtomicResponse`, timers and streams work as
//! usual; besides, an actor can report a failure and can leave when idle.
//! It is a type of its own because the mailbox of `actix::Context` dies with its actor, and ours must not.

use std::fmt;

use actix::dev::{AsyncContextParts, ContextParts, Envelope, ToEnvelope};
use actix::{
    Actor, ActorContext, ActorFuture, ActorState, Addr, AsyncContext, Handler, Message,
    ResponseActFuture, SpawnHandle,
};

/// An actor that a `Warden` can keep.
pub trait Child: Actor<Context = Context<Self>> {
    /// Finishes what is under way before a planned stop; messages are still handled meanwhile.
    ///
    /// It is asked once, when the mailbox is empty for the first time, and the actor ends when the future and the
    /// mailbox are done. The default ends at once, which is right for an actor whose handlers leave nothing running.
    fn drain(&mut self, _ctx: &mut Context<Self>) -> ResponseActFuture<Self, ()> {
        Box::pin(actix::fut::ready(()))
    }
}

/// The kind of an error an actor cannot go on after, for example `"rows_unreadable"`.
///
/// A literal on purpose: it is logged and shown, so it can hold nothing of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure(pub &'static str);

/// How an actor came to its end by itself.
#[derive(Clone, Copy, Debug)]
pub(super) enum Exit {
    Failed(Failure),
    Passive,
    Drained,
}

/// The execution context of a supervised actor.
pub struct Context<A: Actor<Context = Self>> {
    parts: ContextParts<A>,
    exit: Option<Exit>,
}

impl<A: Actor<Context = Self>> Context<A> {
    pub(super) fn new(parts: ContextParts<A>) -> Self {
        Self { parts, exit: None }
    }

    /// Crashes the actor with cause `error`: it is replaced, and counted against its intensity.
    pub fn fail(&mut self, failure: Failure) {
        self.leave(Exit::Failed(failure));
    }

    /// Ends an idle actor of a nursery; its key gets a fresh one with the next message.
    ///
    /// A message admitted in this moment is not lost: a fresh instance takes it from the same mailbox.
    /// A named child has nobody to make it again later, so for it this is a stop like any other.
    pub fn passivate(&mut self) {
        self.leave(Exit::Passive);
    }

    pub(super) fn leave(&mut self, exit: Exit) {
        self.exit = Some(exit);
        self.parts.terminate();
    }

    pub(super) fn take_exit(&mut self) -> Option<Exit> {
        self.exit.take()
    }
}

impl<A: Actor<Context = Self>> fmt::Debug for Context<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("parts", &self.parts)
            .field("exit", &self.exit)
            .finish()
    }
}

impl<A: Actor<Context = Self>> ActorContext for Context<A> {
    fn stop(&mut self) {
        self.parts.stop();
    }

    fn terminate(&mut self) {
        self.parts.terminate();
    }

    fn state(&self) -> ActorState {
        self.parts.state()
    }
}

impl<A: Actor<Context = Self>> AsyncContext<A> for Context<A> {
    fn address(&self) -> Addr<A> {
        self.parts.address()
    }

    fn spawn<F>(&mut self, future: F) -> SpawnHandle
    where
        F: ActorFuture<A, Output = ()> + 'static,
    {
        self.parts.spawn(future)
    }

    fn wait<F>(&mut self, future: F)
    where
        F: ActorFuture<A, Output = ()> + 'static,
    {
        self.parts.wait(future);
    }

    fn waiting(&self) -> bool {
        self.parts.waiting()
    }

    fn cancel_future(&mut self, handle: SpawnHandle) -> bool {
        self.parts.cancel_future(handle)
    }
}

impl<A: Actor<Context = Self>> AsyncContextParts<A> for Context<A> {
    fn parts(&mut self) -> &mut ContextParts<A> {
        &mut self.parts
    }
}

impl<A, M> ToEnvelope<A, M> for Context<A>
where
    A: Actor<Context = Self> + Handler<M>,
    M: Message + Send + 'static,
    M::Result: Send,
{
    fn pack(message: M, reply: Option<tokio::sync::oneshot::Sender<M::Result>>) -> Envelope<A> {
        Envelope::new(message, reply)
    }
}
