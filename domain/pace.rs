//! Pace: a rate with its cell, for what one owner alone counts.

use crate::rates::{Decision, Rate, decide, is_rested};
use crate::time::{Moment, Span};

/// A pace of one per interval, of which some may come at once.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    rate: Rate,
    /// When the allowance is whole again; `None` before the first.
    tat: Option<Moment>,
}

impl Pace {
    /// One per `interval` on average, at most `burst` (at least one) at once.
    pub fn new(interval: Span, burst: u32) -> Self {
        Self {
            rate: Rate::new(1, interval, u64::from(burst)),
            tat: None,
        }
    }

    /// Takes one if the pace allows it at `now`; otherwise says when it will.
    pub fn take(&mut self, now: Moment) -> Result<(), Moment> {
        match decide(&self.rate, self.tat, now, 1) {
            Decision::Allowed { new_tat } => {
                self.tat = Some(new_tat);
                Ok(())
            }
            Decision::Blocked { until, tat } => {
                self.tat = Some(tat);
                Err(until)
            }
        }
    }

    /// When the next one is allowed, unless it is allowed at `now`.
    pub fn blocked_until(&self, now: Moment) -> Option<Moment> {
        match decide(&self.rate, self.tat, now, 1) {
            Decision::Allowed { .. } => None,
            Decision::Blocked { until, .. } => Some(until),
        }
    }

    /// Whether nothing was taken for so long that the pace can be forgotten.
    pub fn is_rested(&self, now: Moment) -> bool {
        self.tat.is_none_or(|tat| is_rested(tat, now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Moment {
        Moment(ms * 1_000)
    }

    #[test]
    fn a_burst_passes_and_then_one_per_interval() {
        let mut pace = Pace::new(Span::from_secs(1), 3);
        for _ in 0..3 {
            assert_eq!(pace.take(at(0)), Ok(()));
        }
        assert_eq!(pace.blocked_until(at(0)), Some(at(1_000)));
        assert_eq!(pace.take(at(0)), Err(at(1_000)));
        assert_eq!(pace.take(at(1_000)), Ok(()));
        assert_eq!(pace.take(at(1_001)), Err(at(2_000)));
        assert!(!pace.is_rested(at(3_999)));
        assert!(pace.is_rested(at(4_000)));
    }

    #[test]
    fn over_a_minute_the_average_holds() {
        let mut pace = Pace::new(Span::from_millis(100), 5);
        let taken = (0..60_000).filter(|ms| pace.take(at(*ms)).is_ok()).count();
        assert_eq!(taken, 604);
    }

    #[test]
    fn a_clock_that_steps_back_a_day_holds_up_for_one_interval_at_most() {
        let mut pace = Pace::new(Span::from_secs(1), 3);
        for _ in 0..3 {
            assert_eq!(pace.take(at(86_400_000)), Ok(()));
        }
        assert_eq!(pace.take(at(0)), Err(at(1_000)));
        assert_eq!(pace.take(at(1_000)), Ok(()));
    }
}
