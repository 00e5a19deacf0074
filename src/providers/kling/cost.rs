//! What a task took, as the provider tells it (contract, *Query*).

use bigdecimal::{BigDecimal, RoundingMode, ToPrimitive};
use rei_domain::money::Money;

use super::wire::Billing;

/// A unit of a prepaid pack, in US dollars (contract, *Prices*).
const UNIT_USD: &str = "0.14";

/// The sum in kopecks, rounded up. `None` when nothing is told or a currency is not known: then
/// the price list holds.
pub(super) fn of(billing: &[Billing], usd_rub: &BigDecimal) -> Option<Money> {
    if billing.is_empty() {
        return None;
    }
    let mut usd = BigDecimal::from(0);
    for entry in billing {
        usd += usd_of(entry)?;
    }
    let kopecks = usd * usd_rub * BigDecimal::from(100);
    let kopecks = kopecks
        .with_scale_round(0, RoundingMode::Ceiling)
        .to_i64()?;
    (kopecks > 0).then(|| Money::from_kopecks(kopecks))
}

fn usd_of(entry: &Billing) -> Option<BigDecimal> {
    let amount: BigDecimal = entry.amount.parse().ok()?;
    match (entry.charge_type.as_str(), entry.currency.as_deref()) {
        ("cash", Some("USD")) => Some(amount),
        ("unit", _) => {
            let unit: BigDecimal = UNIT_USD.parse().expect("a unit's price is a number");
            Some(amount * unit)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(charge_type: &str, amount: &str, currency: Option<&str>) -> Billing {
        Billing {
            charge_type: charge_type.to_owned(),
            amount: amount.to_owned(),
            currency: currency.map(str::to_owned),
        }
    }

    #[test]
    fn cash_and_units_are_summed_and_what_is_unknown_is_not_guessed() {
        let of = |entries: &[Billing]| of(entries, &BigDecimal::from(90)).map(Money::kopecks);
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[entry("cash", "0.56", Some("USD"))]), Some(5_040));
        assert_eq!(of(&[entry("unit", "4", None)]), Some(5_040));
        let both = [
            entry("cash", "0.001", Some("USD")),
            entry("unit", "1", None),
        ];
        assert_eq!(of(&both), Some(1_269));
        assert_eq!(of(&[entry("cash", "4", Some("CNY"))]), None);
        assert_eq!(of(&[entry("cash", "four", Some("USD"))]), None);
        assert_eq!(of(&[entry("cash", "0", Some("USD"))]), None);
    }
}
