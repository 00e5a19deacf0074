//! How often an actor may be restarted, and how long each restart waits.
//!
//! Pure: the time is an argument.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// How many restarts in how long are still healing; one more is a storm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intensity {
    /// Restarts allowed within the window.
    pub restarts_max: u32,
    /// The sliding window. It must exceed `restarts_max` times the time a hang takes to be seen, or an actor that
    /// hangs for ever is restarted for ever.
    pub window: Duration,
}

impl Default for Intensity {
    /// Five in a minute: a bad row or a provider's bad second passes, a broken build does not.
    fn default() -> Self {
        Self {
            restarts_max: 5,
            window: Duration::from_secs(60),
        }
    }
}

/// The pause before the n-th restart within the window: `base`, doubled each time, at most `max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The pause before the first restart.
    pub base: Duration,
    /// No pause is longer.
    pub max: Duration,
}

impl Default for Backoff {
    /// 20 ms to 500 ms: a panicked actor answers again within the promised second.
    fn default() -> Self {
        Self {
            base: Duration::from_millis(20),
            max: Duration::from_millis(500),
        }
    }
}

impl Backoff {
    fn pause(&self, nth: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(nth.saturating_sub(1));
        self.base.saturating_mul(doubled).min(self.max)
    }
}

/// What follows a crash.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    RestartAfter(Duration),
    Exhausted,
}

/// The restarts of one actor, as far back as its window reaches.
pub(super) struct Budget {
    intensity: Intensity,
    backoff: Backoff,
    recent: VecDeque<Instant>,
}

impl Budget {
    pub(super) fn new(intensity: Intensity, backoff: Backoff) -> Self {
        Self {
            intensity,
            backoff,
            recent: VecDeque::new(),
        }
    }

    /// Takes one restart out of the budget; a refusal takes nothing.
    pub(super) fn spend(&mut self, now: Instant) -> Verdict {
        let window = self.intensity.window;
        self.recent
            .retain(|restart| now.saturating_duration_since(*restart) < window);
        let nth = u32::try_from(self.recent.len()).unwrap_or(u32::MAX);
        if nth >= self.intensity.restarts_max {
            return Verdict::Exhausted;
        }
        self.recent.push_back(now);
        Verdict::RestartAfter(self.backoff.pause(nth + 1))
    }

    /// The pause of a restart that is nobody's fault.
    pub(super) fn shortest_pause(&self) -> Duration {
        self.backoff.base
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget() -> Budget {
        Budget::new(
            Intensity {
                restarts_max: 4,
                window: Duration::from_secs(10),
            },
            Backoff {
                base: Duration::from_millis(20),
                max: Duration::from_millis(100),
            },
        )
    }

    fn pauses(budget: &mut Budget, now: Instant, times: usize) -> Vec<u128> {
        (0..times)
            .map(|_| match budget.spend(now) {
                Verdict::RestartAfter(pause) => pause.as_millis(),
                Verdict::Exhausted => u128::MAX,
            })
            .collect()
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_then_the_budget_is_exhausted() {
        let now = Instant::now();
        assert_eq!(pauses(&mut budget(), now, 5), [20, 40, 80, 100, u128::MAX]);
    }

    #[test]
    fn restarts_older_than_the_window_are_forgotten() {
        let mut budget = budget();
        let start = Instant::now();
        assert_eq!(pauses(&mut budget, start, 4), [20, 40, 80, 100]);
        let just_before = start + Duration::from_millis(9_999);
        assert_eq!(budget.spend(just_before), Verdict::Exhausted);
        let after = start + Duration::from_secs(10);
        assert_eq!(pauses(&mut budget, after, 2), [20, 40]);
    }

    #[test]
    fn no_number_of_restarts_overflows_the_pause() {
        let backoff = Backoff {
            base: Duration::from_secs(1),
            max: Duration::from_secs(30),
        };
        assert_eq!(backoff.pause(u32::MAX), Duration::from_secs(30));
    }
}
