//! What is sent and what comes back (contract, *Payments* and *Refunds*).
//!
//! Answers are read member by member and the rest is left aside, so that new members break
//! nothing; what is read must have its form, so that nothing is guessed about money.

use chrono::{DateTime, SecondsFormat, Utc};
use rei_actors::ports::payments::{
    Environment, PaidSum, PaymentReport, PaymentState, RefundReport, RefundState, Shop,
};
use rei_domain::ids::{RefundId, TopupId, UserId};
use rei_domain::time::Moment;
use serde::{Deserialize, Serialize};

use super::receipt::Receipt;
use super::sum::Sum;

/// The longest text that the payer is shown (contract, 2.1).
const DESCRIPTION_CHARS_MAX: usize = 128;
/// The longest id that is taken from metadata; ours have 32 characters.
const ID_CHARS_MAX: usize = 64;

/// `POST /payments`.
#[derive(Serialize)]
pub(super) struct NewPayment<'a> {
    pub amount: Sum,
    pub capture: bool,
    pub confirmation: Redirect<'a>,
    pub description: String,
    pub metadata: Metadata,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt<'a>>,
}

/// The payer goes to a page and comes back.
#[derive(Serialize)]
pub(super) struct Redirect<'a> {
    pub r#type: &'static str,
    pub return_url: &'a str,
    pub locale: &'static str,
}

/// `POST /refunds`.
#[derive(Serialize)]
pub(super) struct NewRefund<'a> {
    pub payment_id: &'a str,
    pub amount: Sum,
    pub metadata: Metadata,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt<'a>>,
}

/// What ties an object of YooKassa's to our rows. Texts on the wire.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Metadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topup_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
}

/// A payment, as far as it is read.
#[derive(Deserialize)]
pub(super) struct Payment {
    pub id: String,
    status: String,
    amount: Sum,
    created_at: String,
    captured_at: Option<String>,
    refunded_amount: Option<Sum>,
    confirmation: Option<Confirmation>,
    #[serde(default)]
    metadata: serde_json::Value,
    cancellation_details: Option<Cancellation>,
    recipient: Recipient,
    test: bool,
}

#[derive(Deserialize)]
struct Confirmation {
    confirmation_url: Option<String>,
}

#[derive(Deserialize)]
struct Cancellation {
    reason: String,
}

#[derive(Deserialize)]
struct Recipient {
    account_id: String,
}

/// A refund, as far as it is read.
#[derive(Deserialize)]
pub(super) struct Refund {
    pub id: String,
    payment_id: String,
    status: String,
    amount: Sum,
    created_at: String,
    #[serde(default)]
    metadata: serde_json::Value,
    cancellation_details: Option<Cancellation>,
}

/// One page of a list.
#[derive(Deserialize)]
pub(super) struct List<T> {
    pub items: Vec<T>,
    pub next_cursor: Option<String>,
}

impl Payment {
    /// Where the payer goes, while he has to.
    pub fn pay_url(&self) -> Option<&str> {
        self.confirmation.as_ref()?.confirmation_url.as_deref()
    }

    /// The report; `None` when something in it is not as documented.
    pub fn report(self, shop_id: &str) -> Option<PaymentReport> {
        let state = match self.status.as_str() {
            "pending" => PaymentState::Pending,
            "waiting_for_capture" => PaymentState::WaitingForCapture,
            "succeeded" => PaymentState::Succeeded,
            "canceled" => PaymentState::Canceled {
                reason: self.cancellation_details.map(|details| details.reason),
            },
            _ => return None,
        };
        let refunded = match &self.refunded_amount {
            None => 0,
            Some(sum) => match sum.hundredths()? {
                // Nothing is nothing in every currency.
                0 => 0,
                refunded if sum.currency == self.amount.currency => refunded,
                _ => return None,
            },
        };
        let captured_at = match &self.captured_at {
            Some(text) => Some(moment(text)?),
            None => None,
        };
        Some(PaymentReport {
            topup: id_in(&self.metadata, "topup_id").map(TopupId::new),
            user: user_in(&self.metadata),
            state,
            due: paid(self.amount)?,
            refunded,
            environment: if self.test {
                Environment::Test
            } else {
                Environment::Live
            },
            shop: if self.recipient.account_id == shop_id {
                Shop::Ours
            } else {
                Shop::Another
            },
            created_at: moment(&self.created_at)?,
            captured_at,
            external: self.id,
        })
    }
}

impl Refund {
    /// The report; `None` when something in it is not as documented.
    pub fn report(self) -> Option<RefundReport> {
        let state = match self.status.as_str() {
            "pending" => RefundState::Pending,
            "succeeded" => RefundState::Succeeded,
            "canceled" => RefundState::Canceled {
                reason: self.cancellation_details.map(|details| details.reason),
            },
            _ => return None,
        };
        Some(RefundReport {
            refund: id_in(&self.metadata, "refund_id").map(RefundId::new),
            state,
            sum: paid(self.amount)?,
            created_at: moment(&self.created_at)?,
            payment: self.payment_id,
            external: self.id,
        })
    }
}

fn paid(sum: Sum) -> Option<PaidSum> {
    Some(PaidSum {
        amount: sum.hundredths()?,
        currency: sum.currency,
    })
}

/// Metadata is anybody's who can make payments in the shop: what has not our form is not ours.
fn id_in<'a>(metadata: &'a serde_json::Value, key: &str) -> Option<&'a str> {
    let id = metadata[key].as_str()?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (!id.is_empty() && id.len() <= ID_CHARS_MAX && id.bytes().all(fits)).then_some(id)
}

fn user_in(metadata: &serde_json::Value) -> Option<UserId> {
    let text = metadata["user_id"].as_str()?;
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let id: i64 = text.parse().ok()?;
    (digits && id > 0).then_some(UserId(id))
}

/// A text of at most the length that YooKassa takes.
pub(super) fn description(text: &str) -> String {
    text.chars().take(DESCRIPTION_CHARS_MAX).collect()
}

fn moment(text: &str) -> Option<Moment> {
    let moment = DateTime::parse_from_rfc3339(text).ok()?;
    Some(Moment(moment.timestamp_micros()))
}

/// A moment as a filter of a list takes it. YooKassa's moments are whole milliseconds, so
/// rounding up keeps both `>= from` and `< to` exact. `None` beyond the calendar.
pub(super) fn filter_moment(at: Moment) -> Option<String> {
    let millis = at.0.div_euclid(1_000) + i64::from(at.0.rem_euclid(1_000) > 0);
    let at = DateTime::<Utc>::from_timestamp_millis(millis)?;
    Some(at.to_rfc3339_opts(SecondsFormat::Millis, true))
}
