//! Sums of money as the wire writes them: `{"value":"100.00","currency":"RUB"}`.
//!
//! Strict where the documentation leaves room: the value is a string with exactly two decimals.

use serde_json::{Value, json};

use super::refusal::Refusal;

/// The currencies a shop may have (OpenAPI, `CurrencyCode`), all of two decimals.
pub const CURRENCIES: [&str; 12] = [
    "RUB", "EUR", "USD", "KZT", "BYN", "UAH", "UZS", "TRY", "INR", "MDL", "AZN", "AMD",
];

/// Digits before the point; more than any limit allows, and far from an overflow.
const WHOLE_DIGITS_MAX: usize = 12;

/// A sum in the smallest unit of its currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amount {
    pub minor: i64,
    pub currency: String,
}

impl Amount {
    /// The amount a request carries under `parameter`, in the shop's currency and above zero.
    pub fn parse(value: &Value, parameter: &str, currency: &str) -> Result<Amount, Refusal> {
        let Some(fields) = value.as_object() else {
            return Err(Refusal::missing(parameter));
        };
        let Some(written) = fields.get("value").and_then(Value::as_str) else {
            let parameter = format!("{parameter}.value");
            return Err(Refusal::invalid(
                &parameter,
                "Amount value must be a string like 100.00",
            ));
        };
        let Some(minor) = minor_units(written).filter(|minor| *minor > 0) else {
            let parameter = format!("{parameter}.value");
            return Err(Refusal::invalid(&parameter, "Incorrect amount value"));
        };
        let parameter = format!("{parameter}.currency");
        match fields.get("currency").and_then(Value::as_str) {
            Some(given) if given == currency => Ok(Amount {
                minor,
                currency: currency.to_owned(),
            }),
            Some(given) if CURRENCIES.contains(&given) => Err(Refusal::invalid(
                &parameter,
                "The currency is not the shop's currency",
            )),
            Some(_) | None => Err(Refusal::invalid(&parameter, "Incorrect currency")),
        }
    }

    /// The same currency, another sum.
    pub fn with(&self, minor: i64) -> Amount {
        Amount {
            minor,
            currency: self.currency.clone(),
        }
    }

    /// The sum as a string, such as `100.00`.
    pub fn value(&self) -> String {
        format!("{}.{:02}", self.minor / 100, self.minor % 100)
    }

    /// As the wire has it.
    pub fn render(&self) -> Value {
        json!({ "value": self.value(), "currency": self.currency })
    }
}

/// Reads `100.00`: digits, a dot, two digits.
pub fn minor_units(text: &str) -> Option<i64> {
    let (whole, cents) = text.split_once('.')?;
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(cents) || cents.len() != 2 || whole.len() > WHOLE_DIGITS_MAX {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let cents: i64 = cents.parse().ok()?;
    Some(whole * 100 + cents)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_a_string_with_two_decimals() {
        let rub = |value: Value| {
            let amount = json!({ "value": value, "currency": "RUB" });
            Amount::parse(&amount, "amount", "RUB").map(|amount| amount.minor)
        };
        assert_eq!(rub(json!("100.00")).unwrap(), 10_000);
        assert_eq!(rub(json!("0.01")).unwrap(), 1);
        for wrong in [
            json!(100),
            json!(100.5),
            json!("100"),
            json!("100.0"),
            json!("100.000"),
            json!("-1.00"),
            json!("+1.00"),
            json!("1,00"),
            json!("1 000.00"),
            json!(".50"),
            json!("0.00"),
            json!("99999999999999.00"),
        ] {
            assert!(rub(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn another_currency_than_the_shops_is_refused() {
        for currency in ["USD", "XTR", "rub", ""] {
            let amount = json!({ "value": "1.00", "currency": currency });
            let refusal = Amount::parse(&amount, "amount", "RUB").unwrap_err();
            assert_eq!(refusal.parameter.as_deref(), Some("amount.currency"));
        }
    }
}
