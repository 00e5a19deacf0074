//! What the shop asked for: the record tests assert on.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;
use serde_json::Value;

use super::idempotence::Answer;
use super::refusal::Refusal;

/// Calls kept; older ones are forgotten, but stay counted.
const CALLS_MAX: usize = 20_000;

/// One call of the API.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Call {
    /// Counts all calls, from 1.
    pub number: u64,
    /// Such as `create_payment`; the method and path of a call that is none.
    pub operation: String,
    /// The payment or refund in the path.
    pub object_id: Option<String>,
    /// Filters of a list, as they came.
    pub query: String,
    pub idempotence_key: Option<String>,
    /// The JSON body; null when there was none.
    pub body: Value,
    /// Microseconds since the Unix epoch, in the sandbox's time.
    pub at: u128,
    pub answered: Answered,
}

/// What became of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Answered {
    /// A fault kept it from being done.
    Not,
    /// It was done, with this status, whether or not a fault spoilt the answer.
    Done { status: u16 },
    /// The first answer of its key was given again.
    Repeated { status: u16 },
    /// It was refused.
    Refused { status: u16, code: String },
}

impl Answered {
    /// A call that was done or refused just now.
    pub(super) fn of(answer: &Answer) -> Answered {
        match answer {
            Ok(_) => Answered::Done { status: 200 },
            Err(refusal) => Answered::refused(refusal),
        }
    }

    pub(super) fn refused(refusal: &Refusal) -> Answered {
        Answered::Refused {
            status: refusal.status,
            code: refusal.code.clone(),
        }
    }
}

/// The record.
#[derive(Debug, Default)]
pub struct Calls {
    kept: VecDeque<Call>,
    counted: u64,
    by_operation: BTreeMap<String, u64>,
}

impl Calls {
    /// Notes a call before it acts, and gives its number.
    pub fn begin(&mut self, mut call: Call) -> u64 {
        self.counted += 1;
        call.number = self.counted;
        if self.kept.len() == CALLS_MAX {
            self.kept.pop_front();
        }
        *self.by_operation.entry(call.operation.clone()).or_default() += 1;
        self.kept.push_back(call);
        self.counted
    }

    /// Notes what became of it.
    pub fn end(&mut self, number: u64, answered: Answered) {
        let call = self.kept.iter_mut().rev().find(|it| it.number == number);
        if let Some(call) = call {
            call.answered = answered;
        }
    }

    /// The calls, oldest first.
    pub fn all(&self) -> Vec<Call> {
        self.kept.iter().cloned().collect()
    }

    /// How many calls there were of each operation, forgotten ones included.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.by_operation.clone()
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        self.kept.clear();
        self.by_operation.clear();
    }
}
