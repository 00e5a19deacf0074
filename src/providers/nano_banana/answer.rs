//! Reading an answer: the picture, or why there is none, as the contract's tables class it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use rei_actors::ports::provider::ProviderError;
use serde_json::Value;

use super::call::Answered;
use super::failure;

/// The bytes of the picture.
pub(super) fn read(answered: &Answered) -> Result<Bytes, ProviderError> {
    if !answered.status.is_success() {
        return Err(failure::read(answered));
    }
    // Success says that it was done, and so billed: what cannot be read is a lost answer.
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
    use super::*;

    #[test]
    fn only_capital_letters_of_a_name_reach_the_log() {
        assert_eq!(loggable("A_NEW_REASON"), "A_NEW_REASON");
        assert_eq!(loggable("a canary\n OF A prompt é 1"), "OFA");
        assert_eq!(loggable(&"A".repeat(1_000)).len(), NAME_CHARS_MAX);
    }
}
