//! Misbehaviour on request, and the words in a prompt that ask for it.
//!
//! Calls with wrong keys and unknown paths use no fault up.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::failure::Failure;
use crate::faults::{Fits, magic_word};

/// Something that goes wrong. Operations are `submit`, `status`, `result`, `cancel`, `download`
/// and `keys`.
pub type Fault = crate::faults::Fault<FaultKind>;

/// How a call goes wrong, and whether it is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type", deny_unknown_fields)]
pub enum FaultKind {
    /// Done, and answered so many milliseconds later.
    Latency { millis: u64 },
    /// Nothing is done; fal says so.
    Error { failure: Failure },
    /// It is done, though fal says otherwise.
    ErrorAfter { failure: Failure },
    /// A page of HTML with this status, as a proxy in between answers; nothing is done.
    Html { status: u16 },
    /// A page of HTML with this status, though it is done.
    HtmlAfter { status: u16 },
    /// The connection ends before anything is done.
    DropBefore,
    /// It is done, but the connection ends without an answer.
    DropAfter,
    /// It is done, but the answer is no JSON. A download is no picture and no video.
    Malformed,
    /// It is done, but the answer has no end.
    Huge,
    /// It is done, but the answer breaks off in its middle.
    Truncated,
    /// Nothing is done and nothing is answered, until the caller gives up.
    Hang,
    /// It is done, and the answer is changed by a JSON merge patch.
    Altered { patch: Value },
    /// Of a submit: the request waits in the queue for ever.
    NeverStarts,
    /// Of a submit: the request is in progress for ever.
    NeverFinishes,
    /// Of a submit: the request takes so long from its start to its end.
    Takes { millis: u64 },
    /// Of a submit: the request ends with `content_policy_violation`.
    Refused,
    /// Of a submit: the request ends with this failure.
    Ends { failure: Failure },
    /// Of a submit: a cancel is answered well, and the request goes on.
    CancelIgnored,
    /// Of a submit: the webhook has no payload and says `payload_error`.
    PayloadLost,
}

impl Fits for FaultKind {
    fn fits(&self, operation: &str) -> bool {
        match self {
            FaultKind::NeverStarts
            | FaultKind::NeverFinishes
            | FaultKind::Takes { .. }
            | FaultKind::Refused
            | FaultKind::Ends { .. }
            | FaultKind::CancelIgnored
            | FaultKind::PayloadLost => operation == "submit",
            FaultKind::Altered { .. } => operation != "download",
            FaultKind::Latency { .. }
            | FaultKind::Error { .. }
            | FaultKind::ErrorAfter { .. }
            | FaultKind::Html { .. }
            | FaultKind::HtmlAfter { .. }
            | FaultKind::DropBefore
            | FaultKind::DropAfter
            | FaultKind::Malformed
            | FaultKind::Huge
            | FaultKind::Truncated
            | FaultKind::Hang => true,
        }
    }
}

/// The words a person can put into a prompt, and what each of them provokes on every such
/// submit, unless a fault was pushed before.
pub const MAGIC_WORDS: &[(&str, &str)] = &[
    ("#refuse", "taken, then content_policy_violation"),
    ("#nothing", "taken, then no_media_generated"),
    ("#fail", "taken, then generation_timeout, 504"),
    ("#busy", "the request waits in the queue for ever"),
    ("#broke", "the account is locked, 403"),
    ("#slow", "the work takes a minute"),
    ("#hang", "the request is in progress for ever"),
    ("#drop", "the connection closes after the request was taken"),
];

/// The fault a prompt asks for.
pub fn asked_for(prompt: &str) -> Option<FaultKind> {
    let ends = |status, error_type: &str, message: &str| FaultKind::Ends {
        failure: Failure::model(status, error_type, message),
    };
    let kind = match magic_word(prompt, MAGIC_WORDS)? {
        "#refuse" => FaultKind::Refused,
        "#nothing" => ends(422, "no_media_generated", "No media was generated"),
        "#fail" => ends(504, "generation_timeout", "Generation took too long"),
        "#busy" => FaultKind::NeverStarts,
        "#broke" => FaultKind::Error {
            failure: Failure::locked(),
        },
        "#slow" => FaultKind::Takes { millis: 60_000 },
        "#hang" => FaultKind::NeverFinishes,
        "#drop" => FaultKind::DropAfter,
        _ => return None,
    };
    Some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_magic_word_does_something() {
        for (word, meaning) in MAGIC_WORDS {
            assert!(asked_for(&format!("A cat, {word}!")).is_some(), "{meaning}");
        }
        assert_eq!(asked_for("a cat"), None);
    }
}
