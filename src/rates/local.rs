//! The limits of one node, in its memory.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use rei_actors::ports::rates::{RateLimits, Taking};
use rei_domain::ids::UserId;
use rei_domain::rates::{Decision, Rate, RateRules, RateScope, decide, give_back, is_rested};
use rei_domain::time::Moment;

/// Users remembered in each scope at most; some megabytes.
const CELLS_MAX: usize = 100_000;

/// Below this nobody is forgotten: looking would cost more than the memory.
const CELLS_MIN: usize = 1_024;

/// Limits that this process alone knows. Users whose allowance is whole are forgotten.
pub struct LocalRates {
    rules: RateRules,
    requests: Mutex<Cells>,
    cost: Mutex<Cells>,
}

impl LocalRates {
    /// Limits under these rules, with every allowance whole.
    pub fn new(rules: RateRules) -> Self {
        Self {
            rules,
            requests: Mutex::new(Cells::new(CELLS_MAX)),
            cost: Mutex::new(Cells::new(CELLS_MAX)),
        }
    }

    /// Takes, as the port's `take` does.
    pub fn take_now(&self, scope: RateScope, user: UserId, weight: u64, now: Moment) -> Taking {
        let Some(rate) = self.rules.of(scope) else {
            return Taking::Taken;
        };
        self.with(scope, |cells| {
            match decide(&rate, cells.tat(user), now, weight) {
                Decision::Allowed { new_tat } => {
                    cells.set(user, new_tat, now);
                    Taking::Taken
                }
                Decision::Blocked { until, tat } => {
                    cells.set(user, tat, now);
                    Taking::Blocked { until }
                }
            }
        })
    }

    /// Notes what others allowed, so that this node knows it when it is alone.
    pub fn note(&self, scope: RateScope, rate: &Rate, user: UserId, weight: u64, now: Moment) {
        self.with(scope, |cells| {
            let tat = cells.tat(user).map_or(now, |tat| tat.max(now));
            let noted = tat + rate.cost(weight);
            cells.set(user, noted.min(now + rate.reach()), now);
        });
    }

    /// Returns, as the port's `give_back` does.
    pub fn give_back_now(&self, scope: RateScope, user: UserId, weight: u64, now: Moment) {
        let Some(rate) = self.rules.of(scope) else {
            return;
        };
        self.with(scope, |cells| {
            let tat = give_back(&rate, cells.tat(user), now, weight);
            cells.set(user, tat, now);
        });
    }

    fn with<T>(&self, scope: RateScope, act: impl FnOnce(&mut Cells) -> T) -> T {
        let cells = match scope {
            RateScope::Requests => &self.requests,
            RateScope::Cost => &self.cost,
        };
        // Whoever panicked in between left whole cells: each is one moment.
        act(&mut cells.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl RateLimits for LocalRates {
    async fn take(&self, scope: RateScope, user: UserId, weight: u64, now: Moment) -> Taking {
        self.take_now(scope, user, weight, now)
    }

    async fn give_back(&self, scope: RateScope, user: UserId, weight: u64, now: Moment) {
        self.give_back_now(scope, user, weight, now);
    }
}

/// The cells of one scope.
struct Cells {
    tats: HashMap<UserId, Moment>,
    cells_max: usize,
    /// How many there may be before rested ones are looked for.
    sweep_at: usize,
}

impl Cells {
    fn new(cells_max: usize) -> Self {
        Self {
            tats: HashMap::new(),
            cells_max,
            sweep_at: CELLS_MIN.min(cells_max),
        }
    }

    fn tat(&self, user: UserId) -> Option<Moment> {
        self.tats.get(&user).copied()
    }

    fn set(&mut self, user: UserId, tat: Moment, now: Moment) {
        if is_rested(tat, now) {
            self.tats.remove(&user);
            return;
        }
        if self.tats.len() >= self.sweep_at && !self.tats.contains_key(&user) {
            self.sweep(now);
        }
        self.tats.insert(user, tat);
    }

    /// Forgets who is rested. When too many are not, the half that rests sooner is forgotten:
    /// they gain least. The sweeps together cost no more than what was written between them.
    fn sweep(&mut self, now: Moment) {
        self.tats.retain(|_, tat| !is_rested(*tat, now));
        if self.tats.len() >= self.cells_max {
            let mut tats: Vec<Moment> = self.tats.values().copied().collect();
            let middle = tats.len() / 2;
            let (_, median, _) = tats.select_nth_unstable(middle);
            let median = *median;
            let mut still_equal = middle;
            self.tats.retain(|_, tat| {
                let keep = *tat > median || (*tat == median && still_equal > 0);
                if keep && *tat == median {
                    still_equal -= 1;
                }
                keep
            });
        }
        self.sweep_at = (self.tats.len() * 2).max(CELLS_MIN).min(self.cells_max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rei_domain::time::Span;

    const NOW: Moment = Moment(1_800_000_000_000_000);

    fn rules() -> RateRules {
        RateRules {
            requests: Some(Rate::new(60, Span::from_secs(60), 5)),
            cost: None,
        }
    }

    #[test]
    fn rested_users_are_forgotten() {
        let limits = LocalRates::new(rules());
        for user in 0..200_000 {
            // Each rests after a second, and one comes every millisecond.
            let now = NOW + Span::from_millis(user);
            let taking = limits.take_now(RateScope::Requests, UserId(user), 1, now);
            assert_eq!(taking, Taking::Taken);
            let known = limits.requests.lock().unwrap().tats.len();
            assert!(known <= 2 * CELLS_MIN, "{known} after {user}");
        }
    }

    #[test]
    fn a_crowd_at_once_cannot_fill_the_memory() {
        let mut cells = Cells::new(2_000);
        for user in 0..50_000 {
            cells.set(UserId(user), NOW + Span::from_secs(1 + user % 7), NOW);
            assert!(cells.tats.len() <= 2_000);
        }
        let mut cells = Cells::new(2_000);
        for user in 0..50_000 {
            cells.set(UserId(user), NOW + Span::from_secs(1), NOW);
            assert!(cells.tats.len() <= 2_000);
        }
    }

    #[test]
    fn what_is_given_back_leaves_no_trace() {
        let limits = LocalRates::new(rules());
        limits.take_now(RateScope::Requests, UserId(7), 1, NOW);
        limits.give_back_now(RateScope::Requests, UserId(7), 1, NOW);
        assert!(limits.requests.lock().unwrap().tats.is_empty());
    }

    #[test]
    fn without_a_rate_nothing_is_limited_or_remembered() {
        let limits = LocalRates::new(rules());
        for _ in 0..1_000 {
            let taking = limits.take_now(RateScope::Cost, UserId(7), 1_000_000, NOW);
            assert_eq!(taking, Taking::Taken);
        }
        assert!(limits.cost.lock().unwrap().tats.is_empty());
    }

    #[test]
    fn a_clock_that_steps_back_a_day_does_not_shut_the_user_out() {
        let limits = LocalRates::new(rules());
        let take = |now| limits.take_now(RateScope::Requests, UserId(7), 1, now);
        assert_eq!(take(NOW + Span::from_secs(86_400)), Taking::Taken);
        assert_eq!(
            take(NOW),
            Taking::Blocked {
                until: NOW + Span::from_secs(1)
            }
        );
        assert_eq!(take(NOW + Span::from_secs(1)), Taking::Taken);
    }
}
