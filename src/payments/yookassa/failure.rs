//! Why a call was not taken: answers whose status is not 200 (contract, *Errors and retries*).
//!
//! The status decides; the body only refines it. An edge server may send HTML or nothing.

use std::time::Duration;

use rei_actors::ports::payments::PaymentError;
use serde::Deserialize;

use super::call::{Answered, Effect};

/// The longest wait that an answer may ask for: the cashier asks again by itself.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(600);

/// The members of an error that are read. Its description may quote the payer, so it is not.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Problem {
    code: String,
    parameter: String,
    /// Milliseconds.
    retry_after: Option<u64>,
}

/// What the caller does next.
pub(super) fn read(answered: &Answered, effect: Effect) -> PaymentError {
    let problem: Problem = serde_json::from_slice(&answered.body).unwrap_or_default();
    let broken = |cause| PaymentError::Broken { cause };
    match answered.status.as_u16() {
        // It was accepted, and may be carried out.
        202 => effect.lost("the request is still processed"),
        400 => bad_request(&problem.parameter),
        401 => broken("the shop id or the secret key is wrong"),
        403 => broken("the shop lacks the right"),
        404 if problem.code == "not_found" => PaymentError::NotFound,
        404 => broken("there is no such API at this address"),
        405 | 415 => broken("the API does not take this form of request"),
        410 => PaymentError::Refused {
            reason: "gone".to_owned(),
        },
        429 => PaymentError::Retryable {
            after: retry_after(&problem),
            cause: "too many requests",
        },
        // YooKassa tries to undo what it did; whether it could is not said.
        500..=599 => effect.lost("the payment system failed"),
        _ => broken("an unexpected status"),
    }
}

fn bad_request(parameter: &str) -> PaymentError {
    if parameter.starts_with("receipt.customer") {
        // The one thing in a request that the payer wrote.
        return PaymentError::Refused {
            reason: "receipt_customer".to_owned(),
        };
    }
    PaymentError::Broken {
        cause: match parameter {
            "Idempotence-Key" => "the idempotence key was used for another request",
            "amount" | "amount.value" => "the amount is not taken",
            "amount.currency" => "the shop has another currency",
            _ if parameter.starts_with("receipt") => "the receipt is missing or wrong",
            _ => "the request is invalid",
        },
    }
}

fn retry_after(problem: &Problem) -> Option<Duration> {
    let after = Duration::from_millis(problem.retry_after?);
    Some(after.min(RETRY_AFTER_MAX))
}
