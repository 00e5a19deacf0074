//! What the bot asked for: the record tests assert on.

use std::collections::VecDeque;

use serde::Serialize;
use serde_json::Value;

use super::error::ApiError;

/// Calls kept; older ones are forgotten.
const CALLS_MAX: usize = 20_000;

/// One call of the Bot API or one download.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Call {
    /// Counts all calls, from 1.
    pub number: u64,
    /// As the caller spelled it; `download` for files.
    pub method: String,
    pub chat_id: Option<i64>,
    /// Microseconds since the Unix epoch, in the sandbox's time.
    pub at: u128,
    /// Uploaded files stand as `<name, 123 bytes>`.
    pub params: Value,
    pub answered: Answered,
}

/// What became of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answered {
    /// Not yet, or never.
    Not,
    /// It was done.
    Done,
    /// It was refused with this code and description.
    Refused { code: u16, description: String },
}

/// The record.
#[derive(Debug, Default)]
pub(super) struct Calls {
    kept: VecDeque<Call>,
    counted: u64,
}

impl Calls {
    /// Notes a call before it acts, and gives its number.
    pub fn begin(&mut self, method: &str, chat_id: Option<i64>, params: Value, at: u128) -> u64 {
        self.counted += 1;
        if self.kept.len() == CALLS_MAX {
            self.kept.pop_front();
        }
        self.kept.push_back(Call {
            number: self.counted,
            method: method.to_owned(),
            chat_id,
            at,
            params,
            answered: Answered::Not,
        });
        self.counted
    }

    /// Notes what became of it.
    pub fn end(&mut self, number: u64, answered: Answered) {
        if let Some(call) = self
            .kept
            .iter_mut()
            .rev()
            .find(|call| call.number == number)
        {
            call.answered = answered;
        }
    }

    /// The calls, oldest first.
    pub fn all(&self) -> Vec<Call> {
        self.kept.iter().cloned().collect()
    }
}

impl From<&ApiError> for Answered {
    fn from(error: &ApiError) -> Answered {
        Answered::Refused {
            code: error.code,
            description: error.description.clone(),
        }
    }
}

impl<T> From<&Result<T, ApiError>> for Answered {
    fn from(outcome: &Result<T, ApiError>) -> Answered {
        match outcome {
            Ok(_) => Answered::Done,
            Err(error) => error.into(),
        }
    }
}
