//! Holds: money set aside, and what became of it.

use crate::ids::{HoldId, TopupId, UserId};
use crate::ledger::{DrawRule, Movement, Refusal};
use crate::money::Money;
use crate::time::Moment;

/// What money is set aside for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HoldPurpose {
    /// The price of a job.
    Job,
    /// A reserved window of a session that is metered by the second.
    Window,
    /// A refund of this payment that is on its way.
    Refund(TopupId),
}

impl HoldPurpose {
    /// The name in rows.
    pub fn as_str(&self) -> &'static str {
        match self {
            HoldPurpose::Job => "job",
            HoldPurpose::Window => "window",
            HoldPurpose::Refund(_) => "refund",
        }
    }

    /// The payment that a refund gives back from.
    pub fn topup(&self) -> Option<&TopupId> {
        match self {
            HoldPurpose::Refund(topup) => Some(topup),
            HoldPurpose::Job | HoldPurpose::Window => None,
        }
    }

    /// Reads [`HoldPurpose::as_str`] and [`HoldPurpose::topup`] back.
    pub fn parse(name: &str, topup: Option<String>) -> Option<HoldPurpose> {
        match (name, topup) {
            ("job", None) => Some(HoldPurpose::Job),
            ("window", None) => Some(HoldPurpose::Window),
            ("refund", Some(topup)) => Some(HoldPurpose::Refund(TopupId::new(topup))),
            _ => None,
        }
    }

    /// Which lots it is drawn from.
    pub fn draw_rule(&self) -> DrawRule {
        match self {
            HoldPurpose::Job | HoldPurpose::Window => DrawRule::InOrder,
            HoldPurpose::Refund(topup) => DrawRule::Only(topup.clone()),
        }
    }

    /// Whether it is spending, which caps limit; giving money back is not.
    pub fn is_spending(&self) -> bool {
        match self {
            HoldPurpose::Job | HoldPurpose::Window => true,
            HoldPurpose::Refund(_) => false,
        }
    }
}

/// Where a hold stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HoldState {
    Open,
    /// Closed, and something of it was taken.
    Captured,
    /// Closed, and all of it went back.
    Voided,
}

impl HoldState {
    /// The name in rows.
    pub fn as_str(self) -> &'static str {
        match self {
            HoldState::Open => "open",
            HoldState::Captured => "captured",
            HoldState::Voided => "voided",
        }
    }

    /// Reads [`HoldState::as_str`] back.
    pub fn parse(text: &str) -> Option<HoldState> {
        [HoldState::Open, HoldState::Captured, HoldState::Voided]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// Money set aside. While it is open, `captured` of `amount` is taken; once it is closed, the
/// rest went back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    pub id: HoldId,
    pub user: UserId,
    pub purpose: HoldPurpose,
    pub amount: Money,
    /// What was taken of it.
    pub captured: Money,
    /// What of the taken was given back to the user afterwards.
    pub refunded: Money,
    /// What the provider was expected to charge.
    pub platform_cost: Money,
    pub state: HoldState,
    pub placed_at: Moment,
    pub expires_at: Moment,
}

impl Hold {
    /// What is not taken: it goes back when the hold is closed.
    pub fn not_captured(&self) -> Money {
        minus(self.amount, self.captured)
    }

    /// The hold after a movement that concerns it, or why it cannot be done.
    pub(super) fn after(&self, movement: &Movement) -> Result<Hold, Refusal> {
        let mut hold = self.clone();
        match movement {
            Movement::CaptureHold { .. } => {
                hold.must_be_open()?;
                Self::must_be(hold.purpose.is_spending())?;
                Self::must_be(hold.captured == Money::ZERO)?;
                hold.captured = hold.amount;
                hold.state = HoldState::Captured;
            }
            Movement::CapturePart { amount, .. } => {
                hold.must_be_open()?;
                Self::must_be(hold.purpose.is_spending())?;
                let left = hold.not_captured();
                if *amount > left {
                    return Err(Refusal::MoreThanLeft { left });
                }
                hold.captured = plus(hold.captured, *amount);
                if hold.captured == hold.amount {
                    hold.state = HoldState::Captured;
                }
            }
            Movement::VoidHold { .. } => {
                hold.must_be_open()?;
                hold.state = if hold.captured == Money::ZERO {
                    HoldState::Voided
                } else {
                    HoldState::Captured
                };
            }
            Movement::CaptureRefund { .. } => {
                hold.must_be_open()?;
                Self::must_be(hold.purpose.topup().is_some())?;
                hold.captured = hold.amount;
                hold.state = HoldState::Captured;
            }
            Movement::RefundCapture { amount, .. } => {
                Self::must_be(hold.purpose.is_spending())?;
                let left = minus(hold.captured, hold.refunded);
                if *amount > left {
                    return Err(Refusal::MoreThanLeft { left });
                }
                hold.refunded = plus(hold.refunded, *amount);
            }
            Movement::PlaceHold { .. } => return Err(Refusal::HoldExists),
            Movement::GrantBonus { .. }
            | Movement::CreditPayment { .. }
            | Movement::AdminCredit { .. }
            | Movement::AdminDebit { .. }
            | Movement::AdminDebt { .. }
            | Movement::ReversePayment { .. }
            | Movement::BookProviderCost { .. }
            | Movement::BookLoss { .. } => {}
        }
        Ok(hold)
    }

    fn must_be_open(&self) -> Result<(), Refusal> {
        match self.state {
            HoldState::Open => Ok(()),
            state @ (HoldState::Captured | HoldState::Voided) => Err(Refusal::HoldClosed { state }),
        }
    }

    fn must_be(fit: bool) -> Result<(), Refusal> {
        fit.then_some(()).ok_or(Refusal::HoldUnfit)
    }
}

/// Parts of one hold stay far inside the range of an amount.
fn minus(whole: Money, part: Money) -> Money {
    whole
        .checked_sub(part)
        .expect("parts of a hold are smaller than an operation")
}

fn plus(part: Money, other: Money) -> Money {
    part.checked_add(other)
        .expect("parts of a hold are smaller than an operation")
}
