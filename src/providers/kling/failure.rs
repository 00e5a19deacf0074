//! Why a call was not taken, and why a task made nothing (contract, *Errors*).
//!
//! The code decides, not the status: of the codes that come as 429 only two pass by waiting.

use std::time::Duration;

use rei_actors::ports::provider::{Fault, ProviderError};
use serde::Deserialize;

use super::Refusal;
use crate::providers::call::Answered;

/// After "too fast" (contract: from 1 s).
const TOO_FAST: Duration = Duration::from_secs(1);

/// After "too many tasks": one of them has to end first.
const FULL: Duration = Duration::from_secs(10);

/// What a failed task says when its content was refused (contract, *Refusal after acceptance*).
const RISK_CONTROL: &str = "risk control";

#[derive(Deserialize)]
struct FaultBody {
    code: i64,
}

/// What the caller does next after an answer that is no success.
pub(super) fn of_answer<T>(answered: &Answered) -> Result<T, Refusal> {
    let fault: Option<FaultBody> = serde_json::from_slice(&answered.body).ok();
    let error = match fault.map(|fault| fault.code) {
        // A success that does not say what was asked for: the task may be there.
        Some(0) => ambiguous("the answer cannot be read"),
        Some(1201) => return Err(Refusal::Value),
        Some(code) => of_code(code).unwrap_or_else(|| of_status(answered.status.as_u16())),
        None => of_status(answered.status.as_u16()),
    };
    Err(Refusal::Call(error))
}

fn of_code(code: i64) -> Option<ProviderError> {
    Some(match code {
        1000..=1002 => account("the key is wrong"),
        // Tokens are made anew for each call: only a clock that is wrong comes here.
        1003 | 1004 => account("the token's time is not the provider's: check the clock"),
        1100 => account("the account is not in order"),
        1101 | 1102 => account("the account has no money"),
        1103 => account("the account has no right to the model"),
        1200 => broken("the provider refuses the request"),
        1202 | 1203 => broken("the model or its address is not there"),
        1300 => refused("policy"),
        1301 => refused("safety"),
        1302 => later(Some(TOO_FAST), "the provider asks to slow down"),
        1303 => later(Some(FULL), "the account has no place free"),
        1304 => account("the address of this server is not on the account's list"),
        5001 => later(None, "the provider is under maintenance"),
        5000 | 5002 => ambiguous("the provider failed inside"),
        _ => return None,
    })
}

/// An edge server answers without a code.
fn of_status(status: u16) -> ProviderError {
    match status {
        200..=299 => ambiguous("the answer cannot be read"),
        401 | 403 => account("the key is wrong"),
        404 => broken("the model or its address is not there"),
        408 | 429 | 503 => later(None, "the provider asks to try later"),
        500..=599 => ambiguous("the provider failed inside"),
        _ => broken("an unexpected status"),
    }
}

/// Why a task that was taken made nothing. Failed tasks are not billed (contract, inferred).
pub(super) fn of_task(message: &str) -> ProviderError {
    if message.to_ascii_lowercase().contains(RISK_CONTROL) {
        refused("risk control")
    } else {
        broken("the task failed")
    }
}

/// The account has to be looked after.
fn account(cause: &'static str) -> ProviderError {
    let fault = Fault::Account;
    ProviderError::Broken { fault, cause }
}

fn broken(cause: &'static str) -> ProviderError {
    let fault = Fault::Request;
    ProviderError::Broken { fault, cause }
}

fn refused(reason: &'static str) -> ProviderError {
    ProviderError::Refused { reason }
}

fn later(after: Option<Duration>, cause: &'static str) -> ProviderError {
    ProviderError::Retryable { after, cause }
}

fn ambiguous(cause: &'static str) -> ProviderError {
    ProviderError::Ambiguous { cause }
}
