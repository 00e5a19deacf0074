//! Runs are killed at every point where they wait, taken up again, and audited.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::FutureExt;
use rei_domain::billing::{AmbiguityPolicy, Ending};
use rei_domain::breaker::BreakerSettings;
use rei_domain::conversation::{Balance, SentResult};
use rei_domain::ids::{
    AssetId, ChatId, DraftId, Fence, HoldId, IdempotencyKey, JobId, MessageId, ModelId, ShardId,
    UserId,
};
use rei_domain::job::{JobEvent, JobState, LaneName, step};
use rei_domain::ledger::caps::CapRules;
use rei_domain::ledger::{
    Account, Books, ChainHead, HoldPurpose, Movement, Operation, PlatformAccount, Posting,
};
use rei_domain::money::Money;
use rei_domain::retries::BudgetSettings;
use rei_domain::routing::Policy;
use rei_domain::spec::{ImageLook, Input, Output, Spec};
use rei_domain::time::{Moment, Span};

use super::*;
use crate::ports::assets::{Asset, MediaKind, NotMedia};
use crate::ports::jobs::{Attempt, Candidate, Favourites};
use crate::ports::ledger::CommandRefusal;
use crate::ports::messenger::{MessengerError, Outgoing};
use crate::ports::provider::Fault;
use crate::ports::view::Rendered;
use crate::routes::RouteSettings;

const USER: UserId = UserId(7);
const SHARD: ShardId = ShardId(0);
const PRICE: Money = Money::from_kopecks(2_500);
pub(super) const COST: Money = Money::from_kopecks(1_200);
/// Two pictures of the test, and not a third.
const INPUTS_BYTES_MAX: u64 = 2 * b"picture".len() as u64;

/// Everything outside of a run, in memory. Each call waits once before its effect and once
/// after it, so a run can be killed on both sides of it.
pub(super) struct World {
    state: Mutex<State>,
}

struct State {
    now: Moment,
    job: Job,
    attempts: Vec<Attempt>,
    leased_until: Moment,
    books: Books,
    stored: Vec<AssetId>,
    outbox: Vec<String>,
    answers: VecDeque<Result<(), ProviderError>>,
    provider_calls: u32,
    /// Statements, not leases.
    renewals: u32,
    policy: AmbiguityPolicy,
}

