//! Misbehaviour on request, and the words in a prompt that ask for it.
//!
//! Calls with wrong keys and unknown paths use no fault up.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::faults::{Fits, magic_word};

/// Something that goes wrong. Operations are `create`, `query`, `list`, `costs` and `download`,
/// of both generations.
pub type Fault = crate::faults::Fault<FaultKind>;

/// How a call goes wrong, and whether it is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type", deny_unknown_fields)]
pub enum FaultKind {
    /// Done, and answered so many milliseconds later.
    Latency { millis: u64 },
    /// A code of the table with its HTTP status; nothing is done.
    Code { code: u32 },
    /// A code of the table with its HTTP status, though it is done.
    CodeAfter { code: u32 },
    /// A page of HTML with this status, as a proxy in between answers; nothing is done.
    Html { status: u16 },
    /// A page of HTML with this status, though it is done.
    HtmlAfter { status: u16 },
    /// The connection ends before anything is done.
    DropBefore,
    /// It is done, but the connection ends without an answer.
    DropAfter,
    /// It is done, but the answer, with status 200, is no JSON. A download is no video.
    Malformed,
    /// It is done, but the answer has no end.
    Huge,
    /// It is done, but the answer breaks off in its middle.
    Truncated,
    /// Nothing is done and nothing is answered, until the caller gives up.
    Hang,
    /// It is done, and the answer's `data` is changed by a JSON merge patch; in a list each item.
    Altered { patch: Value },
    /// Of a create: the task never ends.
    NeverFinishes,
    /// Of a create: the task takes so long from processing to its end.
    Takes { millis: u64 },
    /// Of a create: the task fails with these words.
    Fails { message: String },
    /// Of a create: the task fails in the words of the risk control.
    RiskControl,
    /// Of a create: the task succeeds and has no outputs.
    NoOutputs,
}

/// What the failure of a refused task says.
pub const RISK_CONTROL: &str = "Failure to pass the risk control system";

impl Fits for FaultKind {
    fn fits(&self, operation: &str) -> bool {
        match self {
            FaultKind::NeverFinishes
            | FaultKind::Takes { .. }
            | FaultKind::Fails { .. }
            | FaultKind::RiskControl
            | FaultKind::NoOutputs => operation == "create",
            FaultKind::Altered { .. } => operation != "download",
            FaultKind::Latency { .. }
            | FaultKind::Code { .. }
            | FaultKind::CodeAfter { .. }
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
/// create, unless a fault was pushed before.
pub const MAGIC_WORDS: &[(&str, &str)] = &[
    ("#refuse", "refused for content safety, 1301"),
    ("#policy", "refused by the platform's policy, 1300"),
    ("#risk", "accepted, then failed by the risk control"),
    ("#fail", "accepted, then failed"),
    ("#busy", "too many parallel tasks, 1303"),
    ("#broke", "the account is out of money, 1102"),
    ("#slow", "the video takes a minute"),
    ("#hang", "the task never ends"),
    ("#drop", "the connection closes after the task was accepted"),
    ("#nothing", "the task succeeds without outputs"),
];

/// The fault a prompt asks for.
pub fn asked_for(prompt: &str) -> Option<FaultKind> {
    let kind = match magic_word(prompt, MAGIC_WORDS)? {
        "#refuse" => FaultKind::Code { code: 1301 },
        "#policy" => FaultKind::Code { code: 1300 },
        "#risk" => FaultKind::RiskControl,
        "#fail" => FaultKind::Fails {
            message: "The generation failed".to_owned(),
        },
        "#busy" => FaultKind::Code { code: 1303 },
        "#broke" => FaultKind::Code { code: 1102 },
        "#slow" => FaultKind::Takes { millis: 60_000 },
        "#hang" => FaultKind::NeverFinishes,
        "#drop" => FaultKind::DropAfter,
        "#nothing" => FaultKind::NoOutputs,
        _ => return None,
    };
    Some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::Faults;

    #[test]
    fn a_fault_hits_its_operation_so_many_times() {
        let mut faults = Faults::default();
        faults.push(Fault {
            operation: Some("query".to_owned()),
            times: 2,
            kind: FaultKind::Hang,
        });
        assert_eq!(faults.take("create"), None);
        assert_eq!(faults.take("query"), Some(FaultKind::Hang));
        assert_eq!(faults.take("query"), Some(FaultKind::Hang));
        assert_eq!(faults.take("query"), None);
    }

    #[test]
    fn the_fate_of_a_task_waits_for_a_create() {
        let mut faults = Faults::default();
        faults.push(Fault {
            operation: None,
            times: 1,
            kind: FaultKind::RiskControl,
        });
        assert_eq!(faults.take("query"), None);
        assert_eq!(faults.take("create"), Some(FaultKind::RiskControl));
    }

    #[test]
    fn every_magic_word_does_something() {
        for (word, meaning) in MAGIC_WORDS {
            assert!(asked_for(&format!("A cat, {word}!")).is_some(), "{meaning}");
        }
        assert_eq!(asked_for("a cat"), None);
    }
}
