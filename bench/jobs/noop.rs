//! A house with a ledger, a scheduler and one provider that does no work.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use diesel::QueryableByName;
use diesel::sql_types::BigInt;
use rei_actors::batch::BatchLimits;
use rei_actors::bell::Bell;
use rei_actors::etas::Etas;
use rei_actors::ledger::{Ledger, LedgerActor};
use rei_actors::nudges::Nudges;
use rei_actors::orders::{Order, submit_command};
use rei_actors::patience::Patience;
use rei_actors::ports::StoreError;
use rei_actors::ports::assets::{Asset, Assets, Media, MediaKind};
use rei_actors::ports::clock::Clock;
use rei_actors::ports::drafts::{DraftStore, TurnCommit};
use rei_actors::ports::jobs::Job;
use rei_actors::ports::ledger::{LedgerCommand, LedgerOutcome, LedgerStore, Poster, Rider};
use rei_actors::ports::links::Links;
use rei_actors::ports::messenger::{FetchError, Messenger, MessengerError, Outgoing};
use rei_actors::ports::provider::{
    Provider, ProviderError, ProviderProgress, RenderRequest, RenderResult, Submission,
};
use rei_actors::ports::view::Rendered;
use rei_actors::provider::{ProviderActor, ProviderSettings};
use rei_actors::renewals::Renewals;
use rei_actors::routes::{RouteSettings, Routes};
use rei_actors::runner::{RunnerPorts, RunnerSettings};
use rei_actors::scheduler::dispatch::{DispatchPorts, DispatchSettings};
use rei_actors::scheduler::slots::UserBounds;
use rei_actors::scheduler::{JobScheduler, ProviderSlots, SchedulerSettings};
use rei_actors::supervision::{ChildSpec, Tree};
use rei_bot::media::Headers;
use rei_bot::store::{Conn, Db, DraftRows, JobRows, Stmt};
use rei_domain::billing::AmbiguityPolicy;
use rei_domain::breaker::BreakerSettings;
use rei_domain::draft::{Draft, DraftState};
use rei_domain::ids::{
    AssetId, ChatId, DraftId, Fence, HoldId, JobId, MessageId, ModelId, Nonce, ShardId, UserId,
};
use rei_domain::job::{JobState, LaneName};
use rei_domain::ledger::Applied;
use rei_domain::money::Money;
use rei_domain::retries::BudgetSettings;
use rei_domain::routing::Policy;
use rei_domain::spec::{ImageLook, Kind, Output, Spec};
use rei_domain::time::{Moment, Span};
use tokio::sync::{Notify, Semaphore};

use crate::latency::Latencies;
use crate::world::{World, expect_new};

/// The house's defaults (`config/default.toml`, `[jobs]`).
pub const RENEW_EVERY: Duration = Duration::from_secs(3);
const LEASE: Span = Span::from_secs(10);
const LANE_CAPACITY: usize = 256;
const READ_AT_ONCE: u32 = 64;
const PRICE: Money = Money::from_kopecks(100);
const HOUR: Span = Span::from_secs(3_600);
/// Drafts in one transaction of the preparation.
const PREPARED_BATCH: usize = 512;
const NAMES: [&str; 16] = [
    "n0", "n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8", "n9", "n10", "n11", "n12", "n13", "n14",
    "n15",
];

/// How the provider answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    AtOnce,
    Never,
}

/// The wall clock.
pub struct Now;