impl World {
    pub(super) fn new(
        policy: AmbiguityPolicy,
        answers: Vec<Result<(), ProviderError>>,
    ) -> Arc<Self> {
        let mut books = Books::new(SHARD, ChainHead::genesis(), Moment(0), CapRules::default());
        let grant = Movement::GrantBonus { amount: PRICE };
        let hold = Movement::PlaceHold {
            hold: HoldId::new("job"),
            amount: PRICE,
            expires_at: Moment(1),
            purpose: HoldPurpose::Job,
            platform_cost: Money::ZERO,
        };
        for (key, movement) in [("welcome", grant), ("hold", hold)] {
            let posting = posting(vec![operation(key, movement)]);
            books.post(&posting).expect("the test's own postings stand");
        }
        Arc::new(Self {
            state: Mutex::new(State {
                now: Moment(0),
                job: waiting_job(),
                attempts: Vec::new(),
                leased_until: Moment(0),
                books,
                stored: Vec::new(),
                outbox: Vec::new(),
                answers: answers.into(),
                provider_calls: 0,
                renewals: 0,
                policy,
            }),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics under the lock")
    }

    async fn effect<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        tokio::task::yield_now().await;
        let value = change(&mut self.state());
        tokio::task::yield_now().await;
        value
    }

    /// What the scheduler does: leases the job if it may be.
    pub(super) fn lease(&self) -> Option<Job> {
        let mut state = self.state();
        let waits = state.job.state == JobState::Queued;
        let orphaned = state.job.state.is_worked_on() && state.leased_until <= state.now;
        if !waits && !orphaned {
            return None;
        }
        state.job.fence = Fence(state.job.fence.0 + 1);
        state.job.state = step(state.job.state, JobEvent::Lease).expect("it may be leased");
        state.leased_until = state.now + Span::from_secs(10);
        Some(state.job.clone())
    }

    pub(super) fn advance(&self, span: Span) {
        let mut state = self.state();
        state.now = state.now + span;
    }

    /// Works until the job is settled, as the node would after the crash.
    async fn work_to_the_end(self: &Arc<Self>) {
        self.work_to_the_end_with(&ports(self)).await;
    }

    pub(super) async fn work_to_the_end_with(&self, ports: &RunnerPorts) {
        for _ in 0..20 {
            self.advance(Span::from_secs(60));
            let Some(job) = self.lease() else {
                return;
            };
            run(ports, &settings(), job, &decision()).await;
        }
        panic!("the job never ends: {:?}", self.state().job.state);
    }

    /// The promises of money, whatever happened.
    pub(super) fn audit(&self) {
        let state = self.state();
        let available = state.books.balance(Account::Available(USER));
        let held = state.books.balance(Account::Held(USER));
        let revenue = state.books.balance(platform(PlatformAccount::Revenue));
        let ending = state.job.ending.expect("a settled job has an ending");
        assert_eq!(held, Money::ZERO, "a settled job holds nothing");
        assert!(state.attempts.len() <= 3, "attempts are bounded");
        match ending {
            Ending::Delivered => {
                assert_eq!((available, revenue), (Money::ZERO, PRICE), "one charge");
                assert_eq!(state.stored, [AssetId::new("job")], "one result");
                assert_eq!(state.outbox, ["end:job", "result:job"], "one delivery");
            }
            _ => {
                assert_eq!((available, revenue), (PRICE, Money::ZERO), "all back");
                assert_eq!(state.outbox, ["end:job"], "one notice");
            }
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.state().job.state.is_settled()
    }

    pub(super) fn booked_calls(&self) -> i64 {
        let state = self.state();
        let owed = state.books.balance(platform(PlatformAccount::ProviderOwed));
        owed.kopecks() / COST.kopecks()
    }
}

fn platform(account: PlatformAccount) -> Account {
    Account::Platform(account, SHARD)
}

fn posting(operations: Vec<Operation>) -> Posting {
    Posting {
        user: USER,
        operations,
    }
}

fn operation(key: &str, movement: Movement) -> Operation {
    Operation {
        key: IdempotencyKey::new(key),
        movement,
        reference: "job:job".into(),
    }
}

pub(crate) fn waiting_job() -> Job {
    Job {
        id: JobId::new("job"),
        draft: DraftId::new("draft"),
        user: USER,
        chat: ChatId(7),
        hold: HoldId::new("job"),
        lane: LaneName::Normal,
        model: ModelId::new("model"),
        spec: Spec {
            prompt: "a cat".into(),
            output: Output::Image(ImageLook::default()),
            inputs: vec![Input::sent_picture("file", None)],
        },
        price: PRICE,
        state: JobState::Queued,
        fence: Fence(0),
        attempt: 0,
        provider: None,
        provider_job: None,
        result: None,
        ending: None,
        created_at: Moment(0),
        deadline_at: Moment(0) + Span::from_secs(3_600),
        finished_at: None,
    }
}

pub(super) fn picture() -> Media {
    Media {
        bytes: Bytes::from_static(b"picture"),
        kind: MediaKind::Png,
        width: 1,
        height: 1,
        millis: 0,
    }
}

pub(super) fn settings() -> RunnerSettings {
    RunnerSettings {
        lease: Span::from_secs(10),
        renew_every: Duration::from_secs(3),
        attempts_max: 3,
        retry_base: Span::from_secs(1),
        retry_max: Span::from_secs(30),
        patience: Patience {
            tries: 3,
            base: Duration::from_millis(10),
            max: Duration::from_millis(10),
        },
        inputs_bytes_max: INPUTS_BYTES_MAX,
        video_inputs_bytes_max: INPUTS_BYTES_MAX,
    }
}

pub(super) fn decision() -> DecisionRecord {
    DecisionRecord::begun_before(Moment(0))
}

pub(crate) fn route_settings() -> RouteSettings {
    RouteSettings {
        policy: Policy {
            cost: 1.0,
            latency: 0.3,
            load: 0.1,
            latency_target_secs: 180.0,
            tried: 1.0,
            equal_within: 0.02,
            cost_max_percent: 150,
        },
        breaker: BreakerSettings {
            failures_max: 5,
            cooldown: Span::from_secs(5),
            cooldown_max: Span::from_secs(30),
        },
        retries: BudgetSettings {
            share_percent: 20,
            saved_max: 10,
        },
    }
}

pub(super) fn ports(world: &Arc<World>) -> RunnerPorts {
    RunnerPorts {
        clock: world.clone(),
        jobs: world.clone(),
        assets: world.clone(),
        media: world.clone(),
        links: world.clone(),
        messenger: world.clone(),
        poster: world.clone(),
        provider: world.clone(),
        routes: Arc::new(Routes::new(vec![world.clone()], route_settings())),
        etas: Arc::new(Etas::new(1, 1)),
        nudges: Nudges::new(),
        renewals: Renewals::new(world.clone()),
        outbox: Bell::new(),
    }
}

impl Clock for World {
    fn now(&self) -> Moment {
        self.state().now
    }
}

impl State {
    /// A write under a lease.
    fn guarded(&mut self, lease: &LeaseToken, event: JobEvent) -> Result<(), LeaseError> {
        if lease.fence != self.job.fence {
            return Err(LeaseError::Lost);
        }
        self.job.state = step(self.job.state, event).map_err(|_| LeaseError::Lost)?;
        Ok(())
    }

    fn mark_last(&mut self, outcome: AttemptOutcome, cause: Option<&str>) {
        if let Some(last) = self.attempts.last_mut() {
            last.outcome = outcome;
            last.cause = cause.map(str::to_owned);
        }
    }
}

#[async_trait]
impl JobStore for World {
    async fn job(&self, _: &JobId) -> Result<Option<Job>, StoreError> {
        Ok(Some(self.state().job.clone()))
    }

    async fn attempts(&self, _: &JobId) -> Result<Vec<Attempt>, StoreError> {
        Ok(self.effect(|state| state.attempts.clone()).await)
    }

    async fn candidates(
        &self,
        _: Kind,
        _: LaneName,
        _: Moment,
        _: u32,
    ) -> Result<Vec<Candidate>, StoreError> {
        Ok(Vec::new())
    }

    async fn oldest_of_users(
        &self,
        _: Kind,
        _: LaneName,
        _: UserId,
        _: Moment,
        _: u32,
    ) -> Result<Vec<Candidate>, StoreError> {
        Ok(Vec::new())
    }

    async fn jobs(&self, _: &[JobId]) -> Result<Vec<Job>, StoreError> {
        Ok(Vec::new())
    }

    async fn due_lanes(&self, _: Moment) -> Result<Vec<(Kind, LaneName)>, StoreError> {
        Ok(Vec::new())
    }

    async fn lease_all(
        &self,
        _: &[JobId],
        _: &str,
        _: Moment,
        _: Moment,
    ) -> Result<Vec<Job>, StoreError> {
        Ok(Vec::new())
    }

    async fn renew(
        &self,
        leases: &[LeaseToken],
        until: Moment,
    ) -> Result<Vec<LeaseToken>, StoreError> {
        tokio::task::yield_now().await;
        let mut state = self.state();
        state.leased_until = until;
        state.renewals += 1;
        let fence = state.job.fence;
        Ok(leases
            .iter()
            .filter(|l| l.fence == fence)
            .cloned()
            .collect())
    }

    async fn release(&self, _: &[LeaseToken], _: Moment) -> Result<(), StoreError> {
        Ok(())
    }

    async fn begin_attempt(
        &self,
        lease: &LeaseToken,
        attempt: u32,
        provider: &str,
        _: &DecisionRecord,
        _: Moment,
    ) -> Result<(), LeaseError> {
        self.effect(|state| {
            state.guarded(lease, JobEvent::BeginSubmit)?;
            state.job.attempt = attempt;
            state.job.provider = Some(provider.to_owned());
            state.attempts.push(Attempt {
                number: attempt,
                provider: provider.to_owned(),
                outcome: AttemptOutcome::Begun,
                cause: None,
                decision: None,
            });
            Ok(())
        })
        .await
    }

    async fn accepted(
        &self,
        lease: &LeaseToken,
        _: u32,
        provider_job: &str,
        _: Moment,
    ) -> Result<(), LeaseError> {
        self.effect(|state| {
            state.guarded(lease, JobEvent::Accept)?;
            state.job.provider_job = Some(provider_job.to_owned());
            Ok(())
        })
        .await
    }

    async fn rendered(
        &self,
        lease: &LeaseToken,
        _: u32,
        result: &AssetId,
        _: Moment,
    ) -> Result<(), LeaseError> {
        self.effect(|state| {
            state.guarded(lease, JobEvent::Render)?;
            state.mark_last(AttemptOutcome::Accepted, None);
            state.job.result = Some(result.clone());
            Ok(())
        })
        .await
    }

    async fn requeue(
        &self,
        lease: &LeaseToken,
        attempt: Option<AttemptEnd>,
        _: Moment,
        _: Moment,
    ) -> Result<(), LeaseError> {
        self.effect(|state| {
            state.guarded(lease, JobEvent::Requeue)?;
            if let Some(end) = attempt {
                state.mark_last(end.outcome, end.cause.as_deref());
            }
            Ok(())
        })
        .await
    }

    async fn favourites(&self, _: &Job) -> Result<Favourites, StoreError> {
        unreachable!("a run asks for nobody's favourites")
    }

    async fn overdue(&self, _: Moment, _: u32) -> Result<Vec<Job>, StoreError> {
        unreachable!("a run looks after its own job only")
    }

    async fn keep_late(&self, _: &JobId, _: &AssetId, _: NewOutbox) -> Result<bool, StoreError> {
        unreachable!("a run ends in time or not at all")
    }

    async fn unfinished(&self, _: UserId, _: u32) -> Result<Vec<Job>, StoreError> {
        Ok(Vec::new())
    }

    async fn position(&self, _: &JobId) -> Result<Option<u32>, StoreError> {
        Ok(None)
    }

    async fn waiting(&self) -> Result<Vec<(LaneName, u32)>, StoreError> {
        Ok(Vec::new())
    }

    async fn sent_result(&self, _: ChatId, _: MessageId) -> Result<Option<SentResult>, StoreError> {
        Ok(None)
    }
}

#[async_trait]
impl Assets for World {
    async fn put(&self, id: &AssetId, user: UserId, p: &Media) -> Result<Asset, StoreError> {
        self.effect(|state| {
            if !state.stored.contains(id) {
                state.stored.push(id.clone());
            }
        })
        .await;
        Ok(Asset {
            id: id.clone(),
            user,
            kind: p.kind,
            width: p.width,
            height: p.height,
            millis: p.millis,
            size: 7,
            sha256: String::new(),
        })
    }

    async fn find(&self, _: &AssetId) -> Result<Option<Asset>, StoreError> {
        Ok(None)
    }

    async fn get(&self, _: &AssetId) -> Result<Option<Media>, StoreError> {
        Ok(None)
    }
}

impl MediaCheck for World {
    fn picture(&self, _: Bytes) -> Result<Media, NotMedia> {
        Ok(picture())
    }

    fn clip(&self, _: Bytes) -> Result<Media, NotMedia> {
        Err(NotMedia::NoClip)
    }
}

impl Links for World {
    fn link(&self, asset: &Asset, _: Moment) -> Option<String> {
        Some(format!("https://bot.example/{}", asset.id))
    }
}

#[async_trait]
impl Messenger for World {
    async fn send(&self, _: ChatId, _: &Outgoing) -> Result<MessageId, MessengerError> {
        Ok(MessageId(1))
    }

    async fn edit(&self, _: ChatId, _: MessageId, _: &Rendered) -> Result<(), MessengerError> {
        Ok(())
    }

    async fn answer_tap(&self, _: &str, _: Option<&str>) -> Result<(), MessengerError> {
        Ok(())
    }

    async fn show_working(&self, _: ChatId) -> Result<(), MessengerError> {
        Ok(())
    }

    async fn fetch(&self, _: &str, _: u64) -> Result<Bytes, FetchError> {
        Ok(self.effect(|_| Bytes::from_static(b"input")).await)
    }
}

#[async_trait]
impl Poster for World {
    async fn post(&self, command: LedgerCommand) -> Result<LedgerOutcome, StoreError> {
        Ok(self
            .effect(|state| {
                let posting = &command.posting;
                let before = state.books.was_applied(posting);
                if before == Ok(false)
                    && let Err(refusal) = ride(state, &command.rider)
                {
                    return LedgerOutcome::Refused(refusal);
                }
                let applied = match state.books.post(posting) {
                    Ok(applied) => applied,
                    Err(refusal) => return LedgerOutcome::Refused(refusal.into()),
                };
                if before == Ok(false) {
                    let keys = command.outbox.iter().map(|message| message.key.clone());
                    state.outbox.extend(keys);
                }
                LedgerOutcome::Applied {
                    applied,
                    balance: Balance::default(),
                }
            })
            .await)
    }
}

fn ride(state: &mut State, rider: &Rider) -> Result<(), CommandRefusal> {
    let moved = |state: &State| CommandRefusal::JobMoved {
        state: Some(state.job.state),
    };
    match rider {
        Rider::Finish {
            fence,
            ending,
            attempt,
            ..
        } => {
            let event = match ending {
                Ending::Delivered => JobEvent::Settle,
                _ => JobEvent::Fail,
            };
            if *fence != state.job.fence {
                return Err(moved(state));
            }
            state.job.state = step(state.job.state, event).map_err(|_| moved(state))?;
            state.job.ending = Some(*ending);
            if let Some(end) = attempt {
                state.mark_last(end.outcome, end.cause.as_deref());
            }
            Ok(())
        }
        Rider::RetryLost { fence, cause, .. } => {
            if *fence != state.job.fence {
                return Err(moved(state));
            }
            state.job.state = step(state.job.state, JobEvent::Requeue).map_err(|_| moved(state))?;
            state.mark_last(AttemptOutcome::Lost, Some(cause));
            Ok(())
        }
        Rider::None
        | Rider::Submit { .. }
        | Rider::Cancel { .. }
        | Rider::Credit(_)
        | Rider::HoldRefund(_)
        | Rider::SettleRefund(_)
        | Rider::Reverse(_)
        | Rider::Usage(_) => panic!("a run sends no such rider"),
    }
}

#[async_trait]
impl Provider for World {
    fn name(&self) -> &'static str {
        "world"
    }

    fn ambiguity(&self) -> AmbiguityPolicy {
        self.state().policy
    }

    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Image]
    }

    fn cost_estimate(&self, _: &Spec) -> Option<Money> {
        Some(COST)
    }

    async fn submit(&self, _: &RenderRequest) -> Result<Submission, ProviderError> {
        let answer = self
            .effect(|state| {
                state.provider_calls += 1;
                state.answers.pop_front().unwrap_or(Ok(()))
            })
            .await;
        answer.map(|()| {
            Submission::Done(RenderResult {
                media: picture(),
                cost: Some(COST),
            })
        })
    }

    async fn poll(&self, _: &str) -> Result<ProviderProgress, ProviderError> {
        Err(ProviderError::Broken {
            fault: Fault::Request,
            cause: "no jobs",
        })
    }
}

