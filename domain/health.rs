//! How a provider has been doing: what it delivers, how long it takes, and whether to ask it.
//!
//! One record for each provider and kind of result. Faults open a breaker by their class: an
//! account out of order at once, a busy or failing server after several in a row. What the
//! provider's rules refuse says nothing about its health. Told the time with every question.

use crate::breaker::{Breaker, BreakerSettings, BreakerState, Permit};
use crate::money::Money;
use crate::time::{Moment, Span};

/// What became of an attempt, as far as it says something about the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Seen {
    /// It took the request and works on it.
    Accepted,
    /// It made the result in this time.
    Delivered { took: Span },
    /// Its rules forbid the request: it works, and nothing is delivered.
    Refused,
    /// It failed.
    Failed(FaultClass),
}

/// Faults by what they mean for the next request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FaultClass {
    /// Key, money or rights: nothing works until a person mends it.
    Account,
    /// It asks to be left alone for a while.
    Busy,
    /// It breaks, or its answers are lost.
    Server,
    /// It did not take this request: it may take the next one.
    Request,
}

impl FaultClass {
    /// Every class.
    pub const ALL: [FaultClass; 4] = [
        FaultClass::Account,
        FaultClass::Busy,
        FaultClass::Server,
        FaultClass::Request,
    ];

    /// The name in rows and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            FaultClass::Account => "account",
            FaultClass::Busy => "busy",
            FaultClass::Server => "server",
            FaultClass::Request => "request",
        }
    }

    /// Reads [`FaultClass::as_str`] back.
    pub fn parse(text: &str) -> Option<FaultClass> {
        Self::ALL.into_iter().find(|class| class.as_str() == text)
    }
}

/// How much the newest attempt counts: about the last twenty make the picture.
const NEWEST: f64 = 0.1;

/// What a provider that was never asked is taken for.
const SUCCESS_AT_FIRST: f64 = 0.95;

/// The step of the estimate of the 95th percentile, as a share of itself.
const PERCENTILE_STEP: f64 = 0.1;

/// The health of one provider for one kind of result.
#[derive(Clone, Debug, PartialEq)]
pub struct Health {
    breakers: Vec<(FaultClass, Breaker)>,
    /// The share of attempts that deliver, newest first in weight.
    success: f64,
    /// The estimate of the time within which 95 of 100 results come; `None` before the first.
    p95: Option<Span>,
}

impl Health {
    /// A provider that was never asked. An account's fault opens its breaker at once.
    pub fn new(settings: BreakerSettings) -> Health {
        let breaker = |class: FaultClass| {
            let failures_max = match class {
                FaultClass::Account => 1,
                FaultClass::Busy | FaultClass::Server => settings.failures_max,
                // Our own mistakes in a few requests must not take a provider away.
                FaultClass::Request => settings.failures_max.saturating_mul(4),
            };
            let settings = BreakerSettings {
                failures_max,
                ..settings
            };
            (class, Breaker::new(settings))
        };
        Health {
            breakers: FaultClass::ALL.map(breaker).into(),
            success: SUCCESS_AT_FIRST,
            p95: None,
        }
    }

    /// An attempt ended.
    pub fn record(&mut self, seen: Seen, now: Moment) {
        let delivered = match seen {
            Seen::Accepted => None,
            Seen::Delivered { took } => {
                self.record_time(took);
                Some(1.0)
            }
            Seen::Refused | Seen::Failed(_) => Some(0.0),
        };
        if let Some(delivered) = delivered {
            self.success += NEWEST * (delivered - self.success);
        }
        for (class, breaker) in &mut self.breakers {
            match seen {
                Seen::Failed(failed) if failed == *class => breaker.record_failure(now),
                Seen::Accepted | Seen::Delivered { .. } | Seen::Refused => {
                    breaker.record_success();
                }
                // Another fault tells nothing about this one.
                Seen::Failed(_) => breaker.give_back(now),
            }
        }
    }

    /// Moves the estimate towards the 95th percentile: up by 95 parts when a result took
    /// longer, down by 5 when it did not.
    fn record_time(&mut self, took: Span) {
        let old = match self.p95 {
            None => {
                self.p95 = Some(took);
                return;
            }
            Some(old) => old.0.max(1) as f64,
        };
        let step = old * PERCENTILE_STEP;
        let moved = if took.0 as f64 > old {
            old + step * 0.95
        } else {
            old - step * 0.05
        };
        self.p95 = Some(Span(moved.round() as i64));
    }

    /// The share of attempts that deliver, from 0 to 1.
    pub fn success(&self) -> f64 {
        self.success
    }

    /// The time within which 95 of 100 results come, if any came yet.
    pub fn p95(&self) -> Option<Span> {
        self.p95
    }

    /// Whether it may be asked now, without taking the probe.
    pub fn may_be_asked(&self, now: Moment) -> bool {
        self.breakers
            .iter()
            .all(|(_, breaker)| match breaker.state() {
                BreakerState::Closed => true,
                BreakerState::Open { until } => until <= now,
                BreakerState::HalfOpen => false,
            })
    }

    /// It is about to be asked: takes the probe of a breaker whose pause is over.
    pub fn asked(&mut self, now: Moment) {
        for (_, breaker) in &mut self.breakers {
            match breaker.permit(now) {
                Permit::Free | Permit::Probe | Permit::NotBefore(_) | Permit::Wait => {}
            }
        }
    }

    /// It was not asked after all, or nobody knows what came of it.
    pub fn give_back(&mut self, now: Moment) {
        for (_, breaker) in &mut self.breakers {
            breaker.give_back(now);
        }
    }

