//! The rates of one node, in its memory.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use rei_actors::ports::rates::{Rates, Verdict};
use rei_domain::ids::UserId;
use rei_domain::rates::{
    Draw, RateRules, RateScope, Taking, decide_all, give_back, is_rested, note,
};
use rei_domain::time::Moment;

/// Cells remembered at most; some megabytes.
const CELLS_MAX: usize = 200_000;

/// Below this nothing is forgotten: looking would cost more than the memory.
const CELLS_MIN: usize = 1_024;

/// Rates that this process alone knows. Cells whose allowance is whole are forgotten.
pub struct LocalRates {
    rules: RateRules,
    cells: Mutex<Cells>,
}

impl LocalRates {
    /// Rates under these rules, with every allowance whole.
    pub fn new(rules: RateRules) -> Self {
        Self {
            rules,
            cells: Mutex::new(Cells::new(CELLS_MAX)),
        }
    }

    /// Takes, as the port's `take` does.
    pub fn take_now(&self, user: UserId, taking: Taking, now: Moment) -> Verdict {
        let draws = self.rules.draws(taking);
        self.with(|cells| {
            let of_user = |draw: &Draw| (*draw, cells.tat((user, draw.scope)));
            let known: Vec<_> = draws.iter().map(of_user).collect();
            let joint = decide_all(&known, now);
            for (draw, tat) in draws.iter().zip(joint.tats) {
                cells.set((user, draw.scope), tat, now);
            }
            match joint.blocked {
                None => Verdict::Taken,
                Some((scope, until)) => Verdict::Blocked { scope, until },
            }
        })
    }

    /// Notes what others allowed, so that this node knows it when it is alone.
    pub fn note(&self, user: UserId, taking: Taking, now: Moment) {
        self.change(user, taking, now, |draw, tat| {
            note(&draw.rate, tat, now, draw.weight)
        });
    }

    /// Returns, as the port's `give_back` does.
    pub fn give_back_now(&self, user: UserId, taking: Taking, now: Moment) {
        self.change(user, taking, now, |draw, tat| {
            give_back(&draw.rate, tat, now, draw.weight)
        });
    }

    fn change(
        &self,
        user: UserId,
        taking: Taking,
        now: Moment,
        moved: impl Fn(&Draw, Option<Moment>) -> Moment,
    ) {
        let draws = self.rules.draws(taking);
        self.with(|cells| {
            for draw in &draws {
                let key = (user, draw.scope);
                let tat = moved(draw, cells.tat(key));
                cells.set(key, tat, now);
            }
        });
    }

