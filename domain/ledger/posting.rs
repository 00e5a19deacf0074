//! What can be asked of the ledger, and what is written.

use crate::ids::{HoldId, IdempotencyKey, UserId};
use crate::ledger::Account;
use crate::money::Money;
use crate::time::Moment;

/// Operations that commit together or not at all, for one user and so in one shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// Whose money it is; decides the shard.
    pub user: UserId,
    /// At least one. The first one's key names the posting.
    pub operations: Vec<Operation>,
}

impl Posting {
    /// The key that names the posting, or `None` for a posting without operations.
    pub fn key(&self) -> Option<&IdempotencyKey> {
        self.operations.first().map(|operation| &operation.key)
    }
}

/// One movement of money, named by its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    pub key: IdempotencyKey,
    pub movement: Movement,
    /// What it is about, `job:<id>` or the like; part of the row and of its hash.
    pub reference: String,
}

/// The movements of money that exist. `recipes` says which accounts each one touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Movement {
    /// Money given to a user by the platform.
    GrantBonus { amount: Money },
    /// Sets the price of a job aside.
    PlaceHold {
        hold: HoldId,
        amount: Money,
        /// When an auditor may complain that it is still open.
        expires_at: Moment,
    },
    /// The whole hold becomes revenue.
    CaptureHold { hold: HoldId },
    /// The whole hold goes back to the user.
    VoidHold { hold: HoldId },
    /// What a provider's work cost; the user is not concerned.
    BookProviderCost { amount: Money },
    /// A provider's cost that nobody pays for.
    BookLoss { amount: Money },
}

/// The kind of a transfer, as rows name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TransferKind {
    Bonus,
    Hold,
    Capture,
    Void,
    ProviderCost,
    Loss,
}

impl TransferKind {
    /// Every kind.
    pub const ALL: [TransferKind; 6] = [
        TransferKind::Bonus,
        TransferKind::Hold,
        TransferKind::Capture,
        TransferKind::Void,
        TransferKind::ProviderCost,
        TransferKind::Loss,
    ];

    /// The name in rows and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            TransferKind::Bonus => "bonus",
            TransferKind::Hold => "hold",
            TransferKind::Capture => "capture",
            TransferKind::Void => "void",
            TransferKind::ProviderCost => "provider_cost",
            TransferKind::Loss => "loss",
        }
    }

    /// Reads [`TransferKind::as_str`] back.
    pub fn parse(text: &str) -> Option<TransferKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// One row of the ledger: `amount` moves from `debit` to `credit`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    pub debit: Account,
    pub credit: Account,
    /// Above zero.
    pub amount: Money,
    pub kind: TransferKind,
    pub key: IdempotencyKey,
    pub reference: String,
}
