//! What another policy would have decided: past decisions made anew from their own facts.
//!
//! A decision's facts are what was known then, so a policy that would have sent work elsewhere is
//! judged by what was expected there, not by what it would have learned.

use std::collections::BTreeMap;

use super::{Facts, Policy, decide};
use crate::money::Money;

/// A decision as it was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Past {
    /// What the user paid.
    pub price: Money,
    pub coin: u64,
    pub facts: Vec<Facts>,
    /// The number of the provider in the facts.
    pub chosen: usize,
}

/// What is expected of the providers that were chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Expected {
    /// Of delivered results, in kopecks: the price over the share of attempts that deliver.
    pub cost: f64,
    /// The sum of the 95th percentiles, in seconds, and how many had one.
    pub p95_secs: f64,
    pub timed: u64,
}

impl Expected {
    fn add(&mut self, facts: &Facts) {
        self.cost += facts.cost.kopecks() as f64 / facts.success.max(0.01);
        if let Some(p95) = facts.p95_secs {
            self.p95_secs += p95;
            self.timed += 1;
        }
    }

    /// The mean 95th percentile, in seconds.
    pub fn mean_p95_secs(&self) -> Option<f64> {
        (self.timed > 0).then(|| self.p95_secs / self.timed as f64)
    }
}

/// Past decisions beside those of another policy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Replay {
    /// Decided by both.
    pub decisions: u64,
    /// Of these, decided differently.
    pub changed: u64,
    /// The other policy would have let the work wait, or end.
    pub undecided: u64,
    pub then: Expected,
    pub anew: Expected,
    /// By provider, how often it was chosen then and anew.
    pub chosen: BTreeMap<String, (u64, u64)>,
}

impl Replay {
    /// Decides one more anew.
    pub fn add(&mut self, past: &Past, policy: &Policy) {
        let Some(then) = past.facts.get(past.chosen) else {
            return;
        };
        let decision = decide(policy, past.price, &past.facts, past.coin);
        let Some(number) = decision.chosen else {
            self.undecided += 1;
            return;
        };
        let anew = &past.facts[number];
        self.decisions += 1;
        self.changed += u64::from(number != past.chosen);
        self.then.add(then);
        self.anew.add(anew);
        self.chosen.entry(then.provider.clone()).or_default().0 += 1;
        self.chosen.entry(anew.provider.clone()).or_default().1 += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::{Availability, History};

    fn policy(cost: f64, latency: f64) -> Policy {
        Policy {
            cost,
            latency,
            load: 0.0,
            latency_target_secs: 100.0,
            tried: 1.0,
            equal_within: 0.0,
            cost_max_percent: 150,
        }
    }

    fn facts(provider: &str, kopecks: i64, p95_secs: f64) -> Facts {
        Facts {
            provider: provider.to_owned(),
            cost: Money::from_kopecks(kopecks),
            success: 0.5,
            p95_secs: Some(p95_secs),
            places: 4,
            free: 4,
            availability: Availability::Open,
            history: History::New,
        }
    }

    fn past() -> Past {
        Past {
            price: Money::from_kopecks(1_000),
            coin: 1,
            facts: vec![facts("cheap", 300, 90.0), facts("quick", 600, 10.0)],
            chosen: 0,
        }
    }

    #[test]
    fn the_same_policy_decides_the_same() {
        let mut replay = Replay::default();
        replay.add(&past(), &policy(1.0, 0.0));
        assert_eq!((replay.decisions, replay.changed), (1, 0));
        assert_eq!(replay.then, replay.anew);
        assert_eq!(replay.then.cost, 600.0, "half of the attempts deliver");
    }

    #[test]
    fn another_policy_is_told_by_cost_and_time() {
        let mut replay = Replay::default();
        replay.add(&past(), &policy(0.0, 1.0));
        assert_eq!((replay.decisions, replay.changed), (1, 1));
        assert_eq!((replay.then.cost, replay.anew.cost), (600.0, 1_200.0));
        assert_eq!(replay.anew.mean_p95_secs(), Some(10.0));
        assert_eq!(replay.chosen["cheap"], (1, 0));
        assert_eq!(replay.chosen["quick"], (0, 1));
    }

    #[test]
    fn what_nobody_may_take_is_told_apart() {
        let mut replay = Replay::default();
        let mut stingy = policy(1.0, 0.0);
        stingy.cost_max_percent = 10;
        replay.add(&past(), &stingy);
        assert_eq!((replay.decisions, replay.undecided), (0, 1));
    }
}
