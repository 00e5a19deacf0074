//! Writes of runs, gathered: what many runs record about the same time is one transaction.
//!
//! Promises each write what it would have been told alone: a lost lease is its own, and a
//! transaction that cannot be committed as a whole is done again, each write by itself. Nothing
//! waits for company: a write that comes alone leaves at once, and what comes while a
//! transaction is under way goes into the next.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rei_actors::batch::{BatchError, BatchLimits, Batcher};
use rei_actors::ports::StoreError;
use rei_actors::ports::jobs::{AttemptEnd, LeaseError, LeaseToken};
use rei_domain::ids::AssetId;
use rei_domain::time::Moment;

use super::leases;
use crate::store::conn::Conn;
use crate::store::db::Db;

/// Writes in one transaction.
const LIMITS: BatchLimits = BatchLimits {
    batch_max: 64,
    waiting_max: usize::MAX,
};

/// What a run records under its lease.
#[derive(Clone)]
pub struct Write {
    pub lease: LeaseToken,
    pub step: Step,
    pub at: Moment,
}

/// The step that it records.
#[derive(Clone)]
pub enum Step {
    Begin {
        attempt: u32,
        provider: String,
        decision: String,
    },
    Accept {
        attempt: u32,
        provider_job: String,
    },
    Render {
        attempt: u32,
        result: AssetId,
    },
    Requeue {
        attempt: Option<AttemptEnd>,
        due_at: Moment,
    },
}

/// Whether the lease held.
#[derive(Clone, Copy)]
enum Written {
    Done,
    Lost,
}

/// Gathers writes for one database.
#[derive(Clone)]
pub struct Group {
    db: Db,
    batcher: Arc<Mutex<Batcher<Write, Written, StoreError>>>,
}

impl Group {
    pub fn new(db: Db) -> Self {
        Self {
            db,
            batcher: Arc::new(Mutex::new(Batcher::new(LIMITS))),
        }
    }

    /// Records a step, together with what others record meanwhile.
    pub async fn write(&self, write: Write) -> Result<(), LeaseError> {
        let pushed = self.batcher().push(write);
        let answer = pushed.map_err(|_overfull| lost_answer())?;
        // On the store's threads, because a run that is dropped must not take others' with it.
        self.db.runtime().spawn(self.clone().flush());
        match answer.await {
            Ok(Written::Done) => Ok(()),
            Ok(Written::Lost) => Err(LeaseError::Lost),
            Err(BatchError::Failed(error)) => Err(error.into()),
            Err(BatchError::Lost) => Err(lost_answer().into()),
        }
    }

    /// Writes what waits, unless a transaction is under way: whoever began that goes on.
    async fn flush(self) {
        loop {
            let Some(batch) = self.batcher().next_batch() else {
                return;
            };
            let written = match self.write_together(batch.operations.clone()).await {
                Err(error) if batch.operations.len() > 1 => {
                    tracing::debug!(%error, "writes are done again, each by itself");
                    self.write_alone(batch.operations).await
                }
                written => written,
            };
            batch.receipt.settle(written);
        }
    }

    async fn write_together(&self, mut writes: Vec<Write>) -> Result<Vec<Written>, StoreError> {
        // Rows are locked in one order, whoever gathers them; the answers keep that of the batch.
        let mut order: Vec<usize> = (0..writes.len()).collect();
        order.sort_by(|a, b| writes[*a].lease.job.cmp(&writes[*b].lease.job));
        writes.sort_by(|a, b| a.lease.job.cmp(&b.lease.job));
        let sorted: Vec<Written> = self
            .db
            .tx(async move |conn: &mut Conn| {
                let mut written = Vec::with_capacity(writes.len());
                for write in &writes {
                    written.push(apply(conn, write).await?);
                }
                Ok::<_, StoreError>(written)
            })
            .await?;
        let mut written = vec![Written::Lost; sorted.len()];
        for (place, told) in order.into_iter().zip(sorted) {
            written[place] = told;
        }
        Ok(written)
    }

    async fn write_alone(&self, writes: Vec<Write>) -> Result<Vec<Written>, StoreError> {
        let mut written = Vec::with_capacity(writes.len());
        for write in writes {
            written.extend(self.write_together(vec![write]).await?);
        }
        Ok(written)
    }

    fn batcher(&self) -> MutexGuard<'_, Batcher<Write, Written, StoreError>> {
        self.batcher.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn apply(conn: &mut Conn, write: &Write) -> Result<Written, StoreError> {
    let Write { lease, step, at } = write;
    let told = match step {
        Step::Begin {
            attempt,
            provider,
            decision,
        } => leases::begin(conn, lease, *attempt, provider, decision, *at).await,
        Step::Accept {
            attempt,
            provider_job,
        } => leases::accept(conn, lease, *attempt, provider_job, *at).await,
        Step::Render { attempt, result } => {
            leases::render(conn, lease, *attempt, result, *at).await
        }
        Step::Requeue { attempt, due_at } => {
            leases::requeue(conn, lease, attempt.as_ref(), *due_at, *at).await
        }
    };
    match told {
        Ok(()) => Ok(Written::Done),
        Err(LeaseError::Lost) => Ok(Written::Lost),
        Err(LeaseError::Store(error)) => Err(error),
    }
}

/// The process ends, or the transaction's answer never came: it may have been committed.
fn lost_answer() -> StoreError {
    StoreError::Retryable("the outcome of a write is unknown".to_owned())
}
