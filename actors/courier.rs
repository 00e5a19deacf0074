//! `Courier`: one per bot. Delivers the outbox within Telegram's limits.
//!
//! Messages of a chat arrive in order, a chat that Telegram slows down slows nobody else, and
//! what was written to the outbox survives a crash. Beside the outbox it keeps the progress
//! messages of running jobs fresh; those edits may be lost, the end of a job may not.

pub mod delivery;
pub mod rounds;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix::prelude::*;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use rei_domain::ids::JobId;
use rei_domain::time::{Moment, Span};

use crate::bell::Bell;
use crate::ports::StoreError;
use crate::ports::outbox::{OutboxRow, Sent};
use crate::supervision::{Child, Context};
use delivery::{CourierPorts, Delivery, RetrySettings, Watch, deliver, refresh};
use rounds::{NextSend, Rounds, SendLimits, WatchedJob};

/// Rows read at once; more are read when these are on their way.
const READ_AT_ONCE: u32 = 256;

/// When a read did not bring everything, the rest is read when so few are still on their way: the
/// rows of those come back with each read.
const REFILL_BELOW: usize = 128;

/// Progress messages kept fresh at once; more jobs simply show an older state.
const WATCHED_MAX: usize = 1_000;

/// The first state after an order soon changes from waiting to drawn, and with it the button:
/// it is refreshed earlier than the ones after it.
const FIRST_REFRESH: Span = Span::from_secs(1);

/// How the courier behaves.
#[derive(Clone, Copy, Debug)]
pub struct CourierSettings {
    pub limits: SendLimits,
    pub retry: RetrySettings,
    /// The longest time between two looks at the outbox.
    pub poll: Duration,
    /// The time between two states of one progress message.
    pub refresh_every: Span,
    /// How long the outbox may take to empty when the house shuts down.
    pub drain: Duration,
}

/// The courier of one bot.
pub struct Courier {
    ports: CourierPorts,
    settings: CourierSettings,
    bell: Bell,
    draining: Arc<AtomicBool>,
    /// Rung when a draining courier has nothing left.
    empty: Bell,
}

impl Courier {
    /// A courier that wakes by `bell`.
    pub fn new(ports: CourierPorts, settings: CourierSettings, bell: Bell) -> Self {
        Self {
            ports,
            settings,
            bell,
            draining: Arc::new(AtomicBool::new(false)),
            empty: Bell::new(),
        }
    }
}

impl Actor for Courier {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        let tour = Tour {
            rounds: Rounds::new(self.settings.limits),
            ports: self.ports.clone(),
            settings: self.settings,
            in_flight: FuturesUnordered::new(),
            all_read: true,
            watched: BTreeMap::new(),
        };
        let (bell, draining, empty) =
            (self.bell.clone(), self.draining.clone(), self.empty.clone());
        ctx.spawn(tour.go(bell, draining, empty).into_actor(self));
    }
}

impl Child for Courier {
    /// Empties the outbox as far as the time allows; what is left waits in its rows.
    fn drain(&mut self, _: &mut Context<Self>) -> ResponseActFuture<Self, ()> {
        self.draining.store(true, Ordering::SeqCst);
        self.bell.ring();
        let (empty, limit) = (self.empty.clone(), self.settings.drain);
        let wait = async move {
            if tokio::time::timeout(limit, empty.rung()).await.is_err() {
                tracing::warn!("the outbox is not empty at shutdown, its rows wait");
            }
        };
        Box::pin(wait.into_actor(self))
    }
}

/// How something that was in flight ended.
enum Landed {
    Row {
        row: Box<OutboxRow>,
        result: Result<Delivery, StoreError>,
    },
    Progress {
        watched: WatchedJob,
        result: Result<Watch, StoreError>,
    },
}

struct Tour {
    rounds: Rounds,
    ports: CourierPorts,
    settings: CourierSettings,
    in_flight: FuturesUnordered<LocalBoxFuture<'static, Landed>>,
    /// Whether the last read brought everything that was due.
    all_read: bool,
    /// Running jobs with the moment of their next refresh.
    watched: BTreeMap<JobId, (WatchedJob, Moment)>,
}

impl Tour {
    async fn go(mut self, bell: Bell, draining: Arc<AtomicBool>, empty: Bell) {
        let mut read_more = true;
        loop {
            if read_more {
                read_more = self.read().await;
            }
            let wake_at = self.send_all();
            self.refresh_some();
            let leaving = draining.load(Ordering::SeqCst);
            if leaving && self.rounds.is_empty() && self.in_flight.is_empty() {
                empty.ring();
                return;
            }
            let wait = self.wait(wake_at);
            tokio::select! {
                Some(landed) = self.in_flight.next() => {
                    self.land(landed);
                    // All that landed by now, so that one look at the rows serves them all.
                    while let Some(Some(landed)) = self.in_flight.next().now_or_never() {
                        self.land(landed);
                    }
                    read_more |= self.wants_more();
                }
                () = bell.rung() => read_more = true,
                () = tokio::time::sleep(wait) => read_more = true,
            }
        }
    }

