//! The metrics of this crate, one section per subject.
//!
//! Promises that every series with a known label set exists, at zero, from the moment its subject exists: a series
//! that appears with its first error hides that error from `rate`.
//! Deliberately does not render: whoever serves `/metrics` gathers from `registry()`.
//! Labels are names of parts of the program; never a user, chat, job or payment.

use std::sync::LazyLock;
use std::time::Duration;

use prometheus::core::Collector;
use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry,
};

use rei_domain::billing::Ending;
use rei_domain::job::LaneName;
use rei_domain::ledger::{Applied, HoldPurpose, Movement, Refusal};
use rei_domain::spec::Mode;
use rei_domain::time::Span;

use crate::ports::ledger::{CommandRefusal, LedgerCommand, LedgerOutcome, Rider};
use crate::ports::provider::ProviderError;
use crate::supervision::Cause;

static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::new);

/// The registry that holds every metric of this crate; the first call registers all sections.
pub fn registry() -> &'static Registry {
    LazyLock::force(&ACTORS);
    LazyLock::force(&JOBS);
    LazyLock::force(&PROVIDERS);
    LazyLock::force(&LEDGER);
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

// Jobs and money

/// Seconds from acceptance to the end; 180 is the objective.
const JOB_BUCKETS: [f64; 12] = [
    5.0, 15.0, 30.0, 60.0, 90.0, 120.0, 180.0, 240.0, 300.0, 600.0, 900.0, 1800.0,
];

pub(crate) static JOBS: LazyLock<Jobs> = LazyLock::new(Jobs::new);

/// The metric families of jobs and of the money that is held for them.
pub(crate) struct Jobs {
    accepted: IntCounterVec,
    finished: IntCounterVec,
    duration: HistogramVec,
    queue: IntGaugeVec,
    overdrafts: IntCounterVec,
    stale: IntCounter,
}

impl Jobs {
    fn new() -> Self {
        let jobs = Self {
            accepted: register(IntCounterVec::new(
                Opts::new(
                    "rei_jobs_accepted_total",
                    "Jobs whose hold and row were committed.",
                ),
                &["kind", "lane"],
            )),
            finished: register(IntCounterVec::new(
                Opts::new(
                    "rei_jobs_finished_total",
                    "Jobs whose money was settled, by how they ended.",
                ),
                &["kind", "lane", "provider", "outcome", "cause"],
            )),
            duration: register(HistogramVec::new(
                HistogramOpts::new(
                    "rei_job_duration_seconds",
                    "Time from a job's acceptance to its end.",
                )
                .buckets(JOB_BUCKETS.to_vec()),
                &["kind", "outcome"],
            )),
            queue: register(IntGaugeVec::new(
                Opts::new("rei_queue_jobs", "Jobs in a lane by state."),
                &["lane", "state"],
            )),
            overdrafts: register(IntCounterVec::new(
                Opts::new(
                    "rei_ledger_overdrafts_refused_total",
                    "Movements refused because an account would have gone below zero.",
                ),
                &["account_kind", "operation"],
            )),
            stale: register(IntCounter::new(
                "rei_stale_writes_refused_total",
                "Writes refused because the job had moved on under another lease.",
            )),
        };
        jobs.export_zeros();
        jobs
    }

    /// Every known label set exists from the start.
    fn export_zeros(&self) {
        for lane in LaneName::ALL {
            self.queue.with_label_values(&[lane.as_str(), "ready"]);
            for mode in [Mode::Generate, Mode::Edit] {
                self.accepted
                    .with_label_values(&[kind(mode), lane.as_str()]);
            }
        }
        for operation in OVERDRAWING {
            self.overdrafts.with_label_values(&["available", operation]);
        }
    }

    /// A command was decided.
    pub(crate) fn posted(&self, command: &LedgerCommand, outcome: &LedgerOutcome) {
        match outcome {
            LedgerOutcome::Applied {
                applied: Applied::Now,
                ..
            } => {
                if let Rider::Submit { job, .. } = &command.rider {
                    let labels = [kind(job.spec.mode()), job.lane.as_str()];
                    self.accepted.with_label_values(&labels).inc();
                }
            }
            LedgerOutcome::Applied {
                applied: Applied::Before,
                ..
            } => {}
            LedgerOutcome::Refused(CommandRefusal::Money(Refusal::InsufficientFunds {
                ..
            })) => {
                let labels = ["available", overdrawing(command)];
                self.overdrafts.with_label_values(&labels).inc();
            }
            LedgerOutcome::Refused(CommandRefusal::JobMoved { .. }) => self.stale.inc(),
            LedgerOutcome::Refused(
                CommandRefusal::Money(_)
                | CommandRefusal::Draft(_)
                | CommandRefusal::Banned { .. }
                | CommandRefusal::UsageMoved
                | CommandRefusal::DraftNotFound,
            ) => {}
        }
    }

