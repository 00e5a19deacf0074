//! Payment methods: how money comes in and goes back. Amounts are what the user gets or gives
//! back in kopecks; what the method itself asks for is its own affair ([`Due`]).

use async_trait::async_trait;
use rei_domain::ids::{RefundId, TopupId, UserId};
use rei_domain::money::Money;
use rei_domain::time::Moment;

/// A top-up as a payment method sees it. Everything in it is written before the method is
/// asked, so that the same order can be placed again after a crash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentOrder {
    pub topup: TopupId,
    pub user: UserId,
    /// What the user's balance grows by.
    pub amount: Money,
    /// What the payer reads, in his language; no personal data.
    pub description: String,
    /// For the fiscal receipt, where the shop needs one. Never logged.
    pub email: Option<String>,
    /// The language tag of the payment page, `ru` or `en`.
    pub language: &'static str,
    pub created_at: Moment,
}

/// A payment that waits for its payer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentOffer {
    /// The method's own id of the payment; `None` where the method names it only when it is paid.
    pub external: Option<String>,
    /// Where the payer goes: a web page or an invoice link.
    pub pay_url: String,
    pub due: Due,
}

/// What the payer is asked for, in the method's own currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// In the currency's smallest unit: kopecks, whole Stars.
    pub amount: i64,
    /// `RUB` or `XTR`.
    pub currency: &'static str,
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

/// A refund as a payment method sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundOrder {
    pub refund: RefundId,
    /// The payment it gives back from.
    pub external: String,
    /// The payer.
    pub user: UserId,
    pub amount: Money,
    /// What was paid and what of it was credited, for methods with a currency of their own.
    pub paid: Due,
    pub credited: Money,
    pub email: Option<String>,
    pub created_at: Moment,
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

/// One page of a method's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<String>,
}

/// Why a payment method did not do what it was asked. Named by what the caller does next.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PaymentError {
    /// Surely not done: the same order again, not before `after`.
    #[error("the payment method asks to try later: {cause}")]
    Retryable {
        after: Option<std::time::Duration>,
        cause: &'static str,
    },
    /// It may have been done: the same order again with the same key while the method keeps
    /// keys, afterwards only by looking it up.
    #[error("the payment method's answer was lost: {cause}")]
    Ambiguous { cause: &'static str },
    /// It will not do this, and says why in a word of its own.
    #[error("the payment method refused: {reason}")]
    Refused { reason: String },
    /// There is no such object.
    #[error("the payment method does not know it")]
    NotFound,
    /// Our configuration, our account or our request is wrong: an operator must look.
    #[error("the payment method cannot be used: {cause}")]
    Broken { cause: &'static str },
}

/// A way to pay.
///
/// Every call may be repeated with the same arguments: `begin` and `refund` derive their
/// idempotence key from the order's id.
#[async_trait]
pub trait PaymentMethod: Send + Sync + 'static {
    /// The name in rows, metrics and configuration.
    fn name(&self) -> &'static str;

    /// Which refunds it can make.
    fn refunds(&self) -> Refunds;

    /// What the payer will be asked for, for this growth of the balance.
    fn due(&self, amount: Money) -> Due;

    /// Places a payment and says where it is paid.
    async fn begin(&self, order: &PaymentOrder) -> Result<PaymentOffer, PaymentError>;

    /// Asks after a payment.
    async fn payment(&self, external: &str) -> Result<PaymentReport, PaymentError>;

    /// Takes money that is authorised only.
    async fn capture(&self, external: &str) -> Result<PaymentReport, PaymentError>;

    /// Asks for a refund.
    async fn refund(&self, order: &RefundOrder) -> Result<RefundReport, PaymentError>;

    /// Asks after a refund.
    async fn refund_report(&self, external: &str) -> Result<RefundReport, PaymentError>;

    /// Payments created in `from..to`, a page at a time, for reconciliation.
    async fn payments(
        &self,
        from: Moment,
        to: Moment,
        cursor: Option<&str>,
    ) -> Result<Page<PaymentReport>, PaymentError>;

    /// Refunds created in `from..to`, a page at a time.
    async fn refund_reports(
        &self,
        from: Moment,
        to: Moment,
        cursor: Option<&str>,
    ) -> Result<Page<RefundReport>, PaymentError>;
}