/// Runs the job, kills the run at its `point`-th wait, and lets the house go on. Returns
/// `false` when the run ended before it could be killed.
async fn kill_at(world: &Arc<World>, point: usize) -> bool {
    let job = world.lease().expect("the job waits");
    let ports = ports(world);
    let settings = settings();
    let kept = decision();
    let mut run = Box::pin(run(&ports, &settings, job, &kept));
    for _ in 0..point {
        if run.as_mut().now_or_never().is_some() {
            return false;
        }
    }
    true
}

async fn kill_everywhere(
    policy: AmbiguityPolicy,
    answers: &[Result<(), ProviderError>],
    check: impl Fn(&World),
) {
    let mut points = 0;
    loop {
        let world = World::new(policy, answers.to_vec());
        let killed = kill_at(&world, points).await;
        world.work_to_the_end().await;
        world.audit();
        check(&world);
        if !killed {
            assert!(points > 5, "the run was killed in too few places");
            return;
        }
        points += 1;
    }
}

fn refused() -> Result<(), ProviderError> {
    Err(ProviderError::Refused { reason: "safety" })
}

fn later() -> Result<(), ProviderError> {
    Err(ProviderError::Retryable {
        after: None,
        cause: "overloaded",
    })
}

fn lost() -> Result<(), ProviderError> {
    Err(ProviderError::Ambiguous { cause: "reset" })
}

