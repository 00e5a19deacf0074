//! The house: every part made once, wired, started in order and closed in reverse.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_rt::{Arbiter, ArbiterHandle};
use anyhow::Context as _;
use rei_actors::audit::Auditor;
use rei_actors::bell::Bell;
use rei_actors::cashier::tills::Tills;
use rei_actors::cashier::{Cashier, CashierPorts};
use rei_actors::courier::Courier;
use rei_actors::courier::delivery::CourierPorts;
use rei_actors::etas::Etas;
use rei_actors::gc::{Collecting, GcActor, GcPorts};
use rei_actors::intake::{IntakeActor, IntakeGate};
use rei_actors::late::{LatePorts, LateSettings, LateWatch, Watching};
use rei_actors::ledger::{Ledger, LedgerActor};
use rei_actors::meter::{MeterPorts, Metering, UsageMeter, steady_clock};
use rei_actors::mirror::{Copying, MirrorActor, MirrorPorts};
use rei_actors::notary::{Covering, Notary, NotaryPorts};
use rei_actors::nudges::Nudges;
use rei_actors::poller::Poller as PollerActor;
use rei_actors::ports::assets::{Assets, MediaCheck};
use rei_actors::ports::checkpoints::CheckpointStore;
use rei_actors::ports::clock::Clock;
use rei_actors::ports::commands::Commands;
use rei_actors::ports::intake::Intake;
use rei_actors::ports::jobs::JobStore;
use rei_actors::ports::ledger::LedgerStore;
use rei_actors::ports::messenger::Messenger;
use rei_actors::ports::mirror::Mirror;
use rei_actors::ports::rates::Rates;
use rei_actors::ports::retention::Retention;
use rei_actors::ports::routes::RouteStore;
use rei_actors::ports::view::View;
use rei_actors::provider::ProviderActor;
use rei_actors::renewals::Renewals;
use rei_actors::routes::Routes;
use rei_actors::routes::keeper::{KeeperPorts, Keeping, RouteKeeper, restore};
use rei_actors::runner::RunnerPorts;
use rei_actors::scheduler::dispatch::DispatchPorts;
use rei_actors::scheduler::{JobScheduler, ProviderSlots};
use rei_actors::series::{SeriesDriver, SeriesPorts, SeriesRounds};
use rei_actors::session::UserSession;
use rei_actors::session::conversation::SessionPorts;
use rei_actors::supervision::{Departure, Escalation, Tree};
use rei_domain::admin::Roster;
use rei_domain::ids::{ChatId, ShardId};
use rei_domain::spec::Kind;
use secrecy::SecretString;
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, mpsc};

use super::backends::{self, Backend};
use super::clock::{SystemClock, UuidIds};
use super::readiness::{DatabaseAnswers, DoorIntake, Doors, SchemaIsCurrent};
use super::{settings, tills};
use crate::assets::{AssetStore, Copies, Places};
use crate::config::{self, Config, LinkBase, Loaded};
use crate::http::{
    AdminToken, BuildInfo, FalCallbacks, Files, HttpMetrics, HttpState, KlingCallbacks, Limits,
    Proofs, ReadinessCheck, Server, Webhook, WebhookSecrets, YookassaWebhook,
};
use crate::links::AssetLinks;
use crate::media::Headers;
use crate::payments::stars;
use crate::providers::CallbackKeys;
use crate::rates;
use crate::retention::Collector;
use crate::store::{
    ActRows, AssetRows, AuditRows, CapRows, CheckpointRows, Db, DraftRows, InboxRows, JobRows,
    LedgerRows, NoticeRows, OutboxRows, RetentionRows, RouteRows, SeriesRows, StatementRows,
    TopupRows, UsageRows, UserRows,
};
use crate::telegram::call::BotApi;
use crate::telegram::catalogue::Catalogue;
use crate::telegram::checkout::{CheckoutDesk, DeskPorts};
use crate::telegram::commands::CommandList;
use crate::telegram::interpreter::{TelegramInterpreter, chat_of};
use crate::telegram::menu::{publish_menu, publish_menus_of};
use crate::telegram::messenger::TelegramMessenger;
use crate::telegram::polling::Poller;
use crate::telegram::source::PolledUpdates;
use crate::telegram::stars::StarsApi;
use crate::telegram::view::FluentView;
use crate::telegram::webhook_setup::{WebhookSetup, set_webhook};

