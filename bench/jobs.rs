//! Jobs: from the confirmation to the settled row, through the ledger, the lanes, the lease, the
//! run and the capture, with a provider that answers at once; how soon a job reaches its
//! provider; whether a long queue makes each of its jobs dearer; how quick routing decides; what
//! ten thousand jobs in flight weigh.
//!
//! The peers are RQ on Redis with the same durability, which is what the bot's forerunner queued
//! with, and graphile-worker, a queue in PostgreSQL. They run in the same run, after the house, on
//! the same machine.

mod noop;
mod peer;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures_util::future::try_join_all;
use rei_actors::ports::provider::Provider;
use rei_actors::routes::{Places, Route, Routes};
use rei_actors::scheduler::dispatch::{Dispatch, DispatchPorts};
use rei_bot::store::{Conn, Db, Engine, JobRows};
use rei_domain::spec::Kind;

use crate::intake::engine_name;
use crate::latency::{Latencies, millis};
use crate::machine;
use crate::postgres::Postgres;
use crate::world::World;
use noop::{Answers, House, Noop, Now};

/// Requesters at the same time, each waiting for its confirmation.
const REQUESTERS: usize = 64;
/// Places at the provider: more than are ever used when it answers at once.
const PLACES: usize = 64;
/// Confirmations that are timed one after the other.
const IDLE_JOBS: u64 = 300;
/// Jobs that wait when the cost of one is looked at.
const QUEUED: [u64; 4] = [1_000, 10_000, 100_000, 1_000_000];
/// Jobs leased at each of these.
const LEASED: u64 = 500;
/// Jobs in flight at once.
const IN_FLIGHT: u64 = 10_000;
/// Renewals that they live through before they are weighed.
const RENEWALS_WATCHED: u32 = 4;
/// Providers that routing chooses between.
const CANDIDATES: usize = 16;
const DECISIONS: usize = 100_000;
/// Prepared for each second of a figure; whoever has none left stops.
const DRAFTS_PER_SECOND: u64 = 6_000;

/// Measures and prints every figure.
pub async fn measure(length: Duration) -> anyhow::Result<()> {
    println!("jobs: confirm, queue, lease, call, settle; each step durable (p50 / p99 ms)");
    println!("{}", machine::describe());
    in_flight().await?;
    routing()?;
    let mut rates = Vec::new();
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let folder = tempfile::tempdir()?;
        let url = url_of(engine, folder.path()).await;
        let rate = throughput(engine, &url, length).await?;
        rates.push((engine_name(engine), rate));
        let queue = tempfile::tempdir()?;
        flatness(engine, &url_of(engine, queue.path()).await).await?;
    }
    let rq = peer::rq(length)?;
    let graphile = peer::graphile(length, &Postgres::shared().database().await)?;
    for (name, rate) in rates {
        println!(
            "{name}: {:.1} times RQ's forking worker, {:.1} times its simple one (goal 10)",
            rate / rq.forking,
            rate / rq.simple
        );
        if let Some(graphile) = graphile {
            println!("{name}: {:.2} times graphile-worker", rate / graphile);
        }
    }
    Ok(())
}

async fn url_of(engine: Engine, folder: &std::path::Path) -> String {
    match engine {
        Engine::Sqlite => format!("sqlite://{}/rei.db", folder.display()),
        Engine::Postgres => Postgres::shared().database().await,
    }
}

/// Jobs a second, and how soon they reach the provider: idle, in a rush, and at half of what is
/// possible.
async fn throughput(engine: Engine, url: &str, length: Duration) -> anyhow::Result<f64> {
    let name = engine_name(engine);
    let world = World::prepare_with(url, 4_096, 0).await?;
    let drafts = IDLE_JOBS + 2 * DRAFTS_PER_SECOND * length.as_secs().max(1);
    let house = House::open(&world, PLACES, Answers::AtOnce).await?;
    house.prepare(drafts).await?;

    for _ in 0..IDLE_JOBS {
        house.confirm().await?.context("drafts are left")?;
        house.settle_all().await;
    }
    print_pickup(name, "idle", house.pickups())?;

    let (begun, before) = (Instant::now(), house.settled());
    let confirm_all = || async {
        while begun.elapsed() < length && house.confirm().await?.is_some() {}
        anyhow::Ok(())
    };
    try_join_all((0..REQUESTERS).map(|_| confirm_all())).await?;
    house.settle_all().await;
    let jobs = house.settled() - before;
    let rate = jobs as f64 / begun.elapsed().as_secs_f64();
    println!("{name}, {REQUESTERS} requesters: {rate:.0} jobs a second ({jobs} of them)");
    print_pickup(name, "in a rush", house.pickups())?;

    let every = Duration::from_secs_f64(2.0 / rate);
    let begun = Instant::now();
    let mut confirmed = Vec::new();
    for number in 0..u32::MAX {
        let due = every * number;
        if due > length {
            break;
        }
        actix_rt::time::sleep(due.saturating_sub(begun.elapsed())).await;
        let house = house.clone();
        confirmed.push(actix_rt::spawn(async move { house.confirm().await }));
    }
    for confirmed in confirmed {
        confirmed.await??;
    }
    house.settle_all().await;
    print_pickup(name, "at half of that", house.pickups())?;
    house.close().await;
    Ok(rate)
}

