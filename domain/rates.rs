//! Rates: how much one user may do in a span of time, in requests or in kopecks.
//!
//! The generic cell rate algorithm, as in [`crate::pace`], but for cells that many share: the
//! whole state of a cell is one moment, so it fits a row or a key, and a decision is a pure
//! function of that moment. Takings have weights. Knows neither users nor where cells are kept.

use crate::time::{Moment, Span};

/// The most that a rate may allow in its span or at once; with it no sum here overflows.
pub const AMOUNT_MAX: u64 = 1_000_000_000_000;

/// What is limited, each by a rate of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RateScope {
    /// New requests, counted.
    Requests,
    /// Confirmed requests, by their price in kopecks.
    Cost,
}

impl RateScope {
    /// Every scope.
    pub const ALL: [RateScope; 2] = [RateScope::Requests, RateScope::Cost];

    /// The name in keys and labels.
    pub fn as_str(self) -> &'static str {
        match self {
            RateScope::Requests => "requests",
            RateScope::Cost => "cost",
        }
    }
}

/// So much in a span on average, of which a burst may come at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    amount: u64,
    span: Span,
    burst: u64,
}

impl Rate {
    /// `amount` in every `span` on average, `burst` at once. All are at least one; amounts are
    /// at most [`AMOUNT_MAX`].
    pub fn new(amount: u64, span: Span, burst: u64) -> Self {
        Self {
            amount: amount.clamp(1, AMOUNT_MAX),
            span: Span(span.0.max(1)),
            burst: burst.clamp(1, AMOUNT_MAX),
        }
    }

    /// How long a cell takes to earn this weight, rounded up, so that no rounding lets more
    /// through. Whatever is above the burst weighs as much as the burst: it waits for a rested
    /// cell and is not refused for ever.
    pub fn cost(&self, weight: u64) -> Span {
        let earned = self.earning(weight.min(self.burst));
        clamped(earned.div_ceil(u128::from(self.amount)))
    }

    /// How far ahead a cell may be after a taking, unless it was rested before; rounded down
    /// for the same reason.
    pub fn tolerance(&self) -> Span {
        clamped(self.earning(self.burst) / u128::from(self.amount))
    }

    /// How long a cell that gave its whole burst takes to rest: no cell is ever further ahead.
    pub fn reach(&self) -> Span {
        self.cost(self.burst)
    }

    fn earning(&self, weight: u64) -> u128 {
        u128::from(weight) * span_micros(self.span)
    }
}

/// The rate of each scope; `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateRules {
    pub requests: Option<Rate>,
    pub cost: Option<Rate>,
}

impl RateRules {
    /// The rate of a scope.
    pub fn of(&self, scope: RateScope) -> Option<Rate> {
        match scope {
            RateScope::Requests => self.requests,
            RateScope::Cost => self.cost,
        }
    }
}

/// What a taking leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is allowed; the cell is at this moment now.
    Allowed { new_tat: Moment },
    /// It is not allowed before this moment. The cell is at `tat`, which must be kept when it
    /// is not where the cell was: a clock stepped back.
    Blocked { until: Moment, tat: Moment },
}

/// Decides one taking. `tat` is the cell's moment, at which its allowance is whole again
/// ("theoretical arrival time"); a cell that nobody knows is whole.
///
/// A clock that stepped back leaves cells further ahead than any taking could have put them.
/// Such a cell becomes one that gave its whole burst: nobody is shut out for longer than that
/// takes to earn, and nobody gains a second burst.
pub fn decide(rate: &Rate, tat: Option<Moment>, now: Moment, weight: u64) -> Decision {
    let tat = within_reach(rate, tat, now);
    let tolerance = rate.tolerance();
    let new_tat = tat + rate.cost(weight);
    if is_rested(tat, now) || new_tat - now <= tolerance {
        return Decision::Allowed { new_tat };
    }
    let in_tolerance = Moment(new_tat.0.saturating_sub(tolerance.0));
    Decision::Blocked {
        until: in_tolerance.min(tat),
        tat,
    }
}

/// The cell after what was taken turned out not to be needed; never better than whole.
pub fn give_back(rate: &Rate, tat: Option<Moment>, now: Moment, weight: u64) -> Moment {
    let tat = within_reach(rate, tat, now);
    Moment(tat.0.saturating_sub(rate.cost(weight).0)).max(now)
}

