//! Metering: what a session sold by the running second has used, and what is set aside for it.
//!
//! Money is set aside a window of seconds at a time, ahead of the use, so nobody is ever charged
//! more than he had. Time is taken from the process's own steady clock as long as one process
//! watches the session; only when another takes over (a restart, another node) the wall clock
//! says how much passed, and then never more than is set aside. A wall clock that jumps in
//! between changes nothing, and no second is counted twice, because what is counted stands in
//! the row together with the moment up to which it was counted.

use crate::money::Money;
use crate::time::{Moment, Span};

/// The price of running time and the size of its windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tariff {
    /// Kopecks for one second; at least one.
    pub rate: Money,
    /// Seconds that are set aside at once; at least one.
    pub window_secs: u32,
    /// The next window is set aside when this many seconds are left of the present one.
    pub lead_secs: u32,
}

impl Tariff {
    /// What one window costs.
    pub fn window_price(&self) -> Option<Money> {
        let kopecks = self.rate.kopecks().checked_mul(i64::from(self.window_secs));
        kopecks.map(Money::from_kopecks)
    }

    fn window(&self) -> Span {
        Span::from_secs(i64::from(self.window_secs.max(1)))
    }
}

/// What stands in a session's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meter {
    pub tariff: Tariff,
    /// What was used, to the microsecond.
    pub metered: Span,
    /// The moment up to which it was counted, by the wall clock.
    pub counted_until: Moment,
    /// Windows that were set aside so far.
    pub windows_held: u32,
    /// Windows that were charged in full.
    pub windows_charged: u32,
}

/// What is due after some time passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The row's new count.
    pub meter: Meter,
    /// Windows that are used up and not charged yet: these numbers, from 1.
    pub used_up: (u32, u32),
    /// Whether the next window should be set aside now.
    pub hold_next: bool,
    /// Whether everything that was set aside is used: the session is over.
    pub is_over: bool,
}

impl Meter {
    /// A session that begins now, its first window set aside.
    pub fn begin(tariff: Tariff, now: Moment) -> Self {
        Self {
            tariff,
            metered: Span(0),
            counted_until: now,
            windows_held: 1,
            windows_charged: 0,
        }
    }

    /// Counts what passed. `lived` is what this process's steady clock says since the row stood
    /// as it does; `None` if another process wrote it.
    pub fn count(&self, now: Moment, lived: Option<Span>) -> Due {
        let passed = lived.unwrap_or(now - self.counted_until).0.max(0);
        let reserved = self.reserved();
        let metered = Span(self.metered.0.saturating_add(passed).min(reserved.0));
        let window = self.tariff.window().0;
        let used = u32::try_from(metered.0 / window).unwrap_or(u32::MAX);
        let used = used.min(self.windows_held);
        let left = reserved.0 - metered.0;
        let lead = Span::from_secs(i64::from(self.tariff.lead_secs)).0;
        Due {
            meter: Meter {
                metered,
                counted_until: now,
                ..*self
            },
            used_up: (self.windows_charged + 1, used),
            hold_next: left <= lead,
            is_over: left == 0,
        }
    }

    /// Time that is set aside, used or not.
    pub fn reserved(&self) -> Span {
        let window = self.tariff.window().0;
        Span(window.saturating_mul(i64::from(self.windows_held)))
    }

    /// Whole seconds used; a second that was only begun is not charged.
    pub fn seconds(&self) -> u64 {
        self.metered.whole_secs()
    }

    /// What the used seconds cost altogether.
    pub fn charge(&self) -> Money {
        let seconds = i64::try_from(self.seconds()).unwrap_or(i64::MAX);
        Money::from_kopecks(self.tariff.rate.kopecks().saturating_mul(seconds))
    }

    /// What the used seconds of a window cost; zero for one that was not begun.
    pub fn charge_of(&self, window: u32) -> Money {
        let length = i64::from(self.tariff.window_secs.max(1));
        let seconds = i64::try_from(self.seconds()).unwrap_or(i64::MAX);
        let begins = length.saturating_mul(i64::from(window.saturating_sub(1)));
        let used = seconds.saturating_sub(begins).clamp(0, length);
        Money::from_kopecks(self.tariff.rate.kopecks().saturating_mul(used))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TARIFF: Tariff = Tariff {
        rate: Money::from_kopecks(5),
        window_secs: 60,
        lead_secs: 20,
    };

    fn secs(secs: i64) -> Span {
        Span::from_secs(secs)
    }

    #[test]
    fn the_next_window_is_set_aside_before_the_present_one_ends() {
        let meter = Meter::begin(TARIFF, Moment(0));
        let due = meter.count(Moment(0) + secs(39), Some(secs(39)));
        assert!(!due.hold_next && !due.is_over);
        let due = due.meter.count(Moment(0) + secs(40), Some(secs(1)));
        assert!(due.hold_next && !due.is_over);
        let due = due.meter.count(Moment(0) + secs(99), Some(secs(59)));
        assert!(due.is_over, "nothing more was set aside");
        assert_eq!(due.meter.charge(), Money::from_kopecks(300));
        assert_eq!(due.used_up, (1, 1));
    }

    #[test]
    fn a_clock_that_jumps_two_days_either_way_changes_nothing() {
        for jump in [secs(172_800), secs(-172_800)] {
            let meter = Meter::begin(TARIFF, Moment(1_000_000));
            let later = Moment(1_000_000) + jump;
            let due = meter.count(later, Some(secs(3)));
            assert_eq!(due.meter.seconds(), 3);
            let due = due.meter.count(later + secs(2), Some(secs(2)));
            assert_eq!(due.meter.seconds(), 5);
        }
    }

    #[test]
    fn a_day_without_a_process_costs_what_was_set_aside_and_no_more() {
        let meter = Meter::begin(TARIFF, Moment(0));
        let due = meter.count(Moment(0) + secs(86_400), None);
        assert!(due.is_over);
        assert_eq!(due.meter.charge(), TARIFF.window_price().unwrap());
    }

    proptest! {
        /// However the time is cut into looks, restarts among them: what is counted is what
        /// passed, and the windows' charges add up to the whole.
        #[test]
        fn no_second_is_lost_or_doubled(
            steps in proptest::collection::vec((0i64..40_000_000, proptest::bool::ANY), 1..60)
        ) {
            let mut meter = Meter::begin(TARIFF, Moment(7));
            let (mut now, mut passed) = (Moment(7), 0);
            for (step, restarted) in steps {
                now = now + Span(step);
                passed += step;
                let due = meter.count(now, (!restarted).then_some(Span(step)));
                meter = due.meter;
                if due.hold_next {
                    meter.windows_held += 2;
                }
                let whole = passed / 1_000_000;
                if due.is_over {
                    break;
                }
                prop_assert_eq!(meter.seconds(), u64::try_from(whole).unwrap());
                let parts: i64 = (1..=meter.windows_held)
                    .map(|window| meter.charge_of(window).kopecks())
                    .sum();
                prop_assert_eq!(parts, meter.charge().kopecks());
            }
        }
    }
}