    /// Whether rows may be due that nobody rings for: those that the last read left behind. News
    /// come with a bell, so a landing alone is no reason to read.
    fn wants_more(&self) -> bool {
        let few = match self.all_read {
            // A talkative chat has more than a read brings of it.
            true => self.in_flight.is_empty(),
            false => self.in_flight.len() <= REFILL_BELOW,
        };
        self.rounds.is_empty() && few
    }

    /// Reads due rows; `true` when it failed and should be tried again.
    async fn read(&mut self) -> bool {
        let now = self.ports.clock.now();
        match self.ports.outbox.due(now, READ_AT_ONCE).await {
            Ok(rows) => {
                self.all_read = rows.len() < READ_AT_ONCE as usize;
                self.rounds.read(rows);
                self.rounds.forget_rested(now);
                false
            }
            Err(error) => {
                tracing::warn!(%error, "messages wait, a store is away");
                tokio::time::sleep(self.settings.poll).await;
                true
            }
        }
    }

    /// Starts everything that may go now; tells when more may.
    fn send_all(&mut self) -> Option<Moment> {
        loop {
            match self.rounds.next(self.ports.clock.now()) {
                NextSend::Send(row) => {
                    let (ports, retry) = (self.ports.clone(), self.settings.retry);
                    self.in_flight.push(Box::pin(async move {
                        let result = deliver(&ports, retry, &row).await;
                        Landed::Row { row, result }
                    }));
                }
                NextSend::Supersede(row) => {
                    let ports = self.ports.clone();
                    self.in_flight.push(Box::pin(async move {
                        let now = ports.clock.now();
                        let sent = Sent::Superseded;
                        let result = ports.outbox.finish(row.seq, &sent, now).await;
                        let result = result.map(|()| Delivery::Finished { watch: None });
                        Landed::Row { row, result }
                    }));
                }
                NextSend::NotBefore(at) => return Some(at),
                NextSend::Nothing => return None,
            }
        }
    }

    fn land(&mut self, landed: Landed) {
        let now = self.ports.clock.now();
        match landed {
            Landed::Row { row, result } => {
                let paused_until = match result {
                    Ok(Delivery::Finished { watch }) => {
                        self.watch(&row, watch, now);
                        None
                    }
                    Ok(Delivery::PausedUntil(at)) => Some(at),
                    Err(error) => {
                        tracing::warn!(outbox.seq = row.seq, %error, "a delivery is not recorded");
                        Some(now + self.settings.retry.base)
                    }
                };
                self.rounds.ended(row.chat, Some(row.seq), paused_until);
            }
            Landed::Progress { watched, result } => {
                let paused_until = match result {
                    Ok(Watch::On) | Err(_) => None,
                    Ok(Watch::Paused(pause)) => {
                        let pause = i64::try_from(pause.as_micros()).unwrap_or(i64::MAX);
                        Some(now + Span(pause))
                    }
                    Ok(Watch::Over) => {
                        self.watched.remove(&watched.job);
                        None
                    }
                };
                self.rounds.ended(watched.chat, None, paused_until);
            }
        }
    }

    fn watch(&mut self, row: &OutboxRow, job: Option<JobId>, now: Moment) {
        let (Some(job), Some(slot)) = (job, row.slot.clone()) else {
            return;
        };
        if self.watched.len() >= WATCHED_MAX {
            return;
        }
        let next = now + self.settings.refresh_every.min(FIRST_REFRESH);
        let watched = WatchedJob {
            job: job.clone(),
            chat: row.chat,
            slot,
        };
        self.watched.insert(job, (watched, next));
    }

    /// Refreshes progress messages that are due, as far as messages leave room for it.
    fn refresh_some(&mut self) {
        let now = self.ports.clock.now();
        for (watched, next) in self.watched.values_mut() {
            if *next > now || !self.rounds.borrow(watched.chat, now) {
                continue;
            }
            *next = now + self.settings.refresh_every;
            let (ports, watched) = (self.ports.clone(), watched.clone());
            self.in_flight.push(Box::pin(async move {
                let result = refresh(&ports, watched.chat, &watched.slot, &watched.job).await;
                Landed::Progress { watched, result }
            }));
        }
    }

    /// The time until something can change without a bell.
    fn wait(&self, wake_at: Option<Moment>) -> Duration {
        let now = self.ports.clock.now();
        let refresh_at = self.watched.values().map(|(_, next)| *next).min();
        let soonest = [wake_at, refresh_at].into_iter().flatten().min();
        let until = soonest.map(|at| Duration::from_millis((at - now).whole_millis().max(5)));
        until.map_or(self.settings.poll, |until| until.min(self.settings.poll))
    }
}
