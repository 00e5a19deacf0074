//! The HTTP side: the webhooks of Telegram and YooKassa, probes, metrics and the admin API.
//!
//! Promises: every secret is compared in constant time and before the body is read; a webhook
//! is answered 200 only after what it brings is durable; every limit (head, body, answer,
//! connections) is explicit; every error that a handler or the router gives is an RFC 9457
//! problem with a generic text and an id, and never shows what happened inside.
//! What is no request at all (a head that is malformed, too large or too late) is answered by
//! the server's parser with a bare status and a closed connection.
//!
//! Deliberately not here: TLS (a proxy in front has it), rate limits by address (the proxy
//! knows the addresses), and any decision about an update or a payment.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web;
use prometheus::Registry;
use rei_actors::audit::Auditor;
use rei_actors::ports::assets::Assets;
use rei_actors::ports::checkpoints::CheckpointStore;
use rei_actors::ports::clock::Clock;
use rei_actors::ports::intake::Intake;
use rei_domain::ids::ChatId;

use crate::links::AssetLinks;

mod admin;
mod assets;
mod body;
mod callbacks;
mod checkpoints;
mod edge;
mod error;
mod metrics;
mod openmetrics;
mod probes;
mod routes;
mod scrape;
mod secret;
mod server;
mod signed;
mod webhook;
mod yookassa;

#[cfg(test)]
mod tests;

pub use admin::ActorControl;
pub use callbacks::{FAL_PATH, FalCallbacks, KLING_PATH, KlingCallbacks};
pub use metrics::HttpMetrics;
pub use probes::{BuildInfo, NotReady, ReadinessCheck};
pub use routes::{Surface, configure};
pub use secret::{AdminToken, WebhookSecrets};
pub use server::{Server, StartError};
pub use yookassa::{AddressProof, ProofError, Proofs, YookassaWebhook};

/// Finds an update's id and the chat whose turn it belongs to in the raw body; `None` when
/// the body is no update. Must not panic on any bytes.
pub type Identify = fn(&[u8]) -> Option<(i64, ChatId)>;

/// What Telegram's webhook needs.
#[derive(Clone)]
pub struct Webhook {
    pub secrets: WebhookSecrets,
    pub identify: Identify,
    pub intake: Arc<dyn Intake>,
    pub clock: Arc<dyn Clock>,
}

/// Stored pictures and clips, for whoever has a signed address.
#[derive(Clone)]
pub struct Files {
    pub links: AssetLinks,
    pub assets: Arc<dyn Assets>,
    pub clock: Arc<dyn Clock>,
}

/// The limits of one request.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From the end of the head to the end of the body.
    pub body_timeout: Duration,
    /// From the end of the body to the answer.
    pub answer_timeout: Duration,
    /// For each check of `/readyz`.
    pub readiness_timeout: Duration,
    pub webhook_bytes_max: usize,
}

impl From<&crate::config::Http> for Limits {
    fn from(config: &crate::config::Http) -> Self {
        Self {
            body_timeout: config.body_timeout,
            answer_timeout: config.answer_timeout,
            readiness_timeout: config.readiness_timeout,
            webhook_bytes_max: config.webhook_bytes_max,
        }
    }
}

/// Everything the handlers need; cheap to clone.
#[derive(Clone)]
pub struct HttpState {
    pub limits: Limits,
    /// `None`: the bot polls, and the webhook's route does not exist.
    pub webhook: Option<Webhook>,
    /// `None`: the shop is off, and its webhook's route does not exist.
    pub yookassa: Option<YookassaWebhook>,
    /// `None`: Kling is not asked for callbacks, and their route does not exist.
    pub kling: Option<KlingCallbacks>,
    /// `None`: fal is not asked for callbacks, and their route does not exist.
    pub fal: Option<FalCallbacks>,
    /// All must pass for the node to be ready.
    pub readiness: Vec<Arc<dyn ReadinessCheck>>,
    /// `None`: the admin routes do not exist.
    pub admin_token: Option<AdminToken>,
    pub actors: Arc<dyn ActorControl>,
    /// `None`: no stored file is served.
    pub files: Option<Files>,
    /// What is published of the journal.
    pub checkpoints: Arc<dyn CheckpointStore>,
    /// Writes down what was done and refused below `/admin`.
    pub auditor: Arc<Auditor>,
    /// What `/metrics` shows.
    pub registry: Registry,
    pub metrics: HttpMetrics,
    pub build: BuildInfo,
}

type State = web::Data<HttpState>;
