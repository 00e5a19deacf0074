//! `Poller`: long polling, where no webhook is set. One per bot.
//!
//! It asks for updates, hands them to the intake and confirms them to Telegram only when they
//! are stored, so a crash anywhere makes Telegram send them again.

use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use fail::fail_point;

use crate::ports::intake::Intake;
use crate::ports::updates::{SourceEnd, UpdateSource};
use crate::supervision::{Child, Context, Failure};

/// Makes the source anew at every start of the actor.
pub type SourceFactory = Arc<dyn Fn() -> Box<dyn UpdateSource> + Send + Sync>;

/// The poller of one bot.
pub struct Poller {
    source: SourceFactory,
    intake: Arc<dyn Intake>,
    work: Option<SpawnHandle>,
}

impl Poller {
    /// A poller that begins where Telegram's confirmed updates end.
    pub fn new(source: SourceFactory, intake: Arc<dyn Intake>) -> Self {
        Self {
            source,
            intake,
            work: None,
        }
    }
}

impl Actor for Poller {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        let work = poll((self.source)(), self.intake.clone());
        let work = work.into_actor(self).map(|end, _, ctx| {
            tracing::error!(%end, "polling ended for good");
            ctx.fail(Failure("polling_ended"));
        });
        self.work = Some(ctx.spawn(work));
    }
}

impl Child for Poller {
    /// Asks no more; what was not confirmed comes again after the start.
    fn drain(&mut self, ctx: &mut Context<Self>) -> ResponseActFuture<Self, ()> {
        if let Some(work) = self.work.take() {
            ctx.cancel_future(work);
        }
        Box::pin(actix::fut::ready(()))
    }
}

async fn poll(mut source: Box<dyn UpdateSource>, intake: Arc<dyn Intake>) -> SourceEnd {
    loop {
        let polled = source.next(intake.as_ref()).await;
        fail_point!("poller.polled");
        match polled {
            Ok(pause) if pause > Duration::ZERO => tokio::time::sleep(pause).await,
            Ok(_) => {}
            Err(end) => return end,
        }
    }
}
