//! The one account there is: its keys, its money, its limits, and how the service treats it.

use serde::{Deserialize, Serialize};

use super::model::Micros;
use crate::standard_webhooks::Signing;

/// The API key until it is changed. It opens nothing else.
pub const API_KEY: &str = "api-key-kling-sandbox-that-opens-nothing-else";

/// The access key of the legacy generation until it is changed.
pub const ACCESS_KEY: &str = "sandbox-access-key";

/// The secret key of the legacy generation until it is changed.
pub const SECRET_KEY: &str = "sandbox-secret-key-that-opens-nothing-else";

/// A unit of a prepaid pack.
pub const UNIT_MICROS: Micros = 140_000;

/// The account. A test may change it while the sandbox runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    pub api_key: String,
    pub access_key: String,
    pub secret_key: String,
    /// From submitted to processing.
    pub wait_millis: u64,
    /// From processing to the end.
    pub work_millis: u64,
    /// Tasks of one model that run at a time.
    pub parallel_max: usize,
    /// Creates a second, on the sandbox's clock; none is no limit.
    pub creates_per_second: Option<usize>,
    /// What is left, in micro-dollars, also of a pack of units.
    pub balance_micros: Micros,
    pub pay_by: PayBy,
    /// What the pack held at first, in units.
    pub pack_units: u64,
    /// Names of models this account may not use, such as `kling-3.0`: 1103.
    pub models_denied: Vec<String>,
    pub retired: Retired,
    /// What a duration beside a `base_video` does.
    pub edit_duration: EditDuration,
    /// What a query for a task that is not there gets.
    pub missing_task: MissingTask,
    /// Ids of elements that were made from videos; all others from pictures.
    pub video_elements: Vec<String>,
    /// How callbacks are signed; without secrets they are not.
    pub signing: Signing,
}

/// How the account pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PayBy {
    /// In dollars of a balance.
    Cash,
    /// In units of a prepaid pack.
    Units,
}

/// What `kling-v1-5` meets. The real answer is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retired {
    /// 400 and 1201.
    BadValue,
    /// 404 and 1203.
    NotFound,
    /// 403 and 1103.
    NoRight,
    /// It still makes videos.
    StillRuns,
}

/// What a duration beside a `base_video` does. The real answer is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EditDuration {
    /// Nothing: the output is as long as its input.
    Ignored,
    /// 1201.
    Refused,
}

/// What a query for a task that is not there gets. Both were seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingTask {
    /// 200 with an empty list.
    Empty,
    /// 400 and 1201.
    BadValue,
}

impl Default for Account {
    fn default() -> Account {
        Account {
            api_key: API_KEY.to_owned(),
            access_key: ACCESS_KEY.to_owned(),
            secret_key: SECRET_KEY.to_owned(),
            wait_millis: 1_000,
            work_millis: 4_000,
            parallel_max: 5,
            creates_per_second: None,
            balance_micros: 1_000_000_000,
            pay_by: PayBy::Cash,
            pack_units: 10_000,
            models_denied: Vec::new(),
            retired: Retired::BadValue,
            edit_duration: EditDuration::Ignored,
            missing_task: MissingTask::Empty,
            video_elements: Vec::new(),
            signing: Signing::default(),
        }
    }
}
