//! The metrics of this crate, one section per subject.
//!
//! Promises that every series with a known label set exists, at zero, from the moment its subject exists: a series
//! that appears with its first error hides that error from `rate`.
//! Deliberately does not render: whoever serves `/metrics` gathers from `registry()`.
//! Labels are names of parts of the program; never a user, chat, job or payment.

use std::sync::LazyLock;

use prometheus::core::Collector;
use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry,
};

use crate::supervision::Cause;

static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::new);

/// The registry that holds every metric of this crate; the first call registers all sections.
pub fn registry() -> &'static Registry {
    LazyLock::force(&ACTORS);
    &REGISTRY
}

fn register<C: Collector + Clone + 'static>(metric: prometheus::Result<C>) -> C {
    let metric = metric.expect("metric names and labels are literals of this file, and valid");
    REGISTRY
        .register(Box::new(metric.clone()))
        .expect("each metric name occurs once in this file");
    metric
}

// Actors

/// Seconds a handler may hold its actor; most take microseconds, and anything near a second starves its arbiter.
const HANDLING_BUCKETS: [f64; 8] = [0.000_01, 0.000_1, 0.001, 0.005, 0.025, 0.1, 0.5, 2.5];

pub(crate) static ACTORS: LazyLock<Actors> = LazyLock::new(Actors::new);

/// The metric families of supervised actors, labelled by the name of a child or of a nursery.
pub(crate) struct Actors {
    restarts: IntCounterVec,
    escalations: IntCounterVec,
    quarantines: IntCounterVec,
    mailbox: IntGaugeVec,
    up: IntGaugeVec,
    handling: HistogramVec,
}

/// The series of one actor name.
pub(crate) struct ActorMeters {
    restarts: [IntCounter; Cause::ALL.len()],
    pub(crate) escalations: IntCounter,
    pub(crate) quarantines: IntCounter,
    pub(crate) mailbox: IntGauge,
    pub(crate) up: IntGauge,
    pub(crate) handling: Histogram,
}

impl Actors {
    fn new() -> Self {
        let by_actor = ["actor"];
        Self {
            restarts: register(IntCounterVec::new(
                Opts::new(
                    "rei_actor_restarts_total",
                    "Restarts of supervised actors by cause.",
                ),
                &["actor", "cause"],
            )),
            escalations: register(IntCounterVec::new(
                Opts::new(
                    "rei_actor_escalations_total",
                    "Times an actor could not be healed and the process was asked to end.",
                ),
                &by_actor,
            )),
            quarantines: register(IntCounterVec::new(
                Opts::new(
                    "rei_actor_quarantines_total",
                    "Times one key of a nursery crashed too often and was shut out for a while.",
                ),
                &by_actor,
            )),
            mailbox: register(IntGaugeVec::new(
                Opts::new(
                    "rei_actor_mailbox_messages",
                    "Messages admitted by the gates of an actor and not yet handled.",
                ),
                &by_actor,
            )),
            up: register(IntGaugeVec::new(
                Opts::new(
                    "rei_actor_up",
                    "Instances running now: 0 or 1 for a child, the population for a nursery.",
                ),
                &by_actor,
            )),
            handling: register(HistogramVec::new(
                HistogramOpts::new(
                    "rei_actor_message_duration_seconds",
                    "Time a handler held its actor, without what it awaited afterwards.",
                )
                .buckets(HANDLING_BUCKETS.to_vec()),
                &by_actor,
            )),
        }
    }

    /// The series of the actor with this name, all of them exported from now on.
    pub(crate) fn of(&self, actor: &str) -> ActorMeters {
        ActorMeters {
            restarts: Cause::ALL
                .map(|cause| self.restarts.with_label_values(&[actor, cause.as_str()])),
            escalations: self.escalations.with_label_values(&[actor]),
            quarantines: self.quarantines.with_label_values(&[actor]),
            mailbox: self.mailbox.with_label_values(&[actor]),
            up: self.up.with_label_values(&[actor]),
            handling: self.handling.with_label_values(&[actor]),
        }
    }
}

impl ActorMeters {
    pub(crate) fn restarts(&self, cause: Cause) -> &IntCounter {
        &self.restarts[cause as usize]
    }
}
