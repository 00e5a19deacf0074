//! `UsageMeter`: one per node. Counts the seconds of running sessions, charges windows that are
//! used up, sets the next ones aside, and ends what can go no further.
//!
//! It alone counts time: others only ask it to end a session. What it knows is when it last
//! wrote each row, by the process's steady clock; all else is rows, so it can be replaced at
//! any moment. Two meters at once (two nodes, or an old process that lives on) write under the
//! row's version, and the one that comes second reads anew.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fail::fail_point;
use rei_domain::ids::UsageId;
use rei_domain::ledger::Refusal;
use rei_domain::time::{Moment, Span};
use rei_domain::usage::{Usage, UsageEnd};

use crate::bell::Bell;
use crate::ports::StoreError;
use crate::ports::clock::Clock;
use crate::ports::ledger::{CommandRefusal, LedgerCommand, LedgerOutcome, Poster, Rider};
use crate::ports::outbox::{NewOutbox, OutboxBody};
use crate::ports::usage::{UsageRider, UsageStore};
use crate::routine::{Routine, RoutineActor};

/// Sessions read at once.
const PAGE: u32 = 256;

/// A clock that never jumps: time since some fixed moment of this process.
pub type SteadyClock = Arc<dyn Fn() -> Span + Send + Sync>;

/// The process's own steady clock.
pub fn steady_clock() -> SteadyClock {
    let start = Instant::now();
    Arc::new(move || Span(i64::try_from(start.elapsed().as_micros()).unwrap_or(i64::MAX)))
}

/// What the meter needs from outside.
#[derive(Clone)]
pub struct MeterPorts {
    pub clock: Arc<dyn Clock>,
    pub steady: SteadyClock,
    pub usages: Arc<dyn UsageStore>,
    pub poster: Arc<dyn Poster>,
    /// Rung when messages were written.
    pub outbox: Bell,
}

/// The meter of one node.
pub type UsageMeter = RoutineActor<Metering>;

/// The meter's work on one node.
#[derive(Clone)]
pub struct Metering {
    rounds: Rounds,
    tick: Duration,
    bell: Bell,
}

impl Metering {
    /// A meter that looks every `tick`, and when `bell` rings. When the node closes, what ran on
    /// is counted by the next process, within what is set aside.
    pub fn new(ports: MeterPorts, tick: Duration, bell: Bell) -> Self {
        Self {
            rounds: Rounds::new(ports),
            tick,
            bell,
        }
    }
}

impl Routine for Metering {
    const FAILED: &'static str = "sessions are counted later, a store is away";

    fn tick(&self) -> Duration {
        self.tick
    }

    async fn round(&mut self) -> Result<(), StoreError> {
        self.rounds.round().await
    }

    async fn rest(&mut self) {
        tokio::select! {
            () = self.bell.rung() => {}
            () = tokio::time::sleep(self.tick) => {}
        }
    }
}

/// When this process last wrote or read a row, and the version it has since.
#[derive(Clone, Copy)]
struct Seen {
    version: i64,
    at: Span,
}

/// The looks of one meter at the sessions.
#[derive(Clone)]
pub struct Rounds {
    ports: MeterPorts,
    seen: HashMap<UsageId, Seen>,
}

impl Rounds {
    /// A meter that has seen nothing yet.
    pub fn new(ports: MeterPorts) -> Self {
        Self {
            ports,
            seen: HashMap::new(),
        }
    }

