//! `POST /webhook/telegram`: an update becomes durable, then Telegram hears 200.
//!
//! Telegram keeps an update and delivers it again until a 2xx, one at a time for each chat. So
//! nothing is processed here, and nothing that can wait holds the answer up. The answer's body
//! is empty: a JSON key `method` in it would be run as an API call.
//!
//! A body without a readable `update_id` is answered 400, although Telegram would repeat it:
//! Telegram sends none such, and whoever knows the secret and sends one should learn that
//! nothing was stored.

use std::time::Duration;

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use rei_actors::ports::StoreError;
use rei_actors::ports::inbox::RawUpdate;
use rei_actors::ports::intake::{Accepted, IntakeError};

use super::body;
use super::error::{HttpError, Refusal};
use super::metrics::{SecurityEvent, WebhookResult};
use super::{HttpState, State, Webhook};

/// The header that carries the secret (Bot API, `setWebhook`).
pub const SECRET_HEADER: &str = "X-Telegram-Bot-Api-Secret-Token";

/// What Telegram is asked to wait before it delivers again. It obeys 0 to 3600 s; a tap lives
/// 150 s, so the wait is short.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Takes one delivery.
pub async fn receive(
    request: HttpRequest,
    payload: Payload,
    state: State,
) -> Result<HttpResponse, HttpError> {
    let Some(webhook) = &state.webhook else {
        return Err(Refusal::NotFound.into());
    };
    let (result, answer) = match take(&request, payload, &state, webhook).await {
        Ok(Accepted::New) => (WebhookResult::Stored, Ok(HttpResponse::Ok().finish())),
        Ok(Accepted::Known) => (WebhookResult::Duplicate, Ok(HttpResponse::Ok().finish())),
        Err((result, error)) => (result, Err(error)),
    };
    state.metrics.count_webhook(result);
    answer
}

/// Guards in the order of their cost; the secret comes before the body.
async fn take(
    request: &HttpRequest,
    payload: Payload,
    state: &HttpState,
    webhook: &Webhook,
) -> Result<Accepted, (WebhookResult, HttpError)> {
    let secret = request.headers().get(SECRET_HEADER);
    if !webhook.secrets.admit(secret.map(|value| value.as_bytes())) {
        state
            .metrics
            .count_security_event(SecurityEvent::WebhookSecretWrong);
        let challenge = "Secret-Token realm=\"telegram\"";
        let refusal = Refusal::Unauthorized { challenge };
        return Err((WebhookResult::Rejected, refusal.into()));
    }
    let limits = state.limits;
    let bytes = body::read(
        request,
        payload,
        limits.webhook_bytes_max,
        limits.body_timeout,
    )
    .await
    .map_err(|error| (WebhookResult::Unreadable, error))?;
    let received_at = webhook.clock.now();
    let (Some((update_id, chat)), Ok(body)) =
        ((webhook.identify)(&bytes), String::from_utf8(bytes.into()))
    else {
        let refusal = Refusal::BadRequest("the body is not an update");
        return Err((WebhookResult::Unreadable, refusal.into()));
    };
    let update = RawUpdate {
        update_id,
        chat,
        body,
        received_at,
    };
    let accepting = webhook.intake.accept(update);
    match actix_web::rt::time::timeout(limits.answer_timeout, accepting).await {
        Ok(Ok(accepted)) => Ok(accepted),
        Ok(Err(error)) => Err((WebhookResult::Unavailable, unavailable(update_id, &error))),
        Err(_) => {
            let error = unavailable_error();
            tracing::error!(update.id = update_id, error.id = %error.id(), "an update was not stored in time");
            Err((WebhookResult::Unavailable, error))
        }
    }
}

/// Logs why an update was not taken, and asks Telegram to keep it. Even a statement that is
/// broken is our fault and not the update's: 503 keeps it alive until a fixed version runs.
fn unavailable(update_id: i64, cause: &IntakeError) -> HttpError {
    let error = unavailable_error();
    let id = error.id();
    match cause {
        IntakeError::Busy | IntakeError::Store(StoreError::Retryable(_)) => {
            tracing::warn!(update.id = update_id, error.id = %id, "an update was not taken: {cause}");
        }
        IntakeError::Store(StoreError::Broken(_)) => {
            tracing::error!(update.id = update_id, error.id = %id, "an update was not taken: {cause}");
        }
    }
    error
}

fn unavailable_error() -> HttpError {
    let retry_after = RETRY_AFTER;
    Refusal::Unavailable { retry_after }.into()
}
