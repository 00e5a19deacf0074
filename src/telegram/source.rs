//! Long polling as the poller's actor drives it.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use rei_actors::ports::StoreError;
use rei_actors::ports::inbox::RawUpdate;
use rei_actors::ports::intake::{Intake, IntakeError};
use rei_actors::ports::updates::{SourceEnd, UpdateSource};

use super::polling::{Polled, Poller};

/// A poller whose batches go into the intake.
pub struct PolledUpdates(Poller);

impl PolledUpdates {
    /// Polls with this poller.
    pub fn new(poller: Poller) -> Self {
        Self(poller)
    }
}

#[async_trait]
impl UpdateSource for PolledUpdates {
    async fn next(&mut self, intake: &dyn Intake) -> Result<Duration, SourceEnd> {
        let store = async |updates: Vec<RawUpdate>| store_all(intake, updates).await;
        match self.0.next_batch(store).await {
            Ok(Polled::Stored { .. }) => Ok(Duration::ZERO),
            Ok(Polled::Later { after, .. }) => Ok(after),
            Err(end) => Err(SourceEnd(end.to_string())),
        }
    }
}

/// All of them, or Telegram sends all of them again: known ones are skipped then. They enter
/// together, so that they are written together.
async fn store_all(intake: &dyn Intake, updates: Vec<RawUpdate>) -> Result<(), StoreError> {
    let accepted = join_all(updates.into_iter().map(|update| intake.accept(update))).await;
    for one in accepted {
        match one {
            Ok(_) => {}
            Err(IntakeError::Busy) => {
                return Err(StoreError::Retryable("the intake is busy".to_owned()));
            }
            Err(IntakeError::Store(error)) => return Err(error),
        }
    }
    Ok(())
}
