//! Statements: a user's own movements of money and usage sessions, page by page.
//!
//! Every question takes the user whose rows they are; there is no way to ask for a row by its
//! number alone.

use async_trait::async_trait;
use rei_domain::ids::{UsageId, UserId};
use rei_domain::statement::{Line, Month, Page, Place, SessionPage, Standing};
use rei_domain::time::Moment;

use crate::ports::StoreError;

/// The rows behind statements.
#[async_trait]
pub trait StatementStore: Send + Sync + 'static {
    /// What the user has and owes.
    async fn standing(&self, user: UserId) -> Result<Standing, StoreError>;

    /// A page of at most `limit` lines. It costs the same wherever it is.
    async fn page(&self, user: UserId, place: Place, limit: u32) -> Result<Page, StoreError>;

    /// The lines of a month of Moscow, oldest first, at most `limit`, after a row if one is
    /// named.
    async fn month(
        &self,
        user: UserId,
        month: Month,
        after: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Line>, StoreError>;

    /// A page of at most `limit` usage sessions, older than `before`, which must be
    /// the user's own.
    async fn sessions(
        &self,
        user: UserId,
        before: Option<&UsageId>,
        limit: u32,
        now: Moment,
    ) -> Result<SessionPage, StoreError>;
}
