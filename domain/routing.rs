//! Routing: which provider is asked for a job.
//!
//! Each provider that makes what is asked for has a score, lower is better: what a delivered
//! result is expected to cost, how long it takes and how full the provider is, weighed by a
//! policy. Those that are equal but for a little are chosen between by who has more places
//! free, of two picked by a coin. Promises that nobody is chosen who is cordoned or dearer than
//! the policy allows, that the price of the user is not touched, and that the last provider is
//! never left out for its health alone. Every decision can be told and replayed from its facts.

pub mod replay;

use std::cmp::Ordering;

use crate::money::Money;

/// What weighs how much.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Policy {
    /// Weight of the expected cost of a delivered result, as a share of the user's price.
    pub cost: f64,
    /// Weight of the 95th percentile of the time, as a share of [`Policy::latency_target_secs`].
    pub latency: f64,
    /// Weight of the share of places taken.
    pub load: f64,
    /// The time that weighs as much as the whole price, in seconds.
    pub latency_target_secs: f64,
    /// Added for the provider at which this job failed last.
    pub tried: f64,
    /// Scores within this of the best are equal.
    pub equal_within: f64,
    /// The most that a result may cost the platform, in hundredths of the user's price.
    pub cost_max_percent: u32,
}

/// What is known of a provider when a job is to go somewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    pub provider: String,
    /// What it takes for this request.
    pub cost: Money,
    /// The share of attempts that deliver, from 0 to 1.
    pub success: f64,
    /// The 95th percentile of the time, in seconds; `None` before the first result.
    pub p95_secs: Option<f64>,
    pub places: u32,
    pub free: u32,
    pub availability: Availability,
    pub history: History,
}

/// Whether a provider should be asked at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Availability {
    Open,
    /// Its breaker is open: only if nobody else is there.
    Tripped,
    /// An operator took it out.
    Cordoned,
}

/// Whether this job was tried there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum History {
    New,
    /// It failed there last.
    FailedLast,
}

/// Why a provider was not chosen, or its score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    Score(f64),
    Cordoned,
    /// It would cost more than the policy allows.
    TooDear,
    /// No place is free.
    Full,
    /// Its breaker is open, and somebody else is there.
    Tripped,
}

/// Where a job goes, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The number of the provider in the facts. `None`: nobody now.
    pub chosen: Option<usize>,
    /// One for each of the facts.
    pub verdicts: Vec<Verdict>,
}

impl Decision {
    /// Whether the job may go somewhere once a place is free or a breaker closes. What is
    /// cordoned may come back as well.
    pub fn may_wait(&self) -> bool {
        self.verdicts.iter().any(|verdict| match verdict {
            Verdict::Full | Verdict::Tripped | Verdict::Cordoned | Verdict::Score(_) => true,
            Verdict::TooDear => false,
        })
    }
}

/// Decides. `price` is what the user pays; `coin` any number, another for each decision.
pub fn decide(policy: &Policy, price: Money, facts: &[Facts], coin: u64) -> Decision {
    let dearest = i128::from(price.kopecks()) * i128::from(policy.cost_max_percent) / 100;
    let mut verdicts: Vec<Verdict> = facts
        .iter()
        .map(|facts| {
            if facts.availability == Availability::Cordoned {
                Verdict::Cordoned
            } else if i128::from(facts.cost.kopecks()) > dearest {
                Verdict::TooDear
            } else if facts.free == 0 {
                Verdict::Full
            } else {
                Verdict::Score(score(policy, price, facts))
            }
        })
        .collect();
    // Whoever is tripped steps back if somebody healthy makes it at all, busy or not.
    let is_healthy = |(facts, verdict): (&Facts, &Verdict)| {
        let can = matches!(verdict, Verdict::Score(_) | Verdict::Full);
        can && facts.availability == Availability::Open
    };
    if facts.iter().zip(&verdicts).any(is_healthy) {
        for (facts, verdict) in facts.iter().zip(&mut verdicts) {
            if facts.availability == Availability::Tripped && matches!(verdict, Verdict::Score(_)) {
                *verdict = Verdict::Tripped;
            }
        }
    }
    let chosen = choose(policy, facts, &verdicts, coin);
    Decision { chosen, verdicts }
}

