//! The server: one thread, one address, every emulator.

use std::net::{SocketAddr, TcpListener};
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer};
use anyhow::Context;
use tokio::sync::oneshot;

use crate::{control, fal, gemini, kling, outbox, page, s3, telegram, yookassa};

/// Enough for a chat page, a bot and a test driver on the machine of one developer.
const WORKERS: usize = 2;

/// How the sandbox is set up.
#[derive(Clone)]
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub addr: SocketAddr,
    /// The token the Telegram emulator accepts, `<bot id>:<secret>`.
    pub bot_token: String,
    /// The key the Gemini emulator accepts.
    pub gemini_key: String,
    /// Who may reach the sandbox.
    pub exposure: Exposure,
}

/// Who may reach a sandbox, which asks nobody for a password.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Exposure {
    /// Programs on this machine; any other address is refused at the start.
    #[default]
    Loopback,
    /// Whoever reaches the address, as in a container of its own.
    AnyAddress,
}

/// A running sandbox. Dropping it stops it without waiting.
pub struct Sandbox {
    /// The people and faults of the Telegram emulator.
    pub telegram: telegram::Handle,
    /// The bill and faults of the Gemini emulator.
    pub gemini: gemini::Handle,
    /// The account, requests and faults of the fal emulator. Its key is [`fal::API_KEY`] until it
    /// is changed.
    pub fal: fal::Handle,
    /// The tasks, the account and the faults of the Kling emulator. Its key is
    /// [`kling::API_KEY`] until it is changed.
    pub kling: kling::Handle,
    /// The buckets, the regions and the faults of the S3 emulator. Its key is
    /// [`s3::ACCESS_KEY_ID`] with [`s3::SECRET_ACCESS_KEY`].
    pub s3: s3::Handle,
    /// The payers, the merchant's cabinet and the faults of the YooKassa emulator. Its shop is
    /// [`yookassa::SHOP_ID`] with [`yookassa::SECRET_KEY`] until it is changed.
    pub yookassa: yookassa::Handle,
    addr: SocketAddr,
    server: ServerHandle,
    thread: Option<JoinHandle<std::io::Result<()>>>,
}

impl Sandbox {
    /// Starts the emulators on a thread of their own, so that any runtime may call this.
    pub async fn start(config: Config) -> anyhow::Result<Sandbox> {
        if config.exposure == Exposure::Loopback && !config.addr.ip().is_loopback() {
            anyhow::bail!(
                "the sandbox has no passwords and listens on loopback only, not on {}",
                config.addr
            );
        }
        let telegram = telegram::Handle::try_new(&config.bot_token)?;
        let gemini = gemini::Handle::new(gemini::Config {
            api_key: config.gemini_key,
        });
        let fal = fal::Handle::new();
        let kling = kling::Handle::new();
        let s3 = s3::Handle::new();
        let yookassa = yookassa::Handle::new();
        let listener = TcpListener::bind(config.addr)
            .with_context(|| format!("the sandbox cannot listen on {}", config.addr))?;
        let addr = listener
            .local_addr()
            .context("the listener has no address")?;
        telegram.set_invoice_base(format!("http://{addr}"));

        let (started, start) = oneshot::channel();
        let handles = Emulators {
            telegram: telegram.clone(),
            gemini: gemini.clone(),
            fal: fal.clone(),
            kling: kling.clone(),
            addr,
            s3: s3.clone(),
            yookassa: yookassa.clone(),
        };
        let thread = std::thread::Builder::new()
            .name("sandbox".to_owned())
            .spawn(move || serve(listener, config.exposure, handles, started))
            .context("the sandbox's thread cannot start")?;
        let server = start
            .await
            .context("the sandbox ended before it had started")?
            .context("the sandbox cannot serve")?;
        Ok(Sandbox {
            telegram,
            gemini,
            fal,
            kling,
            s3,
            yookassa,
            addr,
            server,
            thread: Some(thread),
        })
    }

    /// The address it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The base address of one service: `url("telegram")` is what `TELEGRAM_API_URL` wants.
    pub fn url(&self, service: &str) -> String {
        format!("http://{}/{service}", self.addr)
    }

    /// Ends every connection and waits for the thread.
    pub async fn stop(mut self) {
        self.server.stop(false).await;
        let Some(thread) = self.thread.take() else {
            return;
        };
        let ended = tokio::task::spawn_blocking(move || thread.join()).await;
        match ended {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => tracing::warn!(%error, "the sandbox ended with an error"),
            Ok(Err(_)) | Err(_) => tracing::warn!("the sandbox's thread panicked"),
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // The order goes out with the call; only its end would be awaited.
        drop(self.server.stop(false));
    }
}

/// What is served.
struct Emulators {
    telegram: telegram::Handle,
    gemini: gemini::Handle,
    fal: fal::Handle,
    kling: kling::Handle,
    s3: s3::Handle,
    yookassa: yookassa::Handle,
    addr: SocketAddr,
}

/// Runs the server until it is stopped.
fn serve(
    listener: TcpListener,
    exposure: Exposure,
    emulators: Emulators,
    started: oneshot::Sender<std::io::Result<ServerHandle>>,
) -> std::io::Result<()> {
    actix_rt::System::new().block_on(async move {
        let couriers = [
            actix_rt::spawn(telegram::webhook::deliver(emulators.telegram.clone())),
            actix_rt::spawn(yookassa::courier::deliver(emulators.yookassa.clone())),
            actix_rt::spawn(outbox::deliver(emulators.fal.stage())),
            actix_rt::spawn(kling::deliver(
                emulators.kling.clone(),
                format!("http://{}", emulators.addr),
            )),
        ];
        let server = HttpServer::new(move || {
            App::new()
                .app_data(exposure)
                .wrap(from_fn(control::from_this_site))
                .configure(|service| telegram::http::configure(service, &emulators.telegram))
                .configure(|service| telegram::invoice::configure(service, &emulators.telegram))
                .configure(|service| gemini::configure(service, &emulators.gemini))
                .configure(|service| fal::configure(service, &emulators.fal))
                .configure(|service| kling::configure(service, &emulators.kling))
                .configure(|service| s3::configure(service, &emulators.s3))
                .configure(|service| yookassa::configure(service, &emulators.yookassa))
                .configure(|service| control::configure(service, &emulators.telegram))
                .configure(page::configure)
        })
        .workers(WORKERS)
        .shutdown_timeout(0)
        .disable_signals()
        .listen(listener);
        let server = match server {
            Ok(server) => server.run(),
            Err(error) => {
                // The one who waits gets the reason; without them nobody wants it.
                return started
                    .send(Err(error))
                    .map_err(|_| std::io::ErrorKind::Other.into());
            }
        };
        if started.send(Ok(server.handle())).is_err() {
            return Ok(());
        }
        let ended = server.await;
        for courier in couriers {
            courier.abort();
        }
        ended
    })
}
