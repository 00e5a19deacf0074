//! What is kept for how long, and what is removed after it.

use async_trait::async_trait;
use rei_domain::time::{Moment, Span};

use crate::ports::StoreError;

/// How long things are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Periods {
    /// Results, from the end of their job.
    pub results: Span,
    /// Clips that jobs were made from, from the end of their job.
    pub inputs: Span,
    /// What no job has: left behind by a crash.
    pub orphans: Span,
    /// Between marking and removing.
    pub grace: Span,
    /// Answered updates, from their answer.
    pub updates: Span,
    /// Updates that were set aside, from then on.
    pub set_aside: Span,
    /// Requests that became no job, from the end of their price.
    pub drafts: Span,
}

/// Why an asset was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AssetClass {
    Result,
    Input,
    Orphan,
}

impl AssetClass {
    /// Every class.
    pub const ALL: [AssetClass; 3] = [AssetClass::Result, AssetClass::Input, AssetClass::Orphan];

    /// The name in rows and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            AssetClass::Result => "result",
            AssetClass::Input => "input",
            AssetClass::Orphan => "orphan",
        }
    }

    /// Reads [`AssetClass::as_str`] back.
    pub fn parse(text: &str) -> Option<AssetClass> {
        Self::ALL.into_iter().find(|class| class.as_str() == text)
    }
}

/// Things of one kind, and their bytes where that is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    pub count: u64,
    pub bytes: u64,
}

impl Amount {
    /// One more thing.
    pub fn add(&mut self, bytes: u64) {
        self.count += 1;
        self.bytes += bytes;
    }
}

/// The things whose time is over. Every call that changes something does a part of the work, at
/// most `limit` rows, and may be repeated or made by several nodes at once.
#[async_trait]
pub trait Retention: Send + Sync + 'static {
    /// What would be removed now, were everything marked already: by class, then answered
    /// updates and requests.
    async fn survey(&self, periods: &Periods, now: Moment) -> Result<Survey, StoreError>;

    /// Marks assets whose time is over; returns how many.
    async fn mark(&self, periods: &Periods, now: Moment, limit: u32) -> Result<u32, StoreError>;

    /// Takes the mark from assets that are needed again.
    async fn unmark(&self) -> Result<(), StoreError>;

    /// Removes assets that were marked long enough ago and are still not needed.
    async fn remove(
        &self,
        periods: &Periods,
        now: Moment,
        limit: u32,
    ) -> Result<Vec<(AssetClass, u64)>, StoreError>;

    /// Removes stored bytes without a row that are older than this.
    async fn sweep(&self, older_than: Moment) -> Result<Amount, StoreError>;

    /// Forgets updates; returns how many.
    async fn forget_updates(
        &self,
        periods: &Periods,
        now: Moment,
        limit: u32,
    ) -> Result<u32, StoreError>;

    /// Forgets requests that became no job; returns how many.
    async fn forget_drafts(
        &self,
        periods: &Periods,
        now: Moment,
        limit: u32,
    ) -> Result<u32, StoreError>;
}

/// What [`Retention::survey`] finds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// In the order of [`AssetClass::ALL`].
    pub assets: [Amount; 3],
    pub updates: u64,
    pub drafts: u64,
}