fn score(policy: &Policy, price: Money, facts: &Facts) -> f64 {
    // Nobody is so bad that one delivered result should count for more than twenty.
    let delivered = facts.cost.kopecks() as f64 / facts.success.clamp(0.05, 1.0);
    let cost = delivered / price.kopecks().max(1) as f64;
    // Who was never timed is taken for as quick as the target: he is tried, and not rushed at.
    let secs = facts.p95_secs.unwrap_or(policy.latency_target_secs);
    let latency = secs / policy.latency_target_secs.max(1.0);
    let taken = facts.places.saturating_sub(facts.free);
    let load = f64::from(taken) / f64::from(facts.places.max(1));
    let tried = match facts.history {
        History::New => 0.0,
        History::FailedLast => policy.tried,
    };
    policy.cost * cost + policy.latency * latency + policy.load * load + tried
}

fn choose(policy: &Policy, facts: &[Facts], verdicts: &[Verdict], coin: u64) -> Option<usize> {
    let score_of = |verdict: &Verdict| match verdict {
        Verdict::Score(score) => Some(*score),
        Verdict::Cordoned | Verdict::TooDear | Verdict::Full | Verdict::Tripped => None,
    };
    let scores = verdicts.iter().filter_map(score_of);
    let best = scores.min_by(|a, b| a.partial_cmp(b).unwrap_or(Ordering::Equal))?;
    let is_equal = |verdict: &Verdict| {
        score_of(verdict).is_some_and(|score| score <= best + policy.equal_within)
    };
    let equals: Vec<usize> = (0..verdicts.len())
        .filter(|number| is_equal(&verdicts[*number]))
        .collect();
    let count = u64::try_from(equals.len())
        .ok()
        .filter(|count| *count > 0)?;
    let pick = |coin: u64| usize::try_from(coin % count).ok().map(|at| equals[at]);
    let (one, other) = (pick(coin)?, pick(coin / count)?);
    Some(if facts[other].free > facts[one].free {
        other
    } else {
        one
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const POLICY: Policy = Policy {
        cost: 1.0,
        latency: 0.3,
        load: 0.1,
        latency_target_secs: 180.0,
        tried: 1.0,
        equal_within: 0.02,
        cost_max_percent: 150,
    };

    const PRICE: Money = Money::from_kopecks(7_000);

    fn facts(provider: &str, cost: i64) -> Facts {
        Facts {
            provider: provider.to_owned(),
            cost: Money::from_kopecks(cost),
            success: 1.0,
            p95_secs: Some(60.0),
            places: 4,
            free: 4,
            availability: Availability::Open,
            history: History::New,
        }
    }

    fn chosen(facts: &[Facts]) -> Option<usize> {
        decide(&POLICY, PRICE, facts, 0).chosen
    }

    #[test]
    fn the_cheaper_of_two_is_asked_and_the_other_when_it_delivers_more() {
        let (cheap, dear) = (facts("cheap", 3_000), facts("dear", 4_000));
        assert_eq!(chosen(&[cheap.clone(), dear.clone()]), Some(0));
        let failing = Facts {
            success: 0.5,
            ..cheap
        };
        assert_eq!(chosen(&[failing, dear]), Some(1));
    }

    #[test]
    fn a_job_that_failed_at_one_goes_to_the_other_and_back_if_there_is_none() {
        let failed = Facts {
            history: History::FailedLast,
            ..facts("first", 3_000)
        };
        assert_eq!(chosen(&[failed.clone(), facts("second", 5_000)]), Some(1));
        assert_eq!(chosen(&[failed]), Some(0));
    }

    #[test]
    fn whoever_is_tripped_waits_unless_nobody_else_is_there() {
        let tripped = Facts {
            availability: Availability::Tripped,
            ..facts("first", 3_000)
        };
        let decision = decide(
            &POLICY,
            PRICE,
            &[tripped.clone(), facts("second", 5_000)],
            0,
        );
        assert_eq!(decision.chosen, Some(1));
        assert_eq!(decision.verdicts[0], Verdict::Tripped);
        // The healthy one is full: the job waits for it.
        let full = Facts {
            free: 0,
            ..facts("second", 5_000)
        };
        let decision = decide(&POLICY, PRICE, &[tripped.clone(), full], 0);
        assert_eq!(decision.chosen, None);
        assert!(decision.may_wait());
        assert_eq!(
            chosen(&[tripped]),
            Some(0),
            "the last one is never left out"
        );
    }

    #[test]
    fn a_fallback_may_cost_more_than_the_price_but_not_any_more() {
        assert_eq!(chosen(&[facts("dear", 10_500)]), Some(0));
        let decision = decide(&POLICY, PRICE, &[facts("dear", 10_501)], 0);
        assert_eq!(decision.chosen, None);
        assert!(!decision.may_wait(), "waiting makes it no cheaper");
    }

    #[test]
    fn an_operator_has_the_last_word() {
        let cordoned = Facts {
            availability: Availability::Cordoned,
            ..facts("first", 1)
        };
        let decision = decide(&POLICY, PRICE, &[cordoned], 0);
        assert_eq!(decision.chosen, None);
        assert!(decision.may_wait());
    }

    #[test]
    fn equals_share_by_the_coin_and_by_their_places() {
        let equals = [facts("one", 3_000), facts("two", 3_000)];
        let ones =
            (0..1_000).filter(|coin| decide(&POLICY, PRICE, &equals, *coin).chosen == Some(0));
        assert!((200..=800).contains(&ones.count()));
        let busy = Facts {
            free: 1,
            ..facts("one", 2_990)
        };
        // Two coins of four show one face only; the others compare the places.
        let quieter = (0..4).filter(|coin| {
            decide(
                &Policy {
                    load: 0.0,
                    ..POLICY
                },
                PRICE,
                &[busy.clone(), facts("two", 3_000)],
                *coin,
            )
            .chosen
                == Some(1)
        });
        assert_eq!(quieter.count(), 3);
    }

    fn any_facts() -> impl Strategy<Value = Facts> {
        let availability = prop::sample::select(vec![
            Availability::Open,
            Availability::Tripped,
            Availability::Cordoned,
        ]);
        let history = prop::sample::select(vec![History::New, History::FailedLast]);
        (
            1_i64..20_000,
            0.0_f64..=1.0,
            prop::option::of(0.0_f64..10_000.0),
            0_u32..10,
            availability,
            history,
        )
            .prop_map(
                |(cost, success, p95_secs, free, availability, history)| Facts {
                    success,
                    p95_secs,
                    places: 10,
                    free,
                    availability,
                    history,
                    ..facts("any", cost)
                },
            )
    }

    proptest! {
        #[test]
        fn only_who_may_and_can_is_chosen(
            facts in prop::collection::vec(any_facts(), 0..16), coin in any::<u64>()
        ) {
            let decision = decide(&POLICY, PRICE, &facts, coin);
            prop_assert_eq!(decision.verdicts.len(), facts.len());
            let could = |facts: &Facts| {
                facts.free > 0
                    && facts.availability != Availability::Cordoned
                    && facts.cost.kopecks() <= 10_500
            };
            match decision.chosen {
                Some(number) => {
                    let chosen = &facts[number];
                    prop_assert!(could(chosen));
                    let healthy = |facts: &&Facts| {
                        could(facts) && facts.availability == Availability::Open
                    };
                    let passed_over = facts.iter().find(healthy);
                    prop_assert!(
                        chosen.availability == Availability::Open || passed_over.is_none()
                    );
                }
                // Nobody can, or whoever can is tripped and somebody healthy is only full.
                None => {
                    let healthy_exists = facts.iter().any(|facts| {
                        facts.availability == Availability::Open && facts.cost.kopecks() <= 10_500
                    });
                    let tripped_only = facts.iter().filter(|facts| could(facts))
                        .all(|facts| facts.availability == Availability::Tripped);
                    prop_assert!(tripped_only);
                    prop_assert!(facts.iter().all(|facts| !could(facts)) || healthy_exists);
                }
            }
        }
    }
}