/// Threads for calls to Telegram and the providers, and for the watchdogs. They wait far more
/// than they compute.
const OUTSIDE_THREADS: usize = 2;

/// How long a poster or a sender of updates waits for the actor and the database together.
const ASK_LIMIT: Duration = Duration::from_secs(10);

/// How often the notary looks: a day is covered within a minute of its end.
const NOTARY_TICK: Duration = Duration::from_secs(60);

/// How often what routing learned is kept and cordons are read.
const ROUTES_TICK: Duration = Duration::from_secs(1);

/// The name of the payment method whose notices come by its webhook.
const YOOKASSA: &str = "yookassa";

/// Places of actors that are woken by bells and get hardly any messages.
const QUIET_CAPACITY: usize = 16;

/// The wait before Telegram is told again about the menu and the webhook; doubles.
const INTRODUCE_BASE: Duration = Duration::from_secs(1);
const INTRODUCE_MAX: Duration = Duration::from_secs(60);

/// A running house. It must be started and closed on an actix system.
pub struct House {
    config: Config,
    doors: Doors,
    tree: Tree,
    server: Server,
    escalations: mpsc::UnboundedReceiver<Escalation>,
    arbiters: Vec<Arbiter>,
    outside: OutsideRuntime,
    db: Db,
}

/// The runtime for everything outside. Dropping it waits for nothing.
struct OutsideRuntime(Option<Runtime>);

impl OutsideRuntime {
    fn start() -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(OUTSIDE_THREADS)
            .thread_name("rei-outside")
            .enable_all()
            .build()
            .context("the threads for calls to the outside cannot be started")?;
        Ok(Self(Some(runtime)))
    }

    fn handle(&self) -> tokio::runtime::Handle {
        let runtime = self.0.as_ref();
        let runtime = runtime.expect("the runtime is taken out only when it is dropped");
        runtime.handle().clone()
    }
}

impl Drop for OutsideRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// What the actors share.
struct Parts {
    clock: Arc<dyn Clock>,
    jobs: Arc<dyn JobStore>,
    users: Arc<UserRows>,
    usages: Arc<UsageRows>,
    statements: Arc<StatementRows>,
    checkpoints: Arc<dyn CheckpointStore>,
    series: Arc<SeriesRows>,
    caps: Arc<CapRows>,
    rates: Arc<dyn Rates>,
    drafts: Arc<DraftRows>,
    inbox: Arc<InboxRows>,
    outbox_rows: Arc<OutboxRows>,
    notices: Arc<NoticeRows>,
    topups: Arc<TopupRows>,
    tills: Tills,
    ledger_rows: Arc<dyn LedgerStore>,
    acts: Arc<ActRows>,
    auditor: Arc<Auditor>,
    assets: Arc<dyn Assets>,
    links: AssetLinks,
    media: Arc<dyn MediaCheck>,
    messenger: Arc<dyn Messenger>,
    backends: Vec<Backend>,
    routes: Arc<Routes>,
    retention: Arc<dyn Retention>,
    mirror: Arc<dyn Mirror>,
    nudges: Nudges,
    etas: Arc<Etas>,
    route_rows: Arc<dyn RouteStore>,
    view: Arc<dyn View>,
    commands: Arc<dyn Commands>,
    catalogue: Arc<Catalogue>,
    api: BotApi,
    /// Where calls to the outside run.
    outside: tokio::runtime::Handle,
    /// Wakes the courier.
    outbox: Bell,
    /// Wakes the scheduler.
    queue: Bell,
    /// Wakes the meter.
    meter: Bell,
}

