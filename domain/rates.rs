//! Rates: how much may be done in a span of time, with a burst (the generic cell rate
//! algorithm).
//!
//! The whole state of a cell is one moment, at which its allowance is whole again, so it fits a
//! field, a row or a key, and a decision is a pure function of that moment. Takings have
//! weights. Several limits of one request are decided together: it takes from all of them or
//! from none. Knows nothing of where cells are kept.

use crate::money::Money;
use crate::time::{Moment, Span};

/// The most that a rate may allow in its span or at once; with it no sum here overflows.
pub const AMOUNT_MAX: u64 = 1_000_000_000_000;

/// What is limited for each user, each by a rate of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RateScope {
    /// Requests and their confirmations, counted.
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
    heaviest: u64,
}

impl Rate {
    /// `amount` in every `span` on average, `burst` at once. All are at least one; amounts are
    /// at most [`AMOUNT_MAX`].
    pub fn new(amount: u64, span: Span, burst: u64) -> Self {
        let burst = burst.clamp(1, AMOUNT_MAX);
        Self {
            amount: amount.clamp(1, AMOUNT_MAX),
            span: Span(span.0.max(1)),
            burst,
            heaviest: burst,
        }
    }

    /// The same rate for single takings that may be heavier than the burst: such a one is let
    /// through when nothing else was taken, so that it is not refused for ever, and is earned
    /// back in full. Whatever is heavier than the heaviest weighs as much as that.
    pub fn with_heaviest(self, heaviest: u64) -> Self {
        let heaviest = heaviest.clamp(self.burst, AMOUNT_MAX);
        Self { heaviest, ..self }
    }

    /// How long a cell takes to earn this weight, rounded up, so that no rounding lets more
    /// through.
    pub fn cost(&self, weight: u64) -> Span {
        let earned = self.earning(weight.min(self.heaviest));
        clamped(earned.div_ceil(u128::from(self.amount)))
    }

    /// How far ahead a cell may be after a taking, unless it was rested before; rounded down
    /// for the same reason.
    pub fn tolerance(&self) -> Span {
        clamped(self.earning(self.burst) / u128::from(self.amount))
    }

    /// How long a cell that gave the heaviest takes to rest: no taking puts one further ahead
    /// than this or the tolerance, which is not longer.
    pub fn reach(&self) -> Span {
        self.cost(self.heaviest)
    }

    fn earning(&self, weight: u64) -> u128 {
        u128::from(weight) * span_micros(self.span)
    }
}

/// What one request takes of its user's allowances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taking {
    requests: u64,
    cost: u64,
}

impl Taking {
    /// A request that costs nothing yet.
    pub const REQUEST: Taking = Taking {
        requests: 1,
        cost: 0,
    };

    /// The confirmation of a request at a price.
    pub fn order(price: Money) -> Taking {
        Taking {
            requests: 1,
            cost: u64::try_from(price.kopecks()).unwrap_or(0),
        }
    }

    /// How much of a scope.
    pub fn weight(&self, scope: RateScope) -> u64 {
        match scope {
            RateScope::Requests => self.requests,
            RateScope::Cost => self.cost,
        }
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

    /// The cells that a taking touches, and how.
    pub fn draws(&self, taking: Taking) -> Vec<Draw> {
        let draw = |scope| {
            let weight = taking.weight(scope);
            let rate = self.of(scope).filter(|_| weight > 0)?;
            Some(Draw {
                scope,
                rate,
                weight,
            })
        };
        RateScope::ALL.into_iter().filter_map(draw).collect()
    }
}

/// What a taking draws from one cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    pub scope: RateScope,
    pub rate: Rate,
    pub weight: u64,
}

/// What a draw from one cell leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is allowed; the cell is at this moment now.
    Allowed { new_tat: Moment },
    /// It is not allowed before this moment. The cell is at `tat`, which must be kept when it
    /// is not where the cell was: a clock stepped back.
    Blocked { until: Moment, tat: Moment },
}

/// Decides a draw from one cell. `tat` is the cell's moment, at which its allowance is whole
/// again ("theoretical arrival time"); a cell that nobody knows is whole.
///
/// A clock that stepped back leaves cells further ahead than any draw could have put them. Such
/// a cell becomes one that gave the most it can: nobody is shut out for longer than that takes
/// to earn, and nobody gains a second burst.
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

/// What became of a taking, and the cells as they must be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joint {
    /// The moment of each cell, in the order of the draws.
    pub tats: Vec<Moment>,
    /// The scope that allows it last and when; `None` when it is allowed.
    pub blocked: Option<(RateScope, Moment)>,
}

/// Decides the draws of one taking together, each with its cell's moment: all are allowed, or
/// nothing is drawn.
pub fn decide_all(draws: &[(Draw, Option<Moment>)], now: Moment) -> Joint {
    let mut allowed = Vec::with_capacity(draws.len());
    let mut blocked: Option<(RateScope, Moment)> = None;
    for (draw, tat) in draws {
        match decide(&draw.rate, *tat, now, draw.weight) {
            Decision::Allowed { new_tat } => allowed.push(new_tat),
            Decision::Blocked { until, .. } => {
                if blocked.is_none_or(|(_, latest)| latest < until) {
                    blocked = Some((draw.scope, until));
                }
            }
        }
    }
    let tats = match blocked {
        None => allowed,
        Some(_) => {
            let kept = |(draw, tat): &(Draw, Option<Moment>)| within_reach(&draw.rate, *tat, now);
            draws.iter().map(kept).collect()
        }
    };
    Joint { tats, blocked }
}

