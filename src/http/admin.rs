//! `/admin/api`: see every actor, restart one.
//!
//! Without a configured token these routes do not exist (404). With one, everything below
//! `/admin`, known or not, first asks for it. An ordered restart takes the same path as a
//! crash.
//!
//! Each order leaves an audit entry, done or refused; callers without the token leave one too,
//! at a pace that a flood of them cannot fill a disk with. A log that cannot be written stops no
//! order: the way to heal the database's actors must not lead through the database.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::web::{self, Path, Payload};
use actix_web::{Error, HttpRequest, HttpResponse};
use rei_actors::audit::Deed;
use rei_actors::supervision::{Cause, Directory, Observation, RestartError, State};
use rei_domain::audit::{Actor, AuditOutcome, Via};
use serde::{Deserialize, Serialize};

use super::HttpState;
use super::body;
use super::error::{HttpError, Refusal};
use super::metrics::SecurityEvent;

/// A body is one short sentence.
const BODY_BYTES_MAX: usize = 4096;
/// Characters of a reason: it goes into the log.
const REASON_CHARS_MAX: usize = 200;
/// Characters of a stranger's path that are written down.
const PATH_CHARS_MAX: usize = 100;
/// What an admin is asked to wait who restarts too often.
const RETRY_AFTER: Duration = Duration::from_secs(30);
/// What is written down when nobody says why.
const NO_REASON: &str = "no reason given";

/// The supervision tree as the API needs it.
pub trait ActorControl: Send + Sync + 'static {
    /// Every actor, in the order of the tree.
    fn observations(&self) -> Vec<Observation>;

    /// Orders a restart; returns once it is ordered.
    fn restart(&self, name: &str) -> Result<(), RestartError>;
}

impl ActorControl for Directory {
    fn observations(&self) -> Vec<Observation> {
        Directory::observations(self)
    }

    fn restart(&self, name: &str) -> Result<(), RestartError> {
        Directory::restart(self, name)
    }
}

/// Lets only the admin through.
pub async fn guard(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let state = request.app_data::<web::Data<HttpState>>().cloned();
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
        state.auditor.refuse(stranger(request.path())).await;
        let challenge = "Bearer realm=\"rei-bot admin\"";
        return Err(HttpError::new(Refusal::Unauthorized { challenge }).into());
    }
    next.call(request).await
}

/// The refusal of a caller without the token. What he asked for is his own text: cut short.
fn stranger(path: &str) -> Deed {
    Deed {
        actor: Actor::Nobody,
        via: Via::Http,
        action: "admin".to_owned(),
        target: path.chars().take(PATH_CHARS_MAX).collect(),
        detail: "absent or wrong token".to_owned(),
        outcome: AuditOutcome::Refused,
    }
}

#[derive(Serialize)]
struct Actors {
    actors: Vec<Shown>,
}

/// An observation on the wire. Ages are in seconds.
#[derive(Serialize)]
struct Shown {
    name: String,
    state: &'static str,
    mailbox: ShownMailbox,
    restarts: BTreeMap<&'static str, u64>,
    uptime_secs: f64,
    last_restart_secs_ago: Option<f64>,
    last_error: Option<String>,
    instances: usize,
    quarantined: usize,
}

#[derive(Serialize)]
struct ShownMailbox {
    messages: usize,
    capacity: usize,
}

impl From<Observation> for Shown {
    fn from(seen: Observation) -> Self {
        Self {
            name: seen.name.to_string(),
            state: match seen.state {
                State::Starting => "starting",
                State::Running => "running",
                State::BackingOff => "backing_off",
                State::Draining => "draining",
                State::Escalated => "escalated",
                State::Stopped => "stopped",
            },
            mailbox: ShownMailbox {
                messages: seen.mailbox.messages,
                capacity: seen.mailbox.capacity,
            },
            restarts: Cause::ALL
                .into_iter()
                .map(|cause| (cause.as_str(), seen.restarts.of(cause)))
                .collect(),
            uptime_secs: seen.uptime.as_secs_f64(),
            last_restart_secs_ago: seen.last_restart.map(|ago| ago.as_secs_f64()),
            last_error: seen.last_error,
            instances: seen.instances,
            quarantined: seen.quarantined,
        }
    }
}

/// `GET /admin/api/actors`
pub async fn list_actors(state: web::Data<HttpState>) -> HttpResponse {
    let seen = state.actors.observations();
    let actors = seen.into_iter().map(Shown::from).collect();
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
    state: web::Data<HttpState>,
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
    let ordered = state.actors.restart(&name);
    record(&state, &name, reason, &ordered).await;
    match ordered {
        Ok(()) => {
            tracing::info!(actor = %name, reason, "an admin ordered a restart");
            Ok(HttpResponse::Accepted().json(Ordered {
                actor: &name,
                restart: "ordered",
            }))
        }
        Err(RestartError::Unknown) => Err(Refusal::NotFound.into()),
        Err(RestartError::RateLimited) => Err(Refusal::TooManyRequests {
            retry_after: RETRY_AFTER,
        }
        .into()),
        Err(RestartError::NotRunning) => {
            Err(Refusal::Conflict("the actor is not running, so it cannot be restarted").into())
        }
        Err(RestartError::Nursery) => {
            Err(Refusal::Conflict("this name stands for many actors, not for one").into())
        }
    }
}

/// Writes an order down.
async fn record(state: &HttpState, name: &str, reason: &str, ordered: &Result<(), RestartError>) {
    let (outcome, detail) = match ordered {
        Ok(()) => (AuditOutcome::Done, format!("reason: {reason}")),
        Err(refusal) => (
            AuditOutcome::Refused,
            format!("{refusal}; reason: {reason}"),
        ),
    };
    let deed = Deed {
        actor: Actor::TokenHolder,
        via: Via::Http,
        action: "actor.restart".to_owned(),
        target: format!(
            "actor:{}",
            name.chars().take(PATH_CHARS_MAX).collect::<String>()
        ),
        detail,
        outcome,
    };
    if let Err(error) = state.auditor.record(deed).await {
        tracing::error!(actor = name, %error, "an order is not in the audit log");
    }
}
