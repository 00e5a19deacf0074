//! When work is tried again: after a wait that grows and differs, and within a budget.
//!
//! A provider in trouble must not get several times its work from those who try again. Each first
//! try pays in a share of a retry, each retry takes a whole one out, and what is saved up is bounded;
//! with nothing left, retries wait the longest.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::time::Span;

/// A wait that was doubled so often, `max` at most.
pub fn doubled(base: Span, max: Span, doublings: u32) -> Span {
    Span(base.0.saturating_mul(1 << doublings.min(20)).min(max.0))
}

/// The wait before another try: the first is `base`, it doubles with each up to `max`, and it is
/// cut by up to a half, by the name of the work, so that what failed together does not come back
/// together. `tried` counts the tries that were made, from 1.
pub fn back_off(base: Span, max: Span, tried: u32, name: &str) -> Span {
    let whole = doubled(base, max, tried.saturating_sub(1)).0.max(0);
    let mut hasher = DefaultHasher::new();
    (name, tried).hash(&mut hasher);
    let half = whole / 2;
    let cut = i64::try_from(hasher.finish() % (half.unsigned_abs() + 1)).unwrap_or(half);
    Span(whole - cut)
}

/// How many retries there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetSettings {
    /// Retries for a hundred first tries.
    pub share_percent: u32,
    /// Retries that can be saved up, and that there are at the start.
    pub saved_max: u32,
}

/// The retries that are left for one peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryBudget {
    settings: BudgetSettings,
    /// Hundredths of a retry.
    left: u32,
}

impl RetryBudget {
    /// A budget with everything saved up.
    pub fn new(settings: BudgetSettings) -> Self {
        Self {
            settings,
            left: settings.saved_max.saturating_mul(100),
        }
    }

    /// A first try was made.
    pub fn tried(&mut self) {
        let max = self.settings.saved_max.saturating_mul(100);
        let paid = self.left.saturating_add(self.settings.share_percent);
        self.left = paid.min(max);
    }

    /// Takes a retry out; `false` when none is left.
    pub fn take(&mut self) -> bool {
        match self.left.checked_sub(100) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SETTINGS: BudgetSettings = BudgetSettings {
        share_percent: 20,
        saved_max: 10,
    };

    #[test]
    fn waits_double_up_to_the_longest_and_differ_by_name() {
        let (base, max) = (Span::from_secs(2), Span::from_secs(60));
        for (tried, whole) in [(1, 2), (2, 4), (3, 8), (5, 32), (6, 60), (40, 60)] {
            let whole = Span::from_secs(whole);
            let names: Vec<String> = (0..100).map(|job| format!("job-{job}")).collect();
            let waits = names.iter().map(|name| back_off(base, max, tried, name));
            let mut waits: Vec<Span> = waits.collect();
            assert!(waits.iter().all(|w| (whole.0 / 2..=whole.0).contains(&w.0)));
            waits.sort();
            waits.dedup();
            assert!(waits.len() > 90, "{} different waits", waits.len());
        }
        assert_eq!(back_off(Span(0), Span(0), 3, "job"), Span(0));
    }

    #[test]
    fn an_outage_ends_the_budget_and_health_pays_it_back() {
        let mut budget = RetryBudget::new(SETTINGS);
        let taken = (0..100).filter(|_| budget.take()).count();
        assert_eq!(taken, 10, "what was saved up");
        (0..5).for_each(|_| budget.tried());
        assert!(budget.take() && !budget.take(), "one for five first tries");
        (0..1_000).for_each(|_| budget.tried());
        assert_eq!((0..100).filter(|_| budget.take()).count(), 10);
    }

    proptest! {
        #[test]
        fn retries_are_never_more_than_their_share_and_what_was_saved(
            steps in prop::collection::vec(any::<bool>(), 0..2_000)
        ) {
            let mut budget = RetryBudget::new(SETTINGS);
            let (mut first, mut again) = (0_u32, 0_u32);
            for is_retry in steps {
                if is_retry {
                    again += u32::from(budget.take());
                } else {
                    budget.tried();
                    first += 1;
                }
                prop_assert!(again * 100 <= first * SETTINGS.share_percent + SETTINGS.saved_max * 100);
            }
        }
    }
}
