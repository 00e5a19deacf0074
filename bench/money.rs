//! Money: transfers on many accounts and on one, against a bare insert and against pgledger; what
//! a transfer weighs; whether it stays as quick when there are many; how long a payment's notice
//! takes to become a balance; how quick the audit is. PostgreSQL, durable, caps and chain on.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures_util::future::try_join_all;
use rei_bot::store::{Conn, Db, Stmt, verify};
use rei_sandbox::yookassa::{Notice, SECRET_KEY, SHOP_ID};

use crate::bot::{self, Bot};
use crate::footprint::beside_this_program;
use crate::latency::{Latencies, millis};
use crate::ledger::{Single, grouped, print_served, prove};
use crate::load;
use crate::machine;
use crate::postgres::Postgres;
use crate::world::{PRELOADED_PAIRS, USERS, World};

/// Requesters at the same time.
const REQUESTERS: usize = 512;
/// Rows of one statement of the bare insert: what a group has at most.
const ROWS: usize = 512;
/// Sizes at which the cost of an operation is looked at, in transfers.
const SIZES: [u64; 3] = [10_000, 100_000, 1_000_000];
/// Holds and captures measured at each size.
const PAIRS_AT_SIZE: u64 = 5_120;
/// Payments whose way is timed.
const PAYMENTS: i64 = 200;
/// Accounts of pgledger.
const PGLEDGER_ACCOUNTS: usize = 1_024;
/// Names the file with pgledger's SQL.
const PGLEDGER: &str = "REI_BENCH_PGLEDGER";
/// Signs the notices of the emulated shop.
const WEBHOOK_SECRET: &str = "whsec_c2FuZGJveC1zZWNyZXQtb2YtYS1iZW5jaC1ydW4tMQ==";
/// How long one payment may take at most.
const CREDIT_WITHIN: Duration = Duration::from_secs(30);

/// Measures and prints every figure.
pub async fn measure(length: Duration) -> anyhow::Result<()> {
    println!("money, PostgreSQL, each durable; operations a second (p50 / p99 ms)");
    println!("{}", machine::describe());
    let bare = bare_insert(length).await?;
    println!("bare insert of {ROWS} rows: {bare:.0} rows a second");
    match std::env::var_os(PGLEDGER) {
        Some(path) => {
            let (spread, hot) = pgledger(PathBuf::from(path), length).await?;
            println!("pgledger: {spread:.0} transfers a second, hot account {hot:.0}");
        }
        None => println!("pgledger: not measured, {PGLEDGER} names no copy of its SQL"),
    }
    let spread = spread(length, bare).await?;
    audit_speed(&spread).await?;
    drop(spread);
    hot(length).await?;
    flatness().await?;
    notices().await
}

/// Many accounts: how much of a bare insert is left with everything on.
async fn spread(length: Duration, bare: f64) -> anyhow::Result<World> {
    let url = Postgres::shared().database().await;
    let world = World::prepare_with(&url, USERS, 0).await?;
    let before = relations_bytes(&world.db).await?;
    world.fill(PRELOADED_PAIRS).await?;
    let after = relations_bytes(&world.db).await?;
    let bytes = (after - before) / i64::try_from(PRELOADED_PAIRS * 2)?;
    println!("a transfer weighs {bytes} bytes with its hold, lots, caps and indexes");
    let served = grouped(&world, REQUESTERS, length).await?;
    print_served("many accounts", REQUESTERS, "in groups", &served);
    let share = served.operations_per_second / bare * 100.0;
    println!("many accounts: {share:.0} % of the bare insert (goal 30)");
    prove(&world).await?;
    Ok(world)
}

/// One account that everybody pays from.
async fn hot(length: Duration) -> anyhow::Result<()> {
    let url = Postgres::shared().database().await;
    let world = World::prepare_with(&url, 1, 5_000).await?;
    let single = Single {
        rows: world.ledger(),
        shards: world.shards,
    };
    let single = load::run(&world, &single, REQUESTERS, length).await?;
    print_served("hot account", REQUESTERS, "one a transaction", &single);
    let grouped = grouped(&world, REQUESTERS, length).await?;
    print_served("hot account", REQUESTERS, "in groups", &grouped);
    let ratio = grouped.operations_per_second / single.operations_per_second;
    println!("hot account: groups are {ratio:.1} times as fast (goal 3)");
    prove(&world).await
}

