//! A database with rich users, and the commands they send.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use rei_actors::ports::StoreError;
use rei_actors::ports::ledger::{LedgerCommand, LedgerOutcome, LedgerStore, Rider, shard_of};
use rei_bot::store::{Conn, Db, DbConfig, LedgerRows};
use rei_domain::ids::{HoldId, IdempotencyKey, UserId};
use rei_domain::ledger::caps::{CapRules, Caps};
use rei_domain::ledger::{Applied, HoldPurpose, Movement, Operation, Posting};
use rei_domain::money::Money;
use rei_domain::time::Moment;

/// Users who share the load.
pub const USERS: u64 = 4_096;
/// Holds placed and captured before anything is measured, so that tables and indexes have a
/// size and the planner knows it.
pub const PRELOADED_PAIRS: u64 = 50_000;
/// Commands in one transaction of the preparation.
const PREPARED_BATCH: usize = 512;
const PRICE: Money = Money::from_kopecks(100);

/// A prepared database.
pub struct World {
    pub db: Db,
    pub shards: u32,
    users: u64,
    next: AtomicU64,
}

/// Caps that are looked at and never reached.
const HIGH: Caps = Caps {
    hour: Some(Money::from_kopecks(i64::MAX / 4)),
    day: Some(Money::from_kopecks(i64::MAX / 4)),
};

/// A hold and its capture, of one user.
pub struct Pair {
    pub hold: LedgerCommand,
    pub capture: LedgerCommand,
}

impl World {
    /// Migrates the database and fills it, for many users.
    pub async fn prepare(url: &str) -> anyhow::Result<World> {
        World::prepare_with(url, USERS, PRELOADED_PAIRS).await
    }

    /// Migrates the database, makes so many users rich and lets them have had so many holds.
    pub async fn prepare_with(url: &str, users: u64, pairs: u64) -> anyhow::Result<World> {
        let db = Db::try_new(&DbConfig {
            url: url.to_owned(),
            connections_max: 16,
            wait_max: Duration::from_secs(60),
            statement_max: Duration::from_secs(60),
            busy_max: Duration::from_secs(5),
        })?;
        db.migrate().await?;
        let shards = LedgerRows::new(db.clone()).shards().await?;
        let world = World {
            db,
            shards,
            users,
            next: AtomicU64::new(0),
        };
        let grants: Vec<LedgerCommand> = (0..users).map(grant).collect();
        world.apply_all(grants).await?;
        world.fill(pairs).await?;
        Ok(world)
    }

    /// Places and captures so many holds.
    pub async fn fill(&self, pairs: u64) -> anyhow::Result<()> {
        let pairs: Vec<Pair> = (0..pairs).map(|_| self.pair()).collect();
        let (holds, captures) = pairs.into_iter().map(|p| (p.hold, p.capture)).unzip();
        self.apply_all(holds).await?;
        self.apply_all(captures).await?;
        Ok(self.analyze().await?)
    }

    /// The ledger, with caps that are looked at.
    pub fn ledger(&self) -> LedgerRows {
        let caps = CapRules {
            user: HIGH,
            platform: HIGH,
        };
        LedgerRows::with_caps(self.db.clone(), caps)
    }

    /// A hold that was never placed, and its capture.
    pub fn pair(&self) -> Pair {
        let number = self.next.fetch_add(1, Relaxed);
        let user = user(number % self.users);
        let hold = HoldId::new(format!("{number:032x}"));
        let place = Movement::PlaceHold {
            hold: hold.clone(),
            amount: PRICE,
            expires_at: Moment(i64::MAX),
            purpose: HoldPurpose::Job,
            platform_cost: Money::ZERO,
        };
        Pair {
            hold: command(user, format!("hold:{hold}"), place),
            capture: command(
                user,
                format!("settle:{hold}"),
                Movement::CaptureHold { hold },
            ),
        }
    }

    /// Lets the planner see what the tables hold by now.
    pub async fn analyze(&self) -> Result<(), StoreError> {
        self.db
            .write(async |conn: &mut Conn| conn.batch("ANALYZE").await)
            .await
    }

    async fn apply_all(&self, commands: Vec<LedgerCommand>) -> anyhow::Result<()> {
        let ledger = self.ledger();
        let mut by_shard = vec![Vec::new(); usize::try_from(self.shards)?];
        for command in commands {
            let shard = shard_of(command.posting.user, self.shards);
            by_shard[usize::try_from(shard.0)?].push(command);
        }
        for commands in by_shard {
            for batch in commands.chunks(PREPARED_BATCH) {
                let shard = shard_of(batch[0].posting.user, self.shards);
                for outcome in ledger.apply(shard, batch, Moment(1)).await? {
                    expect_new(&outcome)?;
                }
            }
        }
        Ok(())
    }
}

/// A figure counts only what was written now.
pub fn expect_new(outcome: &LedgerOutcome) -> anyhow::Result<()> {
    match outcome {
        LedgerOutcome::Applied {
            applied: Applied::Now,
            ..
        } => Ok(()),
        other => anyhow::bail!("a measured command ended as {other:?}"),
    }
}

fn user(number: u64) -> UserId {
    UserId(i64::try_from(number).expect("users are few") + 1)
}

fn grant(number: u64) -> LedgerCommand {
    let amount = Money::OPERATION_MAX;
    command(
        user(number),
        format!("bonus:{number}"),
        Movement::GrantBonus { amount },
    )
}

fn command(user: UserId, key: String, movement: Movement) -> LedgerCommand {
    let reference = key.clone();
    LedgerCommand {
        posting: Posting {
            user,
            operations: vec![Operation {
                key: IdempotencyKey::new(key),
                movement,
                reference,
            }],
        },
        rider: Rider::None,
        outbox: Vec::new(),
        audit: None,
    }
}