    /// Looks at every running session once.
    pub async fn round(&mut self) -> Result<(), StoreError> {
        let mut seen = HashMap::new();
        let mut after: Option<UsageId> = None;
        loop {
            let page = self.ports.usages.running(after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else {
                break;
            };
            after = Some(last.id.clone());
            for usage in page {
                let id = usage.id.clone();
                if let Some(now_seen) = self.look(usage).await? {
                    seen.insert(id, now_seen);
                }
            }
        }
        // Sessions that ended are forgotten.
        self.seen = seen;
        Ok(())
    }

    /// Counts one session and does what is due. `None` when its row must be read anew.
    async fn look(&self, mut usage: Usage) -> Result<Option<Seen>, StoreError> {
        let (now, at) = (self.ports.clock.now(), (self.ports.steady)());
        let seen = self.seen.get(&usage.id);
        let seen = seen.filter(|seen| seen.version == usage.version);
        let lived = seen.map(|seen| Span(at.0 - seen.at.0));
        let due = usage.meter.count(now, lived);
        usage.meter = due.meter;
        let asked = usage.stopping == Some(UsageEnd::Stopped);
        if due.is_over || asked {
            let reason = usage.stopping.unwrap_or(UsageEnd::Unattended);
            self.close(&usage, reason, now).await?;
            return Ok(None);
        }
        fail_point!("meter.before_count");
        let counted = self
            .ports
            .usages
            .count(&usage.id, usage.version, &usage.meter);
        if !counted.await? {
            return Ok(None);
        }
        fail_point!("meter.counted");
        usage.version += 1;
        // The window that is used last is charged when the session ends.
        let last = due.used_up.1.min(usage.meter.windows_held - 1);
        for window in due.used_up.0..=last {
            if !self.charge(&mut usage, window).await? {
                return Ok(None);
            }
        }
        if due.hold_next && usage.stopping.is_none() && !self.hold_next(&mut usage, now).await? {
            return Ok(None);
        }
        let version = usage.version;
        Ok(Some(Seen { version, at }))
    }

    /// Charges a window that is used up. `false` when the row has moved on.
    async fn charge(&self, usage: &mut Usage, window: u32) -> Result<bool, StoreError> {
        let command = LedgerCommand {
            posting: usage.charge_window(window),
            rider: Rider::Usage(UsageRider::Charge {
                usage: usage.id.clone(),
                version: usage.version,
            }),
            outbox: Vec::new(),
            audit: None,
        };
        let done = match self.ports.poster.post(command).await? {
            LedgerOutcome::Applied { .. } => true,
            LedgerOutcome::Refused(refusal) => moved_on(usage, &refusal),
        };
        fail_point!("meter.charged");
        usage.version += 1;
        usage.meter.windows_charged = window;
        Ok(done)
    }

    /// Sets the next window aside, or warns that there will be none. `false` when the row has
    /// moved on.
    async fn hold_next(&self, usage: &mut Usage, now: Moment) -> Result<bool, StoreError> {
        if self.ports.usages.is_banned(usage.user, now).await? {
            return self.warn(usage, UsageEnd::Banned, now).await;
        }
        let next = usage.meter.windows_held + 1;
        let Some(posting) = usage.hold_window(next, now) else {
            return self.warn(usage, UsageEnd::Balance, now).await;
        };
        let command = LedgerCommand {
            posting,
            rider: Rider::Usage(UsageRider::Hold {
                usage: usage.id.clone(),
                version: usage.version,
            }),
            outbox: Vec::new(),
            audit: None,
        };
        let outcome = self.ports.poster.post(command).await?;
        fail_point!("meter.held");
        match outcome {
            LedgerOutcome::Applied { .. } => {
                usage.version += 1;
                Ok(true)
            }
            LedgerOutcome::Refused(CommandRefusal::Money(Refusal::InsufficientFunds {
                ..
            })) => self.warn(usage, UsageEnd::Balance, now).await,
            LedgerOutcome::Refused(CommandRefusal::Money(Refusal::CapReached { .. })) => {
                self.warn(usage, UsageEnd::Cap, now).await
            }
            LedgerOutcome::Refused(refusal) => Ok(moved_on(usage, &refusal)),
        }
    }

    /// Tells the user once that the session will end by itself.
    async fn warn(
        &self,
        usage: &mut Usage,
        reason: UsageEnd,
        now: Moment,
    ) -> Result<bool, StoreError> {
        let warning = NewOutbox {
            key: format!("usage-warning:{}", usage.id),
            chat: usage.chat,
            slot: None,
            body: OutboxBody::UsageWarning {
                usage: usage.id.as_str().to_owned(),
            },
            created_at: now,
        };
        let noted = self
            .ports
            .usages
            .stop_after_window(&usage.id, usage.version, reason, &warning)
            .await?;
        usage.version += 1;
        self.ports.outbox.ring();
        Ok(noted)
    }

    /// Ends a session: what is used of its windows is charged, the rest goes back.
    async fn close(&self, usage: &Usage, reason: UsageEnd, now: Moment) -> Result<(), StoreError> {
        let command = LedgerCommand {
            posting: usage.close(),
            rider: Rider::Usage(UsageRider::End {
                usage: usage.id.clone(),
                version: usage.version,
                meter: usage.meter,
                reason,
            }),
            outbox: vec![state_message(usage, "end", now)],
            audit: None,
        };
        fail_point!("meter.before_close");
        let outcome = self.ports.poster.post(command).await?;
        fail_point!("meter.closed");
        match outcome {
            LedgerOutcome::Applied { .. } => self.ports.outbox.ring(),
            LedgerOutcome::Refused(refusal) => {
                moved_on(usage, &refusal);
            }
        }
        Ok(())
    }
}

/// The message that shows where a session stands, in the session's slot.
pub fn state_message(usage: &Usage, what: &str, now: Moment) -> NewOutbox {
    NewOutbox {
        key: format!("usage-{what}:{}", usage.id),
        chat: usage.chat,
        slot: Some(format!("usage:{}", usage.id)),
        body: OutboxBody::Usage {
            usage: usage.id.as_str().to_owned(),
        },
        created_at: now,
    }
}

/// Another writer was faster, which is no fault; anything else is one. Always `false`.
fn moved_on(usage: &Usage, refusal: &CommandRefusal) -> bool {
    match refusal {
        CommandRefusal::UsageMoved => {}
        refusal => {
            tracing::error!(usage.id = %usage.id, %refusal, "a session's posting is refused")
        }
    }
    false
}
