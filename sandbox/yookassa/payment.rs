//! A payment and its states.
//!
//! ```text
//! pending ──► succeeded                          capture:true and paid
//!    │  └───► waiting_for_capture ─► succeeded   captured
//!    │               └─────────────► canceled    cancelled, or not captured in time
//!    └──────► canceled                           declined, or not paid in time
//! ```

use std::time::Duration;

use serde_json::{Value, json};

use super::amount::Amount;
use super::moment;
use super::order::{Confirmation, PaymentOrder};
use super::shop::{Environment, Method, Shop};

/// How long a receipt takes to be registered.
const REGISTRATION: Duration = Duration::from_secs(30);

/// What a card payment costs the shop, per mille, and the VAT on it, per cent.
const FEE_PER_MILLE: i64 = 28;
const FEE_VAT_PERCENT: i64 = 22;

/// A payment of the shop.
#[derive(Clone, Debug)]
pub struct Payment {
    pub id: String,
    pub order: PaymentOrder,
    /// What is asked; after a partial capture what was taken.
    pub amount: Amount,
    pub status: Status,
    pub created_at: Duration,
    /// Where the checkout page is.
    pub checkout_url: String,
    /// What the payer used.
    pub method: Option<Method>,
    /// The sum of the refunds that succeeded, in kopecks.
    pub refunded: i64,
    /// The sum of the refunds under way, in kopecks.
    pub refunding: i64,
    /// Whether the payer has promised to pay late.
    pub pays_late: bool,
    account_id: String,
    gateway_id: String,
    environment: Environment,
}

/// Where a payment stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    Pending,
    WaitingForCapture { until: Duration },
    Succeeded { captured_at: Duration },
    Canceled { cancellation: Cancellation },
}

/// Why a payment or a refund ended without money, and who said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cancellation {
    pub party: String,
    pub reason: String,
}

impl Cancellation {
    pub fn new(party: &str, reason: &str) -> Cancellation {
        Cancellation {
            party: party.to_owned(),
            reason: reason.to_owned(),
        }
    }

    pub fn render(&self) -> Value {
        json!({ "party": self.party, "reason": self.reason })
    }
}

impl Status {
    /// The word on the wire.
    pub fn name(&self) -> &'static str {
        match self {
            Status::Pending => "pending",
            Status::WaitingForCapture { .. } => "waiting_for_capture",
            Status::Succeeded { .. } => "succeeded",
            Status::Canceled { .. } => "canceled",
        }
    }
}

impl Payment {
    /// A payment that waits for its payer.
    pub fn new(
        id: String,
        order: PaymentOrder,
        shop: &Shop,
        created_at: Duration,
        checkout_url: String,
    ) -> Payment {
        Payment {
            id,
            amount: order.amount.clone(),
            order,
            status: Status::Pending,
            created_at,
            checkout_url,
            method: None,
            refunded: 0,
            refunding: 0,
            pays_late: false,
            account_id: shop.account_id.clone(),
            gateway_id: shop.gateway_id.clone(),
            environment: shop.environment,
        }
    }

    /// When the money was taken.
    pub fn captured_at(&self) -> Option<Duration> {
        match self.status {
            Status::Succeeded { captured_at } => Some(captured_at),
            Status::Pending | Status::WaitingForCapture { .. } | Status::Canceled { .. } => None,
        }
    }

    /// What may still be given back, in kopecks.
    pub fn refundable_minor(&self) -> i64 {
        match self.status {
            Status::Succeeded { .. } => self.amount.minor - self.refunded - self.refunding,
            Status::Pending | Status::WaitingForCapture { .. } | Status::Canceled { .. } => 0,
        }
    }

    /// The object as the wire has it now.
    pub fn render(&self, now: Duration) -> Value {
        let mut object = json!({
            "id": self.id,
            "status": self.status.name(),
            "amount": self.amount.render(),
            "created_at": moment::written(self.created_at),
            "recipient": { "account_id": self.account_id, "gateway_id": self.gateway_id },
            "paid": false,
            "refundable": false,
            "test": self.environment == Environment::Test,
            "metadata": self.order.metadata,
        });
        if let Some(description) = &self.order.description {
            object["description"] = json!(description);
        }
        if let Some(customer) = &self.order.merchant_customer_id {
            object["merchant_customer_id"] = json!(customer);
        }
        if let Some(method) = self.method {
            object["payment_method"] = method.render(&self.id);
        }
        match &self.status {
            Status::Pending => object["confirmation"] = self.confirmation(),
            Status::WaitingForCapture { until } => {
                object["paid"] = json!(true);
                object["expires_at"] = json!(moment::written(*until));
            }
            Status::Succeeded { captured_at } => {
                object["paid"] = json!(true);
                object["refundable"] = json!(self.refundable_minor() > 0);
                object["captured_at"] = json!(moment::written(*captured_at));
                object["income_amount"] = self.amount.with(self.income_minor()).render();
                object["refunded_amount"] = self.amount.with(self.refunded).render();
                if self.order.has_receipt {
                    object["receipt_registration"] = json!(registration(*captured_at, now));
                }
            }
            Status::Canceled { cancellation } => {
                object["cancellation_details"] = cancellation.render();
            }
        }
        object
    }

    fn confirmation(&self) -> Value {
        match &self.order.confirmation {
            Confirmation::Redirect { return_url } => json!({
                "type": "redirect",
                "return_url": return_url,
                "confirmation_url": self.checkout_url,
            }),
            Confirmation::Embedded => json!({
                "type": "embedded",
                "confirmation_token": format!("ct-{}", self.id),
            }),
        }
    }

    fn income_minor(&self) -> i64 {
        let fee = self.amount.minor * FEE_PER_MILLE / 1000;
        let vat = fee * FEE_VAT_PERCENT / 100;
        self.amount.minor - fee - vat
    }
}

/// How far the registration of a receipt has come.
pub fn registration(finished_at: Duration, now: Duration) -> &'static str {
    if now < finished_at + REGISTRATION {
        "pending"
    } else {
        "succeeded"
    }
}
