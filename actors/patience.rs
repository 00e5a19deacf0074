//! Patience: repeating a call that may work later, with bounds.

use std::time::Duration;

use crate::ports::StoreError;
use crate::ports::jobs::LeaseError;

/// How long and how often a call is repeated.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Calls in all, at least one.
    pub tries: u32,
    /// The wait after the first failure; doubles each time.
    pub base: Duration,
    /// The longest wait between two calls.
    pub max: Duration,
}

/// Whether an error may pass by itself.
pub trait MayPass {
    /// Whether the same call may work later.
    fn may_pass(&self) -> bool;
}

impl MayPass for StoreError {
    fn may_pass(&self) -> bool {
        match self {
            StoreError::Retryable(_) => true,
            StoreError::Broken(_) => false,
        }
    }
}

impl MayPass for LeaseError {
    fn may_pass(&self) -> bool {
        match self {
            LeaseError::Lost => false,
            LeaseError::Store(error) => error.may_pass(),
        }
    }
}

/// Calls until it works, fails for good, or the patience is spent. Only for calls that are
/// safe to repeat.
pub async fn patiently<T, E: MayPass, F: Future<Output = Result<T, E>>>(
    patience: Patience,
    mut call: impl FnMut() -> F,
) -> Result<T, E> {
    let mut wait = patience.base;
    let mut tries = 1;
    loop {
        match call().await {
            Err(error) if error.may_pass() && tries < patience.tries => {
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(patience.max);
                tries += 1;
            }
            answer => return answer,
        }
    }
}