    /// The breakers that are not closed, by class.
    pub fn open(&self) -> impl Iterator<Item = (FaultClass, BreakerState)> {
        let states = self.breakers.iter();
        states
            .map(|(class, breaker)| (*class, breaker.state()))
            .filter(|(_, state)| *state != BreakerState::Closed)
    }

    /// What it delivers a result for, with the attempts that deliver nothing counted in.
    pub fn delivered_cost(&self, cost: Money) -> f64 {
        // Nobody is so bad that one delivered result should cost more than twenty.
        cost.kopecks() as f64 / self.success.max(0.05)
    }

    /// What stands in a row, to go on from after a restart.
    pub fn kept(&self) -> KeptHealth {
        KeptHealth {
            success: self.success,
            p95: self.p95,
            open: self
                .breakers
                .iter()
                .filter_map(|(class, breaker)| match breaker.state() {
                    BreakerState::Closed => None,
                    BreakerState::Open { until } => Some((*class, until)),
                    // The probe dies with the process: the next one may ask at once.
                    BreakerState::HalfOpen => Some((*class, Moment(0))),
                })
                .collect(),
        }
    }

    /// Goes on from a row.
    pub fn restore(settings: BreakerSettings, kept: &KeptHealth) -> Health {
        let mut health = Health::new(settings);
        if kept.success.is_finite() {
            health.success = kept.success.clamp(0.0, 1.0);
        }
        health.p95 = kept.p95;
        for (class, breaker) in &mut health.breakers {
            if let Some((_, until)) = kept.open.iter().find(|(open, _)| open == class) {
                breaker.reopen(*until);
            }
        }
        health
    }
}

/// The part of a health that survives a restart.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptHealth {
    pub success: f64,
    pub p95: Option<Span>,
    /// Open breakers, each with the end of its pause.
    pub open: Vec<(FaultClass, Moment)>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn settings() -> BreakerSettings {
        BreakerSettings {
            failures_max: 3,
            cooldown: Span::from_secs(5),
            cooldown_max: Span::from_secs(30),
        }
    }

    fn at(secs: i64) -> Moment {
        Moment(secs * 1_000_000)
    }

    #[test]
    fn an_account_out_of_order_is_left_alone_at_once() {
        let mut health = Health::new(settings());
        health.record(Seen::Failed(FaultClass::Account), at(0));
        assert!(!health.may_be_asked(at(4)));
        assert!(health.may_be_asked(at(5)));
    }

    #[test]
    fn a_server_is_left_alone_after_faults_in_a_row_and_asked_once_after_the_pause() {
        let mut health = Health::new(settings());
        for _ in 0..2 {
            health.record(Seen::Failed(FaultClass::Server), at(0));
        }
        assert!(health.may_be_asked(at(0)));
        health.record(Seen::Failed(FaultClass::Server), at(0));
        assert!(!health.may_be_asked(at(4)));
        assert!(health.may_be_asked(at(5)));
        health.asked(at(5));
        assert!(!health.may_be_asked(at(5)), "one probe is on its way");
        let took = Span::from_secs(1);
        health.record(Seen::Delivered { took }, at(6));
        assert!(health.may_be_asked(at(6)));
    }

    #[test]
    fn what_the_rules_refuse_never_opens_a_breaker() {
        let mut health = Health::new(settings());
        for _ in 0..1_000 {
            health.record(Seen::Refused, at(0));
        }
        assert!(health.may_be_asked(at(0)));
        assert!(health.success() < 0.01, "nothing is delivered all the same");
    }

    #[test]
    fn a_total_outage_opens_within_seconds_and_health_closes_within_half_a_minute() {
        // One failed attempt a second for ten minutes, then health.
        let mut health = Health::new(settings());
        let mut asked = 0;
        for second in 0..600 {
            if health.may_be_asked(at(second)) {
                health.asked(at(second));
                health.record(Seen::Failed(FaultClass::Server), at(second));
                asked += 1;
            }
            assert!(second < 5 || asked < 30, "it is asked ever more seldom");
        }
        assert!(!(0..5).all(|second| Health::may_be_asked(&health, at(600 + second))));
        let closed = (600..=630).find(|second| health.may_be_asked(at(*second)));
        assert!(closed.is_some(), "a probe comes within half a minute");
    }

    #[test]
    fn a_restart_forgets_no_open_breaker() {
        let mut health = Health::new(settings());
        let took = Span::from_secs(9);
        health.record(Seen::Delivered { took }, at(0));
        health.record(Seen::Failed(FaultClass::Account), at(1));
        let restored = Health::restore(settings(), &health.kept());
        assert_eq!(restored.kept(), health.kept());
        assert!(!restored.may_be_asked(at(5)));
        assert!(restored.may_be_asked(at(6)));
    }

    proptest! {
        #[test]
        fn the_percentile_comes_near_to_the_95th(scale in 1_i64..1_000) {
            // Times from 1 to 100 in an order that is no order.
            let mut health = Health::new(settings());
            for turn in 0..4_000_i64 {
                let took = Span((turn * 37 % 100 + 1) * scale * 1_000);
                health.record(Seen::Delivered { took }, at(turn));
            }
            let p95 = health.p95().unwrap().0 as f64 / (scale as f64 * 1_000.0);
            prop_assert!((85.0..=101.0).contains(&p95), "{p95}");
        }

        #[test]
        fn success_stays_a_share(seen in prop::collection::vec(0_u8..3, 0..200)) {
            let mut health = Health::new(settings());
            for kind in seen {
                let seen = match kind {
                    0 => Seen::Refused,
                    1 => Seen::Failed(FaultClass::Request),
                    _ => Seen::Delivered { took: Span::from_secs(1) },
                };
                health.record(seen, at(0));
                prop_assert!((0.0..=1.0).contains(&health.success()));
            }
        }
    }
}
