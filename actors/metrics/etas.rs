//! How true what is foretold was.

use std::sync::LazyLock;

use prometheus::{IntCounterVec, Opts};
use rei_domain::eta::Calibration;
use rei_domain::spec::Kind;

use super::register;

/// What foretelling exports.
pub(crate) static ETAS: LazyLock<EtaMetrics> = LazyLock::new(EtaMetrics::new);

pub(crate) struct EtaMetrics(IntCounterVec);

impl EtaMetrics {
    fn new() -> Self {
        let opts = Opts::new(
            "rei_eta_outcomes_total",
            "Results by when they came: within the foretold time of half of them, of nine tenths, or after it.",
        );
        Self(register(IntCounterVec::new(opts, &["kind", "came"])))
    }

    pub(crate) fn count(&self, kind: Kind, calibration: Calibration) {
        let came = match calibration {
            Calibration::ByHalf => "by_half",
            Calibration::ByMost => "by_most",
            Calibration::After => "after",
        };
        self.0.with_label_values(&[kind.as_str(), came]).inc();
    }
}
