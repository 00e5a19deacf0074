//! `POST /webhook/yookassa`: a notification becomes a row, then YooKassa hears 200.
//!
//! Promises: every configured proof holds before anything is stored; the body is parsed once,
//! from the bytes that the signature covers; 200 is said only after the commit, and whatever
//! else happens the sender keeps the notification and sends it again. A rejection changes
//! nothing, is counted by its reason and logged without its body; the sender is not told which
//! proof failed.
//!
//! Deliberately believes nothing of a notification: it says which object to ask YooKassa about.
//! Asking is the cashier's, later, because an API that is slow must not stall the intake.

mod address;
mod metrics;
mod notification;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::HeaderMap;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use rei_actors::bell::Bell;
use rei_actors::ports::StoreError;
use rei_actors::ports::clock::Clock;
use rei_actors::ports::notices::{Notice, NoticeSource, NoticeStore, Storing};
use rei_domain::time::Span;

use super::error::{HttpError, Refusal};
use super::metrics::SecurityEvent;
use super::{HttpState, State, body, signed};
use crate::config;
use crate::webhooks::{NotASecret, Secret, Verifier};

pub use address::{AddressProof, AddressRefusal};
pub use metrics::PaymentWebhookMetrics;
pub(super) use metrics::Rejection;

use metrics::Ending;
use notification::Notification;

/// Where it is served, below the public address.
pub const PATH: &str = "/webhook/yookassa";

/// The name of the method in the rows of notices; the adapter's own.
const METHOD: &str = "yookassa";

/// What the sender is asked to wait. YooKassa keeps its own time; a signing proxy may obey.
const RETRY_AFTER: Duration = Duration::from_secs(5);

const FORWARDED_FOR: &str = "x-forwarded-for";

/// What vouches for a notification; all that is there must hold, and there is at least one.
#[derive(Clone)]
pub struct Proofs {
    signature: Option<Verifier>,
    address: Option<AddressProof>,
}

/// Why the route cannot be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    #[error(
        "/webhook/yookassa is not served without a proof: set YOOKASSA_WEBHOOK_SECRET, or yookassa.address_check to \"required\", or both"
    )]
    None,
    #[error("YOOKASSA_WEBHOOK_SECRET cannot be used: {0}")]
    Secret(#[from] NotASecret),
}

impl Proofs {
    /// Takes the proofs that are configured; without one there is no route.
    pub fn try_new(
        signature: Option<Verifier>,
        address: Option<AddressProof>,
    ) -> Result<Proofs, ProofError> {
        if signature.is_none() && address.is_none() {
            return Err(ProofError::None);
        }
        Ok(Proofs { signature, address })
    }

    /// The proofs that the configuration names.
    pub fn of(config: &config::Yookassa) -> Result<Proofs, ProofError> {
        let secrets: Result<Vec<Secret>, NotASecret> =
            config.webhook_secrets.iter().map(Secret::parse).collect();
        let secrets = secrets?;
        let tolerance = i64::try_from(config.webhook_tolerance.as_secs()).unwrap_or(i64::MAX);
        let signature =
            (!secrets.is_empty()).then(|| Verifier::new(secrets, Span::from_secs(tolerance)));
        let address = match config.address_check {
            config::AddressCheck::Off => None,
            config::AddressCheck::Required => Some(AddressProof::new(
                config.address_ranges.clone(),
                config.trusted_proxies.clone(),
            )),
        };
        Proofs::try_new(signature, address)
    }
}

/// What the route needs.
#[derive(Clone)]
pub struct YookassaWebhook {
    pub proofs: Proofs,
    pub notices: Arc<dyn NoticeStore>,
    pub clock: Arc<dyn Clock>,
    /// Wakes the cashier when there is something new.
    pub news: Bell,
    pub bytes_max: usize,
}

/// A notification that was not stored: what is counted, and what its sender hears.
struct Refused {
    ending: Ending,
    error: HttpError,
}

/// Takes one delivery.
pub async fn receive(
    request: HttpRequest,
    payload: Payload,
    state: State,
) -> Result<HttpResponse, HttpError> {
    let Some(webhook) = &state.yookassa else {
        return Err(Refusal::NotFound.into());
    };
    let metrics = state.metrics.payment_webhooks();
    match take(&request, payload, &state, webhook).await {
        Ok(ending) => {
            metrics.count(ending);
            Ok(HttpResponse::Ok().finish())
        }
        Err(refused) => {
            metrics.count(refused.ending);
            Err(refused.error)
        }
    }
}

