//! The server: one address, a path prefix for each service, on a thread of its own.

use std::net::SocketAddr;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpResponse, HttpServer, middleware, web};
use anyhow::Context as _;
use bytes::Bytes;
use futures_util::stream;
use tokio::sync::oneshot;

use crate::{gemini, page, telegram};

/// A running server.
pub(crate) struct Running {
    pub addr: SocketAddr,
    handle: ServerHandle,
    thread: std::thread::JoinHandle<()>,
}

impl Running {
    /// Binds and serves.
    pub async fn start(
        addr: SocketAddr,
        telegram: telegram::Handle,
        gemini: gemini::Handle,
    ) -> anyhow::Result<Running> {
        anyhow::ensure!(
            addr.ip().is_loopback(),
            "the sandbox listens on loopback only: its control API asks nobody for a password"
        );
        let (tell, told) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("sandbox".to_owned())
            .spawn(move || {
                actix_web::rt::System::new().block_on(async move {
                    match bind(addr, telegram.clone(), gemini) {
                        Ok((server, addr)) => {
                            let deliveries = telegram::deliver_webhooks(telegram);
                            actix_web::rt::spawn(deliveries);
                            // Whoever started it is gone; the server ends with its handle.
                            let _ = tell.send(Ok((server.handle(), addr)));
                            let _ = server.await;
                        }
                        Err(error) => {
                            let _ = tell.send(Err(error));
                        }
                    }
                });
            })
            .context("the sandbox's thread cannot be started")?;
        let (handle, addr) = told.await.context("the sandbox ended at its start")??;
        Ok(Running {
            addr,
            handle,
            thread,
        })
    }

    /// Stops at once; whoever still waits for an answer gets none.
    pub async fn stop(self) {
        self.handle.stop(false).await;
        let thread = self.thread;
        // A thread that panicked has nothing left to stop.
        let _ = tokio::task::spawn_blocking(move || thread.join()).await;
    }
}

fn bind(
    addr: SocketAddr,
    telegram: telegram::Handle,
    gemini: gemini::Handle,
) -> anyhow::Result<(actix_web::dev::Server, SocketAddr)> {
    let server = HttpServer::new(move || {
        App::new()
            .wrap(middleware::DefaultHeaders::new().add(("Cache-Control", "no-store")))
            .configure(|cfg| telegram::configure(cfg, &telegram))
            .configure(|cfg| gemini::configure(cfg, &gemini))
            .configure(page::configure)
    })
    .workers(2)
    .shutdown_timeout(0)
    .disable_signals()
    .bind(addr)
    .with_context(|| format!("{addr} cannot be listened on"))?;
    let bound = server.addrs();
    let addr = *bound.first().context("the server is bound to nothing")?;
    Ok((server.run(), addr))
}

/// An answer that breaks off: the caller cannot know what became of the call.
pub(crate) fn broken_off() -> HttpResponse {
    let end = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    let body = stream::once(async move { Err::<Bytes, _>(end) });
    HttpResponse::Ok().no_chunking(1 << 20).streaming(body)
}

/// A missing thing, in one line.
pub(crate) fn not_found(what: &str) -> HttpResponse {
    HttpResponse::NotFound().json(serde_json::json!({ "error": format!("there is no {what}") }))
}

/// The JSON body of control calls may hold pictures of a conversation.
pub(crate) fn json_config() -> web::JsonConfig {
    web::JsonConfig::default().limit(1 << 20)
}
