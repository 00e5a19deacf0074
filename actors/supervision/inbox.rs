//! The mailbox of a supervised actor, which outlives every instance of it.
//!
//! actix gives the receiving end of a mailbox to one `ContextFut` for good. Here the warden keeps it, and each
//! instance gets a `Pump`: an actor future that takes envelopes out and handles them, as `actix::dev::Mailbox` does.
//! Unlike that one it pauses after `BURST` messages, so that a flooded actor leaves its neighbours on the same
//! arbiter their turn, and so that it answers heartbeats.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{self, Poll};
use std::time::Instant;

use actix::dev::channel::AddressReceiver;
use actix::dev::{ContextFut, ContextParts, EnvelopeProxy, Mailbox};
use actix::{ActorFuture, ActorFutureExt, AsyncContext};
use futures_util::Stream;
use prometheus::Histogram;

use super::context::{Child, Context, Exit};
use super::pulse::Pulse;

/// Messages handled before the thread is offered to others: some 100 µs of ordinary handlers.
const BURST: u32 = 128;

/// One instance of an actor with its context, ready to be polled.
pub(super) type Body<A> = ContextFut<A, Context<A>>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Drain {
    NotAsked,
    Asked,
    UnderWay,
    Done,
}

/// What survives an actor's instances.
pub(super) struct Inbox<A: Child> {
    receiver: RefCell<AddressReceiver<A>>,
    allowance: Cell<u32>,
    drain: Cell<Drain>,
    pulse: Arc<Pulse>,
    handling: Histogram,
}

impl<A: Child> Inbox<A> {
    pub(super) fn new(
        receiver: AddressReceiver<A>,
        pulse: Arc<Pulse>,
        handling: Histogram,
    ) -> Rc<Self> {
        Rc::new(Self {
            receiver: RefCell::new(receiver),
            allowance: Cell::new(BURST),
            drain: Cell::new(Drain::NotAsked),
            pulse,
            handling,
        })
    }

    /// Puts an actor behind this mailbox.
    ///
    /// `ContextFut` wants a mailbox of its own; it gets an empty one that nobody has the address of.
    pub(super) fn embody(self: &Rc<Self>, actor: A) -> Body<A> {
        if self.is_draining() {
            // A drain that the former instance did not live to finish starts anew.
            self.drain.set(Drain::Asked);
        }
        let parts = ContextParts::new(self.receiver.borrow().sender_producer());
        let mut context = Context::new(parts);
        context.spawn(Pump {
            inbox: Rc::clone(self),
        });
        ContextFut::new(context, actor, Mailbox::default())
    }

    /// Allows another burst; called before each poll of the actor.
    pub(super) fn refill(&self) {
        self.allowance.set(BURST);
    }

    pub(super) fn begin_drain(&self) {
        if self.drain.get() == Drain::NotAsked {
            self.drain.set(Drain::Asked);
        }
    }

    pub(super) fn is_draining(&self) -> bool {
        self.drain.get() != Drain::NotAsked
    }
}

struct Pump<A: Child> {
    inbox: Rc<Inbox<A>>,
}

impl<A: Child> ActorFuture<A> for Pump<A> {
    type Output = ();

    fn poll(
        self: Pin<&mut Self>,
        actor: &mut A,
        ctx: &mut Context<A>,
        task: &mut task::Context<'_>,
    ) -> Poll<()> {
        let inbox = &self.inbox;
        inbox.pulse.answer();
        while !ctx.waiting() {
            let Some(allowance) = inbox.allowance.get().checked_sub(1) else {
                task.waker().wake_by_ref();
                return Poll::Pending;
            };
            let next = Pin::new(&mut *inbox.receiver.borrow_mut()).poll_next(task);
            let Poll::Ready(Some(mut envelope)) = next else {
                return self.idle(actor, ctx);
            };
            inbox.allowance.set(allowance);
            let begun = Instant::now();
            envelope.handle(actor, ctx);
            inbox.handling.observe(begun.elapsed().as_secs_f64());
        }
        Poll::Pending
    }
}

impl<A: Child> Pump<A> {
    /// The mailbox is empty: goes on with a drain, if there is one.
    fn idle(&self, actor: &mut A, ctx: &mut Context<A>) -> Poll<()> {
        let inbox = &self.inbox;
        match inbox.drain.get() {
            Drain::NotAsked | Drain::UnderWay => {}
            Drain::Asked => {
                inbox.drain.set(Drain::UnderWay);
                let drained = Rc::clone(inbox);
                let done = actor.drain(ctx).map(move |(), _, _| {
                    drained.drain.set(Drain::Done);
                    drained.pulse.nudge();
                });
                ctx.spawn(done);
            }
            Drain::Done => ctx.leave(Exit::Drained),
        }
        Poll::Pending
    }
}
