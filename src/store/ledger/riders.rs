//! Riders: the rows that commit with a posting, and the guards they stand under. A file each.

pub(in crate::store) mod jobs;
pub(in crate::store) mod submit;

use rei_actors::ports::StoreError;
use rei_actors::ports::ledger::{CommandRefusal, LedgerCommand, Rider};
use rei_domain::time::Moment;

use crate::store::Conn;
use jobs::{JobMove, Jobs};
use submit::Submits;

/// The riders of one batch: what they found, and what they will write.
pub(super) struct Riders {
    submits: Submits,
    jobs: Jobs,
}

impl Riders {
    /// Locks and reads the rows that the commands' guards look at.
    pub(super) async fn read(
        conn: &mut Conn,
        commands: &[LedgerCommand],
        now: Moment,
    ) -> Result<Riders, StoreError> {
        Ok(Riders {
            submits: Submits::read(conn, commands, now).await?,
            jobs: Jobs::read(conn, commands, now).await?,
        })
    }

    /// Whether the guard of a command's rider stands.
    pub(super) fn check(&self, command: &LedgerCommand) -> Result<(), CommandRefusal> {
        match &command.rider {
            Rider::None => Ok(()),
            Rider::Submit { draft, nonce, job } => self.submits.check(command, draft, nonce, job),
            Rider::Finish { .. } | Rider::Cancel { .. } | Rider::RetryLost { .. } => {
                match JobMove::of(&command.rider) {
                    Some(asked) => self.jobs.check(command.posting.user, &asked),
                    None => Ok(()),
                }
            }
        }
    }

    /// Takes up what an accepted command writes; later commands of the batch see it.
    pub(super) fn accept(&mut self, command: &LedgerCommand) {
        if let Rider::Submit { draft, job, .. } = &command.rider {
            self.submits.accept(draft, job);
        }
        if let Some(asked) = JobMove::of(&command.rider) {
            self.jobs.accept(&asked);
        }
    }

    /// Writes what was taken up.
    pub(super) async fn write(&self, conn: &mut Conn) -> Result<(), StoreError> {
        self.submits.write(conn).await?;
        self.jobs.write(conn).await
    }
}