impl Clock for Now {
    fn now(&self) -> Moment {
        let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        Moment(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

/// How jobs are dispatched, as the house does by default.
pub fn dispatch_settings() -> DispatchSettings {
    DispatchSettings {
        node: "bench".to_owned(),
        lease: LEASE,
        lane_capacity: LANE_CAPACITY,
        read_at_once: READ_AT_ONCE,
    }
}

/// How routing decides, as the house does by default.
pub fn route_settings() -> RouteSettings {
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

fn spec() -> Spec {
    Spec {
        prompt: "a cat".to_owned(),
        output: Output::Image(ImageLook::default()),
        inputs: Vec::new(),
    }
}

/// A job that waits, as rows give it.
pub fn waiting_job() -> Job {
    let now = Now.now();
    Job {
        id: JobId::new("job"),
        draft: DraftId::new("job"),
        user: UserId(1),
        chat: ChatId(1),
        hold: HoldId::new("job"),
        lane: LaneName::Normal,
        model: ModelId::new("noop"),
        spec: spec(),
        price: PRICE,
        state: JobState::Queued,
        fence: Fence(0),
        attempt: 0,
        provider: None,
        provider_job: None,
        result: None,
        ending: None,
        created_at: now,
        deadline_at: now + HOUR,
        finished_at: None,
    }
}

/// When each job was confirmed, and how long it took from there to the provider.
#[derive(Default)]
struct Pickups {
    confirmed: HashMap<JobId, Instant>,
    took: Latencies,
    /// How long the confirmations themselves took.
    committed: Latencies,
    called: u64,
}

/// A provider that makes nothing.
pub struct Noop {
    name: &'static str,
    answers: Answers,
    pickups: Mutex<Pickups>,
    news: Notify,
}

impl Noop {
    /// One of many, which nobody asks.
    pub fn named(number: usize) -> Noop {
        Noop::new(NAMES[number % NAMES.len()], Answers::AtOnce)
    }

    fn new(name: &'static str, answers: Answers) -> Noop {
        Noop {
            name,
            answers,
            pickups: Mutex::default(),
            news: Notify::new(),
        }
    }

    fn pickups(&self) -> MutexGuard<'_, Pickups> {
        self.pickups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Provider for Noop {
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
        Some(Money::from_kopecks(50))
    }

    async fn submit(&self, request: &RenderRequest) -> Result<Submission, ProviderError> {
        {
            let mut pickups = self.pickups();
            if let Some(confirmed) = pickups.confirmed.remove(&request.job) {
                pickups.took.push(confirmed.elapsed());
            }
            pickups.called += 1;
        }
        self.news.notify_waiters();
        match self.answers {
            Answers::Never => std::future::pending().await,
            Answers::AtOnce => Ok(Submission::Done(RenderResult {
                media: nothing(),
                cost: None,
            })),
        }
    }

    async fn poll(&self, _: &str) -> Result<ProviderProgress, ProviderError> {
        Err(ProviderError::Ambiguous {
            cause: "nothing is polled here",
        })
    }
}

fn nothing() -> Media {
    Media {
        bytes: Bytes::from_static(b"nothing"),
        kind: MediaKind::Png,
        width: 1,
        height: 1,
        millis: 0,
    }
}

/// Keeps no bytes: RQ's jobs bring none either.
struct Unkept;

#[async_trait]
impl Assets for Unkept {
    async fn put(&self, id: &AssetId, user: UserId, media: &Media) -> Result<Asset, StoreError> {
        Ok(Asset {
            id: id.clone(),
            user,
            kind: media.kind,
            width: media.width,
            height: media.height,
            millis: media.millis,
            size: media.bytes.len() as u64,
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

impl Links for Unkept {
    fn link(&self, _: &Asset, _: Moment) -> Option<String> {
        None
    }
}

/// Nobody to talk to: messages stay in the outbox.
struct Nobody;

#[async_trait]
impl Messenger for Nobody {
    async fn send(&self, _: ChatId, _: &Outgoing) -> Result<MessageId, MessengerError> {
        Err(MessengerError::Unreachable)
    }

    async fn edit(&self, _: ChatId, _: MessageId, _: &Rendered) -> Result<(), MessengerError> {
        Err(MessengerError::Unreachable)
    }

    async fn answer_tap(&self, _: &str, _: Option<&str>) -> Result<(), MessengerError> {
        Err(MessengerError::Unreachable)
    }

    async fn show_working(&self, _: ChatId) -> Result<(), MessengerError> {
        Err(MessengerError::Unreachable)
    }

    async fn fetch(&self, _: &str, _: u64) -> Result<Bytes, FetchError> {
        Err(FetchError::Unavailable)
    }
}

/// Counts the jobs that were settled.
struct Counting {
    ledger: Ledger,
    settled: AtomicU64,
    news: Notify,
}

#[async_trait]
impl Poster for Counting {
    async fn post(&self, command: LedgerCommand) -> Result<LedgerOutcome, StoreError> {
        let ends_job = matches!(command.rider, Rider::Finish { .. });
        let outcome = self.ledger.post(command).await;
        let is_new = matches!(
            outcome,
            Ok(LedgerOutcome::Applied {
                applied: Applied::Now,
                ..
            })
        );
        if ends_job && is_new {
            self.settled.fetch_add(1, Relaxed);
            self.news.notify_waiters();
        }
        outcome
    }
}

/// The part of the house that a job goes through.
#[derive(Clone)]
pub struct House(Arc<Inner>);

struct Inner {
    db: Db,
    tree: Mutex<Option<Tree>>,
    arbiters: Vec<actix_rt::Arbiter>,
    provider: Arc<Noop>,
    poster: Arc<Counting>,
    queue: Bell,
    drafts: Mutex<Vec<Draft>>,
    confirmed: AtomicU64,
}

impl House {
    /// Starts the actors on a prepared database, with so many places at the provider.
    pub async fn open(world: &World, places: usize, answers: Answers) -> anyhow::Result<House> {
        let tree = Tree::new(world.db.runtime().clone(), |escalation| {
            eprintln!("an actor cannot be kept running: {escalation:?}");
        });
        // As the house has them: one thread for the ledger, one for work.
        let arbiters = vec![actix_rt::Arbiter::new(), actix_rt::Arbiter::new()];
        let (ledger_arbiter, work_arbiter) = (arbiters[0].handle(), arbiters[1].handle());
        let child = |capacity| ChildSpec {
            capacity,
            ..ChildSpec::default()
        };
        let store: Arc<dyn LedgerStore> = Arc::new(world.ledger());
        let limits = BatchLimits {
            batch_max: 512,
            waiting_max: 4 * places.max(1_024),
        };
        let mut shards = Vec::new();
        for shard in 0..world.shards {
            let store = store.clone();
            let make =
                move || LedgerActor::new(ShardId(shard), store.clone(), Arc::new(Now), limits);
            let spec = child(limits.waiting_max);
            let name = format!("ledger-{shard}");
            shards.push(tree.spawn_child(&name, &ledger_arbiter, spec, make)?);
        }
        let poster = Arc::new(Counting {
            ledger: Ledger::new(shards, Duration::from_secs(60)),
            settled: AtomicU64::new(0),
            news: Notify::new(),
        });
        let jobs = Arc::new(JobRows::new(world.db.clone()));
        let provider = Arc::new(Noop::new("noop", answers));
        let routes = Arc::new(Routes::new(vec![provider.clone()], route_settings()));
        let queue = Bell::new();
        let ports = RunnerPorts {
            clock: Arc::new(Now),
            jobs: jobs.clone(),
            assets: Arc::new(Unkept),
            media: Arc::new(Headers),
            links: Arc::new(Unkept),
            messenger: Arc::new(Nobody),
            poster: poster.clone(),
            provider: provider.clone(),
            routes: routes.clone(),
            etas: Arc::new(Etas::new(1, 1)),
            nudges: Nudges::new(),
            renewals: Renewals::new(jobs.clone()),
            outbox: Bell::new(),
        };
        let bell = queue.clone();
        let gate = tree.spawn_child("provider", &work_arbiter, child(places), move || {
            ProviderActor::new(ports.clone(), provider_settings(), bell.clone())
        })?;
        let backends = vec![ProviderSlots {
            gate,
            slots: Arc::new(Semaphore::new(places)),
            all: u32::try_from(places)?,
        }];
        let dispatch_ports = DispatchPorts {
            clock: Arc::new(Now),
            jobs,
        };
        let settings = SchedulerSettings {
            dispatch: dispatch_settings(),
            poll: Duration::from_secs(1),
            user_bounds: UserBounds::default(),
        };
        let bell = queue.clone();
        tree.spawn_child("scheduler", &work_arbiter, child(16), move || {
            JobScheduler::new(
                dispatch_ports.clone(),
                settings.clone(),
                backends.clone(),
                routes.clone(),
                bell.clone(),
            )
        })?;
        Ok(House(Arc::new(Inner {
            db: world.db.clone(),
            tree: Mutex::new(Some(tree)),
            arbiters,
            provider,
            poster,
            queue,
            drafts: Mutex::default(),
            confirmed: AtomicU64::new(0),
        })))
    }

    /// Makes so many cards that can be confirmed, of as many users as the world has.
    pub async fn prepare(&self, count: u64) -> anyhow::Result<()> {
        let now = Now.now();
        let drafts: Vec<Draft> = (0..count).map(|number| draft(number, now)).collect();
        let rows = DraftRows::new(self.0.db.clone());
        for batch in drafts.chunks(PREPARED_BATCH) {
            let turn = TurnCommit {
                drafts: batch.to_vec(),
                ..TurnCommit::default()
            };
            rows.commit(turn, now).await?;
        }
        self.drafts().extend(drafts);
        Ok(())
    }

    /// Confirms the next card, as its button does; `None` when there is none.
    pub async fn confirm(&self) -> anyhow::Result<Option<()>> {
        let Some(draft) = self.drafts().pop() else {
            return Ok(None);
        };
        let order = Order {
            draft: &draft,
            lane: LaneName::Normal,
            model: ModelId::new("noop"),
            deadline: HOUR,
            platform_cost: Money::ZERO,
        };
        let id = JobId::new(draft.id.as_str());
        let confirmed = Instant::now();
        self.0.provider.pickups().confirmed.insert(id, confirmed);
        let command = submit_command(&order, Now.now());
        expect_new(&self.0.poster.post(command).await?)?;
        self.0
            .provider
            .pickups()
            .committed
            .push(confirmed.elapsed());
        self.0.confirmed.fetch_add(1, Relaxed);
        self.0.queue.ring();
        Ok(Some(()))
    }

    /// Waits until every confirmed job is settled.
    pub async fn settle_all(&self) {
        loop {
            let news = self.0.poster.news.notified();
            if self.settled() >= self.0.confirmed.load(Relaxed) {
                return;
            }
            // What was told between the look and the wait is seen a little later.
            let _ = actix_rt::time::timeout(Duration::from_millis(5), news).await;
        }
    }

    /// Waits until the provider was asked so often.
    pub async fn called(&self, times: u64) {
        while self.0.provider.pickups().called < times {
            let news = self.0.provider.news.notified();
            let _ = actix_rt::time::timeout(Duration::from_millis(50), news).await;
        }
    }

    /// Jobs settled so far.
    pub fn settled(&self) -> u64 {
        self.0.poster.settled.load(Relaxed)
    }

    /// From a confirmation to its commit, and to the provider, of the jobs since the last look.
    pub fn pickups(&self) -> (Latencies, Latencies) {
        let mut pickups = self.0.provider.pickups();
        let committed = std::mem::take(&mut pickups.committed);
        (committed, std::mem::take(&mut pickups.took))
    }

    /// Leases that nobody has renewed in time.
    pub async fn leases_run_out(&self) -> anyhow::Result<i64> {
        let now = Now.now().0;
        let count = async move |conn: &mut Conn| {
            let stmt = Stmt::new(
                "SELECT COUNT(*) AS count FROM jobs WHERE lease_until <= ?",
                vec![now.into()],
            );
            conn.one::<CountRow>(stmt).await
        };
        Ok(self.0.db.read(count).await?.count)
    }

    /// Ends the actors.
    pub async fn close(self) {
        let tree = self
            .0
            .tree
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(tree) = tree {
            tree.shutdown(Duration::from_secs(5)).await;
        }
        for arbiter in &self.0.arbiters {
            arbiter.stop();
        }
    }

    fn drafts(&self) -> MutexGuard<'_, Vec<Draft>> {
        self.0.drafts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn provider_settings() -> ProviderSettings {
    ProviderSettings {
        runner: RunnerSettings {
            lease: LEASE,
            renew_every: RENEW_EVERY,
            attempts_max: 3,
            retry_base: Span::from_secs(2),
            retry_max: Span::from_secs(60),
            patience: Patience {
                tries: 64,
                base: Duration::from_millis(100),
                max: Duration::from_secs(5),
            },
            inputs_bytes_max: 15_000_000,
            video_inputs_bytes_max: 20_000_000,
        },
        drain: Duration::ZERO,
    }
}

fn draft(number: u64, now: Moment) -> Draft {
    let user = i64::try_from(number % crate::world::USERS).expect("users are few") + 1;
    Draft {
        id: DraftId::new(format!("{number:032x}")),
        user: UserId(user),
        chat: ChatId(user),
        state: DraftState::Open,
        spec: spec(),
        price: PRICE,
        nonce: Nonce::new("nonce"),
        created_at: now,
        expires_at: now + HOUR,
    }
}
