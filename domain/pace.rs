//! Pace: at most so many in a span, with a burst (the generic cell rate algorithm).

use crate::time::{Moment, Span};

/// A pace of one per `interval`, of which `burst` may come at once.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    interval: Span,
    tolerance: Span,
    /// When the allowance would be whole again; `None` before the first.
    full_at: Option<Moment>,
}

impl Pace {
    /// One per `interval` on average, at most `burst` (at least one) at once.
    pub fn new(interval: Span, burst: u32) -> Self {
        let extra = i64::from(burst.max(1) - 1);
        Self {
            interval,
            tolerance: Span(interval.0.saturating_mul(extra)),
            full_at: None,
        }
    }

    /// Takes one if the pace allows it at `now`; otherwise says when it will.
    pub fn take(&mut self, now: Moment) -> Result<(), Moment> {
        if let Some(at) = self.blocked_until(now) {
            return Err(at);
        }
        let full_at = self.full_at_within_reach(now);
        self.full_at = Some(full_at.max(now) + self.interval);
        Ok(())
    }

    /// When the next one is allowed, unless it is allowed at `now`.
    pub fn blocked_until(&self, now: Moment) -> Option<Moment> {
        let full_at = self.full_at_within_reach(now);
        let allowed_at = Moment(full_at.0.saturating_sub(self.tolerance.0));
        (now < allowed_at).then_some(allowed_at)
    }

    /// Whether nothing was taken for so long that the pace can be forgotten.
    pub fn is_rested(&self, now: Moment) -> bool {
        self.full_at_within_reach(now) <= now
    }

    /// The stored moment, unless a clock that stepped back left it further ahead than any
    /// taking could have put it: then the allowance starts anew.
    fn full_at_within_reach(&self, now: Moment) -> Moment {
        match self.full_at {
            Some(at) if at - now <= Span(self.tolerance.0.saturating_add(self.interval.0)) => at,
            Some(_) | None => now,
        }
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
        assert_eq!(pace.take(at(0)), Err(at(1_000)));
        assert_eq!(pace.take(at(1_000)), Ok(()));
        assert_eq!(pace.take(at(1_001)), Err(at(2_000)));
    }

    #[test]
    fn over_a_minute_the_average_holds() {
        let mut pace = Pace::new(Span::from_millis(100), 5);
        let taken = (0..60_000).filter(|ms| pace.take(at(*ms)).is_ok()).count();
        assert_eq!(taken, 604);
    }

    #[test]
    fn a_clock_that_steps_back_a_day_does_not_stop_the_bot() {
        let mut pace = Pace::new(Span::from_secs(1), 1);
        assert_eq!(pace.take(at(86_400_000)), Ok(()));
        assert_eq!(pace.take(at(0)), Ok(()));
    }
}
