//! Series, as rows.

use async_trait::async_trait;
use rei_domain::ids::{DraftId, UserId};
use rei_domain::series::{Series, SeriesEnd, Step};
use rei_domain::time::Moment;

use crate::ports::StoreError;
use crate::ports::outbox::NewOutbox;

/// The rows of series. Every write may be repeated.
#[async_trait]
pub trait SeriesStore: Send + Sync + 'static {
    /// Writes a new series, unless it is known. It is written before its first step.
    async fn begin(&self, series: &Series) -> Result<(), StoreError>;

    /// A series that runs, of this user.
    async fn running_of(&self, user: UserId) -> Result<Vec<Series>, StoreError>;

    /// Every series that runs, at most `limit`, in the order of `after`.
    async fn running(&self, after: Option<&DraftId>, limit: u32)
    -> Result<Vec<Series>, StoreError>;

    /// The steps of a series that were begun, in order.
    async fn steps(&self, series: &Series) -> Result<Vec<Step>, StoreError>;

    /// Asks for the end after the running step.
    async fn ask_to_stop(&self, id: &DraftId) -> Result<(), StoreError>;

    /// Notes that the user is warned and writes the warning; only once.
    async fn warn(&self, id: &DraftId, warning: &NewOutbox) -> Result<(), StoreError>;

    /// Ends a series and writes what tells of it; only once.
    async fn end(
        &self,
        id: &DraftId,
        reason: SeriesEnd,
        at: Moment,
        news: Option<&NewOutbox>,
    ) -> Result<(), StoreError>;
}