impl Parts {
    fn make(
        config: &Config,
        db: &Db,
        places: Places,
        outside: &OutsideRuntime,
    ) -> anyhow::Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let media: Arc<dyn MediaCheck> = Arc::new(Headers);
        let asset_rows = AssetRows::new(db.clone());
        let retention = Collector::new(places.clone(), RetentionRows::new(db.clone()));
        let mirror = Copies::new(places.clone(), asset_rows.clone(), clock.clone());
        let assets = AssetStore::new(places, asset_rows, clock.clone());
        let token = secret(&config.telegram.bot_token, "BOT_TOKEN")?;
        let links = AssetLinks::new(&token);
        let api = BotApi::try_new(&config.telegram.api_url, token, outside.handle())?;
        let catalogue = Arc::new(Catalogue::embedded());
        let commands: Arc<dyn Commands> = Arc::new(CommandList::new(catalogue.clone()));
        let backends = backends::open(config, &media, &links, outside.handle())?;
        let etas = Etas::new(slots(&backends, Kind::Image), slots(&backends, Kind::Video));
        let providers = backends.iter().map(|backend| backend.provider.clone());
        let routes = Arc::new(Routes::new(providers.collect(), settings::routes(config)));
        let log = Arc::new(AuditRows::new(db.clone()));
        Ok(Self {
            acts: Arc::new(ActRows::new(db.clone())),
            auditor: Arc::new(Auditor::new(log, clock.clone(), Arc::new(UuidIds))),
            jobs: Arc::new(JobRows::new(db.clone())),
            users: Arc::new(UserRows::new(db.clone())),
            usages: Arc::new(UsageRows::new(db.clone())),
            statements: Arc::new(StatementRows::new(db.clone())),
            checkpoints: Arc::new(CheckpointRows::new(db.clone())),
            series: Arc::new(SeriesRows::new(db.clone())),
            caps: Arc::new(CapRows::new(db.clone(), config.billing.caps())),
            rates: rates::open(
                config.rates.rules(),
                settings::redis(config),
                outside.handle(),
            )?,
            drafts: Arc::new(DraftRows::new(db.clone())),
            inbox: Arc::new(InboxRows::new(db.clone())),
            outbox_rows: Arc::new(OutboxRows::new(db.clone())),
            notices: Arc::new(NoticeRows::new(db.clone())),
            topups: Arc::new(TopupRows::new(db.clone())),
            tills: tills::open(config, outside.handle())?,
            ledger_rows: Arc::new(LedgerRows::with_caps(db.clone(), config.billing.caps())),
            assets: Arc::new(assets),
            links,
            messenger: Arc::new(TelegramMessenger::new(api.clone())),
            backends,
            routes,
            retention: Arc::new(retention),
            mirror: Arc::new(mirror),
            outside: outside.handle(),
            nudges: Nudges::new(),
            etas: Arc::new(etas),
            route_rows: Arc::new(RouteRows::new(db.clone())),
            view: Arc::new(FluentView::new(catalogue.clone(), commands.clone())),
            catalogue,
            commands,
            clock,
            media,
            api,
            outbox: Bell::new(),
            queue: Bell::new(),
            meter: Bell::new(),
        })
    }
}

fn secret(value: &Option<SecretString>, key: &str) -> anyhow::Result<SecretString> {
    value.clone().with_context(|| format!("{key} is not set"))
}

