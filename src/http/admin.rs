//! `/admin/api`: see every actor, restart one.
//!
//! Without a configured token these routes do not exist (404). With one, everything below
//! `/admin`, known or not, first asks for it. An ordered restart takes the same path as a
//! crash and spends from the same intensity.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::web::{Path, Payload};
use actix_web::{Error, HttpRequest, HttpResponse};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::State;
use super::body;
use super::error::{HttpError, Refusal};
use super::metrics::SecurityEvent;

/// A body is one short sentence.
const BODY_BYTES_MAX: usize = 4096;
/// Characters of a reason: it goes into the log.
const REASON_CHARS_MAX: usize = 200;
/// What is written down when nobody says why.
const NO_REASON: &str = "no reason given";

/// What the API shows of an actor.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ActorReport {
    pub name: String,
    /// For example `running` or `backing_off`.
    pub state: String,
    pub mailbox: MailboxReport,
    /// Restarts so far, by cause.
    pub restarts: BTreeMap<String, u64>,
    /// Since the last start; `null` while it is not running.
    pub uptime_secs: Option<f64>,
    /// Why it was restarted last; `null` when it never was.
    pub last_cause: Option<String>,
}

/// What waits for an actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct MailboxReport {
    pub messages: usize,
    pub capacity: usize,
}

/// Why an actor was not restarted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestartRefused {
    /// There is no actor of this name.
    Unknown,
    /// One more would pass its intensity.
    TooOften { retry_after: Duration },
    /// The node is shutting down or has given the actor up.
    NotNow,
}

/// The supervision tree as the API needs it.
#[async_trait]
pub trait ActorControl: Send + Sync + 'static {
    /// Every actor, in the order of the tree.
    async fn actors(&self) -> Vec<ActorReport>;

    /// Orders a restart; returns once it is ordered. The reason goes into the log.
    async fn restart(&self, name: &str, reason: &str) -> Result<(), RestartRefused>;
}

/// Lets only the admin through.
pub async fn guard(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let state = request.app_data::<State>().cloned();
    let Some((state, token)) = state.and_then(|state| {
        let token = state.admin_token.clone()?;
        Some((state, token))
    }) else {
        return Err(HttpError::new(Refusal::NotFound).into());
    };
    let authorization = request.headers().get(header::AUTHORIZATION);
    if !token.admit(authorization.map(|value| value.as_bytes())) {
        state
            .metrics
            .count_security_event(SecurityEvent::AdminTokenWrong);
        let challenge = "Bearer realm=\"rei-bot admin\"";
        return Err(HttpError::new(Refusal::Unauthorized { challenge }).into());
    }
    next.call(request).await
}

#[derive(Serialize)]
struct Actors {
    actors: Vec<ActorReport>,
}

/// `GET /admin/api/actors`
pub async fn list_actors(state: State) -> HttpResponse {
    let actors = state.actors.actors().await;
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(Actors { actors })
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Restart {
    reason: Option<String>,
}

#[derive(Serialize)]
struct Ordered<'a> {
    actor: &'a str,
    restart: &'static str,
}

/// `POST /admin/api/actors/{name}/restart`, with `{"reason": "…"}` or without a body.
pub async fn restart_actor(
    request: HttpRequest,
    payload: Payload,
    name: Path<String>,
    state: State,
) -> Result<HttpResponse, HttpError> {
    let bytes = body::read(&request, payload, BODY_BYTES_MAX, state.limits.body_timeout).await?;
    let order: Restart = if bytes.is_empty() {
        Restart::default()
    } else {
        serde_json::from_slice(&bytes)
            .map_err(|_| Refusal::BadRequest("the body is not {\"reason\": \"…\"}"))?
    };
    let reason = order.reason.as_deref().unwrap_or(NO_REASON);
    if reason.chars().count() > REASON_CHARS_MAX {
        return Err(Refusal::BadRequest("the reason is longer than 200 characters").into());
    }
    match state.actors.restart(&name, reason).await {
        Ok(()) => {
            tracing::info!(actor = %name, reason, "an admin ordered a restart");
            Ok(HttpResponse::Accepted().json(Ordered {
                actor: &name,
                restart: "ordered",
            }))
        }
        Err(RestartRefused::Unknown) => Err(Refusal::NotFound.into()),
        Err(RestartRefused::TooOften { retry_after }) => {
            Err(Refusal::TooManyRequests { retry_after }.into())
        }
        Err(RestartRefused::NotNow) => {
            let retry_after = Duration::from_secs(5);
            Err(Refusal::Unavailable { retry_after }.into())
        }
    }
}