/// Whether the cell can be forgotten: its allowance is whole.
pub fn is_rested(tat: Moment, now: Moment) -> bool {
    tat <= now
}

fn within_reach(rate: &Rate, tat: Option<Moment>, now: Moment) -> Moment {
    tat.map_or(now, |tat| tat.clamp(now, now + rate.reach()))
}

fn span_micros(span: Span) -> u128 {
    u128::from(span.0.unsigned_abs())
}

fn clamped(micros: u128) -> Span {
    /// A century: sums of a moment and a few of these stay exact, even in a double.
    const MICROS_MAX: i64 = 3_155_760_000_000_000;
    Span(i64::try_from(micros).unwrap_or(MICROS_MAX).min(MICROS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MINUTE: Span = Span::from_secs(60);

    fn at(secs: i64) -> Moment {
        Moment(1_800_000_000_000_000 + secs * 1_000_000)
    }

    /// Takes one after another; tells which were allowed.
    fn take_all(rate: &Rate, takings: &[(Moment, u64)]) -> Vec<bool> {
        let mut tat = None;
        let decisions =
            takings
                .iter()
                .map(|(now, weight)| match decide(rate, tat, *now, *weight) {
                    Decision::Allowed { new_tat } => {
                        tat = Some(new_tat);
                        true
                    }
                    Decision::Blocked { .. } => false,
                });
        decisions.collect()
    }

    #[test]
    fn a_burst_passes_and_then_one_per_interval() {
        let rate = Rate::new(20, MINUTE, 3);
        let times = [0, 0, 0, 0, 2, 3, 4, 6].map(|secs| (at(secs), 1));
        let expected = [true, true, true, false, false, true, false, true];
        assert_eq!(take_all(&rate, &times), expected);
    }

    #[test]
    fn a_blocked_one_learns_the_moment_from_which_it_is_allowed() {
        let rate = Rate::new(100_000, Span::from_secs(3_600), 10_000);
        let Decision::Allowed { new_tat } = decide(&rate, None, at(0), 10_000) else {
            panic!("the burst is there");
        };
        let Decision::Blocked { until, .. } = decide(&rate, Some(new_tat), at(0), 2_500) else {
            panic!("the burst is used up");
        };
        assert_eq!(until, at(90));
        let early = Moment(until.0 - 1);
        assert!(matches!(
            decide(&rate, Some(new_tat), early, 2_500),
            Decision::Blocked { until: again, .. } if again == until
        ));
        assert!(matches!(
            decide(&rate, Some(new_tat), until, 2_500),
            Decision::Allowed { .. }
        ));
    }

    #[test]
    fn what_is_heavier_than_the_burst_waits_for_a_rested_cell() {
        let rate = Rate::new(60, MINUTE, 10);
        let takings = [(at(0), 500), (at(9), 500), (at(10), 500)];
        assert_eq!(take_all(&rate, &takings), [true, false, true]);
    }

    #[test]
    fn what_is_given_back_can_be_taken_again_and_nothing_more() {
        let rate = Rate::new(60, MINUTE, 2);
        let Decision::Allowed { new_tat } = decide(&rate, None, at(0), 2) else {
            panic!("the burst is there");
        };
        let tat = give_back(&rate, Some(new_tat), at(0), 1);
        assert_eq!(take_all_from(&rate, tat, at(0)), 1);
        let whole = give_back(&rate, Some(tat), at(0), 2);
        assert_eq!(take_all_from(&rate, whole, at(0)), 2);
    }

    fn take_all_from(rate: &Rate, mut tat: Moment, now: Moment) -> u32 {
        let mut taken = 0;
        while let Decision::Allowed { new_tat } = decide(rate, Some(tat), now, 1) {
            tat = new_tat;
            taken += 1;
        }
        taken
    }

    #[test]
    fn a_clock_that_steps_back_shuts_nobody_out_and_gives_no_second_burst() {
        let rate = Rate::new(20, MINUTE, 3);
        let tomorrow = Some(at(86_400));
        let Decision::Blocked { until, tat } = decide(&rate, tomorrow, at(0), 1) else {
            panic!("a second burst");
        };
        assert_eq!((until, tat), (at(3), at(9)));
        assert!(matches!(
            decide(&rate, Some(tat), until, 1),
            Decision::Allowed { .. }
        ));
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        let most = Rate::new(u64::MAX, Span(i64::MAX), u64::MAX);
        let least = Rate::new(0, Span(i64::MIN), 0);
        let slow = Rate::new(1, Span(i64::MAX), u64::MAX);
        for rate in [most, least, slow] {
            for now in [Moment(i64::MIN), Moment(0), Moment(i64::MAX)] {
                let decision = decide(&rate, Some(Moment(i64::MAX)), now, u64::MAX);
                give_back(&rate, Some(Moment(i64::MIN)), now, u64::MAX);
                assert!(rate.cost(u64::MAX) <= rate.reach(), "{decision:?}");
            }
        }
    }

    /// Rates from slow to quick, and takings at any distance of any weight.
    fn histories() -> impl Strategy<Value = (Rate, Vec<(Moment, u64)>)> {
        let rate = (
            1u64..2_000,
            prop_oneof![1i64..100, 1i64..100_000_000],
            1u64..50,
        )
            .prop_map(|(amount, span, burst)| Rate::new(amount, Span(span), burst));
        let steps = proptest::collection::vec(
            (prop_oneof![Just(0), 0i64..50, 0i64..5_000_000], 0u64..60),
            1..200,
        );
        (rate, steps).prop_map(|(rate, steps)| {
            let mut now = at(0);
            let takings = steps.into_iter().map(|(step, weight)| {
                now = now + Span(step);
                (now, weight)
            });
            (rate, takings.collect())
        })
    }

    proptest! {
        #[test]
        fn no_window_of_any_length_gives_more_than_the_rate_and_one_burst(
            (rate, takings) in histories()
        ) {
            let allowed = take_all(&rate, &takings);
            let taken: Vec<(Moment, u64)> = takings
                .iter()
                .zip(&allowed)
                .filter(|(_, allowed)| **allowed)
                .map(|((now, weight), _)| (*now, (*weight).min(rate.burst)))
                .collect();
            for (first, (begin, _)) in taken.iter().enumerate() {
                let mut sum = 0u128;
                for (end, weight) in &taken[first..] {
                    sum += u128::from(*weight);
                    let earned = span_micros(*end - *begin) * u128::from(rate.amount);
                    let limit = u128::from(rate.burst) * span_micros(rate.span) + earned;
                    prop_assert!(sum * span_micros(rate.span) <= limit);
                }
            }
        }

        #[test]
        fn whoever_waits_until_he_is_told_is_let_in((rate, takings) in histories()) {
            let mut tat = None;
            let mut waited = Span(0);
            for (now, weight) in takings {
                let now = now + waited;
                tat = Some(match decide(&rate, tat, now, weight) {
                    Decision::Allowed { new_tat } => new_tat,
                    Decision::Blocked { until, .. } => {
                        prop_assert!(now < until && until - now <= rate.reach());
                        waited = Span(waited.0 + (until - now).0);
                        match decide(&rate, tat, until, weight) {
                            Decision::Allowed { new_tat } => new_tat,
                            Decision::Blocked { .. } => panic!("it was promised"),
                        }
                    }
                });
            }
        }

        #[test]
        fn no_step_of_the_clock_gives_more_than_one_burst_at_a_moment(
            rate in (1u64..2_000, 1i64..100_000_000, 1u64..50),
            steps in proptest::collection::vec(-1_000_000_000i64..0, 1..50),
        ) {
            let rate = Rate::new(rate.0, Span(rate.1), rate.2);
            let mut now = at(0);
            let mut tat = None;
            let mut taken = 0;
            for step in steps {
                for _ in 0..60 {
                    tat = Some(match decide(&rate, tat, now, 1) {
                        Decision::Allowed { new_tat } => {
                            taken += 1;
                            new_tat
                        }
                        Decision::Blocked { tat, .. } => tat,
                    });
                }
                now = now + Span(step);
            }
            prop_assert!(taken <= rate.burst, "{} taken", taken);
        }
    }
}
