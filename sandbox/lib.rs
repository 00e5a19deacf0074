//! Pretends: the outside world on loopback.
//!
//! Telegram's Bot API and Google's Gemini API as emulators that other people's clients work
//! against unchanged, a control API to play the people and the faults, and a chat page. It
//! knows nothing of the bot. `README.md` beside this file tells how to use it.

pub mod gemini;
pub mod page;
mod server;
pub mod telegram;

use std::net::SocketAddr;

/// Where the sandbox listens, and the credentials it accepts.
#[derive(Clone, Debug)]
pub struct Config {
    /// Loopback; port 0 takes any free one.
    pub addr: SocketAddr,
    /// `<number>:<secret>`.
    pub bot_token: String,
    pub gemini_key: String,
}

/// A running sandbox.
pub struct Sandbox {
    pub telegram: telegram::Handle,
    pub gemini: gemini::Handle,
    running: server::Running,
}

impl Sandbox {
    /// Starts it on a thread of its own. Fails when the address is taken or not loopback.
    pub async fn start(config: Config) -> anyhow::Result<Sandbox> {
        let telegram = telegram::Handle::new(config.bot_token);
        let gemini = gemini::Handle::new(gemini::Config {
            api_key: config.gemini_key,
        });
        let running = server::Running::start(config.addr, telegram.clone(), gemini.clone()).await?;
        Ok(Sandbox {
            telegram,
            gemini,
            running,
        })
    }

    /// Where it listens; the real port when the configured one was 0.
    pub fn addr(&self) -> SocketAddr {
        self.running.addr
    }

    /// The base URL of a service: `telegram` or `gemini`.
    pub fn url(&self, service: &str) -> String {
        format!("http://{}/{service}", self.addr())
    }

    /// Stops it; everything it remembered is gone.
    pub async fn stop(self) {
        self.running.stop().await;
    }
}
