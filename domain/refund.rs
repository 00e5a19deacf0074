//! Refunds: the states of money on its way back to a payer, and how much may go back.
//!
//! ```text
//! held ──submit──▶ submitting ──accept──▶ pending ──succeed──▶ succeeded
//!                    │  ▲  │                │  fail
//!         lose answer│  │  └──────fail──────┴─────▶ failed: the money is the user's again
//!                    ▼  │submit
//!                   unknown ──accept | succeed | fail──▶
//! ```
//! The money is held before the method is asked, so it can be spent or refunded only once. A
//! lost answer is asked for again with the same key while the method keeps keys, and looked up
//! before anything else afterwards.

use crate::money::Money;
use crate::payment::{PaidSum, Refunds};
use crate::time::{Moment, Span};

/// Where a refund stands. The names are those of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RefundStage {
    /// The money is set aside; the method was not asked yet.
    Held,
    /// The method may have been asked.
    Submitting,
    /// The method has it under an id of its own and works on it.
    Pending,
    /// The payer has it. Final.
    Succeeded,
    /// The method will not do it; the money is the user's again. Final.
    Failed,
    /// The method was asked and its answer was lost.
    Unknown,
}

impl RefundStage {
    /// Every stage; tests walk it.
    pub const ALL: [RefundStage; 6] = [
        RefundStage::Held,
        RefundStage::Submitting,
        RefundStage::Pending,
        RefundStage::Succeeded,
        RefundStage::Failed,
        RefundStage::Unknown,
    ];

    /// The name in rows and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            RefundStage::Held => "held",
            RefundStage::Submitting => "submitting",
            RefundStage::Pending => "pending",
            RefundStage::Succeeded => "succeeded",
            RefundStage::Failed => "failed",
            RefundStage::Unknown => "unknown",
        }
    }

    /// Reads [`RefundStage::as_str`] back.
    pub fn parse(text: &str) -> Option<RefundStage> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == text)
    }

    /// Whether its money is still set aside.
    pub fn is_open(self) -> bool {
        match self {
            RefundStage::Held
            | RefundStage::Submitting
            | RefundStage::Pending
            | RefundStage::Unknown => true,
            RefundStage::Succeeded | RefundStage::Failed => false,
        }
    }
}

/// What can happen to a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RefundEvent {
    /// The method is about to be asked, for the first time or again.
    Submit,
    /// The method has it and works on it.
    Accept,
    /// The answer was lost.
    LoseAnswer,
    /// The payer has it; the hold is captured in the same transaction.
    Succeed,
    /// The method will not do it; the hold is voided in the same transaction.
    Fail,
}

impl RefundEvent {
    /// Every event; tests walk it.
    pub const ALL: [RefundEvent; 5] = [
        RefundEvent::Submit,
        RefundEvent::Accept,
        RefundEvent::LoseAnswer,
        RefundEvent::Succeed,
        RefundEvent::Fail,
    ];
}

/// An event that cannot happen at a stage: somebody else moved the refund meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a refund that is {} cannot take {event:?}", stage.as_str())]
pub struct IllegalStep {
    pub stage: RefundStage,
    pub event: RefundEvent,
}

/// The transition table.
pub fn step(stage: RefundStage, event: RefundEvent) -> Result<RefundStage, IllegalStep> {
    use RefundEvent as E;
    use RefundStage as S;
    match (event, stage) {
        (E::Submit, S::Held | S::Submitting | S::Unknown) => Ok(S::Submitting),
        (E::Accept, S::Submitting | S::Unknown | S::Pending) => Ok(S::Pending),
        (E::LoseAnswer, S::Submitting | S::Unknown) => Ok(S::Unknown),
        (E::Succeed, S::Submitting | S::Unknown | S::Pending) => Ok(S::Succeeded),
        (E::Fail, S::Submitting | S::Unknown | S::Pending) => Ok(S::Failed),
        (E::Submit, S::Pending | S::Succeeded | S::Failed)
        | (E::Accept | E::Succeed | E::Fail, S::Held | S::Succeeded | S::Failed)
        | (E::LoseAnswer, S::Held | S::Pending | S::Succeeded | S::Failed) => {
            Err(IllegalStep { stage, event })
        }
    }
}

/// The smallest part of a payment that methods give back (`contracts/yookassa.md`, 3).
pub const PART_MIN: Money = Money::from_kopecks(100);

/// What the books know of a payment that may go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    /// What the payment brought in.
    pub credited: Money,
    /// What of it is not spent and not on its way back.
    pub unspent: Money,
    /// What went back of it or is on its way.
    pub refunded: Money,
    pub credited_at: Moment,
}