/// Whether an operation costs as much among many rows as among few.
async fn flatness() -> anyhow::Result<()> {
    let url = Postgres::shared().database().await;
    let world = World::prepare_with(&url, USERS, 0).await?;
    let mut rows = 0;
    for size in SIZES {
        world.fill((size - rows) / 2).await?;
        let begun = Instant::now();
        world.fill(PAIRS_AT_SIZE).await?;
        let micros = begun.elapsed().as_micros() / u128::from(PAIRS_AT_SIZE * 2);
        println!("at {size} transfers an operation takes {micros} µs");
        rows = size + PAIRS_AT_SIZE * 2;
    }
    Ok(())
}

async fn audit_speed(world: &World) -> anyhow::Result<()> {
    let begun = Instant::now();
    let report = verify::audit(&world.db, rei_domain::time::Moment(1)).await?;
    let transfers = report.checked.transfers;
    let rate = transfers as f64 / begun.elapsed().as_secs_f64();
    println!("the audit reads {rate:.0} transfers a second ({transfers} of them)");
    Ok(())
}

/// The limit: rows like those of the journal into a table without constraints but its key.
async fn bare_insert(length: Duration) -> anyhow::Result<f64> {
    let world = World::prepare_with(&Postgres::shared().database().await, 1, 0).await?;
    let table = "
        CREATE TABLE bare (seq BIGINT PRIMARY KEY, debit TEXT NOT NULL, credit TEXT NOT NULL,
            amount BIGINT NOT NULL, kind TEXT NOT NULL, idempotency_key TEXT NOT NULL,
            reference TEXT NOT NULL, at BIGINT NOT NULL, hash TEXT NOT NULL)";
    world
        .db
        .write(async move |conn: &mut Conn| conn.batch(table).await)
        .await?;
    let mut rows = 0;
    let begun = Instant::now();
    while begun.elapsed() < length {
        let values: Vec<String> = (rows..rows + ROWS).map(bare_row).collect();
        let insert = format!("INSERT INTO bare VALUES {}", values.join(","));
        world
            .db
            .write(async move |conn: &mut Conn| conn.batch(&insert).await)
            .await?;
        rows += ROWS;
    }
    Ok(rows as f64 / begun.elapsed().as_secs_f64())
}

fn bare_row(number: usize) -> String {
    format!(
        "({number},'user:{number}:available','user:{number}:held',100,'hold',\
         'hold:{number:032x}','job:{number:032x}',{number},'{number:064x}')"
    )
}

/// The peer, by its own SQL: transfers between two accounts of many, and into one.
async fn pgledger(path: PathBuf, length: Duration) -> anyhow::Result<(f64, f64)> {
    let sql = std::fs::read_to_string(&path)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    let world = World::prepare_with(&Postgres::shared().database().await, 1, 0).await?;
    let db = &world.db;
    db.write(async move |conn: &mut Conn| conn.batch(&sql).await)
        .await?;
    let mut accounts = Vec::new();
    for number in 0..PGLEDGER_ACCOUNTS {
        let text = "SELECT id FROM pgledger_create_account(?, 'RUB')";
        let name = format!("account {number}");
        let row: Id = db
            .write(async move |conn: &mut Conn| {
                conn.one(Stmt::new(text, vec![name.as_str().into()])).await
            })
            .await?;
        accounts.push(row.id);
    }
    let next = AtomicU64::new(0);
    let spread = || {
        let number = next.fetch_add(1, Relaxed);
        let at = |number: u64| usize::try_from(number).unwrap_or(0) % PGLEDGER_ACCOUNTS;
        (at(number), at(number * 7 + 1))
    };
    let to_one = || (1 + spread().0 % (PGLEDGER_ACCOUNTS - 1), 0);
    let many = pgledger_rate(db, &accounts, &spread, length).await?;
    let hot = pgledger_rate(db, &accounts, &to_one, length).await?;
    Ok((many, hot))
}

#[derive(diesel::QueryableByName)]
struct Id {
    #[diesel(sql_type = diesel::sql_types::Text)]
    id: String,
}

