//! Rate limits: what they refused, and whether nodes share them.

use std::sync::LazyLock;

use prometheus::{IntCounter, IntCounterVec, IntGauge, Opts};
use rei_domain::rates::RateScope;

use super::register;

pub(super) static RATES: LazyLock<Rates> = LazyLock::new(Rates::new);

/// The metric families of rate limits.
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
                    "Requests of users that were asked to wait, by what is limited.",
                ),
                &["scope"],
            )),
            shared: register(IntGauge::new(
                "rei_rates_shared_up",
                "Whether rate limits are shared with other nodes now: 0 or 1.",
            )),
            alone: register(IntCounter::new(
                "rei_rates_decided_alone_total",
                "Takings that this node decided by itself while the shared limits were away.",
            )),
            changes: register(IntCounterVec::new(
                Opts::new(
                    "rei_rates_shared_changes_total",
                    "Times the shared limits went away or came back.",
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

/// A user was asked to wait.
pub(crate) fn count_limited(scope: RateScope) {
    RATES.limited.with_label_values(&[scope.as_str()]).inc();
}

/// The series of limits that nodes share.
#[derive(Clone, Debug)]
pub struct RateMeters {
    shared: IntGauge,
    alone: IntCounter,
    away: IntCounter,
    back: IntCounter,
}

impl RateMeters {
    /// The series of this process. Limits count as shared until they are found to be away.
    pub fn of_process() -> Self {
        RATES.shared.set(1);
        Self {
            shared: RATES.shared.clone(),
            alone: RATES.alone.clone(),
            away: RATES.changes.with_label_values(&["away"]),
            back: RATES.changes.with_label_values(&["back"]),
        }
    }

    /// The shared limits went away.
    pub fn went_away(&self) {
        self.shared.set(0);
        self.away.inc();
    }

    /// The shared limits came back.
    pub fn came_back(&self) {
        self.shared.set(1);
        self.back.inc();
    }

    /// This node decided by itself.
    pub fn decided_alone(&self) {
        self.alone.inc();
    }
}
