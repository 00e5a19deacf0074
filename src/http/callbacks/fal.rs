//! fal's callbacks: ED25519 over the request, its user, a timestamp and the hash of the body.

use std::fmt::Write as _;
use std::sync::Arc;

use actix_web::http::header::HeaderMap;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use rei_actors::nudges::Nudges;
use rei_actors::ports::clock::Clock;
use rei_domain::time::{Moment, Span};
use sha2::{Digest, Sha256};

use super::{BYTES_MAX, TOLERANCE};
use crate::http::error::{HttpError, Refusal};
use crate::http::metrics::SecurityEvent;
use crate::http::{State, body};
use crate::providers::CallbackKeys;

/// Where it is served, below the public address.
pub const FAL_PATH: &str = "/webhook/fal";

/// The provider's name.
const FAL: &str = "fal";

/// What the route needs.
#[derive(Clone)]
pub struct FalCallbacks {
    pub keys: Arc<CallbackKeys>,
    pub nudges: Nudges,
    pub clock: Arc<dyn Clock>,
}

/// What the headers of a callback say.
struct Claim {
    request: String,
    user: String,
    timestamp: String,
    signature: Vec<u8>,
}

impl Claim {
    /// `None` when a header is missing, stands twice or is not what it must be.
    fn read(headers: &HeaderMap) -> Option<Claim> {
        let header = |name| {
            let mut values = headers.get_all(name);
            let value = values.next()?.to_str().ok()?;
            values.next().is_none().then(|| value.to_owned())
        };
        Some(Claim {
            request: header("x-fal-webhook-request-id")?,
            user: header("x-fal-webhook-user-id")?,
            timestamp: header("x-fal-webhook-timestamp")?,
            signature: from_hex(&header("x-fal-webhook-signature")?)?,
        })
    }

    fn is_in_time(&self, now: Moment) -> bool {
        let Ok(secs) = self.timestamp.parse::<u32>() else {
            return false;
        };
        let told = Moment(0) + Span::from_secs(i64::from(secs));
        (now - told).0.abs() <= TOLERANCE.0
    }

    /// What was signed.
    fn text(&self, body: &[u8]) -> String {
        let mut hash = String::new();
        for byte in Sha256::digest(body) {
            write!(hash, "{byte:02x}").expect("a string takes any text");
        }
        let Claim {
            request,
            user,
            timestamp,
            ..
        } = self;
        format!("{request}\n{user}\n{timestamp}\n{hash}")
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok())
        .collect()
}

/// Takes one callback. The request's name is in a signed header, so the body is only hashed.
pub async fn fal(
    request: HttpRequest,
    payload: Payload,
    state: State,
) -> Result<HttpResponse, HttpError> {
    let Some(callbacks) = &state.fal else {
        return Err(Refusal::NotFound.into());
    };
    let forged = || {
        let event = SecurityEvent::ProviderCallbackUnproven;
        state.metrics.count_security_event(event);
        callbacks.nudges.forged(FAL);
        let challenge = "Webhook-Signature realm=\"fal\"";
        HttpError::new(Refusal::Unauthorized { challenge })
    };
    let now = callbacks.clock.now();
    let claim = Claim::read(request.headers()).filter(|claim| claim.is_in_time(now));
    let claim = claim.ok_or_else(forged)?;
    let bytes = body::read(&request, payload, BYTES_MAX, state.limits.body_timeout).await?;
    let text = claim.text(&bytes);
    let keys = &callbacks.keys;
    if !keys.prove(text.as_bytes(), &claim.signature, now).await {
        return Err(forged());
    }
    callbacks.nudges.news(FAL, &claim.request);
    Ok(HttpResponse::Ok().finish())
}
