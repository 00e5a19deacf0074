//! The second place of stored pictures and clips.

use async_trait::async_trait;
use rei_domain::ids::AssetId;
use rei_domain::time::Moment;

use crate::ports::StoreError;
use crate::ports::retention::Amount;

/// Where a look through the assets stands: after this one. The oldest come first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AssetPosition {
    pub created_at: Moment,
    pub id: AssetId,
}

/// What a step of copying did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// What is in the mirror now.
    pub copied: Amount,
    /// What cannot be copied because the first place does not have it as it was stored.
    pub damaged: Vec<AssetId>,
    /// Where the next step goes on; `None` when nothing is left to look at.
    pub last: Option<AssetPosition>,
}

/// Copies what the mirror lacks. Every call may be repeated or made by several nodes at once.
#[async_trait]
pub trait Mirror: Send + Sync + 'static {
    /// Copies some of what the mirror lacks, `limit` at most.
    async fn copy_after(
        &self,
        after: Option<AssetPosition>,
        limit: u32,
    ) -> Result<Copied, StoreError>;

    /// Since when the oldest thing that the mirror lacks is kept.
    async fn behind_since(&self) -> Result<Option<Moment>, StoreError>;
}
