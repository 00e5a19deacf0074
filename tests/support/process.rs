//! The bot as a child process, with the sandbox around it.

use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};

use rei_bot::store::{Db, DbConfig};
use rei_sandbox::telegram::FloodLimits;
use rei_sandbox::{Sandbox, kling};

use super::house::{BOT_TOKEN, CALLBACK_SECRET, Engine, GEMINI_KEY, PATIENCE, Person, sandbox};
use super::postgres::Postgres;

/// The bot as a child process.
pub struct Bot(Child);

impl Bot {
    pub fn start(world: &World, crash_at: Option<&str>) -> Bot {
        let mut command = Self::command(world);
        if let Some(plan) = crash_at {
            command.env("REI_CRASH_AT", plan);
        }
        Bot::spawn(&mut command)
    }

    pub fn spawn(command: &mut Command) -> Bot {
        Bot(command.spawn().expect("the bot's binary can be started"))
    }

    pub fn command(world: &World) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rei-bot"));
        command
            .arg("serve")
            .current_dir(world.folder.path())
            .env_clear()
            .env("BOT_TOKEN", BOT_TOKEN)
            .env("NANO_BANANA_API_KEY", GEMINI_KEY)
            .env("TELEGRAM_API_URL", world.sandbox.url("telegram"))
            .env("NANO_BANANA_API_URL", world.sandbox.url("gemini"))
            // Every process listens somewhere else: callbacks of what an earlier one began go
            // nowhere, and those of what this one began come.
            .env("KLING_API_KEY", kling::API_KEY)
            .env("KLING_API_URL", world.sandbox.url("kling"))
            .env("KLING_WEBHOOK_SECRET", CALLBACK_SECRET)
            .env("REI__PROVIDERS__KLING__POLL_MS", "100")
            .env("REI__ASSETS__LINKS", "listener")
            .env("REI__DOWNLOADS__ADDRESSES", "any")
            .env("DATABASE_URL", &world.database_url)
            .env("HTTP_ADDR", "127.0.0.1:0")
            .env("RUST_LOG", "off")
            .env("REI__HTTP__WORKERS", "1")
            .env("REI__BILLING__WELCOME_BONUS_KOPECKS", "50000")
            .env("REI__TELEGRAM__CHAT_INTERVAL_MS", "1")
            .env("REI__TELEGRAM__SEND_PER_SECOND", "1000")
            .env("REI__TELEGRAM__SEND_BURST", "1000")
            .env("REI__TELEGRAM__SEND_RETRY_BASE_MS", "50")
            .env("REI__JOBS__POLL_MS", "50")
            .env("REI__JOBS__LEASE_MS", "700")
            .env("REI__JOBS__RENEW_MS", "200")
            .env("REI__SESSIONS__UPDATE_ATTEMPTS_MAX", "50")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// SIGTERM; waits until it ended by itself.
    pub async fn terminate(mut self) -> ExitStatus {
        let kill = Command::new("kill").arg(self.0.id().to_string()).status();
        assert!(kill.expect("kill can be run").success());
        let ended = tokio::task::spawn_blocking(move || self.0.wait());
        let ended = tokio::time::timeout(PATIENCE, ended).await;
        let status = ended
            .expect("it ends in time")
            .expect("the wait is not cancelled");
        status.expect("a child can be waited for")
    }

    pub fn is_dead(&mut self) -> bool {
        let ended = self.0.try_wait().expect("a child can be asked after");
        ended.is_some()
    }

    /// SIGKILL, unless it died by itself.
    pub fn kill(mut self) {
        // Dead already is as good.
        let _ = self.0.kill();
        self.0.wait().expect("a killed child can be waited for");
    }
}

/// What a process lives in, and what outlives it.
pub struct World {
    pub sandbox: Sandbox,
    pub folder: tempfile::TempDir,
    database_url: String,
}

impl World {
    pub async fn make(engine: Engine) -> World {
        let sandbox = sandbox().await;
        sandbox.telegram.set_flood_limits(FloodLimits::off());
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let database_url = match engine {
            Engine::Sqlite => format!("sqlite://{}/rei.db", folder.path().display()),
            Engine::Postgres => Postgres::shared().database().await,
        };
        World {
            sandbox,
            folder,
            database_url,
        }
    }

    pub fn db(&self) -> Db {
        Db::try_new(&DbConfig {
            url: self.database_url.clone(),
            connections_max: 2,
            wait_max: PATIENCE,
            statement_max: PATIENCE,
            busy_max: PATIENCE,
        })
        .expect("the URL is right")
    }

    pub fn person(&self, number: u32) -> Person {
        let id = i64::from(number) + 1_000;
        Person(self.sandbox.telegram.player(id, "Ann", "en"))
    }
}

/// An address of this machine that nobody listens on.
pub fn free_addr() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("a listener has an address")
}

/// Status and body of the bot's answer, as soon as it listens.
pub async fn get(addr: SocketAddr, path: &str) -> (u16, String) {
    let asked = async {
        loop {
            if let Ok(answer) = reqwest::get(format!("http://{addr}{path}")).await {
                return answer;
            }
            tokio::task::yield_now().await;
        }
    };
    let answer = tokio::time::timeout(PATIENCE, asked).await;
    let answer = answer.expect("the bot listens in time");
    let status = answer.status().as_u16();
    (status, answer.text().await.expect("the answer is text"))
}
