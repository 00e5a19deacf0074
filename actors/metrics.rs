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
use rei_domain::time::{Moment, Span};

use crate::ports::ledger::{CommandRefusal, LedgerCommand, LedgerOutcome, RefundEnd, Rider};
use crate::ports::provider::ProviderError;
use crate::supervision::Cause;

pub(crate) mod assets;
pub(crate) mod books;
pub(crate) mod callbacks;
pub(crate) mod etas;
pub(crate) mod gc;
mod payments;
pub(crate) mod rates;
pub(crate) mod routes;

pub use assets::{PlaceName, PlaceOperation, StorageResult, count_storage};
pub use payments::PaymentMeters;
pub use rates::RateMeters;

static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::new);

/// The registry that holds every metric of this crate; the first call registers all sections.
pub fn registry() -> &'static Registry {
    LazyLock::force(&ACTORS);
    LazyLock::force(&JOBS);
    LazyLock::force(&PAYMENTS);
    LazyLock::force(&PROVIDERS);
    LazyLock::force(&payments::PAYMENTS);
    LazyLock::force(&assets::ASSETS);
    LazyLock::force(&books::BOOKS);
    LazyLock::force(&rates::RATES);
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
    late: IntCounterVec,
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
            late: register(IntCounterVec::new(
                Opts::new(
                    "rei_jobs_late_total",
                    "Results that came after their money was back and were given away.",
                ),
                &["kind"],
            )),
        };
        jobs.export_zeros();
        jobs
    }

    /// Every known label set exists from the start.
    fn export_zeros(&self) {
        for lane in LaneName::ALL {
            self.queue.with_label_values(&[lane.as_str(), "ready"]);
        }
        for mode in Mode::ALL {
            self.late.with_label_values(&[mode.as_str()]);
            for lane in LaneName::ALL {
                self.accepted
                    .with_label_values(&[mode.as_str(), lane.as_str()]);
            }
        }
        for operation in OVERDRAWING {
            self.overdrafts.with_label_values(&["available", operation]);
        }
    }

    /// A command was decided at this moment. What is applied once is counted once, however
    /// often it is asked for and whoever asks.
    pub(crate) fn posted(&self, command: &LedgerCommand, outcome: &LedgerOutcome, at: Moment) {
        match outcome {
            LedgerOutcome::Applied {
                applied: Applied::Now,
                ..
            } => match &command.rider {
                Rider::Submit { job, .. } => {
                    let labels = [job.spec.mode().as_str(), job.lane.as_str()];
                    self.accepted.with_label_values(&labels).inc();
                }
                Rider::Cancel { job } => {
                    let (mode, ending) = (job.spec.mode(), Ending::CancelledBeforeSubmit);
                    self.finished(mode, job.lane, "none", ending, at - job.created_at);
                }
                // Whoever ran the job counts its end: it knows the provider.
                Rider::None
                | Rider::Finish { .. }
                | Rider::RetryLost { .. }
                | Rider::Credit(_)
                | Rider::HoldRefund(_)
                | Rider::SettleRefund(_)
                | Rider::Reverse(_)
                | Rider::Usage(_) => {}
            },
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
                | CommandRefusal::Act { .. }
                | CommandRefusal::UsageMoved
                | CommandRefusal::DraftNotFound
                | CommandRefusal::TopupMoved { .. }
                | CommandRefusal::RefundMoved { .. }
                | CommandRefusal::MoreThanPaid { .. },
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
        let labels = [mode.as_str(), lane.as_str(), provider, outcome, cause];
        self.finished.with_label_values(&labels).inc();
        let seconds = Duration::from_micros(u64::try_from(took.0).unwrap_or(0)).as_secs_f64();
        self.duration
            .with_label_values(&[mode.as_str(), outcome])
            .observe(seconds);
    }

    /// A result came after its money was back.
    pub(crate) fn came_late(&self, mode: Mode) {
        self.late.with_label_values(&[mode.as_str()]).inc();
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
    let mut operations = command.posting.operations.iter();
    let taking = operations.find_map(|operation| match &operation.movement {
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
    taking.unwrap_or(OVERDRAWING[3])
}

fn outcome(ending: Ending) -> (&'static str, &'static str) {
    match ending {
        Ending::Delivered => ("delivered", "none"),
        Ending::ModerationRefused => ("refused", "moderation"),
        Ending::InputUnavailable | Ending::InputsTooLarge => ("refused", "user"),
        Ending::ProviderFailed => ("failed", "provider"),
        Ending::TimedOut => ("failed", "timeout"),
        Ending::OurFault => ("failed", "ours"),
        Ending::CancelledBeforeSubmit => ("cancelled", "user"),
    }
}

// Payments

/// Seconds from the payment to its credit; 60 is the objective, 600 the bound.
const CREDIT_BUCKETS: [f64; 10] = [
    1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 3_600.0,
];

/// Seconds from the hold to the payer's money; banks take up to three days.
const REFUND_BUCKETS: [f64; 8] = [1.0, 5.0, 30.0, 120.0, 600.0, 3_600.0, 86_400.0, 259_200.0];

/// A credit within this is in time.
const IN_TIME: Span = Span::from_secs(60);

pub(crate) static PAYMENTS: LazyLock<Payments> = LazyLock::new(Payments::new);

/// The metric families of top-ups and refunds, by payment method.
pub(crate) struct Payments {
    settled: IntCounterVec,
    credit_delay: HistogramVec,
    uncredited: IntGaugeVec,
    refund_delay: HistogramVec,
}

impl Payments {
    fn new() -> Self {
        let by_method = ["psp"];
        Self {
            settled: register(IntCounterVec::new(
                Opts::new(
                    "rei_payments_settled_total",
                    "Payments that the method calls paid, by what became of them.",
                ),
                &["psp", "result"],
            )),
            credit_delay: register(HistogramVec::new(
                HistogramOpts::new(
                    "rei_payment_credit_delay_seconds",
                    "Time from the payment to its credit.",
                )
                .buckets(CREDIT_BUCKETS.to_vec()),
                &by_method,
            )),
            uncredited: register(IntGaugeVec::new(
                Opts::new(
                    "rei_payments_uncredited_oldest_age_seconds",
                    "How long the oldest payment waits for its credit or for a person.",
                ),
                &by_method,
            )),
            refund_delay: register(HistogramVec::new(
                HistogramOpts::new(
                    "rei_refund_delay_seconds",
                    "Time from a refund's hold to its end.",
                )
                .buckets(REFUND_BUCKETS.to_vec()),
                &["psp", "result"],
            )),
        }
    }

    /// Every known label set of a method exists from the start.
    pub(crate) fn export_zeros(&self, method: &str) {
        for result in ["credited_in_time", "late", "parked"] {
            self.settled.with_label_values(&[method, result]);
        }
        for result in ["returned", "refused"] {
            self.refund_delay.with_label_values(&[method, result]);
        }
        self.credit_delay.with_label_values(&[method]);
        self.uncredited.with_label_values(&[method]);
    }

    /// A payment was credited, this long after it was made; a method that does not tell the
    /// moment is taken to have been quick.
    pub(crate) fn credited(&self, method: &str, delay: Option<Span>) {
        let delay = delay.unwrap_or(Span(0));
        let result = if delay <= IN_TIME {
            "credited_in_time"
        } else {
            "late"
        };
        self.settled.with_label_values(&[method, result]).inc();
        self.credit_delay
            .with_label_values(&[method])
            .observe(seconds(delay));
    }

    /// A payment waits for a person.
    pub(crate) fn parked(&self, method: &str) {
        self.settled.with_label_values(&[method, "parked"]).inc();
    }

    /// How long the oldest payment waits; `None` when none does.
    pub(crate) fn uncredited(&self, method: &str, age: Option<Span>) {
        let secs = age.map_or(0, Span::whole_secs);
        self.uncredited
            .with_label_values(&[method])
            .set(i64::try_from(secs).unwrap_or(i64::MAX));
    }

    /// A refund ended, this long after its hold.
    pub(crate) fn refunded(&self, method: &str, end: &RefundEnd, took: Span) {
        let result = match end {
            RefundEnd::Returned => "returned",
            RefundEnd::Refused { .. } => "refused",
        };
        self.refund_delay
            .with_label_values(&[method, result])
            .observe(seconds(took));
    }
}

fn seconds(span: Span) -> f64 {
    Duration::from_micros(u64::try_from(span.0).unwrap_or(0)).as_secs_f64()
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
    use rei_domain::conversation::Balance;
    use rei_domain::ledger::Posting;

    use super::*;
    use crate::ports::provider::Fault;
    use crate::runner::tests::waiting_job;

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
    fn a_withdrawn_job_counts_once_however_often_its_withdrawal_is_asked_for() {
        let mut job = waiting_job();
        // No other test withdraws a job of this lane.
        job.lane = LaneName::Low;
        let created_at = job.created_at;
        let labels = ["image_edit", "low", "none", "cancelled", "user"];
        let cancelled = || JOBS.finished.with_label_values(&labels).get();
        let command = LedgerCommand {
            posting: Posting {
                user: job.user,
                operations: Vec::new(),
            },
            rider: Rider::Cancel { job: Box::new(job) },
            outbox: Vec::new(),
            audit: None,
        };
        let applied = |applied| LedgerOutcome::Applied {
            applied,
            balance: Balance::default(),
        };
        for (applied, count) in [(applied(Applied::Now), 1), (applied(Applied::Before), 1)] {
            JOBS.posted(&command, &applied, created_at + Span::from_secs(9));
            assert_eq!(cancelled(), count);
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
            Err(ProviderError::Broken {
                fault: Fault::Request,
                cause,
            }),
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
