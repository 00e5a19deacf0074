//! Fiscal receipts (54-FZ): the shape a shop must send, and what must add up.
//!
//! Deliberately absent: `GET` and `POST /receipts`, marking codes, and settlements.

use serde_json::{Map, Value};

use super::amount::Amount;
use super::fields;
use super::order::Requirement;
use super::refusal::Refusal;
use super::shop::{Receipts, Shop};

/// Items in a receipt: YooKassa's own, and registers of the shop.
const ITEMS_MAX: usize = 80;
const OWN_ITEMS_MAX: usize = 100;

const ITEM_CHARS_MAX: usize = 128;
const VAT_CODES: std::ops::RangeInclusive<u64> = 1..=12;
const TAX_SYSTEMS: std::ops::RangeInclusive<u64> = 1..=6;

/// Quantities have up to three decimals.
const QUANTITY_SCALE: i128 = 1000;

const PAYMENT_MODES: [&str; 7] = [
    "full_prepayment",
    "partial_prepayment",
    "advance",
    "full_payment",
    "partial_payment",
    "credit",
    "credit_payment",
];

/// Checks a receipt against the amount it stands for; tells whether there is one.
pub fn check(
    receipt: Option<&Value>,
    amount: &Amount,
    shop: &Shop,
    requirement: Requirement,
) -> Result<bool, Refusal> {
    let receipt = match receipt {
        None | Some(Value::Null) if requirement.demands(shop.receipts) => {
            return Err(illegal("receipt"));
        }
        // Copied from the payment where the shop has receipts at all.
        None | Some(Value::Null) => return Ok(shop.receipts != Receipts::NotNeeded),
        Some(receipt) => receipt.as_object().ok_or_else(|| illegal("receipt"))?,
    };
    check_customer(receipt, shop)?;
    if let Some(system) = receipt.get("tax_system_code").filter(|it| !it.is_null())
        && !system
            .as_u64()
            .is_some_and(|code| TAX_SYSTEMS.contains(&code))
    {
        return Err(illegal("receipt.tax_system_code"));
    }
    let items_max = match shop.receipts {
        Receipts::OwnRegister => OWN_ITEMS_MAX,
        Receipts::FromYookassa | Receipts::NotNeeded => ITEMS_MAX,
    };
    let items = match receipt.get("items").and_then(Value::as_array) {
        Some(items) if !items.is_empty() && items.len() <= items_max => items,
        Some(_) | None => return Err(illegal("receipt.items")),
    };
    let mut sum = 0;
    for item in items {
        sum += check_item(item, shop)?;
    }
    // Thousandths of a kopeck: quantities have three decimals.
    if sum != i128::from(amount.minor) * QUANTITY_SCALE {
        return Err(Refusal::invalid(
            "receipt",
            "Receipt is missing or illegal: the items don't add up to the amount",
        ));
    }
    Ok(true)
}

fn illegal(parameter: &str) -> Refusal {
    Refusal::invalid(parameter, "Receipt is missing or illegal")
}

