//! Renewals of leases, gathered: thousands of runs renew theirs in a few statements.
//!
//! Each run says for itself when its lease must be renewed; what is said while a statement is
//! under way goes into the next one together. So a node's renewals cost the database about the
//! same however many jobs it works on.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rei_domain::time::Moment;

use crate::batch::{BatchError, BatchLimits, Batcher};
use crate::ports::StoreError;
use crate::ports::jobs::{JobStore, LeaseToken};

/// Leases in one statement.
const LIMITS: BatchLimits = BatchLimits {
    batch_max: 4_096,
    waiting_max: usize::MAX,
};

type Renewal = (LeaseToken, Moment);

/// Renews leases for every run of a node.
#[derive(Clone)]
pub struct Renewals {
    jobs: Arc<dyn JobStore>,
    batcher: Arc<Mutex<Batcher<Renewal, bool, StoreError>>>,
}

impl Renewals {
    /// Renewals in these rows.
    pub fn new(jobs: Arc<dyn JobStore>) -> Self {
        Self {
            jobs,
            batcher: Arc::new(Mutex::new(Batcher::new(LIMITS))),
        }
    }

    /// Extends a lease until `until` at least; `false` when it is lost. Must be called on a
    /// runtime of tokio.
    pub async fn renew(
        &self,
        lease: LeaseToken,
        until: Moment,
    ) -> Result<bool, BatchError<StoreError>> {
        let pushed = self.batcher().push((lease, until));
        let answer = pushed.map_err(|_overfull| BatchError::Lost)?;
        // On its own, because a run that ends meanwhile must not take the others' with it.
        tokio::spawn(self.clone().flush());
        answer.await
    }

    /// Renews what waits, unless a statement is under way: whoever began that goes on.
    async fn flush(self) {
        loop {
            let Some(batch) = self.batcher().next_batch() else {
                return;
            };
            let (leases, untils): (Vec<LeaseToken>, Vec<Moment>) =
                batch.operations.into_iter().unzip();
            let Some(until) = untils.into_iter().max() else {
                return;
            };
            let held = self.jobs.renew(&leases, until).await;
            batch.receipt.settle(held.map(|held| {
                let held: HashSet<LeaseToken> = held.into_iter().collect();
                leases.iter().map(|lease| held.contains(lease)).collect()
            }));
        }
    }

    fn batcher(&self) -> MutexGuard<'_, Batcher<Renewal, bool, StoreError>> {
        self.batcher.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
