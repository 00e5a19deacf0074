//! Callbacks of providers.

use std::sync::LazyLock;

use prometheus::{IntCounterVec, Opts};

use super::register;

/// What callbacks export.
pub(crate) static CALLBACKS: LazyLock<CallbackMetrics> = LazyLock::new(CallbackMetrics::new);

/// What became of a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallbackEnd {
    /// A run of this node asks now.
    Nudged,
    /// Nobody here waits for it.
    Unknown,
    Forged,
    Malformed,
}

pub(crate) struct CallbackMetrics(IntCounterVec);

impl CallbackMetrics {
    fn new() -> Self {
        let opts = Opts::new(
            "rei_provider_callbacks_total",
            "Callbacks of providers by what became of them.",
        );
        Self(register(IntCounterVec::new(opts, &["provider", "result"])))
    }

    pub(crate) fn count(&self, provider: &str, end: CallbackEnd) {
        let result = match end {
            CallbackEnd::Nudged => "nudged",
            CallbackEnd::Unknown => "unknown",
            CallbackEnd::Forged => "forged",
            CallbackEnd::Malformed => "malformed",
        };
        self.0.with_label_values(&[provider, result]).inc();
    }
}
