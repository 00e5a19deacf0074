//! Callbacks: a provider says that a work has moved. `POST /webhook/kling` is signed by Standard
//! Webhooks (contract page of Kling, *Callback*), `POST /webhook/fal` by a key of fal's public
//! set (contract page of the fallback providers, *Webhook*).
//!
//! Promises: only what its signature proves is read, within the time it may be old, from the
//! bytes that the signature covers. Deliberately believes nothing that it says but a name: the
//! run that waits for this work asks the provider now. So a callback that comes twice, late, out
//! of order or for a work of nobody changes nothing, and needs no row.

mod fal;

use std::sync::Arc;

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use rei_actors::nudges::Nudges;
use rei_actors::ports::clock::Clock;
use rei_domain::time::Span;
use serde::Deserialize;

use super::error::{HttpError, Refusal};
use super::metrics::SecurityEvent;
use super::{State, body, signed};
use crate::config;
use crate::webhooks::{NotASecret, Secret, Verifier};

pub use fal::{FAL_PATH, FalCallbacks, fal};

/// Where it is served, below the public address.
pub const KLING_PATH: &str = "/webhook/kling";

/// The provider's name.
const KLING: &str = "kling";

/// The largest callback read: the real ones have about one kilobyte.
const BYTES_MAX: usize = 65_536;

/// How far the timestamp may be from our clock (contract).
const TOLERANCE: Span = Span::from_secs(300);

/// What the route needs.
#[derive(Clone)]
pub struct KlingCallbacks {
    verifier: Verifier,
    nudges: Nudges,
    clock: Arc<dyn Clock>,
}

impl KlingCallbacks {
    /// `None` without a secret: then nobody is asked for callbacks, and the route does not exist.
    pub fn of(
        config: &config::Kling,
        nudges: Nudges,
        clock: Arc<dyn Clock>,
    ) -> Result<Option<KlingCallbacks>, NotASecret> {
        let secrets: Result<Vec<Secret>, NotASecret> =
            config.webhook_secrets.iter().map(Secret::parse).collect();
        let secrets = secrets?;
        Ok((!secrets.is_empty()).then(|| KlingCallbacks {
            verifier: Verifier::new(secrets, TOLERANCE),
            nudges,
            clock,
        }))
    }
}

/// A task as it is told of: by `id` in the newer generation, by `task_id` in the older one.
#[derive(Deserialize)]
struct Told {
    #[serde(alias = "task_id")]
    id: String,
}

/// Takes one callback.
pub async fn kling(
    request: HttpRequest,
    payload: Payload,
    state: State,
) -> Result<HttpResponse, HttpError> {
    let Some(callbacks) = &state.kling else {
        return Err(Refusal::NotFound.into());
    };
    let forged = || {
        state
            .metrics
            .count_security_event(SecurityEvent::ProviderCallbackUnproven);
        callbacks.nudges.forged(KLING);
        let challenge = "Webhook-Signature realm=\"kling\"";
        HttpError::new(Refusal::Unauthorized { challenge })
    };
    let claim = signed::claim(request.headers()).map_err(|_| forged())?;
    let in_time = callbacks.verifier.check_time(&claim, callbacks.clock.now());
    in_time.map_err(|_| forged())?;
    let bytes = body::read(&request, payload, BYTES_MAX, state.limits.body_timeout).await?;
    let checked = callbacks.verifier.check_signature(&claim, &bytes);
    checked.map_err(|_| forged())?;
    let Ok(told) = serde_json::from_slice::<Told>(&bytes) else {
        callbacks.nudges.malformed(KLING);
        return Err(Refusal::BadRequest("the body is not a task").into());
    };
    callbacks.nudges.news(KLING, &told.id);
    Ok(HttpResponse::Ok().finish())
}
