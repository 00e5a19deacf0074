//! The intake: where an update becomes durable before Telegram is told that it arrived.

use async_trait::async_trait;

use crate::ports::StoreError;
use crate::ports::inbox::RawUpdate;

/// What became of an update. Both are a success for the sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Accepted {
    /// It is stored and will be processed.
    New,
    /// It was stored before.
    Known,
}

/// Why an update was not taken. The sender keeps it and delivers it again.
#[derive(Clone, Debug, thiserror::Error)]
pub enum IntakeError {
    /// The node is draining; another one, or this one after its restart, takes it.
    #[error("the intake is closed")]
    Closed,
    /// More updates wait to be stored than the intake holds.
    #[error("the intake is full")]
    Full,
    /// The update may be stored or not; a repeat is safe.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Takes updates in.
#[async_trait]
pub trait Intake: Send + Sync + 'static {
    /// Stores an update; durable when it returns `Ok`. Dropping the future leaves open
    /// whether it was stored.
    async fn accept(&self, update: RawUpdate) -> Result<Accepted, IntakeError>;
}