impl House {
    /// Opens the database, brings its schema up to date and starts every part. Work that a
    /// former process left behind is taken up at once.
    pub async fn start(loaded: &Loaded) -> anyhow::Result<House> {
        let config = loaded.config.clone();
        let db = Db::try_new(&settings::database(&config))?;
        db.migrate().await?;
        let outside = OutsideRuntime::start()?;
        let places = Places::open(&config.assets, &outside.handle())?;
        places.check().await?;
        let mirrored = places.clone();
        outside
            .handle()
            .spawn(async move { mirrored.check_mirror().await });
        let parts = Parts::make(&config, &db, places, &outside)?;
        let doors = Doors::default();
        let (tell, escalations) = mpsc::unbounded_channel();
        let shut = doors.clone();
        let tree = Tree::new(outside.handle(), move |escalation: Escalation| {
            shut.close();
            // Whoever listened has left: the process is ending already.
            let _ = tell.send(escalation);
        });
        let mut arbiters = Vec::new();
        let intake = start_actors(&config, &parts, &tree, &mut arbiters, &doors, &outside).await?;
        let server = start_server(loaded, &db, &doors, &tree, &parts, intake)?;
        match (config.assets.links, &config.http.public_url) {
            (LinkBase::PublicUrl, Some(url)) => parts.links.serve_at(url),
            (LinkBase::PublicUrl, None) => {}
            (LinkBase::Listener, _) => parts.links.serve_at(&format!("http://{}", server.addr())),
        }
        doors.open();
        outside.handle().spawn(introduce(
            parts.api.clone(),
            parts.commands.clone(),
            webhook_setup(&config)?,
            settings::roster(&config),
        ));
        Ok(House {
            config,
            doors,
            tree,
            server,
            escalations,
            arbiters,
            outside,
            db,
        })
    }

    /// Where HTTP is served.
    pub fn addr(&self) -> SocketAddr {
        self.server.addr()
    }

    /// The database, for the audit.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// Resolves when an actor could not be healed: the process should end and start anew.
    pub async fn given_up(&mut self) -> Escalation {
        match self.escalations.recv().await {
            Some(escalation) => escalation,
            // The tree that could tell is gone, so nothing will.
            None => std::future::pending().await,
        }
    }

    /// Takes nothing more in, lets work end or gives it back, sends what is written, and stops;
    /// all of it within the configured time.
    pub async fn close(self) {
        self.doors.close();
        let limit = self.config.shutdown.drain;
        for farewell in self.tree.shutdown(limit).await {
            match farewell.departure {
                Departure::Drained => {}
                Departure::Cut | Departure::Stuck => {
                    tracing::warn!(actor = %farewell.actor, "stopped with work left, its rows wait");
                }
            }
        }
        self.server.stop().await;
        for arbiter in &self.arbiters {
            arbiter.stop();
        }
        drop(self.outside);
    }
}

