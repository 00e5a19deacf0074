//! Why a call was not taken: answers whose status is no success (contract, *Errors*).
//!
//! The status decides; the body only refines it. An edge server may send HTML or nothing.

use std::time::Duration;

use rei_actors::ports::provider::{Fault, ProviderError};
use reqwest::header::RETRY_AFTER;
use serde_json::Value;

use crate::providers::call::Answered;

/// The longest wait that an answer may ask for; more is the quota of a day, and a job whose
/// deadline is nearer should not be told to wait for it.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(600);

/// What the caller does next.
pub(super) fn read(answered: &Answered) -> ProviderError {
    let body = serde_json::from_slice::<Value>(&answered.body).unwrap_or_default();
    let error = &body["error"];
    let unusable = |fault, cause| ProviderError::Broken { fault, cause };
    let account = |cause| unusable(Fault::Account, cause);
    let broken = |cause| unusable(Fault::Request, cause);
    let later = |cause| ProviderError::Retryable {
        after: retry_after(answered, error),
        cause,
    };
    match answered.status.as_u16() {
        400 if has_reason(error, "API_KEY_INVALID") => account("the key is wrong"),
        400 if error["status"] == "FAILED_PRECONDITION" => {
            account("the account has no billing, or the region is not served")
        }
        400 => broken("the request is invalid"),
        401 | 403 => account("the key lacks the right"),
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

/// `RetryInfo.retryDelay` (`"30s"`) or else the header in its form of seconds; a text that is no
/// time is none. Google sends no dates there.
fn retry_after(answered: &Answered, error: &Value) -> Option<Duration> {
    let mut delays = details(error).filter_map(|detail| detail["retryDelay"].as_str());
    let told = delays.find_map(|delay| seconds(delay.strip_suffix('s')?));
    let header = || seconds(answered.headers.get(RETRY_AFTER)?.to_str().ok()?);
    Some(told.or_else(header)?.min(RETRY_AFTER_MAX))
}

/// Seconds, with or without a fraction.
fn seconds(text: &str) -> Option<Duration> {
    let seconds: f64 = text.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use reqwest::StatusCode;
    use reqwest::header::{HeaderMap, HeaderValue};
    use serde_json::json;

    use super::*;

    fn answered(status: u16, body: impl Into<Bytes>) -> Answered {
        Answered {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: body.into(),
        }
    }

    #[test]
    fn a_status_is_seen_through_any_body() {
        for body in ["", "<html>503</html>", "{\"error\":[]}", "[]", "null"] {
            let class = |status| read(&answered(status, body));
            assert!(matches!(class(503), ProviderError::Retryable { .. }));
            assert!(matches!(class(429), ProviderError::Retryable { .. }));
            assert!(matches!(class(408), ProviderError::Retryable { .. }));
            assert!(matches!(class(504), ProviderError::Ambiguous { .. }));
            for status in [204, 302, 400, 401, 403, 404, 418] {
                assert!(matches!(class(status), ProviderError::Broken { .. }));
            }
        }
    }

    #[test]
    fn a_delay_is_read_from_the_details_or_else_from_the_header() {
        let check = |detail: Option<&str>, header: Option<&'static str>, millis: Option<u64>| {
            let details = detail.map(|delay| json!([{ "retryDelay": delay }]));
            let body = json!({ "error": { "code": 429, "details": details } });
            let mut answered = answered(429, body.to_string());
            if let Some(header) = header {
                let header = HeaderValue::from_static(header);
                answered.headers.insert(RETRY_AFTER, header);
            }
            let expected = millis.map(Duration::from_millis);
            match read(&answered) {
                ProviderError::Retryable { after, .. } => assert_eq!(after, expected),
                other => panic!("a quota is no {other:?}"),
            }
        };
        check(None, None, None);
        check(Some("30s"), None, Some(30_000));
        check(Some("1.5s"), Some("9"), Some(1_500));
        check(None, Some("9"), Some(9_000));
        check(Some("soon"), Some("9"), Some(9_000));
        check(Some("86400s"), None, Some(600_000));
        for nonsense in ["-5s", "NaNs", "infs", "1e300s", "s"] {
            check(Some(nonsense), None, None);
        }
    }
}
