//! Rate limits: how much one user may do in a span of time, whatever keeps count of it.

use async_trait::async_trait;
use rei_domain::ids::UserId;
use rei_domain::rates::RateScope;
use rei_domain::time::Moment;

/// What became of a taking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taking {
    Taken,
    /// Nothing was taken; it is allowed from this moment on, by the asker's clock.
    Blocked {
        until: Moment,
    },
}

/// The limits of all users. They never fail: an adapter that cannot reach what it shares with
/// others decides by what it knows itself.
#[async_trait]
pub trait RateLimits: Send + Sync + 'static {
    /// Takes this weight of a user's allowance: one for a request, kopecks for a cost.
    async fn take(&self, scope: RateScope, user: UserId, weight: u64, now: Moment) -> Taking;

    /// Returns what was taken for something that did not come about.
    async fn give_back(&self, scope: RateScope, user: UserId, weight: u64, now: Moment);
}
