//! Why a request was not taken, and why it made nothing (contract, *Errors*). The `type`
//! decides, never the message; not every endpoint has one, then the status does.

use std::time::Duration;

use rei_actors::ports::provider::{Fault, ProviderError};
use serde::Deserialize;
use serde_json::Value;

use crate::providers::call::Answered;

/// After "too many at once": one of the requests has to end first.
const FULL: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
struct FaultBody {
    error_type: Option<String>,
    detail: Option<Value>,
}

/// The first `type` of an answer, of either shape.
fn type_of(answered: &Answered) -> Option<String> {
    let body: FaultBody = serde_json::from_slice(&answered.body).ok()?;
    let of_model = || {
        let first = body.detail.as_ref()?.as_array()?.first()?;
        first.get("type")?.as_str().map(str::to_owned)
    };
    body.error_type.clone().or_else(of_model)
}

/// What follows from a submit that was not taken.
pub(super) fn of(answered: &Answered) -> ProviderError {
    match answered.status.as_u16() {
        200..=299 => ambiguous("the answer cannot be read"),
        500..=599 => ambiguous("the provider failed inside"),
        _ => of_any(answered),
    }
}

/// What follows when the queue does not say where a request stands.
pub(super) fn of_asking(answered: &Answered) -> ProviderError {
    match answered.status.as_u16() {
        404 => broken("the provider does not know its request"),
        401 | 403 => of_any(answered),
        _ => later(None, "the provider does not say where the request stands"),
    }
}

/// What follows from a request that ended badly. A failure that is no refusal is not charged
/// (contract, inferred), so the work may be done elsewhere.
pub(super) fn of_result(answered: &Answered) -> ProviderError {
    match type_of(answered).as_deref() {
        // The result is asked for before it is there.
        None if answered.status.as_u16() == 400 => later(None, "the result is not there yet"),
        // A gateway in between: the result itself is not lost.
        None if answered.status.is_server_error() => later(None, "the result cannot be had"),
        _ => of_any(answered),
    }
}

fn of_any(answered: &Answered) -> ProviderError {
    match type_of(answered).as_deref() {
        Some("content_policy_violation") => ProviderError::Refused { reason: "policy" },
        // Usually a quiet refusal of the model (contract, inferred): somebody else may try.
        Some("no_media_generated") => broken("nothing was made"),
        Some(
            "generation_timeout"
            | "downstream_service_error"
            | "downstream_service_unavailable"
            | "internal_server_error",
        ) => broken("the model failed"),
        Some(
            "request_timeout"
            | "startup_timeout"
            | "runner_scheduling_failure"
            | "runner_connection_timeout"
            | "runner_disconnected"
            | "runner_connection_refused"
            | "runner_connection_error"
            | "runner_incomplete_response"
            | "runner_server_error"
            | "internal_error",
        ) => broken("the gateway failed"),
        Some("concurrent_requests_limit") => later(Some(FULL), "the account has no place free"),
        Some(_) => broken("the provider refuses the request"),
        None => of_status(answered.status.as_u16()),
    }
}

fn of_status(status: u16) -> ProviderError {
    match status {
        401 => account("the key is wrong"),
        403 => account("the account is locked or has no money"),
        404 => broken("the model is not there"),
        408 | 409 | 429 => later(Some(FULL), "the provider asks to try later"),
        500..=599 => ambiguous("the provider failed inside"),
        _ => broken("the provider refuses the request"),
    }
}

fn account(cause: &'static str) -> ProviderError {
    let fault = Fault::Account;
    ProviderError::Broken { fault, cause }
}

fn broken(cause: &'static str) -> ProviderError {
    let fault = Fault::Request;
    ProviderError::Broken { fault, cause }
}

fn later(after: Option<Duration>, cause: &'static str) -> ProviderError {
    ProviderError::Retryable { after, cause }
}

fn ambiguous(cause: &'static str) -> ProviderError {
    ProviderError::Ambiguous { cause }
}