/// Starts the actors; those that depend on others come after them and are closed before them.
async fn start_actors(
    config: &Config,
    parts: &Parts,
    tree: &Tree,
    arbiters: &mut Vec<Arbiter>,
    doors: &Doors,
    outside: &OutsideRuntime,
) -> anyhow::Result<Arc<dyn Intake>> {
    let mut arbiter = || {
        let arbiter = Arbiter::new();
        let handle = arbiter.handle();
        arbiters.push(arbiter);
        handle
    };
    let ledger_arbiter = arbiter();
    let work_arbiter = arbiter();
    let chat_arbiter = arbiter();

    let mut shards = Vec::new();
    for shard in 0..parts.ledger_rows.shards().await? {
        let (store, clock) = (parts.ledger_rows.clone(), parts.clock.clone());
        let limits = settings::ledger(config);
        let spec = settings::child(config, config.ledger.waiting_max);
        let name = format!("ledger-{shard}");
        shards.push(tree.spawn_child(&name, &ledger_arbiter, spec, move || {
            LedgerActor::new(ShardId(shard), store.clone(), clock.clone(), limits)
        })?);
    }
    let poster = Arc::new(Ledger::new(shards, ASK_LIMIT));

    let courier_ports = CourierPorts {
        clock: parts.clock.clone(),
        outbox: parts.outbox_rows.clone(),
        users: parts.users.clone(),
        jobs: parts.jobs.clone(),
        drafts: parts.drafts.clone(),
        topups: parts.topups.clone(),
        usages: parts.usages.clone(),
        assets: parts.assets.clone(),
        links: Arc::new(parts.links.clone()),
        link_for: settings::span(config.assets.link_for),
        etas: parts.etas.clone(),
        messenger: parts.messenger.clone(),
        view: parts.view.clone(),
    };
    let (courier_settings, bell) = (settings::courier(config), parts.outbox.clone());
    let spec = settings::child(config, QUIET_CAPACITY);
    tree.spawn_child("courier", &chat_arbiter, spec, move || {
        Courier::new(courier_ports.clone(), courier_settings, bell.clone())
    })?;

    let session_ports = SessionPorts {
        clock: parts.clock.clone(),
        ids: Arc::new(UuidIds),
        inbox: parts.inbox.clone(),
        users: parts.users.clone(),
        drafts: parts.drafts.clone(),
        jobs: parts.jobs.clone(),
        assets: parts.assets.clone(),
        media: parts.media.clone(),
        topups: parts.topups.clone(),
        notices: parts.notices.clone(),
        tills: parts.tills.clone(),
        usages: parts.usages.clone(),
        statements: parts.statements.clone(),
        checkpoints: parts.checkpoints.clone(),
        series: parts.series.clone(),
        caps: parts.caps.clone(),
        rates: parts.rates.clone(),
        acts: parts.acts.clone(),
        auditor: parts.auditor.clone(),
        poster: poster.clone(),
        routes: parts.routes.clone(),
        cordons: parts.route_rows.clone(),
        messenger: parts.messenger.clone(),
        interpreter: Arc::new(TelegramInterpreter),
        view: parts.view.clone(),
        commands: parts.commands.clone(),
        outbox: parts.outbox.clone(),
        queue: parts.queue.clone(),
        meter: parts.meter.clone(),
    };
    start_cashiers(config, parts, tree, &work_arbiter, &poster)?;

    let (session_settings, rest) = (settings::session(config), settings::session_rest(config));
    let sessions = tree.spawn_nursery(
        "sessions",
        vec![chat_arbiter.clone()],
        settings::nursery(config),
        move |chat: &ChatId| {
            UserSession::new(*chat, session_ports.clone(), session_settings.clone(), rest)
        },
    )?;

    let meter_ports = MeterPorts {
        clock: parts.clock.clone(),
        steady: steady_clock(),
        usages: parts.usages.clone(),
        poster: poster.clone(),
        outbox: parts.outbox.clone(),
    };
    let (tick, bell) = (config.usage.tick, parts.meter.clone());
    let spec = settings::child(config, QUIET_CAPACITY);
    tree.spawn_child("meter", &work_arbiter, spec, move || {
        UsageMeter::new(Metering::new(meter_ports.clone(), tick, bell.clone()))
    })?;

    let notary_ports = NotaryPorts {
        clock: parts.clock.clone(),
        checkpoints: parts.checkpoints.clone(),
    };
    let spec = settings::child(config, QUIET_CAPACITY);
    tree.spawn_child("notary", &work_arbiter, spec, move || {
        Notary::new(Covering::new(notary_ports.clone(), NOTARY_TICK))
    })?;

    let series_ports = SeriesPorts {
        clock: parts.clock.clone(),
        series: parts.series.clone(),
        drafts: parts.drafts.clone(),
        users: parts.users.clone(),
        poster: poster.clone(),
        routes: parts.routes.clone(),
        view: parts.view.clone(),
        outbox: parts.outbox.clone(),
        queue: parts.queue.clone(),
    };
    let series_settings = settings::series(config);
    let spec = settings::child(config, QUIET_CAPACITY);
    tree.spawn_child("series", &work_arbiter, spec, move || {
        SeriesDriver::new(SeriesRounds::new(
            series_ports.clone(),
            series_settings.clone(),
        ))
    })?;

    let (inbox, intake_settings) = (parts.inbox.clone(), settings::intake(config));
    let spec = settings::child(config, config.intake.waiting_max);
    let intake = tree.spawn_child("intake", &chat_arbiter, spec, move || {
        IntakeActor::new(inbox.clone(), Arc::new(sessions.clone()), intake_settings)
    })?;
    let desk_ports = DeskPorts {
        stars: StarsApi::new(parts.api.clone()),
        topups: parts.topups.clone(),
        clock: parts.clock.clone(),
        catalogue: parts.catalogue.clone(),
        method: stars::NAME,
        runtime: outside.handle(),
    };
    let intake: Arc<dyn Intake> = Arc::new(DoorIntake {
        doors: doors.clone(),
        inner: CheckoutDesk::new(IntakeGate::new(intake, ASK_LIMIT), desk_ports),
    });

    start_workers(config, parts, tree, &work_arbiter, &poster).await?;

    if config.http.public_url.is_none() {
        let (api, clock, sink) = (parts.api.clone(), parts.clock.clone(), intake.clone());
        let spec = settings::child(config, QUIET_CAPACITY);
        tree.spawn_child("poller", &chat_arbiter, spec, move || {
            let (api, clock) = (api.clone(), clock.clone());
            PollerActor::new(
                Arc::new(move || {
                    let poller = Poller::new(api.clone(), clock.clone());
                    Box::new(PolledUpdates::new(poller))
                }),
                sink.clone(),
            )
        })?;
    }
    Ok(intake)
}

