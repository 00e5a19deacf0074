//! `GcActor`: one per node. Removes what nobody needs any more.
//!
//! An asset goes in two steps: a round marks it, and a later one, after a grace, removes it if it
//! is still not needed; a request that refers to it meanwhile keeps it. Rows first, then bytes: a
//! crash in between leaves bytes without a row, which the sweep of a later round removes. Several
//! nodes may do it at once. Never touches what moves or proves money.

use std::sync::Arc;
use std::time::Duration;

use rei_domain::time::{Moment, Span};

use crate::metrics::gc::GC;
use crate::ports::StoreError;
use crate::ports::clock::Clock;
use crate::ports::retention::{Amount, AssetClass, Periods, Retention};
use crate::routine::{Routine, RoutineActor};

/// Rows in one transaction.
const ROWS_AT_ONCE: u32 = 500;

/// What the actor needs from outside.
#[derive(Clone)]
pub struct GcPorts {
    pub clock: Arc<dyn Clock>,
    pub retention: Arc<dyn Retention>,
}

/// How it behaves.
#[derive(Clone, Copy, Debug)]
pub struct GcSettings {
    pub periods: Periods,
    /// From the end of a round to the next.
    pub tick: Duration,
    /// From a round that lists everything that is stored to the next such round.
    pub sweep: Span,
}

/// What a round did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Round {
    pub marked: u64,
    /// In the order of [`AssetClass::ALL`].
    pub removed: [Amount; 3],
    /// Bytes without a row.
    pub swept: Amount,
    pub updates: u64,
    pub drafts: u64,
}

impl Round {
    /// Bytes that were freed.
    pub fn bytes(&self) -> u64 {
        let removed = self.removed.iter().map(|amount| amount.bytes);
        removed.sum::<u64>() + self.swept.bytes
    }
}

/// Whether a round lists everything that is stored, to find bytes without a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sweep {
    Do,
    Leave,
}

/// One round, from its beginning to its end.
pub async fn round(
    retention: &dyn Retention,
    periods: &Periods,
    now: Moment,
    sweep: Sweep,
) -> Result<Round, StoreError> {
    let mut done = Round::default();
    // Requests first: what only they refer to is not needed after them.
    loop {
        let forgotten = retention.forget_drafts(periods, now, ROWS_AT_ONCE).await?;
        done.drafts += u64::from(forgotten);
        if forgotten < ROWS_AT_ONCE {
            break;
        }
    }
    loop {
        let forgotten = retention.forget_updates(periods, now, ROWS_AT_ONCE).await?;
        done.updates += u64::from(forgotten);
        if forgotten < ROWS_AT_ONCE {
            break;
        }
    }
    retention.unmark().await?;
    loop {
        let removed = retention.remove(periods, now, ROWS_AT_ONCE).await?;
        for (class, bytes) in &removed {
            done.removed[*class as usize].add(*bytes);
        }
        if removed.is_empty() {
            break;
        }
    }
    loop {
        let marked = retention.mark(periods, now, ROWS_AT_ONCE).await?;
        done.marked += u64::from(marked);
        if marked < ROWS_AT_ONCE {
            break;
        }
    }
    if sweep == Sweep::Do {
        done.swept = retention.sweep(now - periods.orphans).await?;
    }
    Ok(done)
}

/// The collector's work on one node.
#[derive(Clone)]
pub struct Collecting {
    ports: GcPorts,
    settings: GcSettings,
    /// When everything that is stored was listed last, by this actor.
    swept_at: Option<Moment>,
}

/// The collector of one node.
pub type GcActor = RoutineActor<Collecting>;

impl Collecting {
    /// A collector whose first round begins after one tick.
    pub fn new(ports: GcPorts, settings: GcSettings) -> Self {
        Self {
            ports,
            settings,
            swept_at: None,
        }
    }
}

impl Routine for Collecting {
    const FAILED: &'static str = "a round of collecting goes on later";

    fn tick(&self) -> Duration {
        self.settings.tick
    }

    async fn before_first(&mut self) {
        self.rest().await;
    }

    async fn round(&mut self) -> Result<(), StoreError> {
        let now = self.ports.clock.now();
        let retention = self.ports.retention.as_ref();
        let is_due = |at: Moment| now - at >= self.settings.sweep;
        let sweep = match self.swept_at {
            Some(at) if !is_due(at) => Sweep::Leave,
            Some(_) | None => Sweep::Do,
        };
        let done = round(retention, &self.settings.periods, now, sweep).await?;
        if sweep == Sweep::Do {
            self.swept_at = Some(now);
        }
        told(&done, self.ports.clock.now());
        Ok(())
    }
}

fn told(done: &Round, at: Moment) {
    GC.round(done, at);
    if *done != Round::default() {
        let [results, inputs, orphans] = done.removed.map(|amount| amount.count);
        tracing::info!(
            marked = done.marked,
            results,
            inputs,
            orphans,
            swept = done.swept.count,
            updates = done.updates,
            drafts = done.drafts,
            bytes = done.bytes(),
            "what nobody needs is removed"
        );
    }
}

/// The names of what a round removes, with how many of each.
pub(crate) fn counted(done: &Round) -> [(&'static str, u64); 6] {
    let [results, inputs, orphans] = done.removed;
    [
        (AssetClass::Result.as_str(), results.count),
        (AssetClass::Input.as_str(), inputs.count),
        (AssetClass::Orphan.as_str(), orphans.count),
        ("stray", done.swept.count),
        ("update", done.updates),
        ("draft", done.drafts),
    ]
}
