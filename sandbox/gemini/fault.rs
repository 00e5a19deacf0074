//! What can go wrong on request, and the words in a prompt that ask for it.
//!
//! A fault replaces the answer of the next valid call. Calls with a wrong key, model or body never use
//! one up. Faults are taken in the order they were pushed.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// A fault and how many calls it spoils.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The number of calls; 1 when absent.
    #[serde(default = "once")]
    pub times: u32,
    /// What happens to them.
    pub kind: FaultKind,
}

fn once() -> u32 {
    1
}

/// What happens to a call. The comment says whether the call is billed, since that is what a retry costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultKind {
    /// Answers well, but this many milliseconds later. Billed.
    Latency { ms: u64 },
    /// 429, with `RetryInfo` of so many seconds when given.
    TooManyRequests { retry_after: Option<u64> },
    /// 500, 503, 504 or another status of 500 and above, in Google's envelope.
    ServerError { status: u16 },
    /// 400 with the reason `API_KEY_INVALID`, as if the key had been revoked.
    ApiKeyInvalid,
    /// 403 `PERMISSION_DENIED`.
    PermissionDenied,
    /// 400 `FAILED_PRECONDITION`: no billing, or the region is not served.
    FailedPrecondition,
    /// 400 `INVALID_ARGUMENT` without a cause in the request.
    InvalidArgument,
    /// 404 `NOT_FOUND`, as if the model had been retired.
    NotFound,
    /// A page of HTML with this status, as the edge sends it.
    Html { status: u16 },
    /// The connection closes without an answer, before the picture is made.
    DropBefore,
    /// The connection closes without an answer, after the picture is made. Billed.
    DropAfter,
    /// No answer, ever. The call waits until the caller goes away or the faults are cleared.
    Hang,
    /// `promptFeedback.blockReason` and no candidate.
    Blocked { reason: String },
    /// A candidate without a picture, with this `finishReason`; any string will do.
    Finish { reason: String },
    /// A candidate that ends with `STOP` and has words but no picture. Billed.
    NoPicture,
    /// 200 with neither candidates nor feedback.
    Empty,
    /// 200 with a body that is not JSON. Billed.
    Malformed,
    /// The body breaks off in its middle and the connection closes. Billed.
    Truncated,
    /// A body of base64 that never ends. Billed.
    Endless,
    /// The picture is bytes that are no picture. Billed.
    NotAPicture,
    /// The declared mime type is not the picture's. Billed.
    WrongMime,
    /// A true PNG, wider than anything the API sells. Billed.
    OversizedPicture,
    /// Every picture in the answer is a thought. Billed.
    OnlyThoughts,
}

/// The faults still to come.
#[derive(Debug, Default)]
pub(super) struct Faults(VecDeque<Fault>);

impl Faults {
    pub fn push(&mut self, fault: Fault) {
        if fault.times > 0 {
            self.0.push_back(fault);
        }
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault of this call, if one is due.
    pub fn take(&mut self) -> Option<FaultKind> {
        let first = self.0.front_mut()?;
        let kind = first.kind.clone();
        first.times -= 1;
        if first.times == 0 {
            self.0.pop_front();
        }
        Some(kind)
    }
}

/// The words a person can put into a prompt, and what each of them provokes on every such call.
pub const MAGIC_WORDS: &[(&str, &str)] = &[
    ("#refuse", "the prompt is blocked for safety"),
    ("#unsafe", "the picture is withheld with IMAGE_SAFETY"),
    ("#copy", "the picture is withheld with IMAGE_RECITATION"),
    ("#nothing", "the model answers with words and no picture"),
    ("#fail", "500 INTERNAL"),
    ("#busy", "503 UNAVAILABLE"),
    ("#quota", "429 with a delay of five seconds"),
    ("#slow", "the picture takes fifteen seconds"),
    ("#hang", "no answer, ever"),
    ("#drop", "the connection closes after the call was billed"),
    ("#broken", "the picture is bytes that are no picture"),
    ("#flaky", "503 on every first call of two with this prompt"),
];

/// The fault a prompt asks for. `repeat` counts the earlier calls with the same prompt.
pub(super) fn asked_for(prompt: &str, repeat: u64) -> Option<FaultKind> {
    let prompt = prompt.to_lowercase();
    let word = prompt
        .split(|c: char| c.is_whitespace() || ",.!?;:()".contains(c))
        .find(|word| MAGIC_WORDS.iter().any(|(magic, _)| magic == word))?;
    let kind = match word {
        "#refuse" => FaultKind::Blocked {
            reason: "SAFETY".into(),
        },
        "#unsafe" => FaultKind::Finish {
            reason: "IMAGE_SAFETY".into(),
        },
        "#copy" => FaultKind::Finish {
            reason: "IMAGE_RECITATION".into(),
        },
        "#nothing" => FaultKind::NoPicture,
        "#fail" => FaultKind::ServerError { status: 500 },
        "#busy" => FaultKind::ServerError { status: 503 },
        "#quota" => FaultKind::TooManyRequests {
            retry_after: Some(5),
        },
        "#slow" => FaultKind::Latency { ms: 15_000 },
        "#hang" => FaultKind::Hang,
        "#drop" => FaultKind::DropAfter,
        "#broken" => FaultKind::NotAPicture,
        "#flaky" if repeat.is_multiple_of(2) => FaultKind::ServerError { status: 503 },
        _ => return None,
    };
    Some(kind)
}
