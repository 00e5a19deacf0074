//! The listeners, with their limits, from start to stop.

use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::time::Duration;

use actix_rt::net::TcpSocket;
use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer};

use super::edge::edge;
use super::{HttpState, Surface, configure};
use crate::config::Http;

/// Connections of the admin's own listener: people and a scraper.
const ADMIN_CONNECTIONS_MAX: usize = 64;
/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

/// Running listeners.
pub struct Server {
    addr: SocketAddr,
    admin_addr: Option<SocketAddr>,
    handles: Vec<ServerHandle>,
}

/// A listener could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("{key}: cannot listen on {addr} ({cause}); free the address or set another one")]
pub struct StartError {
    key: &'static str,
    addr: SocketAddr,
    cause: std::io::Error,
}

impl Server {
    /// Opens the listeners and serves on threads of their own. Must be called on an actix
    /// system, which drives them until [`Server::stop`].
    pub fn start(config: &Http, state: &HttpState) -> Result<Server, StartError> {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let workers = match config.workers {
            0 => cores,
            workers => workers,
        };
        let surface = match config.admin_addr {
            Some(_) => Surface::Public,
            None => Surface::Everything,
        };
        if surface == Surface::Everything && !config.addr.ip().is_loopback() {
            tracing::warn!(
                "/metrics and /admin can be reached on {}: set http.admin_addr to keep them apart",
                config.addr
            );
        }
        let listener = listen("http.addr", config.addr)?;
        let admin_listener = match config.admin_addr {
            Some(addr) => Some(listen("http.admin_addr", addr)?),
            None => None,
        };

        let public = Listening {
            key: "http.addr",
            surface,
            workers,
            connections_max: config.connections_max,
        };
        let (addr, handle) = public.serve(listener, config, state)?;
        let mut server = Server {
            addr,
            admin_addr: None,
            handles: vec![handle],
        };
        if let Some(listener) = admin_listener {
            let admin = Listening {
                key: "http.admin_addr",
                surface: Surface::Admin,
                workers: 1,
                connections_max: ADMIN_CONNECTIONS_MAX,
            };
            let (addr, handle) = admin.serve(listener, config, state)?;
            server.admin_addr = Some(addr);
            server.handles.push(handle);
        }
        Ok(server)
    }

    /// Where the public listener is bound; the real port when the configured one was 0.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Where `/metrics` and `/admin` are.
    pub fn admin_addr(&self) -> SocketAddr {
        self.admin_addr.unwrap_or(self.addr)
    }

    /// Closes the listeners and waits until the requests that have begun are answered.
    pub async fn stop(self) {
        for handle in self.handles {
            handle.stop(true).await;
        }
    }
}

/// One listener's share.
struct Listening {
    key: &'static str,
    surface: Surface,
    workers: usize,
    connections_max: usize,
}

impl Listening {
    fn serve(
        self,
        listener: TcpListener,
        config: &Http,
        state: &HttpState,
    ) -> Result<(SocketAddr, ServerHandle), StartError> {
        let failed = |cause| StartError {
            key: self.key,
            addr: config.addr,
            cause,
        };
        let addr = listener.local_addr().map_err(failed)?;
        let state = state.clone();
        let surface = self.surface;
        let app = move || {
            App::new()
                .wrap(from_fn(edge))
                .configure(|app| configure(app, &state, surface))
        };
        let server = HttpServer::new(app)
            .workers(self.workers)
            .max_connections(self.connections_max.div_ceil(self.workers))
            .keep_alive(config.keep_alive)
            .client_request_timeout(config.header_timeout)
            .client_disconnect_timeout(config.disconnect_timeout)
            .shutdown_timeout(whole_secs(config.answer_timeout))
            .disable_signals()
            .listen(listener)
            .map_err(failed)?
            .run();
        let handle = server.handle();
        // Ends when the handle stops it; its errors are those of accepting, which it logs.
        actix_rt::spawn(server);
        Ok((addr, handle))
    }
}

fn listen(key: &'static str, addr: SocketAddr) -> Result<TcpListener, StartError> {
    let open = || {
        let socket = match addr {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        // A restart must not wait for the last run's connections to be forgotten.
        socket.set_reuseaddr(true)?;
        socket.bind(addr)?;
        socket.listen(BACKLOG)?.into_std()
    };
    open().map_err(|cause| StartError { key, addr, cause })
}

fn whole_secs(duration: Duration) -> u64 {
    duration.as_secs().max(1)
}
