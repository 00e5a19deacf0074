//! Sums on the wire: `"100.00"`, a text with a dot, two digits and no sign.
//!
//! Read digit by digit and never through a float, which would lose kopecks silently.

use rei_domain::money::Money;
use serde::{Deserialize, Serialize};

/// The currency of the balance.
pub(super) const RUB: &str = "RUB";

/// A sum as YooKassa writes it. Other currencies have two digits after the dot too.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
pub(super) struct Sum {
    pub value: String,
    pub currency: String,
}

impl Sum {
    /// Roubles.
    pub fn roubles(amount: Money) -> Sum {
        Sum {
            value: amount.to_string(),
            currency: RUB.to_owned(),
        }
    }

    /// In hundredths; `None` when the text is no such sum.
    pub fn hundredths(&self) -> Option<i64> {
        let (whole, fraction) = match self.value.split_once('.') {
            Some((whole, fraction)) => (whole, fraction),
            None => (self.value.as_str(), "00"),
        };
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || fraction.len() != 2 {
            return None;
        }
        let whole: i64 = whole.parse().ok()?;
        let fraction: i64 = fraction.parse().ok()?;
        whole.checked_mul(100)?.checked_add(fraction)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(value: &str) -> Option<i64> {
        let sum = Sum {
            value: value.to_owned(),
            currency: RUB.to_owned(),
        };
        sum.hundredths()
    }

    #[test]
    fn a_sum_is_read_to_the_kopeck_or_not_at_all() {
        for (value, hundredths) in [
            ("100.00", Some(10_000)),
            ("0.01", Some(1)),
            ("1", Some(100)),
            ("0.29", Some(29)),
            ("1.15", Some(115)),
            ("90071992547409.93", Some(9_007_199_254_740_993)),
            ("92233720368547758.07", Some(i64::MAX)),
            ("92233720368547758.08", None),
            ("99999999999999999999.00", None),
            ("", None),
            (".", None),
            (".50", None),
            ("1.", None),
            ("1.5", None),
            ("1.500", None),
            ("1,50", None),
            ("1 000.00", None),
            ("-1.00", None),
            ("+1.00", None),
            ("1e2", None),
            ("0x10", None),
            ("١.٠٠", None),
            ("1.00\n", None),
            ("NaN", None),
        ] {
            assert_eq!(read(value), hundredths, "{value:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(kopecks in 0..=Money::OPERATION_MAX.kopecks()) {
            let sum = Sum::roubles(Money::from_kopecks(kopecks));
            prop_assert_eq!(sum.hundredths(), Some(kopecks));
        }
    }
}
