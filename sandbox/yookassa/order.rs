//! What a shop asks for: the bodies of `POST /payments`, `/capture` and `/refunds`, checked.
//!
//! Fields that this sandbox has no use for (`transfers`, `airline`, `client_ip` …) are ignored,
//! as clients send some of them empty. Saved methods and the confirmation types other than
//! `redirect` and `embedded` are refused, because nothing here would play them.

use serde_json::{Map, Value};

use super::amount::Amount;
use super::fields;
use super::receipt;
use super::refusal::Refusal;
use super::shop::{Method, Receipts, Shop};

const DESCRIPTION_CHARS_MAX: usize = 128;
const REFUND_DESCRIPTION_CHARS_MAX: usize = 250;
const RETURN_URL_CHARS_MAX: usize = 2048;
const CUSTOMER_CHARS_MAX: usize = 200;

/// The smallest payment and the smallest refund in kopecks.
const SMALLEST_MINOR: i64 = 100;

/// A payment that may be made.
#[derive(Clone, Debug)]
pub struct PaymentOrder {
    pub amount: Amount,
    pub capture: Capture,
    pub confirmation: Confirmation,
    /// None lets the payer choose.
    pub method: Option<Method>,
    pub description: Option<String>,
    pub metadata: Value,
    pub merchant_customer_id: Option<String>,
    pub has_receipt: bool,
}

/// Whether paying takes the money or reserves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capture {
    AtOnce,
    OnRequest,
}

/// How the payer gets to the checkout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confirmation {
    Redirect { return_url: String },
    Embedded,
}

impl PaymentOrder {
    /// Checks a body of `POST /payments`.
    pub fn parse(body: &Value, shop: &Shop) -> Result<PaymentOrder, Refusal> {
        let fields = fields::object(body)?;
        let amount = fields.get("amount").unwrap_or(&Value::Null);
        let amount = Amount::parse(amount, "amount", &shop.currency)?;
        let capture = match fields::flag(fields, "capture")? {
            Some(true) => Capture::AtOnce,
            Some(false) | None => Capture::OnRequest,
        };
        let method = method(fields, shop, capture)?;
        let limit = method.map_or(Method::Sbp.limit_minor(), Method::limit_minor);
        if amount.minor < SMALLEST_MINOR || amount.minor > limit {
            return Err(Refusal::invalid(
                "amount.value",
                "The amount is outside the limits of the payment method",
            ));
        }
        if fields
            .get("payment_method_id")
            .is_some_and(|id| !id.is_null())
        {
            return Err(Refusal::invalid(
                "payment_method_id",
                "The payment method doesn't exist",
            ));
        }
        if fields::flag(fields, "save_payment_method")? == Some(true) {
            return Err(Refusal::new(
                403,
                "forbidden",
                "This store can't make recurring payments. Contact the YooMoney manager",
            ));
        }
        let has_receipt = receipt::check(fields.get("receipt"), &amount, shop, Requirement::Whole)?;
        Ok(PaymentOrder {
            capture,
            confirmation: confirmation(fields)?,
            method,
            description: fields::text(fields, "description", "description", DESCRIPTION_CHARS_MAX)?,
            metadata: fields::metadata(fields)?,
            merchant_customer_id: fields::text(
                fields,
                "merchant_customer_id",
                "merchant_customer_id",
                CUSTOMER_CHARS_MAX,
            )?,
            has_receipt,
            amount,
        })
    }
}

fn method(
    fields: &Map<String, Value>,
    shop: &Shop,
    capture: Capture,
) -> Result<Option<Method>, Refusal> {
    let data = match fields.get("payment_method_data") {
        None | Some(Value::Null) => return Ok(None),
        Some(data) => data,
    };
    let refused = |what: &str| Refusal::invalid("payment_method_data.type", what);
    let Some(method) = data["type"].as_str().and_then(Method::named) else {
        return Err(refused("Unknown payment method"));
    };
    if !method.works_in(shop.environment) {
        return Err(refused("Payment method is not available"));
    }
    match (method, capture) {
        (Method::Sbp, Capture::OnRequest) => {
            Err(refused("The payment method can't be used without capture"))
        }
        (
            Method::Sbp
            | Method::BankCard
            | Method::YooMoney
            | Method::Sberbank
            | Method::TinkoffBank,
            Capture::AtOnce | Capture::OnRequest,
        ) => Ok(Some(method)),
    }
}

