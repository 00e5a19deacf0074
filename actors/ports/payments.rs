//! Payment methods: how money comes in and goes back. Amounts are what the user gets or gives
//! back in kopecks; what the method itself asks for is its own affair ([`Due`]).

use async_trait::async_trait;
use rei_domain::ids::{RefundId, TopupId, UserId};
use rei_domain::money::Money;
use rei_domain::time::Moment;

pub use rei_domain::payment::{
    Due, Environment, PaidSum, PaymentReport, PaymentState, RefundReport, RefundState, Refunds,
    Shop,
};

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
