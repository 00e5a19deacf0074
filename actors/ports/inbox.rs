//! The inbox: every update is a row before it is answered, and is processed from the row.

use async_trait::async_trait;
use rei_domain::ids::ChatId;
use rei_domain::time::Moment;

use crate::ports::StoreError;

/// An update as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawUpdate {
    /// Telegram's `update_id`; the same on every redelivery.
    pub update_id: i64,
    /// The chat whose turn it is part of; zero when it has none.
    pub chat: ChatId,
    /// The body, untouched. Never logged.
    pub body: String,
    pub received_at: Moment,
}

/// A stored update that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredUpdate {
    pub update: RawUpdate,
    /// How often processing it was begun. Above a limit it is set aside as poison.
    pub attempts: u32,
}

/// The inbox's rows.
#[async_trait]
pub trait InboxStore: Send + Sync + 'static {
    /// Stores updates in one transaction; those already known are skipped. Returns the ids
    /// that were new. Durable when it returns.
    async fn store(&self, updates: Vec<RawUpdate>) -> Result<Vec<i64>, StoreError>;

    /// A chat's unprocessed updates in order of `update_id`, at most `limit`. Only looks.
    async fn waiting(&self, chat: ChatId, limit: u32) -> Result<Vec<StoredUpdate>, StoreError>;

    /// Counts an attempt on these updates, before they are processed: whoever dies on them has
    /// left a trace.
    async fn begin(&self, update_ids: &[i64]) -> Result<(), StoreError>;

    /// Chats that have unprocessed updates, oldest first, at most `limit`.
    async fn waiting_chats(&self, limit: u32) -> Result<Vec<ChatId>, StoreError>;

    /// Sets updates aside that cannot be processed, with a cause that holds no user content.
    async fn set_aside(
        &self,
        update_ids: &[i64],
        cause: &str,
        at: Moment,
    ) -> Result<(), StoreError>;
}
