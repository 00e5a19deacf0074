//! A task: what was ordered, where it stands, and how both generations write it down.
//!
//! ```text
//! submitted ──► processing ──► succeeded     with outputs and a bill
//!                         └──► failed        with a reason, and free
//! ```

use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::account::{PayBy, UNIT_MICROS};
use super::film::{Film, Generation};
use super::model::Micros;
use super::order::Order;

/// How long results are kept.
pub const RESULTS_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Submitted,
    Processing,
    Succeeded,
    Failed,
}

impl Status {
    /// Whether it holds a place of the account.
    pub fn is_open(self) -> bool {
        match self {
            Status::Submitted | Status::Processing => true,
            Status::Succeeded | Status::Failed => false,
        }
    }

    /// The word of a generation.
    pub fn word(self, generation: Generation) -> &'static str {
        match (self, generation) {
            (Status::Submitted, _) => "submitted",
            (Status::Processing, _) => "processing",
            (Status::Succeeded, Generation::New) => "succeeded",
            (Status::Succeeded, Generation::Legacy) => "succeed",
            (Status::Failed, _) => "failed",
        }
    }
}

/// How a task will end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    Succeeds,
    SucceedsWithoutOutputs,
    Fails { message: String },
    NeverEnds,
}

/// How a task ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    Succeeds,
    Fails { message: String },
}

/// A task.
#[derive(Clone, Debug)]
pub struct Task {
    pub id: String,
    pub video_id: String,
    pub generation: Generation,
    pub order: Order,
    pub film: Film,
    pub status: Status,
    pub message: String,
    pub fate: Fate,
    /// From processing to the end.
    pub work: Duration,
    /// Since the Unix epoch, in the sandbox's time.
    pub created: Duration,
    pub updated: Duration,
    pub pay_by: PayBy,
    /// Scheme and host the caller reached the emulator by.
    pub site: String,
    /// Makes the signatures of the result's address.
    pub key: String,
}

impl Task {
    /// Whether the video can be had.
    pub fn has_outputs(&self) -> bool {
        self.status == Status::Succeeded && self.fate != Fate::SucceedsWithoutOutputs
    }

    /// The element of a `/tasks` reply, the body of a callback, or the legacy `data`.
    pub fn render(&self) -> Value {
        match self.generation {
            Generation::New => self.render_new(),
            Generation::Legacy => self.render_legacy(),
        }
    }

    fn render_new(&self) -> Value {
        let mut task = json!({
            "id": self.id,
            "status": self.status.word(Generation::New),
            "message": self.message,
            "create_time": millis(self.created),
            "update_time": millis(self.updated),
            "external_id": self.external_id(),
        });
        if !self.status.is_open() {
            task["outputs"] = json!([]);
            task["billing"] = json!([]);
        }
        if self.has_outputs() {
            task["outputs"] = json!([{
                "type": "video",
                "id": self.video_id,
                "url": self.url(),
                "watermark_url": self.watermark_url(),
                "duration": format!("{:.1}", self.seconds()),
            }]);
        }
        if self.status == Status::Succeeded {
            task["billing"] = json!([self.bill()]);
        }
        task
    }

    fn render_legacy(&self) -> Value {
        let mut task = json!({
            "task_id": self.id,
            "task_status": self.status.word(Generation::Legacy),
            "task_status_msg": self.message,
            "task_info": { "external_task_id": self.external_id() },
            "created_at": millis(self.created),
            "updated_at": millis(self.updated),
        });
        if self.status == Status::Succeeded {
            let videos = match self.has_outputs() {
                true => json!([{
                    "id": self.video_id,
                    "url": self.url(),
                    "watermark_url": self.watermark_url(),
                    "duration": self.seconds().to_string(),
                }]),
                false => json!([]),
            };
            task["task_result"] = json!({ "videos": videos });
            match self.pay_by {
                PayBy::Units => {
                    task["final_unit_deduction"] = json!(decimal(self.film.cost, UNIT_MICROS));
                }
                PayBy::Cash => {
                    let amount = decimal(self.film.cost, 1_000_000);
                    task["final_balance_deduction"] =
                        json!({ "quota": amount, "list_price": amount });
                }
            }
        }
        task
    }

    /// What a create says at once.
    pub fn receipt(&self) -> Value {
        match self.generation {
            Generation::New => json!({
                "id": self.id,
                "status": self.status.word(Generation::New),
                "create_time": millis(self.created),
                "update_time": millis(self.updated),
                "external_id": self.external_id(),
            }),
            Generation::Legacy => json!({
                "task_id": self.id,
                "task_status": self.status.word(Generation::Legacy),
                "task_info": { "external_task_id": self.external_id() },
                "created_at": millis(self.created),
                "updated_at": millis(self.updated),
            }),
        }
    }

    fn external_id(&self) -> &str {
        self.order.external_id.as_deref().unwrap_or_default()
    }

    fn bill(&self) -> Value {
        match self.pay_by {
            PayBy::Cash => {
                let amount = decimal(self.film.cost, 1_000_000);
                json!({
                    "charge_type": "cash",
                    "cash_type": "balance",
                    "amount": amount,
                    "currency": "USD",
                    "list_price": amount,
                })
            }
            PayBy::Units => json!({
                "charge_type": "unit",
                "package_type": "video",
                "amount": decimal(self.film.cost, UNIT_MICROS),
            }),
        }
    }

    fn seconds(&self) -> f64 {
        self.film.clip.length.as_secs_f64()
    }

    /// When the result's address ends, in Unix seconds.
    pub fn expires(&self) -> u64 {
        (self.updated + RESULTS_KEPT).as_secs()
    }

    fn url(&self) -> String {
        format!(
            "{}/kling/results/{}/{}.mp4?expires={}&sign={}",
            self.site,
            self.id,
            self.video_id,
            self.expires(),
            self.sign()
        )
    }

    /// Proves that an address of the result is one of ours, with its end.
    pub fn sign(&self) -> String {
        let hash = Sha256::digest(format!("{} {} {}", self.key, self.id, self.expires()));
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn watermark_url(&self) -> String {
        if self.order.watermark {
            self.url()
        } else {
            String::new()
        }
    }
}

/// A moment as both generations write it.
pub fn millis(moment: Duration) -> u64 {
    u64::try_from(moment.as_millis()).unwrap_or(u64::MAX)
}

/// An amount in units of so many micro-dollars, with at least two decimals and no idle zeros
/// behind them.
pub fn decimal(micros: Micros, unit: Micros) -> String {
    let millionths = u128::from(micros) * 1_000_000 / u128::from(unit);
    let (whole, rest) = (millionths / 1_000_000, millionths % 1_000_000);
    let digits = format!("{rest:06}");
    let trimmed = digits.trim_end_matches('0');
    let kept = trimmed.len().max(2);
    format!("{whole}.{}", &digits[..kept])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_texts_with_two_decimals_or_what_they_need() {
        assert_eq!(decimal(560_000, 1_000_000), "0.56");
        assert_eq!(decimal(5_000_000, 1_000_000), "5.00");
        assert_eq!(decimal(919_800, 1_000_000), "0.9198");
        assert_eq!(decimal(420_000, UNIT_MICROS), "3.00");
    }
}