async fn pgledger_rate(
    db: &Db,
    accounts: &[String],
    pick: &impl Fn() -> (usize, usize),
    length: Duration,
) -> anyhow::Result<f64> {
    let until = Instant::now() + length;
    let begun = Instant::now();
    let requesters = (0..REQUESTERS).map(|_| async {
        let mut done = 0_u64;
        while Instant::now() < until {
            let (from, to) = pick();
            if from == to {
                continue;
            }
            let text = "SELECT id FROM pgledger_create_transfer(?, ?, 1)";
            let (from, to) = (accounts[from].clone(), accounts[to].clone());
            let _transfer: Id = db
                .write(async move |conn: &mut Conn| {
                    let names = vec![from.as_str().into(), to.as_str().into()];
                    conn.one(Stmt::new(text, names)).await
                })
                .await?;
            done += 1;
        }
        anyhow::Ok(done)
    });
    let done: u64 = try_join_all(requesters).await?.iter().sum();
    Ok(done as f64 / begun.elapsed().as_secs_f64())
}

#[derive(diesel::QueryableByName)]
struct Bytes {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    bytes: i64,
}

async fn relations_bytes(db: &Db) -> anyhow::Result<i64> {
    let text = "
        SELECT CAST(SUM(pg_total_relation_size(oid)) AS BIGINT) AS bytes FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace";
    let row: Bytes = db
        .read(async move |conn: &mut Conn| conn.one(Stmt::new(text, Vec::new())).await)
        .await?;
    Ok(row.bytes)
}

/// From a payment in the emulated shop to the words in the chat that it is there.
async fn notices() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let url = Postgres::shared().database().await;
    let sandbox = bot::sandbox().await?;
    let api = sandbox.url("yookassa/v3");
    let variables = [
        ("DATABASE_URL", url.as_str()),
        ("YOOKASSA_SHOP_ID", SHOP_ID),
        ("YOOKASSA_SECRET_KEY", SECRET_KEY),
        ("YOOKASSA_WEBHOOK_SECRET", WEBHOOK_SECRET),
        ("YOOKASSA_API_URL", api.as_str()),
        ("REI__YOOKASSA__ENVIRONMENT", "test"),
        ("REI__TELEGRAM__SEND_PER_SECOND", "1000000"),
        ("REI__TELEGRAM__SEND_BURST", "1000000"),
        ("REI__TELEGRAM__CHAT_INTERVAL_MS", "1"),
        ("REI__TELEGRAM__CHAT_BURST", "1000"),
    ];
    let binary = beside_this_program()?;
    let bot = Bot::start(&binary, folder.path(), &sandbox, &variables).await?;
    let told = sandbox.yookassa.change_notifications(|settings| {
        settings.url = Some(format!("http://{}/webhook/yookassa", bot.addr));
        settings.signing.secrets = vec![WEBHOOK_SECRET.to_owned()];
    });
    told.map_err(anyhow::Error::msg)?;
    let mut credited = Latencies::default();
    for user in 1..=PAYMENTS {
        credited.push(one_payment(&sandbox, user).await?);
    }
    println!(
        "a payment is credited and told after {:.1} / {:.1} ms",
        millis(credited.at(50)?),
        millis(credited.at(99)?)
    );
    drop(bot);
    sandbox.stop().await;
    Ok(())
}

async fn one_payment(sandbox: &rei_sandbox::Sandbox, user: i64) -> anyhow::Result<Duration> {
    let player = sandbox.telegram.player(user, "Ann", "en");
    let known = sandbox.yookassa.payments().len();
    player.text("/topup 500");
    let asked = Instant::now();
    while sandbox.yookassa.payments().len() == known {
        ensure!(asked.elapsed() < CREDIT_WITHIN, "no payment is offered");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let payments = sandbox.yookassa.payments();
    let newest = payments
        .iter()
        .max_by_key(|payment| payment["created_at"].to_string());
    let id = newest.and_then(|payment| payment["id"].as_str());
    let id = id.context("a payment has an id")?.to_owned();
    let paid = Instant::now();
    let taken = sandbox.yookassa.pay(&id, Notice::Sent);
    taken.map_err(|refusal| anyhow::anyhow!("the payment is refused: {refusal:?}"))?;
    let seen = player.wait("the balance", CREDIT_WITHIN, |chat| {
        let told = chat.iter().any(|message| message.text().contains("added"));
        told.then(Instant::now)
    });
    let seen = seen.await.map_err(anyhow::Error::msg)?;
    Ok(seen - paid)
}
