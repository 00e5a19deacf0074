//! Wires the house together: one function for each thing the binary does.

mod assets;
mod backends;
mod clock;
mod gc;
mod house;
mod readiness;
mod receipt;
mod reconcile;
mod replay;
mod settings;
mod signals;
mod tills;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use rei_actors::audit::{Auditor, Deed};
use rei_actors::ports::clock::Clock as _;
use rei_actors::ports::payments::Environment as PaymentEnvironment;
use rei_domain::audit::{Actor, AuditOutcome, Via};
use rei_sandbox::{Exposure, Sandbox, fal, kling, s3, yookassa};
use secrecy::SecretString;

use crate::cli::{CheckArgs, Days, DemoArgs, GcArgs, ReplayArgs, SandboxArgs};
use crate::config::{Addresses, Config, Environment, Loaded, Log, LogFormat, Offer};
use crate::logging;
use crate::store::{AuditRows, Db, verify};

pub use clock::{SystemClock, UuidIds};
pub use house::House;
pub use receipt::verify_receipt;

/// The sandbox's own credentials: they open nothing else.
const SANDBOX_BOT_TOKEN: &str = "1000000001:sandbox-token-that-opens-nothing-else";
const SANDBOX_GEMINI_KEY: &str = "sandbox-key";

/// How often the sandbox's Kling is asked: it takes two seconds for a video.
const SANDBOX_POLL: Duration = Duration::from_millis(500);
const SANDBOX_WEBHOOK_SECRET: &str = "whsec_c2FuZGJveC1zZWNyZXQtdGhhdC1vcGVucy1ub3RoaW5n";

/// Where the sandbox alone looks for the bot: the address a bot has unless it is told another.
const SANDBOX_NOTIFIES: &str = "http://127.0.0.1:8080/webhook/yookassa";

/// Serves the bot until a signal ends it.
pub async fn serve(loaded: Loaded) -> anyhow::Result<ExitCode> {
    let house = House::start(&loaded).await?;
    tracing::info!(addr = %house.addr(), "the house is open");
    Ok(live(house).await)
}

/// Lives until a signal or an actor that cannot be healed.
async fn live(mut house: House) -> ExitCode {
    let mut signals = signals::Signals::listen();
    let code = tokio::select! {
        () = signals.first() => ExitCode::SUCCESS,
        escalation = house.given_up() => {
            tracing::error!(actor = %escalation.actor, reason = ?escalation.reason,
                "an actor cannot be healed, the process ends to start anew");
            ExitCode::FAILURE
        }
    };
    tracing::info!("the house closes");
    tokio::select! {
        () = house.close() => {}
        () = signals.second() => {
            tracing::warn!("a second signal: leaving at once, rows wait");
            return ExitCode::FAILURE;
        }
    }
    code
}

/// Runs the bot with the sandbox in one process: no keys, no servers, play money.
pub async fn demo(args: DemoArgs, environment: &Environment) -> anyhow::Result<ExitCode> {
    let temporary;
    let data: PathBuf = match &args.data {
        Some(data) => data.clone(),
        None => {
            temporary = TemporaryFolder::make()?;
            temporary.0.clone()
        }
    };
    std::fs::create_dir_all(&data)
        .with_context(|| format!("the folder {} cannot be made", data.display()))?;
    let mut loaded = Config::demo(environment, &data)?;
    logging::init(&loaded.config.log, environment.get("RUST_LOG"))?;
    let sandbox = start_sandbox(args.addr).await?;
    let config = &mut loaded.config;
    config.telegram.api_url = sandbox.url("telegram");
    config.telegram.bot_token = Some(SecretString::from(SANDBOX_BOT_TOKEN));
    config.providers.nano_banana.api_url = sandbox.url("gemini");
    config.providers.nano_banana.api_key = Some(SecretString::from(SANDBOX_GEMINI_KEY));
    config.providers.kling.api_url = sandbox.url("kling");
    config.providers.kling.api_key = Some(SecretString::from(kling::API_KEY));
    config.providers.kling.poll = SANDBOX_POLL;
    config.providers.fal.api_url = sandbox.url("fal");
    config.providers.fal.api_key = Some(SecretString::from(fal::API_KEY));
    config.providers.fal.poll = SANDBOX_POLL;
    config.downloads.addresses = Addresses::Any;
    config.stars.offer = Offer::On;
    config.yookassa.shop_id = Some(yookassa::SHOP_ID.to_owned());
    config.yookassa.secret_key = Some(SecretString::from(yookassa::SECRET_KEY));
    config.yookassa.api_url = sandbox.url("yookassa/v3");
    config.yookassa.environment = PaymentEnvironment::Test;
    config.yookassa.webhook_secrets = vec![SecretString::from(SANDBOX_WEBHOOK_SECRET)];
    let house = House::start(&loaded).await?;
    let webhook = format!("http://{}/webhook/yookassa", house.addr());
    notify(&sandbox, webhook)?;
    println!(
        "The bot is ready. Chat with it at http://{}/",
        sandbox.addr()
    );
    println!(
        "Health, metrics: http://{}/metrics. Ctrl-C ends the demo.",
        house.addr()
    );
    let code = live(house).await;
    sandbox.stop().await;
    Ok(code)
}

