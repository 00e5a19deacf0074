//! A refund, and how the next ones are to go.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::amount::Amount;
use super::moment;
use super::payment::{Cancellation, registration};

/// A refund of a payment.
#[derive(Clone, Debug)]
pub struct Refund {
    pub id: String,
    pub payment_id: String,
    pub amount: Amount,
    pub status: RefundStatus,
    pub created_at: Duration,
    pub description: Option<String>,
    /// None for a refund made in the cabinet.
    pub metadata: Option<Value>,
    pub has_receipt: bool,
}

/// Where a refund stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundStatus {
    Pending,
    Succeeded { at: Duration },
    Canceled { cancellation: Cancellation },
}

impl RefundStatus {
    /// The word on the wire.
    pub fn name(&self) -> &'static str {
        match self {
            RefundStatus::Pending => "pending",
            RefundStatus::Succeeded { .. } => "succeeded",
            RefundStatus::Canceled { .. } => "canceled",
        }
    }
}

impl Refund {
    /// The object as the wire has it now.
    pub fn render(&self, now: Duration) -> Value {
        let mut object = json!({
            "id": self.id,
            "payment_id": self.payment_id,
            "status": self.status.name(),
            "amount": self.amount.render(),
            "created_at": moment::written(self.created_at),
        });
        if let Some(description) = &self.description {
            object["description"] = json!(description);
        }
        if let Some(metadata) = &self.metadata {
            object["metadata"] = metadata.clone();
        }
        match &self.status {
            RefundStatus::Pending => {}
            RefundStatus::Succeeded { at } => {
                if self.has_receipt {
                    object["receipt_registration"] = json!(registration(*at, now));
                }
            }
            RefundStatus::Canceled { cancellation } => {
                object["cancellation_details"] = cancellation.render();
            }
        }
        object
    }
}

/// What becomes of a refund that is accepted. Times are on the sandbox's clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type", deny_unknown_fields)]
pub enum RefundPlan {
    /// The answer says `succeeded`.
    Succeeds,
    /// The answer says `pending`; it succeeds so many milliseconds later.
    SucceedsLater { millis: u64 },
    /// The answer says `canceled`.
    Fails { reason: String },
    /// The answer says `pending`; it is cancelled so many milliseconds later, unannounced.
    FailsLater { millis: u64, reason: String },
    /// It stays `pending` until the test ends it.
    Waits,
}

/// How a pending refund ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type", deny_unknown_fields)]
pub enum RefundEnd {
    Succeeds,
    Fails { reason: String },
}

/// Who cancels a refund for a reason: the wallet's operator for its own, else the network.
pub fn refund_cancellation(reason: &str) -> Cancellation {
    let party = match reason {
        "yoo_money_account_closed" | "insufficient_funds" | "payment_expired" => "yoo_money",
        _ => "refund_network",
    };
    Cancellation::new(party, reason)
}