/// Under which conditions money goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// What the method can do.
    pub refunds: Refunds,
    /// For how long after the payment; `None` where only the method's own limit counts.
    pub within: Option<Span>,
}

/// Why money does not go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefundRefusal {
    #[error("the payment is too old")]
    TooOld,
    #[error("nothing of the payment is left")]
    NothingLeft,
    #[error("only {left} of the payment is left")]
    MoreThanLeft { left: Money },
    /// `spent` of it is spent, or on its way back.
    #[error("the method gives back {whole} as a whole or nothing, and {spent} of it is gone")]
    WholeOnly { whole: Money, spent: Money },
    #[error("less than {min}")]
    TooSmall { min: Money },
}

/// The most that can go back of a payment now.
pub fn returnable(spent: &Spent, terms: &Terms, now: Moment) -> Result<Money, RefundRefusal> {
    if terms
        .within
        .is_some_and(|within| now - spent.credited_at > within)
    {
        return Err(RefundRefusal::TooOld);
    }
    let not_refunded = spent.credited.kopecks() - spent.refunded.kopecks();
    let left = Money::from_kopecks(spent.unspent.kopecks().min(not_refunded).max(0));
    if left == Money::ZERO {
        return Err(RefundRefusal::NothingLeft);
    }
    check_part(spent, terms, left, left)?;
    Ok(left)
}

/// Whether this much can go back of a payment now.
pub fn check(
    spent: &Spent,
    terms: &Terms,
    amount: Money,
    now: Moment,
) -> Result<(), RefundRefusal> {
    let left = returnable(spent, terms, now)?;
    if amount > left {
        return Err(RefundRefusal::MoreThanLeft { left });
    }
    check_part(spent, terms, left, amount)
}

fn check_part(
    spent: &Spent,
    terms: &Terms,
    left: Money,
    amount: Money,
) -> Result<(), RefundRefusal> {
    let whole = spent.credited;
    if amount == whole {
        return Ok(());
    }
    match terms.refunds {
        Refunds::WholeOnly => Err(RefundRefusal::WholeOnly {
            whole,
            spent: Money::from_kopecks(whole.kopecks() - left.kopecks()),
        }),
        Refunds::Partial if amount < PART_MIN => Err(RefundRefusal::TooSmall { min: PART_MIN }),
        Refunds::Partial => Ok(()),
    }
}

