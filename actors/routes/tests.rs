use std::sync::atomic::{AtomicI64, Ordering::SeqCst};

use async_trait::async_trait;
use rei_domain::billing::AmbiguityPolicy;
use rei_domain::time::Span;

use super::*;
use crate::ports::provider::{ProviderError, ProviderProgress, RenderRequest, Submission};
use crate::runner::tests::{route_settings, waiting_job};

/// A provider with a price and nothing else.
struct Priced {
    name: &'static str,
    kopecks: i64,
}

#[async_trait]
impl Provider for Priced {
    fn name(&self) -> &'static str {
        self.name
    }

    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Image]
    }

    fn ambiguity(&self) -> AmbiguityPolicy {
        AmbiguityPolicy::Refund
    }

    fn cost_estimate(&self, _: &Spec) -> Option<Money> {
        Some(Money::from_kopecks(self.kopecks))
    }

    async fn submit(&self, _: &RenderRequest) -> Result<Submission, ProviderError> {
        unreachable!("routing asks nobody")
    }

    async fn poll(&self, _: &str) -> Result<ProviderProgress, ProviderError> {
        unreachable!("routing asks nobody")
    }
}

struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn now(&self) -> Moment {
        Moment(self.0.load(SeqCst))
    }
}

const FREE: [Places; 2] = [Places { all: 2, free: 2 }; 2];

fn routes() -> Arc<Routes> {
    let priced = |name, kopecks| Arc::new(Priced { name, kopecks }) as Arc<dyn Provider>;
    let providers = vec![priced("cheap", 1_000), priced("dear", 2_000)];
    Arc::new(Routes::new(providers, route_settings()))
}

fn at(secs: i64) -> Moment {
    Moment(0) + Span::from_secs(secs)
}

fn taken(routes: &Routes, job: &Job, now: Moment) -> Option<usize> {
    match routes.choose(job, &FREE, now) {
        Route::Take { number, .. } => Some(number),
        Route::Wait | Route::Nobody => None,
    }
}

fn trip(routes: &Routes, provider: &str, now: Moment) {
    let failed = Seen::Failed(FaultClass::Account);
    routes.record(provider, Kind::Image, failed, now);
}

#[test]
fn jobs_go_to_the_cheaper_one_until_it_is_out_of_order() {
    let (routes, job) = (routes(), waiting_job());
    assert_eq!(taken(&routes, &job, at(0)), Some(0));
    trip(&routes, "cheap", at(0));
    assert_eq!(taken(&routes, &job, at(1)), Some(1));
    // After the pause one job is the probe, and the next one does not wait for it.
    assert_eq!(taken(&routes, &job, at(6)), Some(0));
    assert_eq!(taken(&routes, &job, at(6)), Some(1));
    routes.record("cheap", Kind::Image, Seen::Accepted, at(7));
    assert_eq!(taken(&routes, &job, at(7)), Some(0));
}

#[test]
fn a_probe_that_nobody_tells_of_is_given_back() {
    let (routes, job) = (routes(), waiting_job());
    trip(&routes, "cheap", at(0));
    assert_eq!(taken(&routes, &job, at(6)), Some(0));
    let asked = Asked {
        routes: routes.clone(),
        number: 0,
        kind: Kind::Image,
        clock: Arc::new(Ticking(AtomicI64::new(at(6).0))),
    };
    assert_eq!(taken(&routes, &job, at(6)), Some(1));
    drop(asked);
    assert_eq!(taken(&routes, &job, at(6)), Some(0));
}

#[test]
fn a_begun_job_goes_back_to_where_it_was_begun() {
    let routes = routes();
    let mut job = waiting_job();
    job.state = JobState::Running;
    job.provider = Some("dear".to_owned());
    trip(&routes, "dear", at(0));
    assert_eq!(taken(&routes, &job, at(1)), Some(1));
    let full = [Places { all: 2, free: 0 }; 2];
    assert_eq!(routes.choose(&job, &full, at(1)), Route::Wait);
    job.provider = Some("gone".to_owned());
    assert_eq!(routes.choose(&job, &FREE, at(1)), Route::Nobody);
}

#[test]
fn a_cordon_holds_until_its_end() {
    let (routes, job) = (routes(), waiting_job());
    routes.set_cordons(vec![Cordon {
        provider: "cheap".to_owned(),
        reason: "prices".to_owned(),
        since: at(0),
        until: Some(at(60)),
    }]);
    assert_eq!(taken(&routes, &job, at(59)), Some(1));
    assert_eq!(taken(&routes, &job, at(60)), Some(0));
}

#[test]
fn a_restart_goes_on_with_what_was_learned() {
    let (before, after, job) = (routes(), routes(), waiting_job());
    trip(&before, "cheap", at(0));
    let kept = before.take_changed();
    assert_eq!(kept.len(), 1);
    assert_eq!(before.take_changed(), []);
    before.still_changed(&kept);
    assert_eq!(before.take_changed(), kept);
    after.restore(&kept);
    assert_eq!(taken(&after, &job, at(1)), Some(1));
}

#[test]
fn a_decision_can_be_told_and_taken_again() {
    let (routes, job) = (routes(), waiting_job());
    let Route::Take { number, record } = routes.choose(&job, &FREE, at(0)) else {
        panic!("both are free");
    };
    let read = DecisionRecord::parse(&record.render()).unwrap();
    assert_eq!(read, *record);
    let again = decide(
        &route_settings().policy,
        job.price,
        &read.facts(),
        read.coin,
    );
    assert_eq!(again.chosen, Some(number));
    assert!(read.candidates[number].chosen);
}

#[test]
fn each_provider_has_its_own_budget_of_retries() {
    let routes = routes();
    let taken = (0..100).filter(|_| routes.may_retry("cheap")).count();
    assert_eq!(taken, 10, "what was saved up");
    assert!(routes.may_retry("dear"));
    (0..5).for_each(|_| routes.tried("cheap"));
    assert!(routes.may_retry("cheap") && !routes.may_retry("cheap"));
    assert!(!routes.may_retry("a stranger"));
}
