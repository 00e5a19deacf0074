//! Why a call was not taken: answers whose status is no success (contract, *Errors*).
//!
//! The status decides; the body only refines it. An edge server may send HTML or nothing.

use std::time::Duration;

use rei_actors::ports::provider::ProviderError;
use reqwest::header::RETRY_AFTER;
use serde_json::Value;

use super::call::Answered;

/// The longest wait that an answer may ask for; more is the quota of a day, and a job whose
/// deadline is nearer should not be told to wait for it.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(600);

/// What the caller does next.
pub(super) fn read(answered: &Answered) -> ProviderError {
    let body = serde_json::from_slice::<Value>(&answered.body).unwrap_or_default();
    let error = &body["error"];
    let broken = |cause| ProviderError::Broken { cause };
    let later = |cause| ProviderError::Retryable {
        after: retry_after(answered, error),
        cause,
    };
    match answered.status.as_u16() {
        400 if has_reason(error, "API_KEY_INVALID") => broken("the key is wrong"),
        400 if error["status"] == "FAILED_PRECONDITION" => {
            broken("the account has no billing, or the region is not served")
        }
        400 => broken("the request is invalid"),
        401 | 403 => broken("the key lacks the right"),
        404 => broken("the model is retired or misspelt"),
        408 => later("the provider timed out"),
        413 => broken("the request is too large"),
        429 => later("a quota is used up"),
        // It may have run to its end, and then it is billed.
        504 => ProviderError::Ambiguous {
            cause: "the provider's deadline passed",
        },
        500..=599 => later("the provider is overloaded"),
        _ => broken("an unexpected status"),
    }
}

fn details(error: &Value) -> impl Iterator<Item = &Value> {
    error["details"].as_array().into_iter().flatten()
}

fn has_reason(error: &Value, reason: &str) -> bool {
    details(error).any(|detail| detail["reason"] == reason)
}

/// `RetryInfo.retryDelay` (`"30s"`), or else the header in its form of seconds; Google sends
/// no dates there.
fn retry_after(answered: &Answered, error: &Value) -> Option<Duration> {
    let mut delays = details(error).filter_map(|detail| detail["retryDelay"].as_str());
    let told = delays.find_map(|delay| wait(delay.strip_suffix('s')?));
    told.or_else(|| {
        let header = answered.headers.get(RETRY_AFTER)?;
        wait(header.to_str().ok()?)
    })
}

/// Seconds, with or without a fraction, as a wait up to the longest.
fn wait(seconds: &str) -> Option<Duration> {
    let seconds: f64 = seconds.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds.min(RETRY_AFTER_MAX.as_secs_f64())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_read_with_fractions_and_kept_within_the_longest() {
        let millis = |text| wait(text).map(|wait| wait.as_millis());
        assert_eq!(millis("30"), Some(30_000));
        assert_eq!(millis(" 0.5 "), Some(500));
        assert_eq!(millis("86400"), Some(600_000));
        assert_eq!(millis("1e300"), Some(600_000));
        assert_eq!(millis("-1"), None);
        assert_eq!(millis("soon"), None);
        assert_eq!(millis("Wed, 21 Oct 2026 07:28:00 GMT"), None);
    }
}