/// Runs the emulators alone.
pub async fn sandbox(args: SandboxArgs) -> anyhow::Result<ExitCode> {
    let log = Log {
        format: LogFormat::Text,
        level: "info".to_owned(),
    };
    logging::init(&log, None)?;
    let sandbox = start_sandbox(args.addr).await?;
    notify(&sandbox, SANDBOX_NOTIFIES.to_owned())?;
    println!("The chat page is at http://{}/", sandbox.addr());
    println!("BOT_TOKEN={SANDBOX_BOT_TOKEN}");
    println!("TELEGRAM_API_URL={}", sandbox.url("telegram"));
    println!("NANO_BANANA_API_KEY={SANDBOX_GEMINI_KEY}");
    println!("NANO_BANANA_API_URL={}", sandbox.url("gemini"));
    println!("KLING_API_KEY={}", kling::API_KEY);
    println!("KLING_API_URL={}", sandbox.url("kling"));
    println!("FAL_KEY={}", fal::API_KEY);
    println!("FAL_API_URL={}", sandbox.url("fal"));
    println!("REI__DOWNLOADS__ADDRESSES=any");
    println!("YOOKASSA_SHOP_ID={}", yookassa::SHOP_ID);
    println!("YOOKASSA_SECRET_KEY={}", yookassa::SECRET_KEY);
    println!("YOOKASSA_WEBHOOK_SECRET={SANDBOX_WEBHOOK_SECRET}");
    println!("YOOKASSA_API_URL={}", sandbox.url("yookassa/v3"));
    println!("S3_ENDPOINT={}", sandbox.url("s3"));
    println!("S3_REGION={}", s3::REGION);
    println!("S3_ACCESS_KEY_ID={}", s3::ACCESS_KEY_ID);
    println!("S3_SECRET_ACCESS_KEY={}", s3::SECRET_ACCESS_KEY);
    println!("ASSETS_URL=s3://{}", s3::BUCKET);
    println!("YooKassa notifies {SANDBOX_NOTIFIES}");
    signals::Signals::listen().first().await;
    sandbox.stop().await;
    Ok(ExitCode::SUCCESS)
}

async fn start_sandbox(addr: std::net::SocketAddr) -> anyhow::Result<Sandbox> {
    let config = rei_sandbox::Config {
        addr,
        bot_token: SANDBOX_BOT_TOKEN.to_owned(),
        gemini_key: SANDBOX_GEMINI_KEY.to_owned(),
        exposure: Exposure::Loopback,
    };
    Sandbox::start(config)
        .await
        .with_context(|| format!("the sandbox cannot listen on {addr}; try --addr 127.0.0.1:0"))
}

/// Lets the sandbox's YooKassa notify the bot through a proxy that signs.
fn notify(sandbox: &Sandbox, webhook: String) -> anyhow::Result<()> {
    sandbox
        .yookassa
        .change_notifications(|settings| {
            settings.url = Some(webhook);
            settings.signing.secrets = vec![SANDBOX_WEBHOOK_SECRET.to_owned()];
        })
        .map_err(anyhow::Error::msg)
}

/// Brings the database's schema up to date.
pub async fn migrate(loaded: Loaded) -> anyhow::Result<ExitCode> {
    let db = Db::try_new(&settings::database(&loaded.config))?;
    let steps = db.migrate().await?;
    if steps.is_empty() {
        println!("The schema is up to date.");
    }
    for step in &steps {
        println!("Applied {step}.");
    }
    if !steps.is_empty() {
        record_migration(&db, &steps).await?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes down that an operator changed the schema by hand.
async fn record_migration(db: &Db, steps: &[String]) -> anyhow::Result<()> {
    let log = Arc::new(AuditRows::new(db.clone()));
    let auditor = Auditor::new(log, Arc::new(SystemClock), Arc::new(UuidIds));
    let deed = Deed {
        actor: Actor::Operator,
        via: Via::Cli,
        action: "schema.migrate".to_owned(),
        target: "database".to_owned(),
        detail: steps.join(", "),
        outcome: AuditOutcome::Done,
    };
    auditor.record(deed).await?;
    Ok(())
}

/// Compares the payment methods' lists with the ledger.
pub async fn reconcile(loaded: Loaded, args: &Days) -> anyhow::Result<ExitCode> {
    reconcile::run(&loaded, args).await
}

/// Decides past attempts anew under another policy.
pub async fn replay(loaded: Loaded, args: &ReplayArgs) -> anyhow::Result<()> {
    replay::run(&loaded, args).await
}

/// Removes what nobody needs any more, or says what that would be.
pub async fn gc(loaded: Loaded, args: GcArgs) -> anyhow::Result<()> {
    gc::run(&loaded, args).await
}

/// Looks for everything that is kept in its places, and copies what one of them lacks.
pub async fn check_assets(loaded: Loaded, args: CheckArgs) -> anyhow::Result<ExitCode> {
    assets::check(&loaded, args).await
}

/// Audits the books; a failure exit code when an invariant is broken.
pub async fn verify(loaded: Loaded) -> anyhow::Result<ExitCode> {
    let db = Db::try_new(&settings::database(&loaded.config))?;
    db.check_schema().await?;
    let report = verify::audit(&db, SystemClock.now()).await?;
    print!("{report}");
    if report.is_sound() {
        Ok(ExitCode::SUCCESS)
    } else {
        Ok(ExitCode::FAILURE)
    }
}

/// A folder that goes when the demo ends.
struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    fn make() -> anyhow::Result<Self> {
        let name = format!("rei-demo-{}", uuid::Uuid::new_v4().simple());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path)
            .with_context(|| format!("the folder {} cannot be made", path.display()))?;
        Ok(Self(path))
    }

    fn remove(path: &Path) {
        if let Err(error) = std::fs::remove_dir_all(path) {
            tracing::warn!(%error, folder = %path.display(), "the demo's folder is not removed");
        }
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        Self::remove(&self.0);
    }
}