/// The cell after what was drawn turned out not to be needed; never better than whole.
pub fn give_back(rate: &Rate, tat: Option<Moment>, now: Moment, weight: u64) -> Moment {
    let tat = within_reach(rate, tat, now);
    Moment(tat.0.saturating_sub(rate.cost(weight).0)).max(now)
}

/// The cell after something was drawn that another has allowed; never further ahead than it
/// could have come by itself.
pub fn note(rate: &Rate, tat: Option<Moment>, now: Moment, weight: u64) -> Moment {
    let noted = within_reach(rate, tat, now) + rate.cost(weight);
    noted.min(now + rate.reach())
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
    fn what_is_heavier_than_the_burst_waits_for_a_rested_cell_and_is_earned_back_in_full() {
        let rate = Rate::new(60, MINUTE, 10).with_heaviest(100);
        let takings = [
            (at(0), 50),
            (at(39), 1),
            (at(41), 1),
            (at(50), 50),
            (at(51), 50),
        ];
        let expected = [true, false, true, false, true];
        assert_eq!(take_all(&rate, &takings), expected);
        // Whatever is above the heaviest weighs as much as that.
        let takings = [(at(0), 5_000), (at(99), 5_000), (at(100), 5_000)];
        assert_eq!(take_all(&rate, &takings), [true, false, true]);
    }

    #[test]
    fn weights_share_one_allowance() {
        // A kopeck a second, a hundred at once.
        let rate = Rate::new(1, Span::from_secs(1), 100);
        let takings = [(at(0), 60), (at(0), 60), (at(0), 40), (at(60), 60)];
        assert_eq!(take_all(&rate, &takings), [true, false, true, true]);
    }

    fn rules() -> RateRules {
        RateRules {
            requests: Some(Rate::new(1, Span::from_secs(10), 2)),
            cost: Some(Rate::new(1, Span::from_secs(1), 100)),
        }
    }

    /// Takes from both cells of a user.
    fn take(
        cells: &mut [Option<Moment>; 2],
        now: Moment,
        taking: Taking,
    ) -> Option<(RateScope, Moment)> {
        let draws = rules().draws(taking);
        let of = |scope| {
            RateScope::ALL
                .iter()
                .position(|known| *known == scope)
                .unwrap()
        };
        let joint: Vec<_> = draws
            .iter()
            .map(|draw| (*draw, cells[of(draw.scope)]))
            .collect();
        let Joint { tats, blocked } = decide_all(&joint, now);
        for (draw, tat) in draws.iter().zip(tats) {
            cells[of(draw.scope)] = Some(tat);
        }
        blocked
    }

    #[test]
    fn a_taking_that_one_limit_refuses_costs_nothing_at_the_other() {
        let mut cells = [None; 2];
        let order = |kopecks| Taking::order(Money::from_kopecks(kopecks));
        assert_eq!(take(&mut cells, at(0), order(90)), None);
        let before = cells;
        let refused = Some((RateScope::Cost, at(80)));
        assert_eq!(take(&mut cells, at(0), order(90)), refused);
        assert_eq!(cells, before);
        assert_eq!(
            take(&mut cells, at(0), order(10)),
            None,
            "the request is left"
        );
        // Both refuse: the one that lasts longer is told.
        assert_eq!(
            take(&mut cells, at(0), order(50)),
            Some((RateScope::Cost, at(50)))
        );
        assert_eq!(
            take(&mut cells, at(0), Taking::REQUEST),
            Some((RateScope::Requests, at(10)))
        );
    }

    #[test]
    fn only_what_has_a_limit_and_a_weight_is_drawn() {
        let scopes = |rules: RateRules, taking| -> Vec<RateScope> {
            rules.draws(taking).iter().map(|draw| draw.scope).collect()
        };
        assert_eq!(scopes(rules(), Taking::REQUEST), [RateScope::Requests]);
        let order = Taking::order(Money::from_kopecks(5));
        assert_eq!(scopes(rules(), order), RateScope::ALL);
        assert_eq!(
            scopes(rules(), Taking::order(Money::ZERO)),
            [RateScope::Requests]
        );
        assert_eq!(scopes(RateRules::default(), order), []);
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
            0u64..60,
        )
            .prop_map(|(amount, span, burst, heaviest)| {
                Rate::new(amount, Span(span), burst).with_heaviest(heaviest)
            });
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
        fn no_window_of_any_length_gives_more_than_the_rate_and_one_burst_or_one_heavier(
            (rate, takings) in histories()
        ) {
            let allowed = take_all(&rate, &takings);
            let taken: Vec<(Moment, u64)> = takings
                .iter()
                .zip(&allowed)
                .filter(|(_, allowed)| **allowed)
                .map(|((now, weight), _)| (*now, (*weight).min(rate.heaviest)))
                .collect();
            let heaviest = taken.iter().map(|(_, weight)| *weight).max().unwrap_or(0);
            let at_once = u128::from(heaviest.max(rate.burst));
            for (first, (begin, _)) in taken.iter().enumerate() {
                let mut sum = 0u128;
                for (end, weight) in &taken[first..] {
                    sum += u128::from(*weight);
                    let earned = span_micros(*end - *begin) * u128::from(rate.amount);
                    let limit = at_once * span_micros(rate.span) + earned;
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
