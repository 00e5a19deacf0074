//! What a user types in for a top-up: an amount, an address for the receipt.

use std::fmt;

use crate::money::Money;

/// The smallest and the largest top-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AmountLimits {
    pub min: Money,
    pub max: Money,
}

/// Why an amount is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountRefusal {
    #[error("less than {min}")]
    TooSmall { min: Money },
    #[error("more than {max}")]
    TooLarge { max: Money },
}

impl AmountLimits {
    /// Whether an amount may be paid in.
    pub fn check(&self, amount: Money) -> Result<Money, AmountRefusal> {
        if amount < self.min {
            Err(AmountRefusal::TooSmall { min: self.min })
        } else if amount > self.max {
            Err(AmountRefusal::TooLarge { max: self.max })
        } else {
            Ok(amount)
        }
    }
}

/// More digits than any amount has.
const DIGITS_MAX: usize = 12;

/// Reads an amount of roubles as people write it: `500`, `1 500`, `99,90 ₽`, `2000 руб.`.
/// `None` when the text is no amount at all.
pub fn parse_amount(text: &str) -> Option<Money> {
    let text = text.trim().to_lowercase();
    let number = [
        "рублей",
        "рубля",
        "рубль",
        "руб.",
        "руб",
        "р.",
        "р",
        "rub",
        "₽",
    ]
    .iter()
    .find_map(|unit| text.strip_suffix(unit))
    .unwrap_or(&text)
    .trim();
    let number = number.strip_prefix('₽').unwrap_or(number);
    let plain: String = number
        .chars()
        .filter(|c| !matches!(c, ' ' | '\u{a0}' | '\u{202f}'))
        .map(|c| if c == ',' { '.' } else { c })
        .collect();
    let (whole, part) = match plain.split_once('.') {
        Some((whole, part)) if (1..=2).contains(&part.len()) => (whole, part),
        Some(_) => return None,
        None => (plain.as_str(), ""),
    };
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > DIGITS_MAX || !digits(whole) || !digits(part) {
        return None;
    }
    let roubles: i64 = whole.parse().ok()?;
    let kopecks: i64 = format!("{part:0<2}").parse().ok()?;
    Some(Money::from_kopecks(roubles * 100 + kopecks))
}

/// Where a fiscal receipt goes. Personal: it is shown to nobody but its owner, and its `Debug`
/// says nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Email(String);

/// The longest address that mail knows (RFC 5321, 4.5.3.1).
const EMAIL_BYTES_MAX: usize = 254;

impl Email {
    /// Reads an address. Deliberately simple: a mistake that looks like an address is the
    /// payer's to see, since it is shown to him.
    pub fn parse(text: &str) -> Option<Email> {
        let text = text.trim();
        let (name, host) = text.rsplit_once('@')?;
        let printable = text.bytes().all(|b| b.is_ascii_graphic());
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
        let host_fits = host.contains('.')
            && host.bytes().all(plain)
            && host.split('.').all(|label| !label.is_empty());
        let name_fits =
            !name.is_empty() && !name.contains(['@', '"', '<', '>', ',', ';', ':', '(', ')', '\\']);
        let fits = printable && host_fits && name_fits && text.len() <= EMAIL_BYTES_MAX;
        fits.then(|| Email(text.to_owned()))
    }

    /// Wraps an address that was read from a row.
    pub fn stored(text: String) -> Email {
        Email(text)
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        let read = |text: &str| parse_amount(text).map(Money::kopecks);
        assert_eq!(read("500"), Some(50_000));
        assert_eq!(read(" 1 500 "), Some(150_000));
        assert_eq!(read("1\u{a0}500 ₽"), Some(150_000));
        assert_eq!(read("₽99.9"), Some(9_990));
        assert_eq!(read("99,05руб."), Some(9_905));
        assert_eq!(read("250 Рублей"), Some(25_000));
        assert_eq!(read("0"), Some(0));
    }

    #[test]
    fn what_is_no_amount_stays_a_wish() {
        for text in [
            "", "a cat", "2 cats", "-5", "1.234", "1.2.3", "1e9", "р", "500$",
        ] {
            assert_eq!(parse_amount(text), None, "{text}");
        }
        assert_eq!(parse_amount(&"9".repeat(40)), None);
    }

    #[test]
    fn an_amount_outside_the_limits_is_refused_by_the_limit() {
        let money = Money::from_kopecks;
        let limits = AmountLimits {
            min: money(5_000),
            max: money(100_000),
        };
        assert_eq!(limits.check(money(5_000)), Ok(money(5_000)));
        assert_eq!(limits.check(money(100_000)), Ok(money(100_000)));
        let small = AmountRefusal::TooSmall { min: money(5_000) };
        assert_eq!(limits.check(money(4_999)), Err(small));
        let large = AmountRefusal::TooLarge {
            max: money(100_000),
        };
        assert_eq!(limits.check(money(100_001)), Err(large));
    }

    #[test]
    fn addresses_are_told_from_mistakes() {
        for good in ["a@b.ru", "ivan.petrov+bot@mail.example.com", " x_y@z-1.io "] {
            assert!(Email::parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "a",
            "a@b",
            "@b.ru",
            "a@",
            "a@.ru",
            "a@b..ru",
            "a b@c.ru",
            "a@b@c.ru",
            "иван@почта.рф",
            "a\n@b.ru",
            "<a@b.ru>",
        ] {
            assert!(Email::parse(bad).is_none(), "{bad}");
        }
        let long = format!("{}@b.ru", "a".repeat(250));
        assert!(Email::parse(&long).is_none());
    }

    #[test]
    fn an_address_is_not_shown_by_debug() {
        let email = Email::parse("secret@b.ru").unwrap();
        assert!(!format!("{email:?}").contains("secret"));
    }

    proptest! {
        #[test]
        fn no_text_makes_a_negative_or_huge_amount(text in "\\PC{0,40}") {
            if let Some(amount) = parse_amount(&text) {
                prop_assert!(amount >= Money::ZERO);
            }
        }
    }
}
