//! Caps: how much may be spent in an hour and in a day, by one user and by the whole platform.
//!
//! Windows are fixed: the hour, and the day of Moscow ([`DAY_OFFSET`]). What is held counts
//! from the moment it is held, in the window of that moment; what comes back from a hold leaves
//! the window it was counted in. So a cap is never passed, whatever runs at once, and a user
//! can be told the very moment at which the window frees up.

use crate::ids::UserId;
use crate::money::Money;
use crate::time::{Moment, Span};

/// What the time zone of the day, Moscow, is ahead of UTC. A constant: windows that were counted
/// under another one would not be found again. Moscow has had no summer time since 2014.
pub const DAY_OFFSET: Span = Span::from_secs(3 * 3_600);

/// The length of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Period {
    Hour,
    Day,
}

impl Period {
    /// Every period, the shorter one first.
    pub const ALL: [Period; 2] = [Period::Hour, Period::Day];

    /// The name in rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Period::Hour => "hour",
            Period::Day => "day",
        }
    }

    /// Reads [`Period::as_str`] back.
    pub fn parse(text: &str) -> Option<Period> {
        Self::ALL.into_iter().find(|period| period.as_str() == text)
    }

    /// How long a window is.
    pub fn length(self) -> Span {
        match self {
            Period::Hour => Span::from_secs(3_600),
            Period::Day => Span::from_secs(86_400),
        }
    }

    /// The sums that a user is offered as caps of his own.
    pub fn offered_caps(self) -> [Money; 3] {
        match self {
            Period::Hour => [20_000, 50_000, 100_000],
            Period::Day => [50_000, 200_000, 500_000],
        }
        .map(Money::from_kopecks)
    }

    /// When the window of `at` began.
    pub fn window(self, at: Moment) -> Moment {
        let length = self.length().0;
        let local = at.0.saturating_add(DAY_OFFSET.0);
        Moment(local - local.rem_euclid(length) - DAY_OFFSET.0)
    }

    /// When the window of `at` ends and the next one begins.
    pub fn frees_at(self, at: Moment) -> Moment {
        self.window(at) + self.length()
    }
}

/// Whose spending a cap limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// What one user spends.
    User(UserId),
    /// What the providers' work is expected to cost, over all users.
    Platform,
}

/// The most that may be spent in each window; `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    pub hour: Option<Money>,
    pub day: Option<Money>,
}

impl Caps {
    /// The limit of a period.
    pub fn of(&self, period: Period) -> Option<Money> {
        match period {
            Period::Hour => self.hour,
            Period::Day => self.day,
        }
    }

    /// The same caps with another limit of a period.
    pub fn with(self, period: Period, limit: Option<Money>) -> Caps {
        match period {
            Period::Hour => Caps {
                hour: limit,
                ..self
            },
            Period::Day => Caps { day: limit, ..self },
        }
    }

    /// What it does to what may be spent when these caps hold no more and others do.
    pub fn change_to(&self, after: Caps) -> CapsChange {
        // No limit is above every limit.
        let height = |limit: Option<Money>| limit.map_or(i64::MAX, Money::kopecks);
        let mut change = CapsChange::Same;
        for period in Period::ALL {
            let (before, after) = (height(self.of(period)), height(after.of(period)));
            if after < before {
                return CapsChange::Lowered;
            }
            if after > before {
                change = CapsChange::Raised;
            }
        }
        change
    }

    /// What holds for a user: an admin's cap stands in place of the default, and the user's own
    /// can only be lower.
    pub fn effective(default: Caps, admins: Caps, own: Caps) -> Caps {
        let strictest = |default: Option<Money>, admins: Option<Money>, own: Option<Money>| {
            let allowed = admins.or(default);
            match (allowed, own) {
                (Some(allowed), Some(own)) => Some(allowed.min(own)),
                (allowed, own) => allowed.or(own),
            }
        };
        Caps {
            hour: strictest(default.hour, admins.hour, own.hour),
            day: strictest(default.day, admins.day, own.day),
        }
    }
}

/// What a change of caps does to what may be spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapsChange {
    /// In neither period less than before, and in one more.
    Raised,
    /// In one period less than before.
    Lowered,
    /// As much as before.
    Same,
}

/// The caps of the house.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CapRules {
    /// For users without a cap of an admin.
    pub user: Caps,
    /// For the providers' expected cost, all users together.
    pub platform: Caps,
}

/// One window of one scope: the key under which spending is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Window {
    pub scope: Scope,
    pub period: Period,
    pub start: Moment,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_day_of_moscow_begins_at_21_utc() {
        let noon = Moment(1_700_000_000_000_000);
        let start = Period::Day.window(noon);
        assert_eq!((start.0 / 1_000_000).rem_euclid(86_400), 21 * 3_600);
        assert!(start <= noon && noon < Period::Day.frees_at(noon));
    }

    #[test]
    fn a_change_is_told_by_what_may_be_spent() {
        let caps = |hour: Option<i64>, day: Option<i64>| Caps {
            hour: hour.map(Money::from_kopecks),
            day: day.map(Money::from_kopecks),
        };
        let some = caps(Some(500), Some(2_000));
        assert_eq!(some.change_to(some), CapsChange::Same);
        for raised in [caps(None, Some(2_000)), caps(Some(600), Some(2_000))] {
            assert_eq!(some.change_to(raised), CapsChange::Raised);
        }
        for lowered in [caps(Some(100), Some(9_000)), caps(None, Some(1_999))] {
            assert_eq!(some.change_to(lowered), CapsChange::Lowered);
        }
        assert_eq!(Caps::default().change_to(some), CapsChange::Lowered);
    }

    proptest! {
        #[test]
        fn every_moment_is_in_one_window(at in -4_000_000_000_000_000i64..4_000_000_000_000_000) {
            for period in Period::ALL {
                let (at, start) = (Moment(at), period.window(Moment(at)));
                prop_assert!(start <= at && at < start + period.length());
                prop_assert_eq!(period.window(start), start);
                let next = period.frees_at(at);
                prop_assert_eq!(period.window(next), next);
            }
        }

        #[test]
        fn a_user_can_lower_his_cap_and_never_raise_it(
            default in proptest::option::of(0i64..100),
            admins in proptest::option::of(0i64..100),
            own in proptest::option::of(0i64..100),
        ) {
            let caps = |hour: Option<i64>| Caps { hour: hour.map(Money::from_kopecks), day: None };
            let allowed = admins.or(default);
            let found = Caps::effective(caps(default), caps(admins), caps(own)).hour;
            let found = found.map(Money::kopecks);
            match (allowed, own) {
                (None, None) => prop_assert_eq!(found, None),
                (Some(limit), None) => prop_assert_eq!(found, Some(limit)),
                (None, Some(own)) => prop_assert_eq!(found, Some(own)),
                (Some(limit), Some(own)) => prop_assert_eq!(found, Some(limit.min(own))),
            }
        }
    }
}
