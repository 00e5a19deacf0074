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
    let held_amount = |hold| match hold_of(hold) {
        Some(found) if found.user == user => Ok(found.amount),
        Some(_) | None => Err(Refusal::HoldNotFound),
    };
    let (debit, credit, amount, kind) = match movement {
        Movement::GrantBonus { amount } => {
            (platform(P::Promo), available, *amount, TransferKind::Bonus)
        }
        Movement::PlaceHold { amount, .. } => (available, held, *amount, TransferKind::Hold),
        Movement::CaptureHold { hold } => (
            held,
            platform(P::Revenue),
            held_amount(hold)?,
            TransferKind::Capture,
        ),
        Movement::VoidHold { hold } => (held, available, held_amount(hold)?, TransferKind::Void),
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
