//! Money: whole kopecks, checked arithmetic, nothing lossy.

use std::fmt;

/// An amount in kopecks. Negative only where a platform account may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Money(i64);

impl Money {
    /// Nothing.
    pub const ZERO: Money = Money(0);

    /// The largest amount one operation may move: a hundred million roubles.
    /// It keeps every sum of a realistic journal far from overflow.
    pub const OPERATION_MAX: Money = Money(10_000_000_000);

    /// An amount of whole kopecks.
    pub const fn from_kopecks(kopecks: i64) -> Self {
        Self(kopecks)
    }

    /// The amount in kopecks.
    pub const fn kopecks(self) -> i64 {
        self.0
    }

    /// The sum, or `None` on overflow.
    pub fn checked_add(self, other: Money) -> Option<Money> {
        self.0.checked_add(other.0).map(Money)
    }

    /// The difference, or `None` on overflow.
    pub fn checked_sub(self, other: Money) -> Option<Money> {
        self.0.checked_sub(other.0).map(Money)
    }

    /// Whether the amount is above zero and within [`Money::OPERATION_MAX`].
    pub fn is_movable(self) -> bool {
        self > Money::ZERO && self <= Money::OPERATION_MAX
    }
}

/// Renders for logs and reports, `1234.05`; people see the localised form of the views.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let kopecks = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", kopecks / 100, kopecks % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kopecks_are_shown_with_two_digits() {
        assert_eq!(Money::from_kopecks(123_405).to_string(), "1234.05");
        assert_eq!(Money::from_kopecks(-5).to_string(), "-0.05");
        assert_eq!(
            Money::from_kopecks(i64::MIN).to_string(),
            "-92233720368547758.08"
        );
    }

    #[test]
    fn overflow_is_refused_and_not_wrapped() {
        let most = Money::from_kopecks(i64::MAX);
        assert_eq!(most.checked_add(Money::from_kopecks(1)), None);
        assert_eq!(
            Money::from_kopecks(i64::MIN).checked_sub(Money::from_kopecks(1)),
            None
        );
    }

    #[test]
    fn zero_negative_and_huge_amounts_do_not_move() {
        assert!(!Money::ZERO.is_movable());
        assert!(!Money::from_kopecks(-1).is_movable());
        assert!(!Money::from_kopecks(10_000_000_001).is_movable());
        assert!(Money::OPERATION_MAX.is_movable());
    }
}