#[tokio::test(start_paused = true)]
async fn a_killed_run_delivers_once_and_charges_once() {
    kill_everywhere(AmbiguityPolicy::RetryOnce, &[], |world| {
        let state = world.state();
        assert_eq!(state.job.ending, Some(Ending::Delivered));
        assert!(state.provider_calls <= 2, "retried once at most");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn every_call_that_may_have_been_billed_is_in_the_books() {
    kill_everywhere(AmbiguityPolicy::RetryOnce, &[], |world| {
        let calls = i64::from(world.state().provider_calls);
        assert!(world.booked_calls() >= calls, "an unbooked call");
        assert!(world.booked_calls() <= calls + 1, "booked out of thin air");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn with_the_refund_policy_a_lost_answer_is_never_asked_again() {
    kill_everywhere(AmbiguityPolicy::Refund, &[], |world| {
        assert!(world.state().provider_calls <= 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_killed_refusal_returns_the_money_once() {
    kill_everywhere(AmbiguityPolicy::Refund, &[refused()], |world| {
        assert_ne!(world.state().job.ending, Some(Ending::Delivered));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_overloaded_provider_is_asked_three_times_and_then_the_money_is_back() {
    let world = World::new(
        AmbiguityPolicy::RetryOnce,
        vec![later(), later(), later(), later()],
    );
    world.work_to_the_end().await;
    world.audit();
    assert_eq!(world.state().provider_calls, 3);
    assert_eq!(world.state().job.ending, Some(Ending::ProviderFailed));
}

#[tokio::test(start_paused = true)]
async fn two_lost_answers_are_two_losses_and_a_refund() {
    let world = World::new(AmbiguityPolicy::RetryOnce, vec![lost(), lost()]);
    world.work_to_the_end().await;
    world.audit();
    assert_eq!(world.state().provider_calls, 2);
    assert_eq!(world.booked_calls(), 2);
    assert_eq!(world.state().job.ending, Some(Ending::ProviderFailed));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_lost_at_the_last_attempt_is_not_asked_for_again() {
    let world = World::new(AmbiguityPolicy::RetryOnce, vec![later(), later(), lost()]);
    world.work_to_the_end().await;
    world.audit();
    assert_eq!(world.state().provider_calls, 3);
    assert_eq!(world.state().job.ending, Some(Ending::ProviderFailed));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_final_and_not_repeated() {
    let world = World::new(AmbiguityPolicy::RetryOnce, vec![refused()]);
    world.work_to_the_end().await;
    world.audit();
    assert_eq!(world.state().provider_calls, 1);
    assert_eq!(world.state().job.ending, Some(Ending::ModerationRefused));
}

#[tokio::test(start_paused = true)]
async fn inputs_that_are_too_large_together_cost_nothing_and_never_reach_the_provider() {
    for (inputs, ending, calls) in [(2, Ending::Delivered, 1), (3, Ending::InputsTooLarge, 0)] {
        let world = World::new(AmbiguityPolicy::RetryOnce, Vec::new());
        let input = world.state().job.spec.inputs[0].clone();
        world.state().job.spec.inputs = vec![input; inputs];
        world.work_to_the_end().await;
        world.audit();
        assert_eq!(world.state().provider_calls, calls);
        assert_eq!(world.state().job.ending, Some(ending));
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_lost_its_lease_changes_nothing() {
    let world = World::new(AmbiguityPolicy::RetryOnce, Vec::new());
    let old = world.lease().expect("the job waits");
    world.advance(Span::from_secs(60));
    let new = world.lease().expect("the lease ran out");
    assert_eq!(
        run(&ports(&world), &settings(), old, &decision()).await,
        RunEnd::LeaseLost
    );
    assert_eq!(world.state().provider_calls, 0);
    let end = run(&ports(&world), &settings(), new, &decision()).await;
    assert_eq!(end, RunEnd::Finished(Ending::Delivered));
    world.audit();
}

#[tokio::test(start_paused = true)]
async fn a_job_past_its_deadline_ends_without_asking_the_provider() {
    let world = World::new(AmbiguityPolicy::RetryOnce, Vec::new());
    world.advance(Span::from_secs(4_000));
    world.work_to_the_end().await;
    world.audit();
    assert_eq!(world.state().provider_calls, 0);
    assert_eq!(world.state().job.ending, Some(Ending::TimedOut));
}

#[tokio::test(start_paused = true)]
async fn leases_that_are_renewed_together_cost_one_statement_and_each_hears_its_own_fate() {
    let world = World::new(AmbiguityPolicy::Refund, Vec::new());
    let renewals = Renewals::new(world.clone());
    let fence = world.state().job.fence;
    let token = |fence| LeaseToken {
        job: JobId::new("job"),
        fence,
    };
    let lost = Fence(fence.0 + 1);
    let fences = (0..100).map(|number| if number == 7 { lost } else { fence });
    let renewed = fences.map(|fence| renewals.renew(token(fence), Moment(9)));
    let held = futures_util::future::try_join_all(renewed).await.unwrap();
    assert_eq!(held.iter().filter(|held| !**held).count(), 1);
    assert!(!held[7]);
    let statements = world.state().renewals;
    assert!(
        statements <= 2,
        "{statements} statements for a hundred leases"
    );
}
