//! Sums as people type them, read exactly: `100`, `100.50`, `1 000,50 ₽`.
//!
//! A sum is a prefix of a line, so a space inside it could as well be its end. Groups of digits
//! are one sum only when something says where it ends: kopecks or the currency. Otherwise the
//! line is refused rather than guessed at: `100 200 лет` may be about years.

use crate::money::Money;

/// Why a text is no sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum SumFault {
    #[error("there is no sum")]
    Missing,
    #[error("this is no sum")]
    Unreadable,
    /// Digits after a space: they may belong to the sum or to what follows.
    #[error("it is not clear where the sum ends")]
    Ambiguous,
    #[error("a rouble has a hundred kopecks")]
    TooFine,
    #[error("the sum is zero")]
    Zero,
    #[error("the sum is larger than one operation may move")]
    TooLarge,
}

/// Reads a sum at the beginning of words, and how many of the words it is made of.
pub fn parse_sum(words: &[&str]) -> Result<(Money, usize), SumFault> {
    let first = words.first().ok_or(SumFault::Missing)?;
    let (mut digits, mut signed) = strip_currency(first);
    let mut joined = String::new();
    let mut used = 1;
    let mut grouped = false;
    let can_begin_groups = !signed && is_digits(digits) && (1..=3).contains(&digits.len());
    if can_begin_groups {
        while let Some(next) = words.get(used) {
            let (group, ends) = strip_currency(next);
            if !is_group(group) {
                break;
            }
            joined = format!("{}{group}", if grouped { &joined } else { digits });
            grouped = true;
            used += 1;
            signed = ends;
            if ends || group.len() > 3 {
                break;
            }
        }
    }
    if grouped {
        digits = &joined;
    }
    if !signed && words.get(used).is_some_and(|next| is_currency(next)) {
        used += 1;
        signed = true;
    }
    let has_kopecks = digits.contains([',', '.']);
    if grouped && !signed && !has_kopecks {
        return Err(SumFault::Ambiguous);
    }
    Ok((money(digits)?, used))
}

/// The digits of one word or several joined ones, with up to two of kopecks.
fn money(text: &str) -> Result<Money, SumFault> {
    let (roubles, kopecks) = match text.split_once([',', '.']) {
        Some((roubles, kopecks)) => (roubles, Some(kopecks)),
        None => (text, None),
    };
    if !is_digits(roubles) || !kopecks.is_none_or(is_digits) {
        return Err(SumFault::Unreadable);
    }
    let kopecks = match kopecks {
        None => 0,
        Some(tens) if tens.len() == 1 => digits_of(tens)? * 10,
        Some(both) if both.len() == 2 => digits_of(both)?,
        Some(_) => return Err(SumFault::TooFine),
    };
    let total = digits_of(roubles)?
        .checked_mul(100)
        .and_then(|roubles| roubles.checked_add(kopecks))
        .map(Money::from_kopecks)
        .ok_or(SumFault::TooLarge)?;
    if total == Money::ZERO {
        return Err(SumFault::Zero);
    }
    if !total.is_movable() {
        return Err(SumFault::TooLarge);
    }
    Ok(total)
}

fn digits_of(text: &str) -> Result<i64, SumFault> {
    text.parse().map_err(|_| SumFault::TooLarge)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Three digits, perhaps with kopecks behind them: a later group of a number.
fn is_group(text: &str) -> bool {
    let whole = text.split([',', '.']).next().unwrap_or(text);
    let rest = &text[whole.len()..];
    whole.len() == 3 && is_digits(whole) && (rest.is_empty() || is_digits(&rest[1..]))
}

fn is_currency(word: &str) -> bool {
    let word = word.trim_end_matches('.').to_lowercase();
    matches!(
        word.as_str(),
        "₽" | "р" | "руб" | "рубль" | "рубля" | "рублей" | "rub" | "rur"
    )
}

/// A word without a currency at its end, and whether it had one.
fn strip_currency(word: &str) -> (&str, bool) {
    let end = word
        .rfind(|c: char| c.is_ascii_digit())
        .map_or(0, |at| at + 1);
    let (number, currency) = word.split_at(end);
    if is_currency(currency) {
        (number, true)
    } else {
        (word, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<(i64, usize), SumFault> {
        let words: Vec<&str> = text.split_whitespace().collect();
        parse_sum(&words).map(|(money, used)| (money.kopecks(), used))
    }

    #[test]
    fn sums_are_read_exactly() {
        for (text, kopecks, used) in [
            ("100", 10_000, 1),
            ("100 за терпение", 10_000, 1),
            ("100.50", 10_050, 1),
            ("100,5 x", 10_050, 1),
            ("0,01", 1, 1),
            ("1 000,50 ₽", 100_050, 3),
            ("1 000,50 подарок", 100_050, 2),
            ("1\u{a0}000,50\u{a0}₽ подарок", 100_050, 3),
            ("12 345 678₽ x", 1_234_567_800, 3),
            ("1 000 руб. x", 100_000, 3),
            ("50₽ x", 5_000, 1),
            ("50 р. x", 5_000, 2),
            ("7 дней", 700, 1),
            ("100 20 лет", 10_000, 1),
            ("100000000", 10_000_000_000, 1),
        ] {
            assert_eq!(read(text), Ok((kopecks, used)), "{text}");
        }
    }

    #[test]
    fn what_is_no_sum_is_refused_and_not_guessed() {
        for (text, fault) in [
            ("", SumFault::Missing),
            ("сто", SumFault::Unreadable),
            ("-100", SumFault::Unreadable),
            ("+100", SumFault::Unreadable),
            ("1e3", SumFault::Unreadable),
            ("100.", SumFault::Unreadable),
            (",50", SumFault::Unreadable),
            ("1,000.50", SumFault::Unreadable),
            ("1.000", SumFault::TooFine),
            ("0.001", SumFault::TooFine),
            ("0", SumFault::Zero),
            ("0,00", SumFault::Zero),
            ("100000000.01", SumFault::TooLarge),
            ("99999999999999999999", SumFault::TooLarge),
            ("1 000 подарок", SumFault::Ambiguous),
            ("100 200 лет", SumFault::Ambiguous),
        ] {
            assert_eq!(read(text), Err(fault), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(kopecks in 1..=10_000_000_000_i64) {
            let shown = Money::from_kopecks(kopecks).to_string();
            prop_assert_eq!(read(&shown), Ok((kopecks, 1)));
        }

        #[test]
        fn no_text_panics(text in "[ 0-9.,₽р\u{a0}a-]{0,24}") {
            if let Ok((kopecks, _)) = read(&text) {
                prop_assert!(Money::from_kopecks(kopecks).is_movable());
            }
        }
    }
}