    /// A job ended and its money is settled.
    pub(crate) fn finished(
        &self,
        mode: Mode,
        lane: LaneName,
        provider: &str,
        ending: Ending,
        took: Span,
    ) {
        let (outcome, cause) = outcome(ending);
        let labels = [kind(mode), lane.as_str(), provider, outcome, cause];
        self.finished.with_label_values(&labels).inc();
        let seconds = Duration::from_micros(u64::try_from(took.0).unwrap_or(0)).as_secs_f64();
        self.duration
            .with_label_values(&[kind(mode), outcome])
            .observe(seconds);
    }

    /// How many jobs wait in a lane.
    pub(crate) fn queued(&self, lane: LaneName, depth: u32) {
        self.queue
            .with_label_values(&[lane.as_str(), "ready"])
            .set(i64::from(depth));
    }
}

/// The movements that take from what a user can spend, and so can be refused for want of it.
const OVERDRAWING: [&str; 4] = ["hold", "refund_hold", "admin_debit", "other"];

/// Which movement of a refused command it was.
fn overdrawing(command: &LedgerCommand) -> &'static str {
    let operations = command.posting.operations.iter();
    let found = operations.filter_map(|operation| match &operation.movement {
        Movement::PlaceHold { purpose, .. } => Some(match purpose {
            HoldPurpose::Job | HoldPurpose::Window => OVERDRAWING[0],
            HoldPurpose::Refund { .. } => OVERDRAWING[1],
        }),
        Movement::AdminDebit { .. } => Some(OVERDRAWING[2]),
        Movement::GrantBonus { .. }
        | Movement::CreditPayment { .. }
        | Movement::AdminCredit { .. }
        | Movement::AdminDebt { .. }
        | Movement::ReversePayment { .. }
        | Movement::CaptureHold { .. }
        | Movement::CapturePart { .. }
        | Movement::VoidHold { .. }
        | Movement::CaptureRefund { .. }
        | Movement::RefundCapture { .. }
        | Movement::BookProviderCost { .. }
        | Movement::BookLoss { .. } => None,
    });
    found.last().unwrap_or(OVERDRAWING[3])
}

fn kind(mode: Mode) -> &'static str {
    match mode {
        Mode::Generate => "image_generate",
        Mode::Edit => "image_edit",
    }
}

fn outcome(ending: Ending) -> (&'static str, &'static str) {
    match ending {
        Ending::Delivered => ("delivered", "none"),
        Ending::ModerationRefused => ("refused", "moderation"),
        Ending::InputUnavailable => ("refused", "user"),
        Ending::ProviderFailed => ("failed", "provider"),
        Ending::TimedOut => ("failed", "timeout"),
        Ending::OurFault => ("failed", "ours"),
        Ending::CancelledBeforeSubmit => ("cancelled", "user"),
    }
}

// The books

pub(crate) static LEDGER: LazyLock<LedgerMeters> = LazyLock::new(LedgerMeters::new);

/// What the notary sees of the books.
pub(crate) struct LedgerMeters {
    imbalance: IntGauge,
    checkpoints: IntCounter,
    broken: IntGauge,
}

impl LedgerMeters {
    fn new() -> Self {
        Self {
            imbalance: register(IntGauge::new(
                "rei_ledger_imbalance_kopecks",
                "What all balances together are away from zero.",
            )),
            checkpoints: register(IntCounter::new(
                "rei_ledger_checkpoints_total",
                "Checkpoints of days that this node made.",
            )),
            broken: register(IntGauge::new(
                "rei_ledger_chain_broken",
                "1 while a row's hash does not follow from the rows before it.",
            )),
        }
    }

    /// The sum of all balances was taken.
    pub(crate) fn weighed(&self, imbalance: rei_domain::money::Money) {
        self.imbalance.set(imbalance.kopecks());
    }

    /// Days were covered, and every row was in order.
    pub(crate) fn closed(&self, count: u32) {
        self.checkpoints.inc_by(u64::from(count));
        self.broken.set(0);
    }

    /// A row was not.
    pub(crate) fn broken(&self) {
        self.broken.set(1);
    }
}

