//! The ledger's rows: a batch of commands in one transaction.
//!
//! ```text
//! lock the shard's head ─▶ read what the batch touches ─▶ decide in order, in memory
//!                                                          ─▶ write, one statement a table
//! ```
//! The head's lock serialises a shard across processes, so what was read stays true until the
//! commit. Drafts and jobs are locked too: leases and turns write them beside the ledger. The
//! UNIQUE key, the CHECKs and the triggers stand behind it as the net.

pub(super) mod lots;
pub(super) mod reads;
pub(super) mod riders;
pub(super) mod spending;
pub(super) mod writes;

use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::sql_types::BigInt;
use rei_actors::ports::StoreError;
use rei_actors::ports::ledger::{CommandRefusal, LedgerCommand, LedgerOutcome, LedgerStore};
use rei_domain::conversation::Balance;
use rei_domain::ids::{ShardId, UserId};
use rei_domain::ledger::caps::CapRules;
use rei_domain::ledger::{Account, Applied, Books};
use rei_domain::time::Moment;

use crate::store::stmt::{sql, statements};
use crate::store::{Conn, Db};
use riders::Riders;

statements! {
    SHARDS = "SELECT COUNT(*) AS shards FROM ledger_shards";
}

/// The ledger in a database.
#[derive(Clone)]
pub struct LedgerRows {
    db: Db,
    caps: CapRules,
}

impl LedgerRows {
    /// The ledger of this database, with no caps but those of its rows.
    pub fn new(db: Db) -> Self {
        Self::with_caps(db, CapRules::default())
    }

    /// The ledger of this database under these caps.
    pub fn with_caps(db: Db, caps: CapRules) -> Self {
        Self { db, caps }
    }
}

#[derive(QueryableByName)]
struct Shards {
    #[diesel(sql_type = BigInt)]
    shards: i64,
}

#[async_trait]
impl LedgerStore for LedgerRows {
    async fn shards(&self) -> Result<u32, StoreError> {
        let row = self
            .db
            .read(async move |conn: &mut Conn| conn.one::<Shards>(sql!(SHARDS)).await)
            .await?;
        u32::try_from(row.shards)
            .ok()
            .filter(|shards| *shards > 0)
            .ok_or_else(|| StoreError::Broken("the ledger has no shards".into()))
    }

    async fn apply(
        &self,
        shard: ShardId,
        commands: &[LedgerCommand],
        now: Moment,
    ) -> Result<Vec<LedgerOutcome>, StoreError> {
        let (commands, caps) = (commands.to_vec(), self.caps);
        self.db
            .tx(async move |conn: &mut Conn| apply(conn, shard, &commands, now, &caps).await)
            .await
    }
}

async fn apply(
    conn: &mut Conn,
    shard: ShardId,
    commands: &[LedgerCommand],
    now: Moment,
    caps: &CapRules,
) -> Result<Vec<LedgerOutcome>, StoreError> {
    let head = reads::lock_head(conn, shard).await?;
    let mut books = Books::new(shard, head, now, *caps);
    reads::read_books(conn, commands, &mut books, caps).await?;
    let mut riders = Riders::read(conn, commands, now).await?;
    let (mut outbox, mut audit) = (Vec::new(), Vec::new());
    let mut outcomes = Vec::with_capacity(commands.len());
    for command in commands {
        let outcome = match decide(&mut books, &mut riders, command) {
            Ok(applied) => {
                if applied == Applied::Now {
                    outbox.extend(command.outbox.iter().cloned());
                    audit.extend(command.audit.iter().map(|audited| audited.entry.clone()));
                }
                LedgerOutcome::Applied {
                    applied,
                    balance: balance(&books, command.posting.user),
                }
            }
            Err(refusal) => LedgerOutcome::Refused(refusal),
        };
        outcomes.push(outcome);
    }
    writes::write_books(conn, &books).await?;
    riders.write(conn).await?;
    if !outbox.is_empty() {
        super::outbox::insert_outbox(conn, &outbox).await?;
    }
    super::audit::append(conn, &audit).await?;
    Ok(outcomes)
}

/// A repeat is recognised before anything else, then the rider's guard stands, then the money.
fn decide(
    books: &mut Books,
    riders: &mut Riders,
    command: &LedgerCommand,
) -> Result<Applied, CommandRefusal> {
    if books.was_applied(&command.posting)? {
        return Ok(Applied::Before);
    }
    riders.check(command)?;
    let applied = books.post(&command.posting)?;
    riders.accept(command);
    Ok(applied)
}

fn balance(books: &Books, user: UserId) -> Balance {
    Balance {
        available: books.balance(Account::Available(user)),
        held: books.balance(Account::Held(user)),
    }
}

#[cfg(test)]
mod tests;