/// An actor for each provider, and the scheduler that gives them jobs.
async fn start_workers(
    config: &Config,
    parts: &Parts,
    tree: &Tree,
    arbiter: &ArbiterHandle,
    poster: &Arc<Ledger>,
) -> anyhow::Result<()> {
    restore(&parts.routes, parts.route_rows.as_ref()).await?;
    let keeper_ports = KeeperPorts {
        clock: parts.clock.clone(),
        routes: parts.routes.clone(),
        store: parts.route_rows.clone(),
    };
    let spec = settings::child(config, QUIET_CAPACITY);
    tree.spawn_child("routes", arbiter, spec, move || {
        RouteKeeper::new(Keeping::new(keeper_ports.clone(), ROUTES_TICK))
    })?;
    let renewals = Renewals::new(parts.jobs.clone());
    let mut slots = Vec::with_capacity(parts.backends.len());
    for Backend { provider, places } in &parts.backends {
        let ports = RunnerPorts {
            clock: parts.clock.clone(),
            jobs: parts.jobs.clone(),
            assets: parts.assets.clone(),
            media: parts.media.clone(),
            links: Arc::new(parts.links.clone()),
            messenger: parts.messenger.clone(),
            poster: poster.clone(),
            provider: provider.clone(),
            routes: parts.routes.clone(),
            etas: parts.etas.clone(),
            nudges: parts.nudges.clone(),
            renewals: renewals.clone(),
            outbox: parts.outbox.clone(),
        };
        let (provider_settings, bell) = (settings::provider(config), parts.queue.clone());
        let spec = settings::child(config, *places);
        let name = format!("provider-{}", provider.name());
        let gate = tree.spawn_child(&name, arbiter, spec, move || {
            ProviderActor::new(ports.clone(), provider_settings, bell.clone())
        })?;
        slots.push(ProviderSlots {
            gate,
            slots: Arc::new(Semaphore::new(*places)),
            all: u32::try_from(*places).unwrap_or(u32::MAX),
        });
    }
    let gc_ports = GcPorts {
        clock: parts.clock.clone(),
        retention: parts.retention.clone(),
    };
    let gc_settings = settings::gc(config);
    let spec = settings::child(config, QUIET_CAPACITY);
    tree.spawn_child("gc", arbiter, spec, move || {
        GcActor::new(Collecting::new(gc_ports.clone(), gc_settings))
    })?;
    if config.assets.mirror_url.is_some() {
        let mirror_ports = MirrorPorts {
            clock: parts.clock.clone(),
            mirror: parts.mirror.clone(),
        };
        let tick = config.assets.mirror_tick;
        let spec = settings::child(config, QUIET_CAPACITY);
        tree.spawn_child("mirror", arbiter, spec, move || {
            MirrorActor::new(Copying::new(mirror_ports.clone(), tick))
        })?;
    }
    let late_ports = LatePorts {
        clock: parts.clock.clone(),
        jobs: parts.jobs.clone(),
        assets: parts.assets.clone(),
        routes: parts.routes.clone(),
        outbox: parts.outbox.clone(),
    };
    let late_settings = LateSettings {
        watch_for: settings::span(config.late.watch),
        tick: config.late.tick,
    };
    let spec = settings::child(config, QUIET_CAPACITY);
    tree.spawn_child("late", arbiter, spec, move || {
        LateWatch::new(Watching::new(late_ports.clone(), late_settings))
    })?;
    let dispatch_ports = DispatchPorts {
        clock: parts.clock.clone(),
        jobs: parts.jobs.clone(),
    };
    let node = format!("node-{}", uuid::Uuid::new_v4().simple());
    let (scheduler_settings, bell) = (settings::scheduler(config, node), parts.queue.clone());
    let routes = parts.routes.clone();
    let spec = settings::child(config, QUIET_CAPACITY);
    tree.spawn_child("scheduler", arbiter, spec, move || {
        JobScheduler::new(
            dispatch_ports.clone(),
            scheduler_settings.clone(),
            slots.clone(),
            routes.clone(),
            bell.clone(),
        )
    })?;
    Ok(())
}

