//! `Warden`: keeps one actor alive.
//!
//! It owns the mailbox and the present instance, polls the instance where a panic can be caught, and replaces it by a
//! fresh one from the factory. What the replacement means for others, it asks its `Kin`.
//!
//! ```text
//!   ┌──────────── crash: drop the instance, tell kin, wait the back-off ◀──────────┐
//!   ▼                                                                              │
//! its turn ─▶ factory ─▶ poll (in catch) ─── panic · stop · failure · order ───────┘
//!                          └─ drained · passive · stopped ─▶ end
//! ```

use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use actix::dev::ContextFut;
use actix::dev::channel::AddressReceiver;
use actix::{ActorContext, ArbiterHandle};
use futures_util::future::LocalBoxFuture;
use prometheus::Histogram;
use tokio::time::{Instant, sleep};

use super::context::{Child, Exit};
use super::control::{Control, Order};
use super::crash::Crash;
use super::inbox::{Body, Inbox};
use super::intensity::{Budget, Verdict};
use super::observation::{Cause, State};
use super::panics::{self, Place};
use super::pulse::Pulse;

/// May an actor that asked to be passivated go?
pub(super) enum Leave {
    /// Yes, and nobody can reach it any more.
    Granted,
    /// No, mail has arrived: a fresh instance must take it.
    MailWaits,
    /// Nobody would make it again: treat it as a stop.
    Unsupported,
}

/// Has its turn come?
pub(super) enum Turn {
    /// Those it depends on are running.
    Start,
    /// One of them has ended for good.
    Never,
}

/// Those around a warden: the tree with its groups, or a nursery.
pub(super) trait Kin: 'static {
    /// Resolves when those it depends on are running, or never will be again.
    fn turn(&self) -> LocalBoxFuture<'_, Turn>;
    /// The actor has entered this state.
    fn entered(&self, state: State);
    /// The actor has crashed and will be restarted after the pause.
    fn crashed(&self, crash: &Crash, pause: Duration);
    /// The actor asked to be passivated.
    fn may_leave(&self) -> Leave;
    /// The actor crashed more often than its intensity allows; no instance will follow.
    fn gave_up(&self, crash: &Crash);
}

/// What a warden shares with those who watch it and give it orders.
#[derive(Default)]
pub(super) struct Reins {
    pub(super) control: Control,
    pub(super) pulse: Arc<Pulse>,
}

/// How an instance ended.
enum Ending {
    Crashed(Crash),
    Passive,
    Left,
}

/// Whether the warden goes on after a pause.
enum Next {
    Incarnation,
    End,
}

/// The arbiter is gone, and with it every actor it ran.
#[derive(Debug)]
pub(super) struct ArbiterGone;

/// Keeps one actor alive; see the module.
pub(super) struct Warden<A: Child, F, K: Kin> {
    factory: F,
    inbox: Rc<Inbox<A>>,
    reins: Arc<Reins>,
    budget: Budget,
    kin: Stand<K>,
}

