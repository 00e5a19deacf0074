//! Rates: how much one user may do in a span of time, whatever keeps count of it.

use async_trait::async_trait;
use rei_domain::ids::UserId;
use rei_domain::rates::{RateScope, Taking};
use rei_domain::time::Moment;

/// What became of a taking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Taken,
    /// Nothing was taken; this scope allows it last, from this moment on, by the asker's clock.
    Blocked {
        scope: RateScope,
        until: Moment,
    },
}

/// The rates of all users. They never fail: an adapter that cannot reach what it shares with
/// others decides by what it knows itself.
#[async_trait]
pub trait Rates: Send + Sync + 'static {
    /// Takes from all of a user's allowances that are meant, or from none.
    async fn take(&self, user: UserId, taking: Taking, now: Moment) -> Verdict;

    /// Returns what was taken for something that did not come about.
    async fn give_back(&self, user: UserId, taking: Taking, now: Moment);
}
