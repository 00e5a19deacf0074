//! Rates: what they did not allow, and whether nodes share them.

use std::sync::LazyLock;

use prometheus::{IntCounter, IntCounterVec, IntGauge, Opts};
use rei_domain::rates::RateScope;

use super::register;

pub(super) static RATES: LazyLock<Rates> = LazyLock::new(Rates::new);

/// The metric families of rates.
pub(super) struct Rates {
    limited: IntCounterVec,
    shared: IntGauge,
    alone: IntCounter,
    changes: IntCounterVec,
}

impl Rates {
    fn new() -> Self {
        let rates = Self {
            limited: register(IntCounterVec::new(
                Opts::new(
                    "rei_rate_limited_total",
                    "What a rate did not allow, by what it limits.",
                ),
                &["scope"],
            )),
            shared: register(IntGauge::new(
                "rei_rates_shared_up",
                "Whether rates are shared with other nodes now: 0 or 1.",
            )),
            alone: register(IntCounter::new(
                "rei_rates_decided_alone_total",
                "What this node decided by itself while the shared rates were away.",
            )),
            changes: register(IntCounterVec::new(
                Opts::new(
                    "rei_rates_shared_changes_total",
                    "Times the shared rates went away or came back.",
                ),
                &["to"],
            )),
        };
        for scope in RateScope::ALL {
            rates.limited.with_label_values(&[scope.as_str()]);
        }
        for to in ["away", "back"] {
            rates.changes.with_label_values(&[to]);
        }
        rates
    }
}

/// A rate of this scope held a user up.
pub(crate) fn count_limited(scope: RateScope) {
    RATES.limited.with_label_values(&[scope.as_str()]).inc();
}

/// The series of rates that nodes share.
#[derive(Clone, Debug)]
pub struct RateMeters {
    shared: IntGauge,
    alone: IntCounter,
    away: IntCounter,
    back: IntCounter,
}

impl RateMeters {
    /// The series of this process. Rates count as shared until they are found to be away.
    pub fn of_process() -> Self {
        RATES.shared.set(1);
        Self {
            shared: RATES.shared.clone(),
            alone: RATES.alone.clone(),
            away: RATES.changes.with_label_values(&["away"]),
            back: RATES.changes.with_label_values(&["back"]),
        }
    }

    /// Series that nothing scrapes, for whoever looks at one set of rates alone.
    pub fn unregistered() -> Self {
        let valid = "names are literals of this file, and valid";
        let counter = |name| IntCounter::new(name, name).expect(valid);
        Self {
            shared: IntGauge::new("shared", "shared").expect(valid),
            alone: counter("alone"),
            away: counter("away"),
            back: counter("back"),
        }
    }

    /// How often this node decided something by itself.
    pub fn alone_total(&self) -> u64 {
        self.alone.get()
    }

    /// How often the shared rates went away and came back.
    pub fn changes_total(&self) -> (u64, u64) {
        (self.away.get(), self.back.get())
    }

    /// The shared rates went away.
    pub fn went_away(&self) {
        self.shared.set(0);
        self.away.inc();
    }

    /// The shared rates came back.
    pub fn came_back(&self) {
        self.shared.set(1);
        self.back.inc();
    }

    /// This node decided something by itself.
    pub fn decided_alone(&self) {
        self.alone.inc();
    }
}
