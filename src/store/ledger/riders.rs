//! Riders: the rows that commit with a posting, and the guards they stand under. A file each.

pub(in crate::store) mod acts;
pub(in crate::store) mod credit;
pub(in crate::store) mod jobs;
pub(in crate::store) mod refund;
pub(in crate::store) mod submit;
pub(in crate::store) mod usage;

use rei_actors::ports::StoreError;
use rei_actors::ports::ledger::{CommandRefusal, LedgerCommand, Reversal, Rider};
use rei_domain::time::Moment;

use crate::store::Conn;
use acts::Acts;
use credit::Credits;
use jobs::{JobMove, Jobs};
use refund::Refunds;
use submit::Submits;
use usage::Usages;

/// The riders of one batch: what they found, and what they will write.
pub(super) struct Riders {
    submits: Submits,
    jobs: Jobs,
    credits: Credits,
    refunds: Refunds,
    usages: Usages,
    acts: Acts,
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
            credits: Credits::read(conn, commands, now).await?,
            refunds: Refunds::read(conn, commands, now).await?,
            usages: Usages::read(conn, commands, now).await?,
            acts: Acts::read(conn, commands, now).await?,
        })
    }

    /// Whether the guard of a command's rider stands.
    pub(super) fn check(&self, command: &LedgerCommand) -> Result<(), CommandRefusal> {
        self.acts.check(command)?;
        match &command.rider {
            Rider::None => Ok(()),
            Rider::Submit { draft, nonce, job } => self.submits.check(command, draft, nonce, job),
            Rider::Usage(rider) => self.usages.check(command.posting.user, rider),
            Rider::Finish { .. } | Rider::Cancel { .. } | Rider::RetryLost { .. } => {
                match JobMove::of(&command.rider) {
                    Some(asked) => self.jobs.check(command.posting.user, &asked),
                    None => Ok(()),
                }
            }
            Rider::Credit(credit) => self.credits.check(command, credit),
            Rider::HoldRefund(refund) | Rider::Reverse(Reversal { refund, .. }) => {
                self.refunds.check_new(command.posting.user, refund)
            }
            Rider::SettleRefund(settlement) => {
                self.refunds.check_end(command.posting.user, settlement)
            }
        }
    }

    /// Takes up what an accepted command writes; later commands of the batch see it.
    pub(super) fn accept(&mut self, command: &LedgerCommand) {
        self.acts.accept(command);
        match &command.rider {
            Rider::None => {}
            Rider::Submit { draft, job, .. } => self.submits.accept(draft, job),
            Rider::Finish { .. } | Rider::Cancel { .. } | Rider::RetryLost { .. } => {
                if let Some(asked) = JobMove::of(&command.rider) {
                    self.jobs.accept(&asked);
                }
            }
            Rider::Credit(credit) => self.credits.accept(credit),
            Rider::HoldRefund(refund) => self.refunds.accept_hold(refund),
            Rider::SettleRefund(settlement) => self.refunds.accept_end(settlement),
            Rider::Reverse(reversal) => self.refunds.accept_reversal(reversal),
            Rider::Usage(rider) => self.usages.accept(rider, &command.posting),
        }
    }

    /// Writes what was taken up.
    pub(super) async fn write(&self, conn: &mut Conn) -> Result<(), StoreError> {
        self.submits.write(conn).await?;
        self.jobs.write(conn).await?;
        self.credits.write(conn).await?;
        self.refunds.write(conn).await?;
        self.usages.write(conn).await?;
        self.acts.write(conn).await
    }
}
