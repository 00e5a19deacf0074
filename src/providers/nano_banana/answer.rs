//! Reading an answer: the picture, or why there is none, as the contract's tables class it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use rei_actors::ports::provider::ProviderError;
use reqwest::header::RETRY_AFTER;
use serde_json::Value;

use super::{Answered, RETRY_AFTER_MAX};

/// The bytes of the picture.
pub(super) fn read(answered: &Answered) -> Result<Bytes, ProviderError> {
    if answered.status != 200 {
        return Err(refused_call(answered));
    }
    // Status 200 says that it was done, and so billed: what cannot be read is a lost answer.
    let lost = |cause| ProviderError::Ambiguous { cause };
    let body: Value =
        serde_json::from_slice(&answered.body).map_err(|_| lost("the answer is no JSON"))?;
    if let Some(reason) = body["promptFeedback"]["blockReason"].as_str() {
        let reason = block_reason(reason);
        return Err(ProviderError::Refused { reason });
    }
    let candidate = &body["candidates"][0];
    match last_picture(candidate) {
        Some(data) => STANDARD
            .decode(data)
            .map(Bytes::from)
            .map_err(|_| lost("the picture is no base64")),
        None => Err(without_picture(candidate["finishReason"].as_str())),
    }
}

/// The last part with data that is not a thought: interim pictures come first.
fn last_picture(candidate: &Value) -> Option<&str> {
    let parts = candidate["content"]["parts"].as_array()?;
    parts
        .iter()
        .filter(|part| part["thought"] != Value::Bool(true))
        .filter_map(|part| part["inlineData"]["data"].as_str())
        .next_back()
}

/// Reasons for which the prompt was blocked; each is final.
fn block_reason(reason: &str) -> &'static str {
    const KNOWN: [&str; 4] = ["SAFETY", "BLOCKLIST", "PROHIBITED_CONTENT", "IMAGE_SAFETY"];
    let known = KNOWN.into_iter().find(|known| *known == reason);
    known.unwrap_or("OTHER")
}

/// Finish reasons that refuse the content: no retry, nowhere else.
const REFUSALS: [&str; 10] = [
    "SAFETY",
    "IMAGE_SAFETY",
    "PROHIBITED_CONTENT",
    "IMAGE_PROHIBITED_CONTENT",
    "BLOCKLIST",
    "SPII",
    "RECITATION",
    "IMAGE_RECITATION",
    "LANGUAGE",
    "ESCALATION",
];

/// Finish reasons that only a mistake of ours can bring about.
const MISTAKES: [&str; 5] = [
    "MISSING_THOUGHT_SIGNATURE",
    "MALFORMED_FUNCTION_CALL",
    "UNEXPECTED_TOOL_CALL",
    "TOO_MANY_TOOL_CALLS",
    "CONTINUATION",
];

/// Why a candidate has no picture (contract, *finishReason*). Unknown reasons are tried again.
fn without_picture(reason: Option<&str>) -> ProviderError {
    let Some(reason) = reason else {
        return later("no candidate");
    };
    if let Some(reason) = REFUSALS.into_iter().find(|known| *known == reason) {
        return ProviderError::Refused { reason };
    }
    if let Some(cause) = MISTAKES.into_iter().find(|known| *known == reason) {
        return ProviderError::Broken { cause };
    }
    match reason {
        "PUP_LIMITED_DISABLED" => ProviderError::Broken {
            cause: "the account is limited",
        },
        "STOP" => later("no picture in the answer"),
        "NO_IMAGE" | "IMAGE_OTHER" | "OTHER" => later("no picture was made"),
        "MAX_TOKENS" => later("the answer ran out of tokens"),
        _ => later("an unexpected finish reason"),
    }
}

fn later(cause: &'static str) -> ProviderError {
    ProviderError::Retryable { after: None, cause }
}

/// Why a call was not taken (contract, *Errors*). A body that cannot be read does not hide the
/// status.
fn refused_call(answered: &Answered) -> ProviderError {
    let body = serde_json::from_slice::<Value>(&answered.body).unwrap_or_default();
    let error = &body["error"];
    let broken = |cause| ProviderError::Broken { cause };
    let later = |cause| ProviderError::Retryable {
        after: retry_after(answered, error),
        cause,
    };
    match answered.status {
        400 if has_reason(error, "API_KEY_INVALID") => broken("the key is wrong"),
        400 if error["status"] == "FAILED_PRECONDITION" => {
            broken("the account has no billing, or the region is not served")
        }
        400 => broken("the request is invalid"),
        401 | 403 => broken("the key lacks the right"),
        404 => broken("the model is retired or misspelt"),
        408 => later("the provider timed out"),
        429 => later("a quota is used up"),
        // It may have run to its end, and then it is billed.
        504 => ProviderError::Ambiguous {
            cause: "the provider's deadline passed",
        },
        500..=599 => later("the provider is overloaded"),
        _ => broken("an unexpected status"),
    }
}

fn has_reason(error: &Value, reason: &str) -> bool {
    let details = error["details"].as_array();
    let mut details = details.into_iter().flatten();
    details.any(|detail| detail["reason"] == reason)
}

/// `RetryInfo.retryDelay` (`"30s"`) or the header, whichever there is.
fn retry_after(answered: &Answered, error: &Value) -> Option<Duration> {
    let details = error["details"].as_array();
    let mut details = details.into_iter().flatten();
    let told = details.find_map(|detail| detail["retryDelay"].as_str()?.strip_suffix('s'));
    let header = answered.headers.get(RETRY_AFTER);
    let header = header.and_then(|value| value.to_str().ok());
    let seconds: f64 = told.or(header)?.trim().parse().ok()?;
    let wait = Duration::try_from_secs_f64(seconds).ok()?;
    Some(wait.min(RETRY_AFTER_MAX))
}