    fn with<T>(&self, act: impl FnOnce(&mut Cells) -> T) -> T {
        // Whoever panicked in between left whole cells: each is one moment.
        act(&mut self.cells.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Rates for LocalRates {
    async fn take(&self, user: UserId, taking: Taking, now: Moment) -> Verdict {
        self.take_now(user, taking, now)
    }

    async fn give_back(&self, user: UserId, taking: Taking, now: Moment) {
        self.give_back_now(user, taking, now);
    }
}

/// What is limited of whom.
type Key = (UserId, RateScope);

struct Cells {
    tats: HashMap<Key, Moment>,
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

    fn tat(&self, key: Key) -> Option<Moment> {
        self.tats.get(&key).copied()
    }

    fn set(&mut self, key: Key, tat: Moment, now: Moment) {
        if is_rested(tat, now) {
            self.tats.remove(&key);
            return;
        }
        if self.tats.len() >= self.sweep_at && !self.tats.contains_key(&key) {
            self.sweep(now);
        }
        self.tats.insert(key, tat);
    }

    /// Forgets who is rested. When too many are not, the half that rests sooner is forgotten:
    /// they gain least. The sweeps together cost no more than what was written between them.
    fn sweep(&mut self, now: Moment) {
        self.tats.retain(|_, tat| !is_rested(*tat, now));
        if self.tats.len() >= self.cells_max {
            self.forget_half();
        }
        self.sweep_at = (self.tats.len() * 2).max(CELLS_MIN).min(self.cells_max);
    }

    fn forget_half(&mut self) {
        let mut tats: Vec<Moment> = self.tats.values().copied().collect();
        let middle = tats.len() / 2;
        let (_, median, _) = tats.select_nth_unstable(middle);
        let median = *median;
        let later = tats.iter().filter(|tat| **tat > median).count();
        let mut equal_left = middle.saturating_sub(later);
        self.tats.retain(|_, tat| {
            if *tat == median && equal_left > 0 {
                equal_left -= 1;
                return true;
            }
            *tat > median
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rei_domain::money::Money;
    use rei_domain::rates::Rate;
    use rei_domain::time::Span;

    const NOW: Moment = Moment(1_800_000_000_000_000);
    const ANN: UserId = UserId(7);

    /// One request a second, five at once; a kopeck a second, a hundred at once.
    fn rules() -> RateRules {
        RateRules {
            requests: Some(Rate::new(60, Span::from_secs(60), 5)),
            cost: Some(Rate::new(3_600, Span::from_secs(3_600), 100)),
        }
    }

    fn order(kopecks: i64) -> Taking {
        Taking::order(Money::from_kopecks(kopecks))
    }

    fn blocked(scope: RateScope, secs: i64) -> Verdict {
        let until = NOW + Span::from_secs(secs);
        Verdict::Blocked { scope, until }
    }

    #[test]
    fn one_users_haste_is_not_anothers() {
        let rates = LocalRates::new(rules());
        for _ in 0..5 {
            let verdict = rates.take_now(ANN, Taking::REQUEST, NOW);
            assert_eq!(verdict, Verdict::Taken);
        }
        let refused = blocked(RateScope::Requests, 1);
        assert_eq!(rates.take_now(ANN, Taking::REQUEST, NOW), refused);
        let other = rates.take_now(UserId(8), Taking::REQUEST, NOW);
        assert_eq!(other, Verdict::Taken);
        let later = rates.take_now(ANN, Taking::REQUEST, NOW + Span::from_secs(1));
        assert_eq!(later, Verdict::Taken);
    }

    #[test]
    fn an_order_counts_by_its_price_and_a_refused_one_costs_nothing() {
        let rates = LocalRates::new(rules());
        assert_eq!(rates.take_now(ANN, order(80), NOW), Verdict::Taken);
        let refused = blocked(RateScope::Cost, 60);
        for _ in 0..10 {
            assert_eq!(rates.take_now(ANN, order(80), NOW), refused);
        }
        // The refused ones took none of the five requests either.
        for _ in 0..4 {
            assert_eq!(rates.take_now(ANN, order(5), NOW), Verdict::Taken);
        }
        let refused = blocked(RateScope::Requests, 1);
        assert_eq!(rates.take_now(ANN, order(0), NOW), refused);
    }

    #[test]
    fn rested_users_are_forgotten() {
        let rates = LocalRates::new(rules());
        for user in 0..200_000 {
            // Each rests after a second, and one comes every millisecond.
            let now = NOW + Span::from_millis(user);
            let verdict = rates.take_now(UserId(user), Taking::REQUEST, now);
            assert_eq!(verdict, Verdict::Taken);
            let known = rates.cells.lock().unwrap().tats.len();
            assert!(known <= 2 * CELLS_MIN, "{known} after {user}");
        }
    }

    #[test]
    fn a_crowd_at_once_cannot_fill_the_memory() {
        for spread in [1, 7] {
            let mut cells = Cells::new(2_000);
            for user in 0..50_000 {
                let tat = NOW + Span::from_secs(1 + user % spread);
                cells.set((UserId(user), RateScope::Requests), tat, NOW);
                assert!(cells.tats.len() <= 2_000);
            }
            assert!(cells.tats.len() >= 1_000, "half is remembered");
        }
    }

    #[test]
    fn what_is_given_back_leaves_no_trace() {
        let rates = LocalRates::new(rules());
        rates.take_now(ANN, order(30), NOW);
        rates.give_back_now(ANN, order(30), NOW);
        assert!(rates.cells.lock().unwrap().tats.is_empty());
    }

    #[test]
    fn without_rates_nothing_is_limited_or_remembered() {
        let rates = LocalRates::new(RateRules::default());
        for _ in 0..1_000 {
            let dearest = Taking::order(Money::OPERATION_MAX);
            assert_eq!(rates.take_now(ANN, dearest, NOW), Verdict::Taken);
        }
        assert!(rates.cells.lock().unwrap().tats.is_empty());
    }

    #[test]
    fn a_clock_that_steps_back_a_day_does_not_shut_the_user_out() {
        let rates = LocalRates::new(rules());
        let take = |now| rates.take_now(ANN, Taking::REQUEST, now);
        assert_eq!(take(NOW + Span::from_secs(86_400)), Verdict::Taken);
        assert_eq!(take(NOW), blocked(RateScope::Requests, 1));
        assert_eq!(take(NOW + Span::from_secs(1)), Verdict::Taken);
    }
}
