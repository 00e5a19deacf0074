//! Payments and refunds as a payment method reports them.
//!
//! These are values that an adapter read from its method's own answer, never from a
//! notification's body. `topup` and `refund` decide what they mean.

use crate::ids::{RefundId, TopupId, UserId};
use crate::time::Moment;

/// What the payer is asked for, in the method's own currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// In the currency's smallest unit: kopecks, whole Stars.
    pub amount: i64,
    /// `RUB` or `XTR`.
    pub currency: &'static str,
}

impl Due {
    /// The currencies that payment methods ask in.
    pub const CURRENCIES: [&'static str; 2] = ["RUB", "XTR"];

    /// The sum as rows store it; `None` for a currency that nothing here asks in.
    pub fn stored(sum: &PaidSum) -> Option<Due> {
        let currency = Self::CURRENCIES
            .into_iter()
            .find(|currency| *currency == sum.currency)?;
        Some(Due {
            amount: sum.amount,
            currency,
        })
    }
}

/// Where a payment stands, as the method itself says. Never taken from a notification's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentReport {
    pub external: String,
    /// From the payment's metadata; `None` when it is not a payment of this bot.
    pub topup: Option<TopupId>,
    /// The user in the payment's metadata, or the payer where the method knows him.
    pub user: Option<UserId>,
    pub state: PaymentState,
    pub due: PaidSum,
    /// The running total of refunds that succeeded, in the currency's smallest unit.
    pub refunded: i64,
    pub environment: Environment,
    /// Whether the payment belongs to the shop that this bot is configured for.
    pub shop: Shop,
    pub created_at: Moment,
    /// When the money was taken; kept as evidence.
    pub captured_at: Option<Moment>,
}

/// A sum as the method reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidSum {
    pub amount: i64,
    pub currency: String,
}

/// Whether real money moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Environment {
    Live,
    Test,
}

/// Whose payment it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shop {
    Ours,
    Another,
}

/// The states of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentState {
    /// The payer has not paid yet.
    Pending,
    /// Authorised and not captured: the method must be told to capture it.
    WaitingForCapture,
    /// The money is taken. Final.
    Succeeded,
    /// It will never be paid; a word of the method for the reason. Final.
    Canceled { reason: Option<String> },
}

/// Where a refund stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundReport {
    pub external: String,
    /// The payment it belongs to.
    pub payment: String,
    /// From its metadata; `None` when it was made by hand in the method's own office.
    pub refund: Option<RefundId>,
    pub state: RefundState,
    pub sum: PaidSum,
    pub created_at: Moment,
}

/// The states of a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundState {
    Pending,
    Succeeded,
    Canceled { reason: Option<String> },
}

/// Which sums a method can give back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refunds {
    /// Any part of a payment, repeatedly.
    Partial,
    /// A payment as a whole, once.
    WholeOnly,
}
