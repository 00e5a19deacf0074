//! The intake: where updates enter the house, whichever way they came.

use async_trait::async_trait;

use crate::ports::StoreError;
use crate::ports::inbox::RawUpdate;

/// What became of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It is stored now.
    New,
    /// It was stored before: a redelivery.
    Known,
}

/// Why an update was not taken. Its sender should send it again.
#[derive(Clone, Debug, thiserror::Error)]
pub enum IntakeError {
    /// Too many wait, or the house is closing.
    #[error("the intake takes no more now")]
    Busy,
    #[error(transparent)]
    Store(StoreError),
}

/// Takes updates in.
#[async_trait]
pub trait Intake: Send + Sync + 'static {
    /// Stores an update; durable when it returns.
    async fn accept(&self, update: RawUpdate) -> Result<Accepted, IntakeError>;
}
