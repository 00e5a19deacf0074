//! Checkpoints of the journal, and the receipts that they prove.

use async_trait::async_trait;
use rei_domain::ids::{ShardId, UserId};
use rei_domain::money::Money;
use rei_domain::receipt::{Checkpoint, Day, ProvenRow};
use rei_domain::statement::Proving;
use rei_domain::time::Moment;

use crate::ports::StoreError;

/// Rows that one receipt proves at most.
pub const RECEIPT_ROWS_MAX: u32 = 64;

/// Some of a user's rows with their proofs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// Each row with its checkpoint's number, in order of the journal.
    pub rows: Vec<(i64, ProvenRow)>,
    /// The checkpoints named above, in order, each once.
    pub checkpoints: Vec<Checkpoint>,
}

/// What making checkpoints came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// As many were made; everything that should be covered is.
    Made(u32),
    /// A row's hash does not follow from the rows: nothing from it on is vouched for.
    Broken { shard: ShardId, seq: i64 },
}

/// The rows of checkpoints. Any number of nodes may make them at once: a run of rows gets one.
#[async_trait]
pub trait CheckpointStore: Send + Sync + 'static {
    /// Covers every row of a day that is over.
    async fn close_days(&self, now: Moment) -> Result<Closed, StoreError>;

    /// Covers everything in the user's shard that is written up to now.
    async fn close_shard_of(&self, user: UserId, now: Moment) -> Result<Closed, StoreError>;

    /// Proves rows of this user, at most [`RECEIPT_ROWS_MAX`], of those that are covered. Rows
    /// that are nobody's or another user's are not in it.
    async fn receipt(&self, user: UserId, which: &Proving) -> Result<Receipt, StoreError>;

    /// The newest checkpoints of all shards, at most `limit`, newest first.
    async fn newest(&self, limit: u32) -> Result<Vec<Checkpoint>, StoreError>;

    /// The checkpoints of a day, by shard and number, at most `limit`.
    async fn of_day(&self, day: Day, limit: u32) -> Result<Vec<Checkpoint>, StoreError>;

    /// What all balances together are away from zero: zero while the books balance.
    async fn imbalance(&self) -> Result<Money, StoreError>;
}
