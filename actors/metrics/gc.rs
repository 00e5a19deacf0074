//! What the collector removed.

use std::sync::LazyLock;

use prometheus::{IntCounter, IntCounterVec, IntGauge, Opts};
use rei_domain::time::Moment;

use super::register;
use crate::gc::{Round, counted};

/// What the collector exports.
pub(crate) static GC: LazyLock<GcMetrics> = LazyLock::new(GcMetrics::new);

pub(crate) struct GcMetrics {
    collected: IntCounterVec,
    freed: IntCounter,
    last_success: IntGauge,
}

impl GcMetrics {
    fn new() -> Self {
        let opts = Opts::new(
            "rei_gc_collected_total",
            "Things removed because nobody needs them any more.",
        );
        let metrics = Self {
            collected: register(IntCounterVec::new(opts, &["kind"])),
            freed: register(IntCounter::new(
                "rei_gc_freed_bytes_total",
                "Bytes of pictures and clips that were removed.",
            )),
            last_success: register(IntGauge::new(
                "rei_gc_last_success_timestamp_seconds",
                "When a round of collecting ended well for the last time.",
            )),
        };
        for (kind, _) in counted(&Round::default()) {
            metrics.collected.with_label_values(&[kind]);
        }
        metrics
    }

    /// A round ended well.
    pub(crate) fn round(&self, done: &Round, at: Moment) {
        for (kind, count) in counted(done) {
            self.collected.with_label_values(&[kind]).inc_by(count);
        }
        self.freed.inc_by(done.bytes());
        self.last_success.set(at.0.div_euclid(1_000_000));
    }
}
