//! The two servers of our own that are measured, each in a process of its own: the bot's way in
//! (HTTP server, `IntakeActor`, store) without the conversations behind it, and a bare handler.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Bytes;
use actix_web::{App, HttpResponse, HttpServer, web};
use rei_actors::audit::Auditor;
use rei_actors::batch::BatchLimits;
use rei_actors::intake::{IntakeActor, IntakeGate, IntakeSettings};
use rei_actors::session::Sessions;
use rei_actors::supervision::{ChildSpec, Tree};
use rei_bot::boot::{SystemClock, UuidIds};
use rei_bot::config::{Config, Environment, Purpose};
use rei_bot::http::{BuildInfo, HttpMetrics, HttpState, Limits, Server, Webhook, WebhookSecrets};
use rei_bot::store::{AuditRows, CheckpointRows, Db, DbConfig, InboxRows};
use rei_bot::telegram::interpreter::chat_of;
use rei_domain::ids::ChatId;
use secrecy::ExposeSecret;

use crate::child::wait_for_parent;
use crate::webhook::SECRET;

/// The bot looks for updates that nobody answered every second. Here nobody answers any, and the
/// pile that grows is not what is measured.
const LOOK_EVERY: Duration = Duration::from_secs(3_600);

/// How long a delivery waits for the intake, as in the bot.
const ASK_LIMIT: Duration = Duration::from_secs(10);

/// Answers 200 and does nothing else.
pub async fn bare() -> anyhow::Result<()> {
    async fn receive(_: Bytes) -> HttpResponse {
        HttpResponse::Ok().finish()
    }
    let route = || App::new().route("/webhook/telegram", web::post().to(receive));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let server = HttpServer::new(route)
        .workers(cores)
        .disable_signals()
        .bind("127.0.0.1:0")?;
    let addr = server.addrs()[0];
    actix_rt::spawn(server.run());
    println!("{addr}");
    wait_for_parent().await
}

/// Stores each update before it answers 200; every setting is the default.
pub async fn bot(database_url: &str) -> anyhow::Result<()> {
    let environment = Environment::of([
        ("BOT_TOKEN", "42:TOKEN"),
        ("NANO_BANANA_API_KEY", "key"),
        ("TELEGRAM_WEBHOOK_SECRET", SECRET),
        ("DATABASE_URL", database_url),
        ("HTTP_ADDR", "127.0.0.1:0"),
    ]);
    let loaded = Config::load(&environment, None, Purpose::Serve)?;
    let config = &loaded.config;
    let database = &config.database;
    let db = Db::try_new(&DbConfig {
        url: database.url.expose_secret().to_owned(),
        connections_max: database.pool_max,
        wait_max: database.acquire_timeout,
        statement_max: database.statement_timeout,
        busy_max: database.busy_timeout,
    })?;
    db.migrate().await?;
    let tree = Tree::new(db.runtime().clone(), |escalation| {
        eprintln!("the intake cannot be kept running: {escalation:?}");
    });
    let settings = IntakeSettings {
        limits: BatchLimits {
            batch_max: config.intake.batch_max,
            waiting_max: config.intake.waiting_max,
        },
        poll: LOOK_EVERY,
    };
    let arbiter = actix_rt::Arbiter::new();
    let spec = ChildSpec {
        capacity: config.intake.waiting_max,
        ..ChildSpec::default()
    };
    let inbox = Arc::new(InboxRows::new(db.clone()));
    let intake = tree.spawn_child("intake", &arbiter.handle(), spec, move || {
        IntakeActor::new(inbox.clone(), Arc::new(Nobody), settings)
    })?;
    let registry = rei_actors::metrics::registry();
    let state = HttpState {
        limits: Limits::from(&config.http),
        webhook: Some(Webhook {
            secrets: WebhookSecrets::new(&config.telegram.webhook_secrets),
            identify: chat_of,
            intake: Arc::new(IntakeGate::new(intake, ASK_LIMIT)),
            clock: Arc::new(SystemClock),
        }),
        yookassa: None,
        kling: None,
        fal: None,
        files: None,
        checkpoints: Arc::new(CheckpointRows::new(db.clone())),
        readiness: Vec::new(),
        admin_token: None,
        auditor: Arc::new(Auditor::new(
            Arc::new(AuditRows::new(db.clone())),
            Arc::new(SystemClock),
            Arc::new(UuidIds),
        )),
        actors: Arc::new(tree.directory()),
        registry: registry.clone(),
        metrics: HttpMetrics::try_new(registry, BuildInfo::THIS, "bench")?,
        build: BuildInfo::THIS,
    };
    let server = Server::start(&config.http, &state)?;
    println!("{}", server.addr());
    wait_for_parent().await
}

/// Conversations that nobody has.
struct Nobody;

impl Sessions for Nobody {
    fn wake(&self, _: ChatId) {}
}
