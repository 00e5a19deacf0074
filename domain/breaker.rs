//! Breakers: a peer that fails is left alone for a while, then asked once.
//!
//! ```text
//! closed ──failures in a row──▶ open ──cooldown──▶ half-open ──success──▶ closed
//!                                 ▲                    │ failure: twice the cooldown
//!                                 └────────────────────┘
//! ```
//! Told the time with every question, so an hour's outage is tested in microseconds.

use crate::time::{Moment, Span};

/// When a breaker opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerSettings {
    /// Failures in a row after which nothing more is asked.
    pub failures_max: u32,
    /// The first pause; doubles with each probe that fails …
    pub cooldown: Span,
    /// … up to this.
    pub cooldown_max: Span,
}

/// The breaker of one peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breaker {
    settings: BreakerSettings,
    state: BreakerState,
    /// Failures since the last success.
    failures: u32,
    /// The pause that the next opening begins.
    pause: Span,
}

/// Where a breaker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// Everything is asked.
    Closed,
    /// Nothing is asked before this moment.
    Open { until: Moment },
    /// One probe is on its way.
    HalfOpen,
}

/// What may be asked now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// As much as wanted.
    Free,
    /// One question, to see whether the peer is back.
    Probe,
    /// Nothing before this moment.
    NotBefore(Moment),
    /// The answer to the probe is awaited.
    Wait,
}

impl Breaker {
    /// A closed breaker.
    pub fn new(settings: BreakerSettings) -> Self {
        Self {
            settings,
            state: BreakerState::Closed,
            failures: 0,
            pause: settings.cooldown,
        }
    }

    /// Where it stands.
    pub fn state(&self) -> BreakerState {
        self.state
    }

    /// What may be asked at `now`. Whoever takes a probe says how it ended, or gives it back.
    pub fn permit(&mut self, now: Moment) -> Permit {
        match self.state {
            BreakerState::Closed => Permit::Free,
            BreakerState::Open { until } if now < until => Permit::NotBefore(until),
            BreakerState::Open { .. } => {
                self.state = BreakerState::HalfOpen;
                Permit::Probe
            }
            BreakerState::HalfOpen => Permit::Wait,
        }
    }

    /// Goes on from a row: open until this moment.
    pub fn reopen(&mut self, until: Moment) {
        self.failures = self.settings.failures_max;
        self.state = BreakerState::Open { until };
    }

    /// A probe was not used: there was nothing to ask.
    pub fn give_back(&mut self, now: Moment) {
        match self.state {
            BreakerState::HalfOpen => self.state = BreakerState::Open { until: now },
            BreakerState::Closed | BreakerState::Open { .. } => {}
        }
    }

    /// The peer answered, with whatever.
    pub fn record_success(&mut self) {
        self.state = BreakerState::Closed;
        self.failures = 0;
        self.pause = self.settings.cooldown;
    }

    /// The peer did not answer, or said that it cannot.
    pub fn record_failure(&mut self, now: Moment) {
        self.failures = self.failures.saturating_add(1);
        match self.state {
            BreakerState::Closed if self.failures >= self.settings.failures_max => self.open(now),
            BreakerState::HalfOpen => self.open(now),
            // What was asked before it opened comes back late.
            BreakerState::Closed | BreakerState::Open { .. } => {}
        }
    }

    fn open(&mut self, now: Moment) {
        self.state = BreakerState::Open {
            until: now + self.pause,
        };
        let doubled = Span(self.pause.0.saturating_mul(2));
        self.pause = doubled.min(self.settings.cooldown_max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaker() -> Breaker {
        Breaker::new(BreakerSettings {
            failures_max: 3,
            cooldown: Span::from_secs(5),
            cooldown_max: Span::from_secs(15),
        })
    }

    fn at(secs: i64) -> Moment {
        Moment(secs * 1_000_000)
    }

    fn open(breaker: &mut Breaker, now: Moment) {
        for _ in 0..3 {
            breaker.record_failure(now);
        }
    }

    #[test]
    fn single_failures_change_nothing() {
        let mut breaker = breaker();
        for _ in 0..10 {
            breaker.record_failure(at(0));
            breaker.record_failure(at(0));
            breaker.record_success();
        }
        assert_eq!(breaker.permit(at(0)), Permit::Free);
    }

    #[test]
    fn after_failures_in_a_row_one_probe_decides() {
        let mut breaker = breaker();
        open(&mut breaker, at(0));
        assert_eq!(breaker.permit(at(4)), Permit::NotBefore(at(5)));
        assert_eq!(breaker.permit(at(5)), Permit::Probe);
        assert_eq!(breaker.permit(at(5)), Permit::Wait);
        breaker.record_success();
        assert_eq!(breaker.permit(at(5)), Permit::Free);
    }

    #[test]
    fn each_failed_probe_doubles_the_pause_up_to_its_bound() {
        let mut breaker = breaker();
        open(&mut breaker, at(0));
        for (probe_at, next) in [(5, 15), (15, 30), (30, 45)] {
            assert_eq!(breaker.permit(at(probe_at)), Permit::Probe);
            breaker.record_failure(at(probe_at));
            assert_eq!(breaker.permit(at(probe_at)), Permit::NotBefore(at(next)));
        }
    }

    #[test]
    fn late_failures_do_not_lengthen_the_pause() {
        let mut breaker = breaker();
        open(&mut breaker, at(0));
        open(&mut breaker, at(1));
        assert_eq!(breaker.permit(at(2)), Permit::NotBefore(at(5)));
    }

    #[test]
    fn an_unused_probe_is_given_back() {
        let mut breaker = breaker();
        open(&mut breaker, at(0));
        assert_eq!(breaker.permit(at(6)), Permit::Probe);
        breaker.give_back(at(6));
        assert_eq!(breaker.permit(at(6)), Permit::Probe);
    }
}
