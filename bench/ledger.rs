//! The ledger: group commit against one transaction an operation, in the same schema, with the
//! chain, the caps, the constraints and the triggers on.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rei_actors::batch::BatchLimits;
use rei_actors::ledger::{Ledger, LedgerActor};
use rei_actors::ports::StoreError;
use rei_actors::ports::clock::Clock;
use rei_actors::ports::ledger::{LedgerCommand, LedgerOutcome, LedgerStore, Poster, shard_of};
use rei_actors::supervision::{ChildSpec, Tree};
use rei_bot::store::{LedgerRows, verify};
use rei_domain::ids::ShardId;
use rei_domain::time::Moment;

use crate::load::{self, Served};
use crate::pgbench;
use crate::postgres::Postgres;
use crate::world::World;

/// Requesters at the same time: a busy hour, and a rush.
const REQUESTERS: [usize; 2] = [64, 512];
/// The most operations in one transaction.
const BATCH_MAX: usize = 512;
/// PostgreSQL answers pgbench best with few clients a core; more are not its load here.
const PGBENCH_CLIENTS: usize = 64;

/// Measures and prints every figure.
pub async fn measure(length: Duration) -> anyhow::Result<()> {
    println!("hold + capture, each durable; operations a second (p50 / p99 ms)");
    let url = Postgres::shared().database().await;
    pgbench::prepare(&url)?;
    let reference = pgbench::simple_updates(&url, PGBENCH_CLIENTS, length)?;
    println!("pgbench -N -M prepared, {PGBENCH_CLIENTS} clients: {reference:.0} transactions/s");
    compare("PostgreSQL", &url, length, Some(reference)).await?;

    let folder = tempfile::tempdir()?;
    let url = format!("sqlite://{}/rei.db", folder.path().display());
    compare("SQLite", &url, length, None).await
}

async fn compare(
    name: &str,
    url: &str,
    length: Duration,
    reference: Option<f64>,
) -> anyhow::Result<()> {
    let world = World::prepare(url).await?;
    for requesters in REQUESTERS {
        let single = Single {
            rows: world.ledger(),
            shards: world.shards,
        };
        let single = load::run(&world, &single, requesters, length).await?;
        print_served(name, requesters, "one a transaction", &single);
        let grouped = grouped(&world, requesters, length).await?;
        print_served(name, requesters, "in groups", &grouped);
        let ratio = grouped.operations_per_second / single.operations_per_second;
        println!("{name}, {requesters} requesters: groups are {ratio:.1} times as fast");
        if let Some(reference) = reference {
            let ratio = grouped.operations_per_second / reference;
            println!("{name}, {requesters} requesters: {ratio:.1} operations for a pgbench -N");
        }
    }
    prove(&world).await
}

pub fn print_served(name: &str, requesters: usize, how: &str, served: &Served) {
    let Served {
        operations_per_second,
        p50,
        p99,
    } = served;
    let (p50, p99) = (p50.as_secs_f64() * 1e3, p99.as_secs_f64() * 1e3);
    println!(
        "{name}, {requesters} requesters, {how}: {operations_per_second:.0} ({p50:.1} / {p99:.1})"
    );
}

/// A figure of books that do not balance would be worth nothing. The measured holds have no
/// jobs, so only what concerns money alone is looked at.
pub async fn prove(world: &World) -> anyhow::Result<()> {
    let report = verify::audit(&world.db, Now.now()).await?;
    let money = ["I1", "I2", "I3", "I4", "I5", "I31"];
    for finding in &report.findings {
        anyhow::ensure!(!money.contains(&finding.invariant), "{finding}");
    }
    println!("{} transfers, books balance", report.checked.transfers);
    Ok(())
}

/// The house's own way: an actor for each shard, which commits in groups.
pub async fn grouped(world: &World, requesters: usize, length: Duration) -> anyhow::Result<Served> {
    let tree = Tree::new(world.db.runtime().clone(), |escalation| {
        eprintln!("a ledger shard cannot be kept running: {escalation:?}");
    });
    let store: Arc<dyn LedgerStore> = Arc::new(world.ledger());
    let limits = BatchLimits {
        batch_max: BATCH_MAX,
        waiting_max: requesters,
    };
    let (mut arbiters, mut gates) = (Vec::new(), Vec::new());
    for shard in 0..world.shards {
        let arbiter = actix_rt::Arbiter::new();
        let store = Arc::clone(&store);
        let spec = ChildSpec {
            capacity: requesters,
            ..ChildSpec::default()
        };
        let make =
            move || LedgerActor::new(ShardId(shard), Arc::clone(&store), Arc::new(Now), limits);
        gates.push(tree.spawn_child(&format!("ledger-{shard}"), &arbiter.handle(), spec, make)?);
        arbiters.push(arbiter);
    }
    let ledger = Ledger::new(gates, Duration::from_secs(60));
    let served = load::run(world, &ledger, requesters, length).await;
    tree.shutdown(Duration::from_secs(5)).await;
    for arbiter in arbiters {
        arbiter.stop();
    }
    served
}

/// What it is compared with: each command in a transaction of its own.
pub struct Single {
    pub rows: LedgerRows,
    pub shards: u32,
}

#[async_trait::async_trait]
impl Poster for Single {
    async fn post(&self, command: LedgerCommand) -> Result<LedgerOutcome, StoreError> {
        let shard = shard_of(command.posting.user, self.shards);
        let commands = std::slice::from_ref(&command);
        let outcomes = self.rows.apply(shard, commands, Now.now()).await?;
        outcomes
            .into_iter()
            .next()
            .ok_or_else(|| StoreError::Broken("a command has no outcome".to_owned()))
    }
}

/// The wall clock.
struct Now;

impl Clock for Now {
    fn now(&self) -> Moment {
        let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        Moment(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}
