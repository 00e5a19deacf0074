//! Amounts as people read them: `1 234,50 ₽` in Russian, `₽1,234.50` in English.
//!
//! Kopecks are left out of whole roubles. The spaces do not break, so an amount never falls
//! apart at the end of a line.

use rei_domain::conversation::Language;
use rei_domain::money::Money;

const NO_BREAK_SPACE: char = '\u{a0}';

/// Renders an amount for people.
pub(super) fn render(language: Language, amount: Money) -> String {
    let kopecks = amount.kopecks();
    let sign = if kopecks < 0 { "−" } else { "" };
    let whole = kopecks.unsigned_abs() / 100;
    let rest = kopecks.unsigned_abs() % 100;
    match language {
        Language::Russian => {
            let roubles = grouped(whole, NO_BREAK_SPACE);
            let kopecks = fraction(rest, ',');
            format!("{sign}{roubles}{kopecks}{NO_BREAK_SPACE}₽")
        }
        Language::English => {
            let roubles = grouped(whole, ',');
            let kopecks = fraction(rest, '.');
            format!("{sign}₽{roubles}{kopecks}")
        }
    }
}

fn fraction(kopecks: u64, point: char) -> String {
    if kopecks == 0 {
        String::new()
    } else {
        format!("{point}{kopecks:02}")
    }
}

fn grouped(number: u64, separator: char) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 2);
    for (index, digit) in digits.chars().enumerate() {
        let digits_left = digits.len() - index;
        if index > 0 && digits_left.is_multiple_of(3) {
            grouped.push(separator);
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kopecks: i64, russian: &str, english: &str) {
        let amount = Money::from_kopecks(kopecks);
        assert_eq!(render(Language::Russian, amount), russian);
        assert_eq!(render(Language::English, amount), english);
    }

    #[test]
    fn amounts_read_as_people_write_them() {
        check(0, "0\u{a0}₽", "₽0");
        check(2_500, "25\u{a0}₽", "₽25");
        check(12_050, "120,50\u{a0}₽", "₽120.50");
        check(5, "0,05\u{a0}₽", "₽0.05");
        check(
            123_456_789,
            "1\u{a0}234\u{a0}567,89\u{a0}₽",
            "₽1,234,567.89",
        );
        check(100_000, "1\u{a0}000\u{a0}₽", "₽1,000");
        check(-150, "−1,50\u{a0}₽", "−₽1.50");
        check(
            i64::MIN,
            "−92\u{a0}233\u{a0}720\u{a0}368\u{a0}547\u{a0}758,08\u{a0}₽",
            "−₽92,233,720,368,547,758.08",
        );
    }
}
