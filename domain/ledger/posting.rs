//! What can be asked of the ledger, and what is written.

use crate::ids::{HoldId, IdempotencyKey, TopupId, UserId};
use crate::ledger::{Account, HoldPurpose};
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
    /// Money a user paid in.
    CreditPayment { topup: TopupId, amount: Money },
    /// A correction in the user's favour, by an admin.
    AdminCredit { amount: Money },
    /// A correction against the user, by an admin; refused when the money is not there.
    AdminDebit { amount: Money },
    /// As [`Movement::AdminDebit`], but what is not there is owed.
    AdminDebt { amount: Money },
    /// A payment that its method took back without being asked; what is not there is owed.
    ReversePayment { topup: TopupId, amount: Money },
    /// Sets money aside.
    PlaceHold {
        hold: HoldId,
        amount: Money,
        /// When an auditor may complain that it is still open.
        expires_at: Moment,
        purpose: HoldPurpose,
        /// What the provider is expected to charge; counts against the platform's cap.
        platform_cost: Money,
    },
    /// The whole hold becomes revenue. Not for a hold that was taken in parts.
    CaptureHold { hold: HoldId },
    /// A part of an open hold becomes revenue; the last part closes it.
    CapturePart { hold: HoldId, amount: Money },
    /// What is left of the hold goes back to the user.
    VoidHold { hold: HoldId },
    /// The whole hold left the platform: a payment method gave it back to the payer.
    CaptureRefund { hold: HoldId },
    /// Revenue of a captured hold goes back to the user, in parts as long as there is some.
    RefundCapture { hold: HoldId, amount: Money },
    /// What a provider's work cost; the user is not concerned.
    BookProviderCost { amount: Money },
    /// A provider's cost that nobody pays for.
    BookLoss { amount: Money },
}

impl Movement {
    /// The amount it names; `None` for one that moves a hold's own.
    pub fn amount(&self) -> Option<Money> {
        match self {
            Movement::GrantBonus { amount }
            | Movement::CreditPayment { amount, .. }
            | Movement::AdminCredit { amount }
            | Movement::AdminDebit { amount }
            | Movement::AdminDebt { amount }
            | Movement::ReversePayment { amount, .. }
            | Movement::PlaceHold { amount, .. }
            | Movement::CapturePart { amount, .. }
            | Movement::RefundCapture { amount, .. }
            | Movement::BookProviderCost { amount }
            | Movement::BookLoss { amount } => Some(*amount),
            Movement::CaptureHold { .. }
            | Movement::VoidHold { .. }
            | Movement::CaptureRefund { .. } => None,
        }
    }

    /// The hold it opens, closes or changes.
    pub fn hold(&self) -> Option<&HoldId> {
        match self {
            Movement::PlaceHold { hold, .. }
            | Movement::CaptureHold { hold }
            | Movement::CapturePart { hold, .. }
            | Movement::VoidHold { hold }
            | Movement::CaptureRefund { hold }
            | Movement::RefundCapture { hold, .. } => Some(hold),
            Movement::GrantBonus { .. }
            | Movement::CreditPayment { .. }
            | Movement::AdminCredit { .. }
            | Movement::AdminDebit { .. }
            | Movement::AdminDebt { .. }
            | Movement::ReversePayment { .. }
            | Movement::BookProviderCost { .. }
            | Movement::BookLoss { .. } => None,
        }
    }
}

/// The kind of a transfer, as rows name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TransferKind {
    Bonus,
    Payment,
    AdminCredit,
    AdminDebit,
    /// What a user came to owe.
    Debt,
    /// What he paid of it.
    DebtPayment,
    /// What a payment method took back.
    Reversal,
    Hold,
    Capture,
    Void,
    /// What a payment method gave back to the payer.
    Refund,
    /// Revenue that went back to the user.
    JobRefund,
    ProviderCost,
    Loss,
}

impl TransferKind {
    /// Every kind.
    pub const ALL: [TransferKind; 14] = [
        TransferKind::Bonus,
        TransferKind::Payment,
        TransferKind::AdminCredit,
        TransferKind::AdminDebit,
        TransferKind::Debt,
        TransferKind::DebtPayment,
        TransferKind::Reversal,
        TransferKind::Hold,
        TransferKind::Capture,
        TransferKind::Void,
        TransferKind::Refund,
        TransferKind::JobRefund,
        TransferKind::ProviderCost,
        TransferKind::Loss,
    ];

    /// The name in rows and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            TransferKind::Bonus => "bonus",
            TransferKind::Payment => "payment",
            TransferKind::AdminCredit => "admin_credit",
            TransferKind::AdminDebit => "admin_debit",
            TransferKind::Debt => "debt",
            TransferKind::DebtPayment => "debt_payment",
            TransferKind::Reversal => "reversal",
            TransferKind::Hold => "hold",
            TransferKind::Capture => "capture",
            TransferKind::Void => "void",
            TransferKind::Refund => "refund",
            TransferKind::JobRefund => "job_refund",
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