/// A cashier for each way to pay. They come before the sessions, which give them work.
fn start_cashiers(
    config: &Config,
    parts: &Parts,
    tree: &Tree,
    arbiter: &ArbiterHandle,
    poster: &Arc<Ledger>,
) -> anyhow::Result<()> {
    for till in parts.tills.iter() {
        let ports = CashierPorts {
            clock: parts.clock.clone(),
            ids: Arc::new(UuidIds),
            notices: parts.notices.clone(),
            topups: parts.topups.clone(),
            drafts: parts.drafts.clone(),
            poster: poster.clone(),
            view: parts.view.clone(),
            till: till.clone(),
            outbox: parts.outbox.clone(),
        };
        let settings = settings::cashier(config);
        let spec = settings::child(config, QUIET_CAPACITY);
        let name = format!("cashier-{}", till.method.name());
        tree.spawn_child(&name, arbiter, spec, move || {
            Cashier::new(ports.clone(), settings.clone())
        })?;
    }
    Ok(())
}

fn start_server(
    loaded: &Loaded,
    db: &Db,
    doors: &Doors,
    tree: &Tree,
    parts: &Parts,
    intake: Arc<dyn Intake>,
) -> anyhow::Result<Server> {
    let config = &loaded.config;
    let webhook = config.http.public_url.as_ref().map(|_| Webhook {
        secrets: WebhookSecrets::new(&config.telegram.webhook_secrets),
        identify: chat_of,
        intake,
        clock: Arc::new(SystemClock),
    });
    let readiness: Vec<Arc<dyn ReadinessCheck>> = vec![
        Arc::new(DatabaseAnswers(db.clone())),
        Arc::new(SchemaIsCurrent(db.clone())),
        Arc::new(doors.clone()),
    ];
    let state = HttpState {
        limits: Limits::from(&config.http),
        webhook,
        yookassa: yookassa_webhook(config, db, &parts.tills)?,
        kling: KlingCallbacks::of(
            &config.providers.kling,
            parts.nudges.clone(),
            parts.clock.clone(),
        )?,
        fal: fal_callbacks(&config.providers.fal, parts)?,
        readiness,
        admin_token: config.http.admin_token.as_ref().map(AdminToken::new),
        actors: Arc::new(tree.directory()),
        files: Some(Files {
            links: parts.links.clone(),
            assets: parts.assets.clone(),
            clock: parts.clock.clone(),
        }),
        checkpoints: Arc::new(CheckpointRows::new(db.clone())),
        auditor: parts.auditor.clone(),
        registry: rei_actors::metrics::registry().clone(),
        metrics: http_metrics(&loaded.fingerprint())?,
        build: BuildInfo::THIS,
    };
    Ok(Server::start(&config.http, &state)?)
}

