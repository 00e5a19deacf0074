//! Spending caps as a user sees and sets them. The ledger enforces them with each hold.

use async_trait::async_trait;
use rei_domain::conversation::LimitsShown;
use rei_domain::ids::UserId;
use rei_domain::ledger::caps::Caps;
use rei_domain::time::Moment;

use crate::ports::StoreError;

/// The rows of caps.
#[async_trait]
pub trait CapStore: Send + Sync + 'static {
    /// A user's caps and what is spent in the windows of `now`.
    async fn limits(&self, user: UserId, now: Moment) -> Result<LimitsShown, StoreError>;

    /// Sets the user's own caps. They hold only where they are lower than what the house or an
    /// admin allows.
    async fn set_own(&self, user: UserId, own: Caps, now: Moment) -> Result<(), StoreError>;
}