// Providers

/// Seconds of one call; pictures take tens of seconds, 4K up to minutes.
const CALL_BUCKETS: [f64; 10] = [0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 180.0, 600.0];

static PROVIDERS: LazyLock<Providers> = LazyLock::new(Providers::new);

/// The metric families of calls to AI backends.
struct Providers {
    requests: IntCounterVec,
    duration: HistogramVec,
}

impl Providers {
    fn new() -> Self {
        Self {
            requests: register(IntCounterVec::new(
                Opts::new(
                    "rei_provider_requests_total",
                    "Calls to AI backends by how they ended.",
                ),
                &["provider", "operation", "result"],
            )),
            duration: register(HistogramVec::new(
                HistogramOpts::new(
                    "rei_provider_request_duration_seconds",
                    "Time of one call to an AI backend, answer included.",
                )
                .buckets(CALL_BUCKETS.to_vec()),
                &["provider", "operation"],
            )),
        }
    }
}

/// How a call to a provider ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CallEnd {
    Ok,
    Retryable,
    Refused,
    Broken,
    /// The answer was lost, whatever lost it.
    Timeout,
}

impl CallEnd {
    const ALL: [CallEnd; 5] = [
        CallEnd::Ok,
        CallEnd::Retryable,
        CallEnd::Refused,
        CallEnd::Broken,
        CallEnd::Timeout,
    ];

    fn of<T>(answer: &Result<T, ProviderError>) -> CallEnd {
        match answer {
            Ok(_) => CallEnd::Ok,
            Err(ProviderError::Retryable { .. }) => CallEnd::Retryable,
            Err(ProviderError::Refused { .. }) => CallEnd::Refused,
            Err(ProviderError::Broken { .. }) => CallEnd::Broken,
            Err(ProviderError::Ambiguous { .. }) => CallEnd::Timeout,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            CallEnd::Ok => "ok",
            CallEnd::Retryable => "retryable",
            CallEnd::Refused => "refused",
            CallEnd::Broken => "broken",
            CallEnd::Timeout => "timeout",
        }
    }
}

/// The series of one operation of one provider.
#[derive(Clone, Debug)]
pub struct ProviderMeters {
    requests: [IntCounter; CallEnd::ALL.len()],
    duration: Histogram,
}

impl ProviderMeters {
    /// The series of this operation, all of them exported from now on. An adapter takes the
    /// meters of what it can be asked when it is set up.
    pub fn of(provider: &'static str, operation: &'static str) -> Self {
        let requests = &PROVIDERS.requests;
        Self {
            requests: CallEnd::ALL
                .map(|end| requests.with_label_values(&[provider, operation, end.as_str()])),
            duration: PROVIDERS.duration.with_label_values(&[provider, operation]),
        }
    }

    /// A call ended after this time.
    pub fn ended<T>(&self, answer: &Result<T, ProviderError>, took: Duration) {
        self.requests[CallEnd::of(answer) as usize].inc();
        self.duration.observe(took.as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_of_a_call_has_a_series_before_the_first_call() {
        let meters = ProviderMeters::of("fresh", "submit");
        assert!(meters.requests.iter().all(|series| series.get() == 0));
        let exported = registry().gather();
        for (family, count) in [
            ("rei_provider_requests_total", CallEnd::ALL.len()),
            ("rei_provider_request_duration_seconds", 1),
        ] {
            let family = exported.iter().find(|it| it.name() == family).unwrap();
            let series = family.get_metric().iter();
            let fresh = series.filter(|it| it.get_label().iter().any(|l| l.value() == "fresh"));
            assert_eq!(fresh.count(), count, "{}", family.name());
        }
    }

    #[test]
    fn a_call_counts_once_and_by_its_end() {
        let meters = ProviderMeters::of("counted", "submit");
        let (cause, reason, after) = ("c", "r", None);
        let ends = [
            Ok(()),
            Err(ProviderError::Retryable { after, cause }),
            Err(ProviderError::Refused { reason }),
            Err(ProviderError::Broken { cause }),
            Err(ProviderError::Ambiguous { cause }),
        ];
        for (at, end) in ends.iter().enumerate() {
            meters.ended(end, Duration::from_secs(1));
            for (series, counter) in meters.requests.iter().enumerate() {
                let expected = u64::from(series <= at);
                assert_eq!(counter.get(), expected, "{:?}", CallEnd::ALL[series]);
            }
        }
        assert_eq!(meters.duration.get_sample_count(), 5);
    }
}