fn print_pickup(name: &str, when: &str, pickups: (Latencies, Latencies)) -> anyhow::Result<()> {
    let (mut committed, mut took) = pickups;
    let (p50, p99) = (millis(took.at(50)?), millis(took.at(99)?));
    let (commit_p50, commit_p99) = (millis(committed.at(50)?), millis(committed.at(99)?));
    println!(
        "{name}, {when}: {p50:.1} / {p99:.1} from the confirmation to the provider; its own \
         commit {commit_p50:.1} / {commit_p99:.1}"
    );
    Ok(())
}

/// What leasing a job costs when many wait. All belong to few users, as a rush does.
async fn flatness(engine: Engine, url: &str) -> anyhow::Result<()> {
    let world = World::prepare_with(url, 1, 0).await?;
    let mut there = 0;
    for queued in QUEUED {
        enqueue_rows(&world.db, there, queued).await?;
        world.analyze().await?;
        there = queued;
        let ports = DispatchPorts {
            clock: Arc::new(Now),
            jobs: Arc::new(JobRows::new(world.db.clone())),
        };
        let mut dispatch = Dispatch::new(ports, noop::dispatch_settings());
        let begun = Instant::now();
        let mut leased = 0;
        while leased < LEASED {
            dispatch.refill().await?;
            let before = leased;
            loop {
                let batch = dispatch.next(Kind::Image, PLACES, |_| Some(())).await?;
                if batch.is_empty() || leased >= LEASED {
                    break;
                }
                leased += batch.len() as u64;
            }
            ensure!(leased > before, "nothing can be leased of {queued} jobs");
        }
        let micros = begun.elapsed().as_micros() / u128::from(leased);
        println!(
            "{}, {queued} queued: {micros} µs a lease",
            engine_name(engine)
        );
    }
    Ok(())
}

/// Rows of waiting jobs, written past the ledger: only their lease is looked at.
async fn enqueue_rows(db: &Db, from: u64, to: u64) -> anyhow::Result<()> {
    let numbers = match db.engine() {
        Engine::Sqlite => format!(
            "WITH RECURSIVE numbers (n) AS (SELECT {from} UNION ALL SELECT n + 1 FROM numbers \
             WHERE n < {to} - 1) "
        ),
        Engine::Postgres => {
            format!("WITH numbers (n) AS (SELECT generate_series({from}, {to} - 1)) ")
        }
    };
    let text = format!(
        "INSERT INTO jobs (id, draft_id, user_id, chat_id, hold_id, lane, model, prompt, aspect, \
         size, inputs, price, state, state_at, fence, due_at, attempt, created_at, deadline_at) \
         {numbers} SELECT 'job' || n, 'job' || n, n % 100, n % 100, 'job' || n, 'normal', 'noop', \
         'a cat', 'auto', '1K', '[]', 100, 'queued', n, 0, 0, 0, n, 9000000000000000 FROM numbers"
    );
    let insert = async move |conn: &mut Conn| conn.batch(&text).await;
    Ok(db.write(insert).await?)
}

/// How long routing takes to choose among many providers, with the record of its decision.
fn routing() -> anyhow::Result<()> {
    let providers = (0..CANDIDATES).map(|number| {
        let provider: Arc<dyn Provider> = Arc::new(Noop::named(number));
        provider
    });
    let routes = Routes::new(providers.collect(), noop::route_settings());
    let places = [Places { all: 64, free: 32 }; CANDIDATES];
    let job = noop::waiting_job();
    let now = rei_actors::ports::clock::Clock::now(&Now);
    let mut took = Latencies::default();
    for _ in 0..DECISIONS {
        let begun = Instant::now();
        let route = routes.choose(&job, &places, now);
        took.push(begun.elapsed());
        ensure!(matches!(route, Route::Take { .. }), "somebody is free");
    }
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    let (p50, p99) = (micros(took.at(50)?), micros(took.at(99)?));
    println!("routing among {CANDIDATES}: {p50:.1} / {p99:.1} µs a decision (goal 50)");
    Ok(())
}

/// Ten thousand jobs that their provider works on, and keeps working on.
async fn in_flight() -> anyhow::Result<()> {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let folder = tempfile::tempdir()?;
        let world = World::prepare_with(&url_of(engine, folder.path()).await, 4_096, 0).await?;
        let house = House::open(&world, usize::try_from(IN_FLIGHT)?, Answers::Never).await?;
        house.prepare(IN_FLIGHT).await?;
        let confirm_all = || async {
            while house.confirm().await?.is_some() {}
            anyhow::Ok(())
        };
        try_join_all((0..REQUESTERS).map(|_| confirm_all())).await?;
        house.called(IN_FLIGHT).await;
        actix_rt::time::sleep(noop::RENEW_EVERY * RENEWALS_WATCHED).await;
        let lost = house.leases_run_out().await?;
        let megabytes = machine::resident_bytes(std::process::id())? as f64 / 1e6;
        println!(
            "{}, {IN_FLIGHT} in flight: {megabytes:.0} MB resident (goal 512), {lost} leases lost",
            engine_name(engine)
        );
        house.close().await;
    }
    Ok(())
}
