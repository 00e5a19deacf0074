//! `UserSession`: one per active chat. Answers what is stored for the chat, in order.
//!
//! The actor holds nothing but "I am at it": the stored updates are the queue and the rows are
//! the state, so it can be replaced or leave at any time. It leaves when its chat is quiet.

pub mod admin;
mod bonus;
mod boost;
pub mod conversation;
mod limits;
mod other;
mod probe;
mod rates;
mod requests;
mod returns;
mod series;
mod statements;
mod taps;
mod topup;

use std::time::Duration;

use actix::prelude::*;
use rei_domain::ids::ChatId;

use crate::gate::Gated;
use crate::supervision::{Child, Context, Nursery};
use conversation::{After, SessionPorts, SessionSettings, answer_all};

/// There may be something to answer.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct Look;

/// The sessions, for those who have news for a chat.
pub trait Sessions: Send + Sync + 'static {
    /// Makes the chat's session look; a wake-up that cannot be delivered is made good by the
    /// intake's regular look.
    fn wake(&self, chat: ChatId);
}

impl Sessions for Nursery<ChatId, UserSession> {
    fn wake(&self, chat: ChatId) {
        if let Err(error) = self.tell(&chat, Look) {
            tracing::debug!(%error, "a session is not woken, its updates wait");
        }
    }
}

/// The session of one chat.
pub struct UserSession {
    chat: ChatId,
    ports: SessionPorts,
    settings: SessionSettings,
    rest: SessionRest,
    /// Whether the stored updates are being answered now.
    answering: bool,
    /// Whether news came meanwhile.
    look_again: bool,
    /// The next planned look, or the planned leave.
    timer: Option<SpawnHandle>,
}

/// When a session pauses and leaves.
#[derive(Clone, Copy, Debug)]
pub struct SessionRest {
    /// The quiet after which it leaves.
    pub idle: Duration,
    /// The pause before it looks again when a store is away.
    pub store_away: Duration,
}

impl UserSession {
    /// A session that waits for its first look.
    pub fn new(
        chat: ChatId,
        ports: SessionPorts,
        settings: SessionSettings,
        rest: SessionRest,
    ) -> Self {
        Self {
            chat,
            ports,
            settings,
            rest,
            answering: false,
            look_again: false,
            timer: None,
        }
    }

    fn look(&mut self, ctx: &mut Context<Self>) {
        if self.answering {
            self.look_again = true;
            return;
        }
        self.answering = true;
        if let Some(timer) = self.timer.take() {
            ctx.cancel_future(timer);
        }
        let (ports, settings, chat) = (self.ports.clone(), self.settings.clone(), self.chat);
        let work = async move { answer_all(&ports, &settings, chat).await };
        ctx.spawn(work.into_actor(self).map(|after, actor, ctx| {
            actor.answering = false;
            if std::mem::take(&mut actor.look_again) {
                actor.look(ctx);
            } else {
                actor.rest(after, ctx);
            }
        }));
    }

    fn rest(&mut self, after: After, ctx: &mut Context<Self>) {
        self.timer = Some(match after {
            After::Idle => ctx.run_later(self.rest.idle, |_, ctx| ctx.passivate()),
            After::LookAgainIn(pause) => ctx.run_later(pause, |actor, ctx| {
                actor.timer = None;
                actor.look(ctx);
            }),
            After::StoreAway => ctx.run_later(self.rest.store_away, |actor, ctx| {
                actor.timer = None;
                actor.look(ctx);
            }),
        });
    }
}

impl Actor for UserSession {
    type Context = Context<Self>;
}

impl Child for UserSession {}

impl Handler<Gated<Look>> for UserSession {
    type Result = ();

    fn handle(&mut self, _: Gated<Look>, ctx: &mut Context<Self>) {
        self.look(ctx);
    }
}
