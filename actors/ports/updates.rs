//! Where updates come from when they are asked for.

use std::time::Duration;

use async_trait::async_trait;

use crate::ports::intake::Intake;

/// Why a source has no more updates, ever.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct SourceEnd(pub String);

/// A source of updates.
#[async_trait]
pub trait UpdateSource: Send + 'static {
    /// Waits for updates, stores them with the intake, and confirms those that are stored.
    /// Tells how long to wait before the next call.
    async fn next(&mut self, intake: &dyn Intake) -> Result<Duration, SourceEnd>;
}
