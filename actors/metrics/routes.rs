//! Breakers and retries of the providers.

use std::sync::LazyLock;

use prometheus::{IntCounterVec, IntGaugeVec, Opts};
use rei_domain::breaker::BreakerState;
use rei_domain::spec::Kind;

use super::register;

/// What routing exports.
pub(crate) static ROUTES: LazyLock<RouteMetrics> = LazyLock::new(RouteMetrics::new);

/// The states a breaker can show.
const STATES: [&str; 3] = ["closed", "half_open", "open"];

pub(crate) struct RouteMetrics {
    breakers: IntGaugeVec,
    put_off: IntCounterVec,
}

impl RouteMetrics {
    fn new() -> Self {
        let opts = Opts::new(
            "rei_provider_breaker_state",
            "1 for the state in which a provider's breaker is, for a kind of result.",
        );
        let labels = ["provider", "kind", "state"];
        let put_off = Opts::new(
            "rei_provider_retries_put_off_total",
            "Retries that had to wait the longest, because their provider's budget was used up.",
        );
        Self {
            breakers: register(IntGaugeVec::new(opts, &labels)),
            put_off: register(IntCounterVec::new(put_off, &["provider"])),
        }
    }

    /// A provider's budget of retries has none left.
    pub(crate) fn put_off(&self, provider: &str) {
        self.put_off.with_label_values(&[provider]).inc();
    }

    /// Where the worst breaker of a provider stands; `None` when all are closed.
    pub(crate) fn show(&self, provider: &str, kind: Kind, worst: Option<BreakerState>) {
        let shown = match worst {
            None | Some(BreakerState::Closed) => "closed",
            Some(BreakerState::HalfOpen) => "half_open",
            Some(BreakerState::Open { .. }) => "open",
        };
        // There from the start, at zero.
        self.put_off.with_label_values(&[provider]);
        for state in STATES {
            let gauge = self
                .breakers
                .with_label_values(&[provider, kind.as_str(), state]);
            gauge.set(i64::from(state == shown));
        }
    }
}