/// Guards in the order of their cost: addresses and headers before the body, the signature
/// before what the body says.
async fn take(
    request: &HttpRequest,
    payload: Payload,
    state: &HttpState,
    webhook: &YookassaWebhook,
) -> Result<Ending, Refused> {
    let proofs = &webhook.proofs;
    let unproven = |rejection| unproven(state, rejection);
    if let Some(address) = &proofs.address {
        let peer = request.peer_addr().map(|peer| peer.ip());
        check_address(address, peer, request.headers()).map_err(unproven)?;
    }
    let now = webhook.clock.now();
    let signed = match &proofs.signature {
        None => None,
        Some(verifier) => {
            let claim =
                signed::claim(request.headers()).map_err(|forgery| unproven(forgery.into()))?;
            let in_time = verifier.check_time(&claim, now);
            in_time.map_err(|forgery| unproven(forgery.into()))?;
            Some((verifier, claim))
        }
    };
    let limits = state.limits;
    let read = body::read(request, payload, webhook.bytes_max, limits.body_timeout);
    let bytes = read.await.map_err(|error| {
        let rejection = match error.refusal() {
            Refusal::BodyTooLarge => Rejection::TooLarge,
            _ => Rejection::Unread,
        };
        rejected(rejection, error)
    })?;
    let source = match signed {
        None => NoticeSource::Listed,
        Some((verifier, claim)) => {
            let checked = verifier.check_signature(&claim, &bytes);
            checked.map_err(|forgery| unproven(forgery.into()))?;
            let id = claim.id().to_owned();
            NoticeSource::Signed { id }
        }
    };
    let body = String::from_utf8(bytes.into()).map_err(|_| malformed(Rejection::NotUtf8))?;
    let told = Notification::parse(&body).map_err(malformed)?;
    let notice = Notice {
        method: METHOD.to_owned(),
        event: told.event,
        object: told.object,
        body,
        source,
        received_at: now,
    };
    store(webhook, notice, limits.answer_timeout).await
}

/// Stores within the time that an answer may take.
async fn store(
    webhook: &YookassaWebhook,
    notice: Notice,
    limit: Duration,
) -> Result<Ending, Refused> {
    let (event, source) = (notice.event.clone(), notice.source.clone());
    let object = notice.object.clone();
    let stored = actix_web::rt::time::timeout(limit, webhook.notices.store(notice)).await;
    let cause = match stored {
        Ok(Ok(Storing::Stored)) => {
            webhook.news.ring();
            return Ok(Ending::stored(&event, &source));
        }
        Ok(Ok(Storing::Duplicate)) => return Ok(Ending::duplicate(&event, &source)),
        Ok(Ok(Storing::IdReused)) => {
            let refusal = Refusal::Conflict("this id was another notification's");
            return Err(rejected(Rejection::IdReused, refusal.into()));
        }
        Ok(Err(error)) => error,
        Err(_) => StoreError::Retryable("it was not stored in time".to_owned()),
    };
    let retry_after = RETRY_AFTER;
    let error = HttpError::new(Refusal::Unavailable { retry_after });
    let id = error.id();
    match &cause {
        StoreError::Retryable(_) => {
            tracing::warn!(payment.event = event, payment.object = object, error.id = %id, "a payment notice was not stored: {cause}");
        }
        StoreError::Broken(_) => {
            tracing::error!(payment.event = event, payment.object = object, error.id = %id, "a payment notice was not stored: {cause}");
        }
    }
    let ending = Ending::error(&event, &source);
    Err(Refused { ending, error })
}

fn check_address(
    proof: &AddressProof,
    peer: Option<IpAddr>,
    headers: &HeaderMap,
) -> Result<(), Rejection> {
    let forwarded = headers.get_all(FORWARDED_FOR).map(|value| value.as_bytes());
    let checked = match peer {
        Some(peer) => proof.check(peer, forwarded),
        None => Err(AddressRefusal::Unknown),
    };
    checked.map_err(|refusal| {
        // Without it nobody could tell a proxy that is missing in the configuration.
        tracing::debug!(?peer, ?refusal, "a payment notice came from elsewhere");
        Rejection::from(refusal)
    })
}

/// Nobody vouches for it. All of these look alike from outside.
fn unproven(state: &HttpState, rejection: Rejection) -> Refused {
    let event = SecurityEvent::PaymentWebhookUnproven;
    state.metrics.count_security_event(event);
    let challenge = "Webhook-Signature realm=\"yookassa\"";
    rejected(rejection, Refusal::Unauthorized { challenge }.into())
}

fn malformed(rejection: Rejection) -> Refused {
    let refusal = Refusal::BadRequest("the body is not a notification");
    rejected(rejection, refusal.into())
}

fn rejected(rejection: Rejection, error: HttpError) -> Refused {
    let reason = rejection.label();
    tracing::warn!(reason, error.id = %error.id(), "a payment notice was rejected");
    let ending = Ending::rejected(rejection);
    Refused { ending, error }
}