fn confirmation(fields: &Map<String, Value>) -> Result<Confirmation, Refusal> {
    let Some(confirmation) = fields.get("confirmation").and_then(Value::as_object) else {
        return Err(Refusal::missing("confirmation"));
    };
    let locale = fields::text(confirmation, "locale", "confirmation.locale", 5)?;
    if locale.is_some_and(|locale| locale != "ru_RU" && locale != "en_US") {
        return Err(Refusal::invalid("confirmation.locale", "Unknown locale"));
    }
    match confirmation.get("type").and_then(Value::as_str) {
        Some("redirect") => {
            let parameter = "confirmation.return_url";
            let url = fields::text(confirmation, "return_url", parameter, RETURN_URL_CHARS_MAX)?;
            let url = url.ok_or_else(|| Refusal::missing(parameter))?;
            // Addresses that only open something: the checkout page links to it.
            if !["https://", "http://", "tg://"]
                .iter()
                .any(|scheme| url.starts_with(scheme))
            {
                return Err(Refusal::invalid(parameter, "Incorrect URL"));
            }
            Ok(Confirmation::Redirect { return_url: url })
        }
        Some("embedded") => Ok(Confirmation::Embedded),
        Some(_) => Err(Refusal::invalid(
            "confirmation.type",
            "The confirmation type is not supported",
        )),
        None => Err(Refusal::missing("confirmation.type")),
    }
}

/// A capture: what to take of the reserved amount.
pub fn capture_amount(body: &Value, held: &Amount, shop: &Shop) -> Result<Amount, Refusal> {
    if body.is_null() {
        return Ok(held.clone());
    }
    let fields = fields::object(body)?;
    let amount = match fields.get("amount") {
        None | Some(Value::Null) => held.clone(),
        Some(amount) => Amount::parse(amount, "amount", &shop.currency)?,
    };
    if amount.minor > held.minor {
        return Err(Refusal::invalid(
            "amount.value",
            "The amount is more than was authorised",
        ));
    }
    let requirement = Requirement::of_part(&amount, held);
    receipt::check(fields.get("receipt"), &amount, shop, requirement)?;
    Ok(amount)
}

/// Whether a receipt has to come with an operation where the shop needs receipts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// It is the payment's own, so it must be there.
    Whole,
    /// A part of a payment: its items are not known without it.
    Part,
    /// The whole of a payment again: its receipt is copied.
    Copied,
}

impl Requirement {
    /// What applies to an operation with so much of so much.
    pub fn of_part(part: &Amount, whole: &Amount) -> Requirement {
        if part == whole {
            Requirement::Copied
        } else {
            Requirement::Part
        }
    }

    /// Whether the receipt may not be missing.
    pub fn demands(self, receipts: Receipts) -> bool {
        match (self, receipts) {
            (Requirement::Copied, _) | (_, Receipts::NotNeeded) => false,
            (
                Requirement::Whole | Requirement::Part,
                Receipts::FromYookassa | Receipts::OwnRegister,
            ) => true,
        }
    }
}

/// A refund that may be tried.
#[derive(Clone, Debug)]
pub struct RefundOrder {
    pub payment_id: String,
    pub amount: Amount,
    pub description: Option<String>,
    pub metadata: Option<Value>,
}

impl RefundOrder {
    /// Checks a body of `POST /refunds`; its receipt is checked where the payment is known.
    pub fn parse(body: &Value, shop: &Shop) -> Result<RefundOrder, Refusal> {
        let fields = fields::object(body)?;
        let payment_id = fields::text(fields, "payment_id", "payment_id", 36)?;
        let payment_id = payment_id.ok_or_else(|| Refusal::missing("payment_id"))?;
        let amount = fields.get("amount").unwrap_or(&Value::Null);
        let amount = Amount::parse(amount, "amount", &shop.currency)?;
        if amount.minor < SMALLEST_MINOR {
            return Err(Refusal::invalid("amount.value", "The amount is too small"));
        }
        Ok(RefundOrder {
            payment_id,
            amount,
            description: fields::text(
                fields,
                "description",
                "description",
                REFUND_DESCRIPTION_CHARS_MAX,
            )?,
            metadata: match fields.get("metadata") {
                None | Some(Value::Null) => None,
                Some(_) => Some(fields::metadata(fields)?),
            },
        })
    }
}
