//! The whole bot as a child process, with the emulators around it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use rei_sandbox::telegram::FloodLimits;
use rei_sandbox::{Exposure, Sandbox};

use crate::webhook::SECRET;

pub const BOT_TOKEN: &str = "1000000001:a-token-of-the-sandbox-and-no-other";
const GEMINI_KEY: &str = "a-key-of-the-sandbox";

/// A bot that is not ready by then never will be.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// The pause between two questions whether it is ready: what is told of the start is that much
/// too long at most.
const ASK_EVERY: Duration = Duration::from_millis(1);

/// Telegram and the provider, on loopback, without flood limits.
pub async fn sandbox() -> anyhow::Result<Sandbox> {
    let sandbox = Sandbox::start(rei_sandbox::Config {
        addr: ([127, 0, 0, 1], 0).into(),
        bot_token: BOT_TOKEN.to_owned(),
        gemini_key: GEMINI_KEY.to_owned(),
        exposure: Exposure::Loopback,
    })
    .await?;
    sandbox.telegram.set_flood_limits(FloodLimits::off());
    Ok(sandbox)
}

/// A bot that is ready.
pub struct Bot {
    process: Child,
    pub addr: SocketAddr,
    /// From the start of the process to its first *ready*.
    pub ready_after: Duration,
}

impl Bot {
    /// Starts `rei-bot serve` in a folder of its own, by webhook, with the defaults and these
    /// variables.
    pub async fn start(
        binary: &Path,
        folder: &Path,
        sandbox: &Sandbox,
        variables: &[(&str, &str)],
    ) -> anyhow::Result<Bot> {
        let addr = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = Command::new(binary);
        command
            .arg("serve")
            .current_dir(folder)
            .env_clear()
            .env("BOT_TOKEN", BOT_TOKEN)
            .env("NANO_BANANA_API_KEY", GEMINI_KEY)
            .env("TELEGRAM_API_URL", sandbox.url("telegram"))
            .env("NANO_BANANA_API_URL", sandbox.url("gemini"))
            .env("TELEGRAM_WEBHOOK_SECRET", SECRET)
            .env("PUBLIC_URL", format!("http://{addr}"))
            .env("HTTP_ADDR", addr.to_string())
            .env("RUST_LOG", "warn")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let begun = Instant::now();
        let process = command
            .spawn()
            .with_context(|| format!("{} cannot be started", binary.display()))?;
        // From here on it is ended in any case.
        let mut bot = Bot {
            process,
            addr,
            ready_after: Duration::ZERO,
        };
        while !is_ready(addr) {
            if let Some(status) = bot.process.try_wait()? {
                anyhow::bail!("the bot ended by itself: {status}");
            }
            ensure!(begun.elapsed() < READY_WITHIN, "the bot is never ready");
            tokio::time::sleep(ASK_EVERY).await;
        }
        bot.ready_after = begun.elapsed();
        Ok(bot)
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        if let Err(error) = self
            .process
            .kill()
            .and_then(|()| self.process.wait().map(|_| ()))
        {
            eprintln!("a bot could not be ended: {error}");
        }
    }
}

fn is_ready(addr: SocketAddr) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(addr)?;
        let request = "GET /readyz HTTP/1.1\r\nHost: bot\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer.starts_with("HTTP/1.1 200"))
    };
    // Nobody listens yet.
    ask().unwrap_or(false)
}
