//! Reading an answer: the picture, or why there is none, as the contract's tables class it.
//!
//! The picture is decoded straight from the body, which may be tens of megabytes; whoever calls
//! this does so off the threads that serve others.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use rei_actors::ports::provider::{Fault, ProviderError};
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::cost::Usage;
use super::failure;
use crate::providers::call::Answered;

/// A picture as it came, unchecked.
#[derive(Debug)]
pub(super) struct Made {
    pub bytes: Bytes,
    /// Absent when the answer does not count its tokens, or not in a way that can be read.
    pub usage: Option<Usage>,
}

/// What is read of an answer with status 200. Every field may be absent.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    prompt_feedback: Option<PromptFeedback>,
    #[serde(borrow, default)]
    candidates: Vec<Candidate<'a>>,
    /// Read apart: a count that cannot be read is no reason to lose a picture.
    #[serde(borrow)]
    usage_metadata: Option<&'a RawValue>,
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
    if answered.status != StatusCode::OK {
        return Err(failure::read(answered));
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
    let usage = answer.usage_metadata;
    Ok(Made {
        bytes: Bytes::from(bytes),
        usage: usage.and_then(|usage| serde_json::from_str(usage.get()).ok()),
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

/// What is logged of a name; the longest known one has 25 characters.
const NAME_CHARS_MAX: usize = 40;

/// Reasons for which the prompt was blocked; each is final. The last two are Vertex's.
fn block_reason(reason: &str) -> &'static str {
    const KNOWN: [&str; 8] = [
        "SAFETY",
        "OTHER",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "IMAGE_SAFETY",
        "BLOCK_REASON_UNSPECIFIED",
        "MODEL_ARMOR",
        "JAILBREAK",
    ];
    let known = KNOWN.into_iter().find(|known| *known == reason);
    known.unwrap_or("an unknown block reason")
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
        let fault = Fault::Request;
        return ProviderError::Broken { fault, cause };
    }
    match reason {
        "PUP_LIMITED_DISABLED" => ProviderError::Broken {
            fault: Fault::Account,
            cause: "the account is limited",
        },
        "STOP" => later("no picture in the answer"),
        "NO_IMAGE" | "IMAGE_OTHER" | "OTHER" => later("no picture was made"),
        "MAX_TOKENS" => later("the answer ran out of tokens"),
        "MALFORMED_RESPONSE" | "FINISH_REASON_UNSPECIFIED" => later("the answer went wrong"),
        unknown => {
            let reason = loggable(unknown);
            tracing::warn!(reason, "the provider ended for an unknown reason");
            later("an unknown finish reason")
        }
    }
}

/// A name the provider gave, fit for a log: names are upper-case words, and nothing else of an
/// answer gets through.
fn loggable(name: &str) -> String {
    let known = |char: &char| char.is_ascii_uppercase() || *char == '_';
    name.chars().filter(known).take(NAME_CHARS_MAX).collect()
}

fn later(cause: &'static str) -> ProviderError {
    ProviderError::Retryable { after: None, cause }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;
    use serde_json::{Value, json};

    use super::*;

    fn answered(body: impl Into<Bytes>) -> Answered {
        Answered {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: body.into(),
        }
    }

    fn ok(body: Value) -> Result<Made, ProviderError> {
        read(&answered(body.to_string()))
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
        let made = read(&answered(body)).unwrap();
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
            let error = read(&answered(body)).unwrap_err();
            assert!(matches!(error, ProviderError::Retryable { .. }), "{body}");
        }
        let unreadable = ["", "null", "[]", "<html>", r#"{"candidates":7}"#, "\u{7f}"];
        for body in unreadable {
            let error = read(&answered(body)).unwrap_err();
            assert!(matches!(error, ProviderError::Ambiguous { .. }), "{body}");
        }
    }

    #[test]
    fn a_count_that_cannot_be_read_is_no_reason_to_lose_a_picture() {
        for usage in [
            json!({ "promptTokenCount": "many" }),
            json!("many"),
            json!(-1),
        ] {
            let mut body = with_parts(&[picture("it")]);
            body["usageMetadata"] = usage;
            let made = ok(body).unwrap();
            assert_eq!(made.bytes, "it");
            assert!(made.usage.is_none());
        }
        let mut body = with_parts(&[picture("it")]);
        body["usageMetadata"] = json!({ "promptTokenCount": 6 });
        assert!(ok(body).unwrap().usage.is_some());
    }

    #[test]
    fn only_capital_letters_of_a_name_reach_the_log() {
        assert_eq!(loggable("A_NEW_REASON"), "A_NEW_REASON");
        assert_eq!(loggable("a canary\n OF A prompt é 1"), "OFA");
        assert_eq!(loggable(&"A".repeat(1_000)).len(), NAME_CHARS_MAX);
    }
}
