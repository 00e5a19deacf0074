//! A task: what was ordered, and where it stands at a moment.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::Value;

use super::fault::FaultKind;

/// What a task is made from, checked.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub generation: Generation,
    /// The path it was made by, without the prefix.
    pub path: String,
    pub model: String,
    pub prompt: String,
    pub settings: Value,
    pub reference: Option<String>,
    pub callback: Option<String>,
    /// Seconds of the result.
    pub seconds: u32,
    /// Width over height.
    pub shape: f64,
    /// US dollars for a second, by the contract's price list.
    pub usd_per_second: f64,
    /// Input pictures and clips.
    pub inputs: usize,
    /// Where the input clip is, and how long it may be in milliseconds.
    pub clip: Option<(String, RangeInclusive<u32>)>,
    pub is_retired: bool,
}

/// By which API a task was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    Newer,
    Older,
}

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Submitted,
    Processing,
    Succeeded,
    Failed,
}

impl Status {
    /// Whether it is the end.
    pub fn is_final(self) -> bool {
        matches!(self, Status::Succeeded | Status::Failed)
    }

    /// The newer generation's word.
    pub fn word(self) -> &'static str {
        match self {
            Status::Submitted => "submitted",
            Status::Processing => "processing",
            Status::Succeeded => "succeeded",
            Status::Failed => "failed",
        }
    }
}

/// One task, as it stands at the moment it was looked at.
#[derive(Clone, Debug)]
pub struct Task {
    pub id: String,
    pub generation: Generation,
    /// The path it was made by: `text-to-video/kling-3.0`.
    pub path: String,
    pub model: String,
    pub prompt: String,
    pub settings: Value,
    pub reference: Option<String>,
    pub seconds: u32,
    pub inputs: usize,
    pub status: Status,
    /// Why it failed.
    pub message: String,
    /// Since the Unix epoch.
    pub created: Duration,
    /// Where news of it goes.
    pub callback: Option<String>,
    pub(super) shape: f64,
    usd_per_second: f64,
    starts: Duration,
    ends: Duration,
    fate: Option<FaultKind>,
}

impl Task {
    pub(super) fn new(
        number: usize,
        order: Order,
        now: Duration,
        (queued, running): (Duration, Duration),
        fate: Option<FaultKind>,
    ) -> Task {
        Task {
            id: format!("{:018}", 800_000_000_000_000_000 + number as u64),
            generation: order.generation,
            path: order.path,
            model: order.model,
            prompt: order.prompt,
            settings: order.settings,
            reference: order.reference,
            callback: order.callback,
            seconds: order.seconds,
            inputs: order.inputs,
            shape: order.shape,
            usd_per_second: order.usd_per_second,
            status: Status::Submitted,
            message: String::new(),
            created: now,
            starts: now + queued,
            ends: now + queued + running,
            fate,
        }
    }

    /// The task as it stands at a moment.
    pub(super) fn at(&self, now: Duration) -> Task {
        let mut task = self.clone();
        let (status, message) = match &self.fate {
            _ if now < self.starts => (Status::Submitted, ""),
            Some(FaultKind::NeverEnds) => (Status::Processing, ""),
            _ if now < self.ends => (Status::Processing, ""),
            Some(FaultKind::Fail { message }) => (Status::Failed, message.as_str()),
            _ => (Status::Succeeded, ""),
        };
        (task.status, task.message) = (status, message.to_owned());
        task
    }

    /// The moments at which its status changes, for callbacks.
    pub(super) fn changes(&self) -> [Duration; 2] {
        [self.starts, self.ends]
    }

    /// When it last changed, in milliseconds since the Unix epoch.
    pub(super) fn updated_ms(&self) -> u64 {
        let at = match self.status {
            Status::Submitted => self.created,
            Status::Processing => self.starts,
            Status::Succeeded | Status::Failed => self.ends,
        };
        millis(at)
    }

    /// What it cost, in US dollars with three places; failed tasks cost nothing.
    pub(super) fn usd(&self) -> String {
        format!("{:.3}", self.usd_per_second * f64::from(self.seconds))
    }
}

pub(super) fn millis(at: Duration) -> u64 {
    u64::try_from(at.as_millis()).unwrap_or(u64::MAX)
}