/// What of a credit a refund in the method's own currency takes back: all of it for the whole
/// payment, else its share, rounded down so that parts never add up to more than the credit.
/// `None` when the currency is another one or nothing was paid.
pub fn credited_share(credited: Money, paid: &PaidSum, returned: &PaidSum) -> Option<Money> {
    if paid.currency != returned.currency || paid.amount <= 0 || returned.amount <= 0 {
        return None;
    }
    if returned.amount >= paid.amount {
        return Some(credited);
    }
    let share = i128::from(credited.kopecks()) * i128::from(returned.amount);
    let share = i64::try_from(share / i128::from(paid.amount)).ok()?;
    Some(Money::from_kopecks(share))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn money(kopecks: i64) -> Money {
        Money::from_kopecks(kopecks)
    }

    fn spent(credited: i64, unspent: i64, refunded: i64) -> Spent {
        Spent {
            credited: money(credited),
            unspent: money(unspent),
            refunded: money(refunded),
            credited_at: Moment(0),
        }
    }

    const PARTIAL: Terms = Terms {
        refunds: Refunds::Partial,
        within: Some(Span::from_secs(14 * 86_400)),
    };

    const WHOLE: Terms = Terms {
        refunds: Refunds::WholeOnly,
        within: None,
    };

    #[test]
    fn a_finished_refund_never_moves_again() {
        for stage in [RefundStage::Succeeded, RefundStage::Failed] {
            for event in RefundEvent::ALL {
                assert!(step(stage, event).is_err(), "{stage:?} took {event:?}");
            }
        }
    }

    #[test]
    fn nothing_ends_before_the_method_was_asked() {
        for event in RefundEvent::ALL {
            let moved = step(RefundStage::Held, event).is_ok();
            assert_eq!(moved, event == RefundEvent::Submit, "{event:?}");
        }
    }

    #[test]
    fn what_the_method_has_is_not_asked_for_again() {
        assert!(step(RefundStage::Pending, RefundEvent::Submit).is_err());
        for stage in [RefundStage::Submitting, RefundStage::Unknown] {
            let again = step(stage, RefundEvent::Submit);
            assert_eq!(again, Ok(RefundStage::Submitting));
        }
    }

    #[test]
    fn stages_survive_their_row() {
        for stage in RefundStage::ALL {
            assert_eq!(RefundStage::parse(stage.as_str()), Some(stage));
        }
    }

    #[test]
    fn only_what_is_not_spent_goes_back() {
        let now = Moment(0);
        let left = |spent| returnable(&spent, &PARTIAL, now);
        assert_eq!(left(spent(50_000, 50_000, 0)), Ok(money(50_000)));
        assert_eq!(left(spent(50_000, 20_000, 0)), Ok(money(20_000)));
        // The lot was not drawn for a reversal that another lot paid.
        assert_eq!(left(spent(50_000, 50_000, 40_000)), Ok(money(10_000)));
        let nothing = Err(RefundRefusal::NothingLeft);
        assert_eq!(left(spent(50_000, 0, 0)), nothing);
        assert_eq!(left(spent(50_000, 50_000, 50_000)), nothing);
        assert_eq!(left(spent(50_000, 50_000, 60_000)), nothing);
        let small = Err(RefundRefusal::TooSmall { min: PART_MIN });
        assert_eq!(left(spent(50_000, 99, 0)), small);
    }

    #[test]
    fn a_method_that_gives_back_the_whole_gives_back_no_part() {
        let whole = |gone| RefundRefusal::WholeOnly {
            whole: money(50_000),
            spent: money(gone),
        };
        let left = |spent| returnable(&spent, &WHOLE, Moment(0));
        assert_eq!(left(spent(50_000, 50_000, 0)), Ok(money(50_000)));
        assert_eq!(left(spent(50_000, 47_500, 0)), Err(whole(2_500)));
        let part = check(&spent(50_000, 50_000, 0), &WHOLE, money(100), Moment(0));
        assert_eq!(part, Err(whole(0)));
    }

    #[test]
    fn the_term_counts_from_the_credit() {
        let days = |days: i64| Moment(0) + Span::from_secs(days * 86_400);
        let payment = spent(50_000, 50_000, 0);
        assert!(returnable(&payment, &PARTIAL, days(14)).is_ok());
        let late = returnable(&payment, &PARTIAL, days(15));
        assert_eq!(late, Err(RefundRefusal::TooOld));
        assert!(returnable(&payment, &WHOLE, days(1_000)).is_ok());
    }

    #[test]
    fn more_than_is_left_is_refused_with_what_is_left() {
        let refused = check(
            &spent(50_000, 20_000, 0),
            &PARTIAL,
            money(20_001),
            Moment(0),
        );
        let left = money(20_000);
        assert_eq!(refused, Err(RefundRefusal::MoreThanLeft { left }));
    }

    #[test]
    fn a_share_of_stars_is_a_share_of_the_credit() {
        let stars = |amount| PaidSum {
            amount,
            currency: "XTR".to_owned(),
        };
        let share = |returned| credited_share(money(50_000), &stars(3), &stars(returned));
        assert_eq!(share(3), Some(money(50_000)));
        assert_eq!(share(1), Some(money(16_666)));
        assert_eq!(share(4), Some(money(50_000)));
        assert_eq!(share(0), None);
        let roubles = PaidSum {
            amount: 3,
            currency: "RUB".to_owned(),
        };
        assert_eq!(credited_share(money(1), &stars(3), &roubles), None);
    }

    proptest! {
        #[test]
        fn parts_never_add_up_to_more_than_the_credit(
            credited in 1_i64..100_000_000,
            parts in prop::collection::vec(1_i64..10_000, 1..20),
        ) {
            let sum = |amount| PaidSum { amount, currency: "XTR".to_owned() };
            let whole: i64 = parts.iter().sum();
            let shares = parts.iter().map(|part| {
                credited_share(money(credited), &sum(whole), &sum(*part)).unwrap().kopecks()
            });
            prop_assert!(shares.sum::<i64>() <= credited);
        }

        #[test]
        fn what_is_returnable_passes_its_own_check(
            credited in 1_i64..1_000_000,
            unspent in 0_i64..1_000_000,
            refunded in 0_i64..1_000_000,
        ) {
            let spent = spent(credited, unspent, refunded);
            for terms in [PARTIAL, WHOLE] {
                if let Ok(left) = returnable(&spent, &terms, Moment(0)) {
                    prop_assert!(left <= spent.credited && left <= spent.unspent);
                    prop_assert_eq!(check(&spent, &terms, left, Moment(0)), Ok(()));
                }
            }
        }
    }
}