fn check_customer(receipt: &Map<String, Value>, shop: &Shop) -> Result<(), Refusal> {
    let customer = receipt.get("customer");
    let filled = |name: &str| {
        customer
            .and_then(|customer| customer.get(name))
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let email = filled("email");
    if email.is_some_and(|email| !email.contains('@')) {
        return Err(illegal("receipt.customer.email"));
    }
    let phone = filled("phone");
    let is_phone = |phone: &str| phone.bytes().all(|byte| byte.is_ascii_digit());
    if phone.is_some_and(|phone| !is_phone(phone)) {
        return Err(illegal("receipt.customer.phone"));
    }
    match (shop.receipts, email, phone) {
        (_, Some(_), _) | (Receipts::OwnRegister | Receipts::NotNeeded, None, Some(_)) => Ok(()),
        (Receipts::FromYookassa, None, _) => Err(illegal("receipt.customer.email")),
        (Receipts::OwnRegister | Receipts::NotNeeded, None, None) => {
            Err(illegal("receipt.customer"))
        }
    }
}

/// Checks an item and gives its price, in thousandths of a kopeck.
fn check_item(item: &Value, shop: &Shop) -> Result<i128, Refusal> {
    let Some(fields) = item.as_object() else {
        return Err(illegal("receipt.items"));
    };
    let wrong = |field: &str| illegal(&format!("receipt.items.{field}"));
    let parameter = "receipt.items.description";
    let description = fields::text(fields, "description", parameter, ITEM_CHARS_MAX)?;
    if description.is_none_or(|description| description.is_empty()) {
        return Err(wrong("description"));
    }
    let quantity = fields.get("quantity").and_then(thousandths);
    let quantity = quantity.ok_or_else(|| wrong("quantity"))?;
    let amount = fields.get("amount").unwrap_or(&Value::Null);
    let amount = Amount::parse(amount, "receipt.items.amount", &shop.currency)?;
    let vat = fields.get("vat_code").and_then(whole_number);
    if !vat.is_some_and(|code| VAT_CODES.contains(&code)) {
        return Err(wrong("vat_code"));
    }
    let measure = fields.get("measure").and_then(Value::as_str);
    if shop.receipts == Receipts::FromYookassa && measure.is_none_or(str::is_empty) {
        return Err(wrong("measure"));
    }
    let mode = fields.get("payment_mode").and_then(Value::as_str);
    if mode.is_some_and(|mode| !PAYMENT_MODES.contains(&mode)) {
        return Err(wrong("payment_mode"));
    }
    Ok(i128::from(amount.minor) * i128::from(quantity))
}

/// A number, or a number as a string, as some clients send it.
fn whole_number(value: &Value) -> Option<u64> {
    value
        .as_u64()
        .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}

/// A quantity above zero, in thousandths.
fn thousandths(value: &Value) -> Option<i64> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(decimals) || whole.len() > 6 || decimals.len() > 3 {
        return None;
    }
    let thousandths: i64 = format!("{whole}{decimals:0<3}").parse().ok()?;
    (thousandths > 0).then_some(thousandths)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn checked(shop: Receipts, receipt: Value) -> Result<bool, String> {
        let shop = Shop {
            receipts: shop,
            ..Shop::default()
        };
        let amount = Amount {
            minor: 10_000,
            currency: "RUB".to_owned(),
        };
        let receipt = (!receipt.is_null()).then_some(&receipt);
        check(receipt, &amount, &shop, Requirement::Whole)
            .map_err(|refusal| refusal.parameter.unwrap_or_default())
    }

    fn receipt() -> Value {
        json!({
            "customer": { "email": "a@b.c" },
            "items": [{
                "description": "Balance", "quantity": 1, "vat_code": 1, "measure": "piece",
                "amount": { "value": "100.00", "currency": "RUB" },
                "payment_mode": "full_prepayment", "payment_subject": "service",
            }],
        })
    }

    fn with(path: &str, value: Value) -> Value {
        let mut receipt = receipt();
        *receipt.pointer_mut(path).unwrap() = value;
        receipt
    }

    #[test]
    fn a_shop_with_receipts_demands_one() {
        assert_eq!(checked(Receipts::NotNeeded, Value::Null), Ok(false));
        for shop in [Receipts::FromYookassa, Receipts::OwnRegister] {
            assert_eq!(checked(shop, Value::Null), Err("receipt".to_owned()));
            assert_eq!(checked(shop, receipt()), Ok(true));
        }
    }

    #[test]
    fn each_wrong_field_is_named() {
        for (path, value, named) in [
            ("/customer", json!({}), "receipt.customer.email"),
            (
                "/customer",
                json!({ "phone": "79000000000" }),
                "receipt.customer.email",
            ),
            ("/customer/email", json!("nobody"), "receipt.customer.email"),
            ("/items", json!([]), "receipt.items"),
            (
                "/items/0/description",
                json!(""),
                "receipt.items.description",
            ),
            (
                "/items/0/description",
                json!("x".repeat(129)),
                "receipt.items.description",
            ),
            ("/items/0/quantity", json!(0), "receipt.items.quantity"),
            (
                "/items/0/quantity",
                json!("1.0001"),
                "receipt.items.quantity",
            ),
            ("/items/0/vat_code", json!(13), "receipt.items.vat_code"),
            ("/items/0/measure", json!(""), "receipt.items.measure"),
            (
                "/items/0/payment_mode",
                json!("gift"),
                "receipt.items.payment_mode",
            ),
            ("/items/0/amount/value", json!("99.99"), "receipt"),
        ] {
            let refused = checked(Receipts::FromYookassa, with(path, value));
            assert_eq!(refused, Err(named.to_owned()), "{path}");
        }
    }

    #[test]
    fn quantities_may_be_strings_and_fractions() {
        assert_eq!(thousandths(&json!("1.0")), Some(1000));
        assert_eq!(thousandths(&json!(2)), Some(2000));
        assert_eq!(thousandths(&json!(0.125)), Some(125));
        assert_eq!(thousandths(&json!("0.000")), None);
        assert_eq!(thousandths(&json!("-1")), None);
    }
}
