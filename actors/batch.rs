//! `Batcher`: group commit, embedded in an actor.
//!
//! ```text
//! push ─▶ waiting ─ next_batch, when nothing is in flight ─▶ Batch { operations, receipt }
//!                                                             │ flush them together
//!         each Answer ◀────────── one result each ─────────── receipt.settle(outcome)
//! ```
//!
//! What is promised:
//! - A batch leaves at once when nothing is in flight, and what comes meanwhile is collected for the next: no timer,
//!   so an idle actor adds no delay and a busy one amortises each flush over as many operations as are waiting.
//! - Operations keep their order, within a batch and between batches; at most `batch_max` go together.
//! - Every operation is answered exactly once. A receipt dropped without settling (the flush panicked, or its future
//!   was dropped) answers its whole batch `Lost`, and the next batch may leave.
//!
//! What is deliberately not done: the batcher does not flush, spawn or repeat. The actor hands the operations to the
//! storage runtime, and on completion settles the receipt and asks for the next batch. When the actor crashes, its
//! batcher goes with it: waiting operations are answered `Lost`, while a flush under way on the storage runtime may
//! still commit. So `Lost` means *unknown*: the caller repeats with the same idempotency key.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Poll};

use tokio::sync::oneshot;

#[cfg(test)]
mod tests;

/// How much a batcher holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchLimits {
    /// The most operations in one batch, at least 1.
    pub batch_max: usize,
    /// The most operations waiting for a batch.
    pub waiting_max: usize,
}

/// Why an operation has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError<E> {
    /// The flush of its batch failed as a whole.
    #[error("batch failed")]
    Failed(E),
    /// Nobody can say whether it was flushed: repeat it with the same key.
    #[error("outcome of the batch is unknown")]
    Lost,
}

/// Too many operations are waiting; this one comes back to its owner.
#[derive(Debug, PartialEq, Eq)]
pub struct Overfull<T>(pub T);

type Waiter<R, E> = oneshot::Sender<Result<R, BatchError<E>>>;

/// Collects operations `T` with results `R`; `E` is what a failed flush tells each of its operations.
#[derive(Debug)]
pub struct Batcher<T, R, E> {
    limits: BatchLimits,
    waiting: VecDeque<(T, Waiter<R, E>)>,
    in_flight: Arc<AtomicBool>,
}

impl<T, R, E: Clone> Batcher<T, R, E> {
    /// An empty batcher.
    pub fn new(limits: BatchLimits) -> Self {
        Self {
            limits,
            waiting: VecDeque::new(),
            in_flight: Arc::default(),
        }
    }

    /// Puts an operation at the end; ask for `next_batch` afterwards.
    pub fn push(&mut self, operation: T) -> Result<Answer<R, E>, Overfull<T>> {
        let (promise, answer) = promise();
        self.push_promised(operation, promise)?;
        Ok(answer)
    }

    /// The same for a caller that made the answer before it sent the operation, and waits for it
    /// where it is: the actor has nothing to pass on. A promise that is dropped answers `Lost`.
    pub fn push_promised(
        &mut self,
        operation: T,
        promise: Promise<R, E>,
    ) -> Result<(), Overfull<T>> {
        if self.waiting.len() >= self.limits.waiting_max {
            return Err(Overfull(operation));
        }
        self.waiting.push_back((operation, promise.0));
        Ok(())
    }

    /// The next batch, if nothing is in flight and something waits.
    pub fn next_batch(&mut self) -> Option<Batch<T, R, E>> {
        if self.waiting.is_empty() || self.in_flight.swap(true, SeqCst) {
            return None;
        }
        let size = self.waiting.len().min(self.limits.batch_max.max(1));
        let (operations, waiters) = self.waiting.drain(..size).unzip();
        Some(Batch {
            operations,
            receipt: Receipt {
                waiters,
                _flight: Flight(Arc::clone(&self.in_flight)),
            },
        })
    }

    /// Operations waiting for a batch, without those in flight.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }
}

/// Operations that are flushed together, in order.
#[derive(Debug)]
pub struct Batch<T, R, E> {
    /// What to flush.
    pub operations: Vec<T>,
    /// What to settle when it is flushed.
    pub receipt: Receipt<R, E>,
}

/// The debt of an answer to each operation of a batch. While it lives, its batch is in flight.
#[derive(Debug)]
#[must_use = "a receipt dropped without settling answers its batch `Lost`"]
pub struct Receipt<R, E> {
    waiters: Vec<Waiter<R, E>>,
    _flight: Flight,
}

impl<R, E: Clone> Receipt<R, E> {
    /// Answers each operation with its own result, in the order of the batch, or all of them with the error.
    ///
    /// Results of another number than the operations cannot be matched to them and answer nobody: all are `Lost`.
    pub fn settle(self, outcome: Result<Vec<R>, E>) {
        match outcome {
            Ok(results) if results.len() == self.waiters.len() => {
                for (waiter, result) in self.waiters.into_iter().zip(results) {
                    answer(waiter, Ok(result));
                }
            }
            Ok(results) => {
                let (operations, results) = (self.waiters.len(), results.len());
                tracing::error!(
                    operations,
                    results,
                    "flush returned another number of results"
                );
            }
            Err(error) => {
                for waiter in self.waiters {
                    answer(waiter, Err(BatchError::Failed(error.clone())));
                }
            }
        }
    }
}

/// Answers one operation; a caller that no longer waits has chosen not to know.
fn answer<R, E>(waiter: Waiter<R, E>, result: Result<R, BatchError<E>>) {
    let _nobody_waits = waiter.send(result);
}

/// Marks a batch as in flight until dropped.
#[derive(Debug)]
struct Flight(Arc<AtomicBool>);

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.store(false, SeqCst);
    }
}

/// An answer that is still owed, and the future that waits for it.
pub fn promise<R, E>() -> (Promise<R, E>, Answer<R, E>) {
    let (waiter, answer) = oneshot::channel();
    (Promise(waiter), Answer(answer))
}

/// The debt of one answer before its operation is in a batcher.
#[derive(Debug)]
#[must_use = "a promise that is dropped answers `Lost`"]
pub struct Promise<R, E>(Waiter<R, E>);

/// The future result of one operation.
#[derive(Debug)]
#[must_use = "an answer says whether the operation was flushed"]
pub struct Answer<R, E>(oneshot::Receiver<Result<R, BatchError<E>>>);

impl<R, E> Future for Answer<R, E> {
    type Output = Result<R, BatchError<E>>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0)
            .poll(task)
            .map(|answer| answer.unwrap_or(Err(BatchError::Lost)))
    }
}
