//! What was asked: the record tests assert on.

use std::collections::VecDeque;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

/// Calls kept; older ones are forgotten.
const CALLS_MAX: usize = 20_000;

/// A text that is longer, such as a picture in base64, is noted by its length alone.
const TEXT_CHARS_MAX: usize = 8_192;

/// One call of the API.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Call {
    /// Counts all calls, from 1.
    pub number: u64,
    /// One of the emulator's operations; the method and path of a call that is none.
    pub operation: String,
    /// Without the prefix of the emulator.
    pub path: String,
    pub query: String,
    /// The JSON body; null when there was none.
    pub body: Value,
    /// Since the Unix epoch, in the sandbox's time.
    pub at: Duration,
    /// The task or request that was made or asked for.
    pub id: Option<String>,
    pub answered: Answered,
}

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Answered {
    /// A fault kept it from being done.
    Not,
    /// It was done, whether or not a fault spoilt the answer.
    Done,
    /// It was refused, with a code of the body or, where there is none, of HTTP.
    Refused { code: u32 },
}

/// The record.
#[derive(Debug, Default)]
pub struct Calls {
    kept: VecDeque<Call>,
    counted: u64,
}

impl Calls {
    /// Notes a call before it acts, and gives its number.
    pub fn begin(&mut self, mut call: Call) -> u64 {
        self.counted += 1;
        call.number = self.counted;
        shorten(&mut call.body);
        if self.kept.len() == CALLS_MAX {
            self.kept.pop_front();
        }
        self.kept.push_back(call);
        self.counted
    }

    /// Notes what became of it.
    pub fn end(&mut self, number: u64, answered: Answered, id: Option<String>) {
        let call = self.kept.iter_mut().rev().find(|it| it.number == number);
        if let Some(call) = call {
            call.answered = answered;
            if id.is_some() {
                call.id = id;
            }
        }
    }

    /// The calls, oldest first.
    pub fn all(&self) -> Vec<Call> {
        self.kept.iter().cloned().collect()
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        self.kept.clear();
    }
}

fn shorten(value: &mut Value) {
    match value {
        Value::String(text) if text.len() > TEXT_CHARS_MAX => {
            *value = json!(format!("({} characters)", text.len()));
        }
        Value::Array(items) => items.iter_mut().for_each(shorten),
        Value::Object(fields) => fields.values_mut().for_each(shorten),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
