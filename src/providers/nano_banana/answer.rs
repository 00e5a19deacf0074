//! Reading an answer: the picture, or why there is none, as the contract's tables class it.
//!
//! The picture is decoded straight from the body, which may be tens of megabytes; whoever calls
//! this does so off the threads that serve others.

use std::borrow::Cow;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use rei_actors::ports::provider::ProviderError;
use reqwest::header::RETRY_AFTER;
use serde::Deserialize;
use serde_json::Value;

use super::cost::Usage;
use super::{Answered, RETRY_AFTER_MAX};

/// A picture as it came, unchecked.
#[derive(Debug)]
pub(super) struct Made {
    pub bytes: Bytes,
    /// Absent when the answer does not count its tokens.
    pub usage: Option<Usage>,
}

/// What is read of an answer with status 200. Every field may be absent.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    prompt_feedback: Option<PromptFeedback>,
    #[serde(borrow, default)]
    candidates: Vec<Candidate<'a>>,
    usage_metadata: Option<Usage>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PromptFeedback {
    block_reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate<'a> {
    #[serde(borrow, default)]
    content: Content<'a>,
    finish_reason: Option<String>,
}

#[derive(Default, Deserialize)]
struct Content<'a> {
    #[serde(borrow, default)]
    parts: Vec<Part<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part<'a> {
    #[serde(default)]
    thought: bool,
    #[serde(borrow)]
    inline_data: Option<InlineData<'a>>,
}

/// The media type is not read: the bytes say what they are.
#[derive(Deserialize)]
struct InlineData<'a> {
    /// Base64, borrowed from the body.
    #[serde(borrow, default)]
    data: Cow<'a, str>,
}

/// The bytes of the picture.
pub(super) fn read(answered: &Answered) -> Result<Made, ProviderError> {
    if answered.status != 200 {
        return Err(refused_call(answered));
    }
    // Status 200 says that it was done, and so billed: what cannot be read is a lost answer.
    let lost = |cause| ProviderError::Ambiguous { cause };
    let answer: Answer<'_> =
        serde_json::from_slice(&answered.body).map_err(|_| lost("the answer cannot be read"))?;
    let blocked = answer.prompt_feedback.and_then(|it| it.block_reason);
    if let Some(reason) = blocked {
        let reason = block_reason(&reason);
        return Err(ProviderError::Refused { reason });
    }
    let Some(candidate) = answer.candidates.first() else {
        return Err(later("no candidate"));
    };
    let Some(data) = last_picture(candidate) else {
        return Err(without_picture(candidate.finish_reason.as_deref()));
    };
    let bytes = STANDARD
        .decode(data)
        .map_err(|_| lost("the picture is no base64"))?;
    Ok(Made {
        bytes: Bytes::from(bytes),
        usage: answer.usage_metadata,
    })
}

/// The last part with data that is not a thought: interim pictures come first.
fn last_picture<'a>(candidate: &'a Candidate<'_>) -> Option<&'a str> {
    let parts = candidate.content.parts.iter();
    parts
        .filter(|part| !part.thought)
        .filter_map(|part| part.inline_data.as_ref())
        .map(|inline| inline.data.as_ref())
        .rfind(|data| !data.is_empty())
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
        return later("neither a picture nor a reason");
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

/// `RetryInfo.retryDelay` (`"30s"`) or else the header; a text that is no time is none.
fn retry_after(answered: &Answered, error: &Value) -> Option<Duration> {
    let details = error["details"].as_array();
    let mut details = details.into_iter().flatten();
    let told =
        details.find_map(|detail| seconds(detail["retryDelay"].as_str()?.strip_suffix('s')?));
    let header = || seconds(answered.headers.get(RETRY_AFTER)?.to_str().ok()?);
    Some(told.or_else(header)?.min(RETRY_AFTER_MAX))
}

fn seconds(text: &str) -> Option<Duration> {
    let seconds: f64 = text.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderValue};
    use serde_json::json;

    use super::*;

    fn answered(status: u16, body: impl Into<Bytes>) -> Answered {
        Answered {
            status,
            headers: HeaderMap::new(),
            body: body.into(),
        }
    }

    fn ok(body: Value) -> Result<Made, ProviderError> {
        read(&answered(200, body.to_string()))
    }

    fn picture(words: &str) -> Value {
        json!({ "inlineData": { "mimeType": "image/png", "data": STANDARD.encode(words) } })
    }

    fn thought(mut part: Value) -> Value {
        part["thought"] = json!(true);
        part
    }

    fn with_parts(parts: &[Value]) -> Value {
        json!({ "candidates": [{ "content": { "parts": parts }, "finishReason": "STOP" }] })
    }

    #[test]
    fn the_last_picture_that_is_no_thought_is_the_result() {
        let parts = [
            thought(picture("draft")),
            picture("first"),
            json!({ "text": "words" }),
            picture("last"),
            thought(picture("afterthought")),
            json!({ "inlineData": {} }),
        ];
        let made = ok(with_parts(&parts)).unwrap();
        assert_eq!(made.bytes, "last");
        assert!(made.usage.is_none(), "it need not be counted");
    }

    #[test]
    fn a_picture_whose_text_is_escaped_is_read_too() {
        // A slash may be written with a backslash in JSON; then nothing can be borrowed.
        let data = STANDARD.encode([0xff, 0xff, 0xff]);
        let body = format!(
            r#"{{"candidates":[{{"content":{{"parts":[{{"inlineData":{{"data":"{}"}}}}]}}}}]}}"#,
            data.replace('/', "\\/")
        );
        let made = read(&answered(200, body)).unwrap();
        assert_eq!(made.bytes.as_ref(), [0xff, 0xff, 0xff]);
    }

    #[test]
    fn unknown_and_missing_fields_are_no_reason_to_lose_a_picture() {
        let mut body = with_parts(&[picture("it")]);
        body["somethingNew"] = json!({ "deep": [1, 2, 3] });
        body["usageMetadata"] = json!({ "somethingElse": 1 });
        body["candidates"][0]["finishReason"] = json!("SOMETHING_NEW");
        assert_eq!(ok(body).unwrap().bytes, "it");
    }

    #[test]
    fn a_blocked_prompt_is_refused_whatever_else_is_there() {
        let mut body = with_parts(&[picture("it")]);
        body["promptFeedback"] = json!({ "blockReason": "IMAGE_SAFETY" });
        let reason = "IMAGE_SAFETY";
        assert_eq!(ok(body).unwrap_err(), ProviderError::Refused { reason });
        // Feedback without a reason blocks nothing.
        let mut body = with_parts(&[picture("it")]);
        body["promptFeedback"] = json!({ "safetyRatings": [] });
        assert!(ok(body).is_ok());
    }

    #[test]
    fn no_body_with_status_200_is_taken_for_something_it_is_not() {
        let nothing_made = ["{}", r#"{"candidates":[]}"#, r#"{"candidates":[{}]}"#];
        for body in nothing_made {
            let error = read(&answered(200, body)).unwrap_err();
            assert!(matches!(error, ProviderError::Retryable { .. }), "{body}");
        }
        let unreadable = ["", "null", "[]", "<html>", r#"{"candidates":7}"#, "\u{7f}"];
        for body in unreadable {
            let error = read(&answered(200, body)).unwrap_err();
            assert!(matches!(error, ProviderError::Ambiguous { .. }), "{body}");
        }
    }

    #[test]
    fn a_status_is_seen_through_any_body() {
        for body in ["", "<html>503</html>", "{\"error\":[]}", "[]", "null"] {
            let class = |status| read(&answered(status, body)).unwrap_err();
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
            match read(&answered).unwrap_err() {
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
