//! Recipes: which accounts each movement touches. A new movement of money is a line here.

use crate::ids::{ShardId, UserId};
use crate::ledger::{Account, Hold, Movement, PlatformAccount, Refusal, TransferKind};
use crate::money::Money;

/// The accounts, the amount and the kind of one movement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recipe {
    pub debit: Account,
    pub credit: Account,
    pub amount: Money,
    pub kind: TransferKind,
}

/// Finds the recipe. `hold_of` looks a hold up; a capture or void of an unknown one is refused.
pub fn recipe<'a>(
    user: UserId,
    shard: ShardId,
    movement: &Movement,
    hold_of: impl Fn(&crate::ids::HoldId) -> Option<&'a Hold>,
) -> Result<Recipe, Refusal> {
    use PlatformAccount as P;
    let available = Account::Available(user);
    let held = Account::Held(user);
    let platform = |account| Account::Platform(account, shard);
    let find = |hold| match hold_of(hold) {
        Some(found) if found.user == user => Ok(found),
        Some(_) | None => Err(Refusal::HoldNotFound),
    };
    let (debit, credit, amount, kind) = match movement {
        Movement::GrantBonus { amount } => {
            (platform(P::Promo), available, *amount, TransferKind::Bonus)
        }
        Movement::CreditPayment { amount, .. } => (
            platform(P::Payments),
            available,
            *amount,
            TransferKind::Payment,
        ),
        Movement::AdminCredit { amount } => (
            platform(P::Adjustments),
            available,
            *amount,
            TransferKind::AdminCredit,
        ),
        Movement::AdminDebit { amount } => (
            available,
            platform(P::Adjustments),
            *amount,
            TransferKind::AdminDebit,
        ),
        Movement::AdminDebt { amount } => (
            Account::Debt(user),
            platform(P::Adjustments),
            *amount,
            TransferKind::Debt,
        ),
        Movement::ReversePayment { amount, .. } => (
            Account::Debt(user),
            platform(P::Payments),
            *amount,
            TransferKind::Reversal,
        ),
        Movement::PlaceHold { amount, .. } => (available, held, *amount, TransferKind::Hold),
        Movement::CaptureHold { hold } => (
            held,
            platform(P::Revenue),
            find(hold)?.amount,
            TransferKind::Capture,
        ),
        Movement::CapturePart { hold, amount } => {
            find(hold)?;
            (held, platform(P::Revenue), *amount, TransferKind::Capture)
        }
        Movement::VoidHold { hold } => (
            held,
            available,
            find(hold)?.not_captured(),
            TransferKind::Void,
        ),
        Movement::CaptureRefund { hold } => (
            held,
            platform(P::Payments),
            find(hold)?.amount,
            TransferKind::Refund,
        ),
        Movement::RefundCapture { hold, amount } => {
            find(hold)?;
            (
                platform(P::Revenue),
                available,
                *amount,
                TransferKind::JobRefund,
            )
        }
        Movement::BookProviderCost { amount } => (
            platform(P::ProviderCost),
            platform(P::ProviderOwed),
            *amount,
            TransferKind::ProviderCost,
        ),
        Movement::BookLoss { amount } => (
            platform(P::Loss),
            platform(P::ProviderOwed),
            *amount,
            TransferKind::Loss,
        ),
    };
    Ok(Recipe {
        debit,
        credit,
        amount,
        kind,
    })
}

/// What a user owes is paid from what he has available.
pub fn debt_payment(user: UserId, amount: Money) -> Recipe {
    Recipe {
        debit: Account::Available(user),
        credit: Account::Debt(user),
        amount,
        kind: TransferKind::DebtPayment,
    }
}
