//! The one account there is: its key, its money, its limits, and how the queue treats it.

use serde::{Deserialize, Serialize};

/// The key until it is changed, `id:secret`. It opens nothing else.
pub const API_KEY: &str = "sandbox-id:sandbox-secret-that-opens-nothing-else";

/// The user id in the headers of webhooks.
pub const USER_ID: &str = "sandbox-user";

/// The account. A test may change it while the sandbox runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    pub api_key: String,
    /// The least time in the queue.
    pub wait_millis: u64,
    /// From the start to the end.
    pub work_millis: u64,
    /// Requests in progress at a time; the queue takes any number.
    pub parallel_max: usize,
    /// What is left, in micro-dollars.
    pub balance_micros: u64,
    pub kling_15: Kling15,
    pub running_cancel: RunningCancel,
    /// Added to the timestamps of webhooks, in seconds.
    pub skew_secs: i64,
}

/// What the ids of Kling 1.5 do. The real answer is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kling15 {
    /// 404 at once.
    NotFound,
    /// Taken, and failed with `downstream_service_error`.
    Fails,
    Runs,
}

/// What a cancel does to a request that has started. The real answer is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunningCancel {
    /// It is asked to stop, answered 202, and finishes and costs all the same.
    Finishes,
    /// It stops, and is free.
    Stops,
}

impl Default for Account {
    fn default() -> Account {
        Account {
            api_key: API_KEY.to_owned(),
            wait_millis: 500,
            work_millis: 2_500,
            parallel_max: 2,
            balance_micros: 1_000_000_000,
            kling_15: Kling15::NotFound,
            running_cancel: RunningCancel::Finishes,
            skew_secs: 0,
        }
    }
}
