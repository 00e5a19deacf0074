//! What must hold before the node takes work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use rei_actors::ports::inbox::RawUpdate;
use rei_actors::ports::intake::{Accepted, Intake, IntakeError};

use crate::http::{NotReady, ReadinessCheck};
use crate::store::Db;

/// How long a write may wait for others before the node counts as not ready. Below the time that
/// the probe has, so that the probe can tell what is slow.
const WRITE_WAIT: Duration = Duration::from_secs(1);

/// The database answers questions and takes writes. A file that another process holds, or that
/// became read-only, still answers questions.
pub(super) struct DatabaseAnswers(pub Db);

#[async_trait]
impl ReadinessCheck for DatabaseAnswers {
    fn name(&self) -> &'static str {
        "database"
    }

    async fn check(&self) -> Result<(), NotReady> {
        let answer = self.0.ping().await;
        answer.map_err(|_| NotReady("the database does not answer"))?;
        match tokio::time::timeout(WRITE_WAIT, self.0.check_writes()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => {
                tracing::warn!(%error, "not ready: the database takes no writes");
                Err(NotReady("the database takes no writes"))
            }
            Err(_) => Err(NotReady("the database takes no writes in time")),
        }
    }
}

/// The schema is this program's.
pub(super) struct SchemaIsCurrent(pub Db);

#[async_trait]
impl ReadinessCheck for SchemaIsCurrent {
    fn name(&self) -> &'static str {
        "migrations"
    }

    async fn check(&self) -> Result<(), NotReady> {
        let answer = self.0.check_schema().await;
        answer.map_err(|_| NotReady("the schema is not this program's"))
    }
}

/// Whether updates are taken in: from the start until the house closes or gives up.
#[derive(Clone, Default)]
pub(super) struct Doors(Arc<AtomicBool>);

impl Doors {
    pub(super) fn open(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    pub(super) fn close(&self) {
        self.0.store(false, Ordering::SeqCst);
    }

    fn are_open(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl ReadinessCheck for Doors {
    fn name(&self) -> &'static str {
        "intake"
    }

    async fn check(&self) -> Result<(), NotReady> {
        if self.are_open() {
            Ok(())
        } else {
            Err(NotReady("the intake is closed"))
        }
    }
}

/// An intake behind the doors: once they are closed, senders are asked to come again.
pub(super) struct DoorIntake<I> {
    pub doors: Doors,
    pub inner: I,
}

#[async_trait]
impl<I: Intake> Intake for DoorIntake<I> {
    async fn accept(&self, update: RawUpdate) -> Result<Accepted, IntakeError> {
        if !self.doors.are_open() {
            return Err(IntakeError::Busy);
        }
        self.inner.accept(update).await
    }
}