/// The way in for fal's callbacks; there is none while fal is off or no keys are set.
fn fal_callbacks(fal: &config::Fal, parts: &Parts) -> anyhow::Result<Option<FalCallbacks>> {
    if fal.api_key.is_none() {
        return Ok(None);
    }
    let keys = CallbackKeys::of(fal, parts.outside.clone())?;
    Ok(keys.map(|keys| FalCallbacks {
        keys: Arc::new(keys),
        nudges: parts.nudges.clone(),
        clock: parts.clock.clone(),
    }))
}

/// The way in for YooKassa's notifications; there is none while the shop is off.
fn yookassa_webhook(
    config: &Config,
    db: &Db,
    tills: &Tills,
) -> anyhow::Result<Option<YookassaWebhook>> {
    let shop = &config.yookassa;
    let Some(till) = tills.of(YOOKASSA) else {
        return Ok(None);
    };
    Ok(Some(YookassaWebhook {
        proofs: Proofs::of(shop)?,
        notices: Arc::new(NoticeRows::new(db.clone())),
        clock: Arc::new(SystemClock),
        news: till.bell.clone(),
        bytes_max: shop.webhook_bytes_max,
    }))
}

/// The metrics of HTTP, registered once in a process: a test starts several houses, some of them
/// at the same moment.
fn http_metrics(fingerprint: &str) -> anyhow::Result<HttpMetrics> {
    static METRICS: Mutex<Option<HttpMetrics>> = Mutex::new(None);
    let mut metrics = METRICS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(metrics) = &*metrics {
        return Ok(metrics.clone());
    }
    let registry = rei_actors::metrics::registry();
    let registered = HttpMetrics::try_new(registry, BuildInfo::THIS, fingerprint)?;
    Ok(metrics.insert(registered).clone())
}

fn webhook_setup(config: &Config) -> anyhow::Result<Option<WebhookSetup>> {
    let Some(public_url) = &config.http.public_url else {
        return Ok(None);
    };
    let told = config.telegram.webhook_secrets.first().cloned();
    let told = secret(&told, "TELEGRAM_WEBHOOK_SECRET")?;
    let connections = config.telegram.webhook_connections;
    Ok(Some(WebhookSetup::try_new(public_url, told, connections)?))
}

/// Tells Telegram where to deliver updates and what the command menu says. Telegram may be
/// away at the start; the house serves meanwhile.
async fn introduce(
    api: BotApi,
    commands: Arc<dyn Commands>,
    webhook: Option<WebhookSetup>,
    roster: Roster,
) {
    let mut wait = INTRODUCE_BASE;
    if let Some(webhook) = webhook {
        while let Err(error) = set_webhook(&api, &webhook).await {
            tracing::error!(%error, "telegram does not take the webhook, no updates will come");
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(INTRODUCE_MAX);
        }
    }
    if let Err(error) = publish_menu(&api, commands.as_ref()).await {
        tracing::warn!(%error, "the command menu is not published, an older one may be shown");
    }
    publish_menus_of(&api, commands.as_ref(), &roster).await;
}

/// How many works of a kind are done at once.
fn slots(backends: &[Backend], kind: Kind) -> u32 {
    let makers = backends
        .iter()
        .filter(|b| b.provider.kinds().contains(&kind));
    let places: usize = makers.map(|backend| backend.places).sum();
    u32::try_from(places).unwrap_or(u32::MAX)
}