impl<A, F, K> Warden<A, F, K>
where
    A: Child,
    F: Fn() -> A + Send + 'static,
    K: Kin + Send,
{
    /// Starts a warden on the arbiter's thread; if that is gone, the kin is told nothing.
    pub(super) fn start(
        arbiter: &ArbiterHandle,
        receiver: AddressReceiver<A>,
        handling: Histogram,
        reins: Arc<Reins>,
        budget: Budget,
        factory: F,
        kin: K,
    ) -> Result<(), ArbiterGone> {
        let sent = arbiter.spawn_fn(move || {
            let inbox = Inbox::new(receiver, Arc::clone(&reins.pulse), handling);
            let warden = Self {
                factory,
                inbox,
                reins,
                budget,
                kin: Stand {
                    those: kin,
                    state: State::Starting,
                },
            };
            actix_rt::spawn(warden.run());
        });
        if sent { Ok(()) } else { Err(ArbiterGone) }
    }

    async fn run(mut self) {
        loop {
            self.kin.enter(State::Starting);
            if let Next::End = self.wait_for_turn().await {
                return self.kin.enter(State::Stopped);
            }
            let ending = self.live().await;
            self.reins.pulse.set_watched(false);
            let crash = match ending {
                Ending::Left => return self.kin.enter(State::Stopped),
                Ending::Passive => match self.kin.those.may_leave() {
                    Leave::Granted => return self.kin.enter(State::Stopped),
                    Leave::MailWaits => continue,
                    Leave::Unsupported => Crash::STOPPED,
                },
                Ending::Crashed(crash) => crash,
            };
            if let Next::End = self.recover(&crash).await {
                return;
            }
        }
    }

    /// Makes an instance and stays with it to its end.
    async fn live(&mut self) -> Ending {
        if self.inbox.is_draining() {
            self.kin.enter(State::Draining);
        } else {
            self.reins.pulse.set_watched(true);
        }
        let mut body = match panics::catch(|| self.inbox.embody((self.factory)())) {
            Ok(body) => body,
            Err(place) => return Ending::Crashed(Crash::panicked(place)),
        };
        let Self {
            inbox, reins, kin, ..
        } = self;
        let ending = loop {
            tokio::select! {
                biased;
                order = reins.control.next() => match order {
                    Order::Stop => break Ending::Left,
                    Order::Restart(crash) => break Ending::Crashed(crash),
                    Order::Drain => {
                        inbox.begin_drain();
                        reins.pulse.set_watched(false);
                        kin.enter(State::Draining);
                    }
                },
                ending = beat(&mut body, inbox, &reins.pulse, kin) => break ending,
            }
        };
        bury(body, &ending);
        ending
    }

    /// Weighs a crash and sits out the back-off, draining or not: what is queued must still be handled.
    async fn recover(&mut self, crash: &Crash) -> Next {
        // A restart with its group is no fault of this actor: it costs nothing and waits for the others only.
        let pause = match crash.cause {
            Cause::Group => Duration::ZERO,
            Cause::Admin => self.budget.shortest_pause(),
            Cause::Panic | Cause::Hang | Cause::Stop | Cause::Error => {
                match self.budget.spend(Instant::now()) {
                    Verdict::RestartAfter(pause) => pause,
                    Verdict::Exhausted => {
                        self.kin.enter(State::Escalated);
                        self.kin.those.gave_up(crash);
                        return Next::End;
                    }
                }
            }
        };
        self.kin.enter(State::BackingOff);
        self.kin.those.crashed(crash, pause);
        self.hold(pause).await
    }

    /// Waits for those it depends on. An order to restart begins the wait anew: it was meant for an instance that is
    /// gone, or comes from one of those it has waited for, which is down again.
    async fn wait_for_turn(&mut self) -> Next {
        loop {
            tokio::select! {
                biased;
                order = self.reins.control.next() => match order {
                    Order::Stop => return Next::End,
                    Order::Drain => self.inbox.begin_drain(),
                    Order::Restart(_) => {}
                },
                turn = self.kin.those.turn() => return match turn {
                    Turn::Start => Next::Incarnation,
                    Turn::Never => Next::End,
                },
            }
        }
    }

    /// Sits out a pause; a drain cuts it short, because what is queued must still be handled.
    async fn hold(&mut self, pause: Duration) -> Next {
        let end = sleep(pause);
        tokio::pin!(end);
        loop {
            tokio::select! {
                biased;
                order = self.reins.control.next() => match order {
                    Order::Stop => {
                        self.kin.enter(State::Stopped);
                        return Next::End;
                    }
                    Order::Drain => {
                        self.inbox.begin_drain();
                        return Next::Incarnation;
                    }
                    // The next instance is on its way already.
                    Order::Restart(_) => {}
                },
                () = &mut end => return Next::Incarnation,
            }
        }
    }
}

/// Polls the instance until it ends.
async fn beat<A: Child, K: Kin>(
    body: &mut Body<A>,
    inbox: &Inbox<A>,
    pulse: &Pulse,
    kin: &mut Stand<K>,
) -> Ending {
    poll_fn(|task| {
        inbox.refill();
        pulse.attend(task.waker());
        let polled = panics::catch(|| Pin::new(&mut *body).poll(task));
        pulse.rest();
        match polled {
            Ok(Poll::Pending) => {
                if kin.state == State::Starting {
                    kin.enter(State::Running);
                }
                Poll::Pending
            }
            Ok(Poll::Ready(())) => Poll::Ready(ending_of(body, inbox)),
            Err(place) => Poll::Ready(Ending::Crashed(Crash::panicked(place))),
        }
    })
    .await
}

/// Drops an instance with all its futures, so that whoever waits for it learns of its end now.
///
/// The hooks `stopping` and `stopped` run, except after a panic: nothing about that instance can be trusted. A panic
/// in them changes nothing: an instance that was to end must not come back because of it.
fn bury<A: Child>(mut body: Body<A>, ending: &Ending) {
    if let Ending::Crashed(Crash {
        cause: Cause::Panic,
        ..
    }) = ending
    {
        body.ctx().terminate();
    }
    if let Err(Place(place)) = panics::catch(|| drop(body)) {
        tracing::error!(place, "actor panicked while it was dropped");
    }
}

/// Why an instance that ended by itself did so.
fn ending_of<A: Child>(body: &mut ContextFut<A, A::Context>, inbox: &Inbox<A>) -> Ending {
    match body.ctx().take_exit() {
        Some(Exit::Failed(failure)) => Ending::Crashed(Crash::failed(failure)),
        Some(Exit::Passive) => Ending::Passive,
        Some(Exit::Drained) => Ending::Left,
        None if inbox.is_draining() => Ending::Left,
        None => Ending::Crashed(Crash::STOPPED),
    }
}

/// The kin, and the state last told to them. An arbiter that is stopped drops its wardens, and that is told too.
struct Stand<K: Kin> {
    those: K,
    state: State,
}

impl<K: Kin> Stand<K> {
    fn enter(&mut self, state: State) {
        self.state = state;
        self.those.entered(state);
    }
}

impl<K: Kin> Drop for Stand<K> {
    fn drop(&mut self) {
        match self.state {
            State::Stopped | State::Escalated => {}
            State::Starting | State::Running | State::BackingOff | State::Draining => {
                self.those.entered(State::Stopped);
            }
        }
    }
}
