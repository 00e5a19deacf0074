//! What the bot needs when it does nothing: time to start, memory, disk, and memory for each
//! session that is kept.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use diesel::QueryableByName;
use diesel::sql_types::BigInt;
use futures_util::future::try_join_all;
use rei_bot::store::{Conn, Db, DbConfig, Stmt};
use rei_sandbox::Sandbox;

use crate::bot::{self, Bot};
use crate::latency::{Latencies, millis};
use crate::machine;
use crate::webhook::{self, Line};

/// Starts of which the median is told.
const STARTS: usize = 20;
/// How long the bot is left alone before its memory is read.
const REST: Duration = Duration::from_secs(5);
/// Sessions that are kept, each of a chat of its own.
const SESSIONS: i64 = 10_000;
/// Deliveries at once.
const LINES: i64 = 50;
/// How long answering all updates may take.
const ANSWERED_WITHIN: Duration = Duration::from_secs(300);

const READY_GOAL_MS: f64 = 100.0;
const RESIDENT_GOAL_MB: f64 = 64.0;
const BINARY_GOAL_MB: f64 = 30.0;
const MEGABYTE: f64 = 1024.0 * 1024.0;

/// The bot's binary of the same build.
pub fn beside_this_program() -> anyhow::Result<PathBuf> {
    let binary = std::env::current_exe()?.with_file_name("rei-bot");
    ensure!(
        binary.exists(),
        "{} is not there: build it with the same profile, `cargo build --release -p rei-bot`",
        binary.display()
    );
    Ok(binary)
}

/// Measures and prints every figure.
pub async fn measure(binary: &Path) -> anyhow::Result<()> {
    println!("footprint of {}", binary.display());
    println!("{}", machine::describe());
    let bytes = std::fs::metadata(binary)
        .with_context(|| format!("{} is not there", binary.display()))?
        .len();
    print_share("binary", bytes as f64 / MEGABYTE, "MB", BINARY_GOAL_MB);
    let sandbox = bot::sandbox().await?;
    starts(binary, &sandbox).await?;
    idle_memory(binary, &sandbox).await?;
    session_memory(binary, &sandbox).await?;
    sandbox.stop().await;
    println!("load {} at the end", machine::load());
    Ok(())
}

fn print_share(what: &str, figure: f64, unit: &str, goal: f64) {
    let share = figure / goal;
    println!("  {what}: {figure:.1} {unit}, {share:.2} of the {goal} {unit} it may have");
}

/// The first start of a bot makes its database; every other finds it.
async fn starts(binary: &Path, sandbox: &Sandbox) -> anyhow::Result<()> {
    let (mut first, mut later) = (Latencies::default(), Latencies::default());
    for _ in 0..STARTS {
        let folder = tempfile::tempdir()?;
        for starts in [&mut first, &mut later] {
            let bot = Bot::start(binary, folder.path(), sandbox, &[]).await?;
            starts.push(bot.ready_after);
        }
    }
    for (what, starts) in [("first start", &mut first), ("start", &mut later)] {
        print_share(what, millis(starts.at(50)?), "ms", READY_GOAL_MS);
        let (least, most) = (millis(starts.at(0)?), millis(starts.at(100)?));
        println!("    median of {STARTS}, from {least:.1} to {most:.1}");
    }
    Ok(())
}

async fn idle_memory(binary: &Path, sandbox: &Sandbox) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bot = Bot::start(binary, folder.path(), sandbox, &[]).await?;
    tokio::time::sleep(REST).await;
    let resident = machine::resident_bytes(bot.pid())? as f64 / MEGABYTE;
    print_share("resident when idle", resident, "MB", RESIDENT_GOAL_MB);
    Ok(())
}

/// The same updates once from one chat and once from as many chats: what the second bot has more
/// is its sessions.
async fn session_memory(binary: &Path, sandbox: &Sandbox) -> anyhow::Result<()> {
    let of_one = resident_after(binary, sandbox, 1).await?;
    let of_all = resident_after(binary, sandbox, SESSIONS).await?;
    println!(
        "  resident after {SESSIONS} updates of one chat: {:.1} MB, of as many chats: {:.1} MB",
        of_one as f64 / MEGABYTE,
        of_all as f64 / MEGABYTE
    );
    let bytes = of_all.saturating_sub(of_one) / SESSIONS.unsigned_abs();
    println!("  a session that waits: {bytes} bytes");
    Ok(())
}

async fn resident_after(binary: &Path, sandbox: &Sandbox, chats: i64) -> anyhow::Result<u64> {
    let folder = tempfile::tempdir()?;
    let variables = [
        ("REI__SESSIONS__ALIVE_MAX", "20000"),
        ("REI__SESSIONS__IDLE_SECS", "3600"),
    ];
    let bot = Bot::start(binary, folder.path(), sandbox, &variables).await?;
    let lines = (0..LINES).map(|line| post(bot.addr, line, chats));
    try_join_all(lines).await?;
    let url = format!("sqlite://{}/rei.db", folder.path().display());
    all_answered(&url).await?;
    tokio::time::sleep(REST).await;
    machine::resident_bytes(bot.pid())
}

/// Every so many-th update: messages of groups, which a session looks at and answers nothing to.
async fn post(addr: SocketAddr, line: i64, chats: i64) -> anyhow::Result<()> {
    let mut connection = Line::connect(addr).await?;
    for number in (line..SESSIONS).step_by(usize::try_from(LINES)?) {
        let (update, chat) = (number + 1, -(number % chats + 1));
        let body = format!(
            "{{\"update_id\":{update},\"message\":{{\"message_id\":{update},\"from\":{{\"id\":7,\
             \"is_bot\":false,\"first_name\":\"Ann\"}},\"chat\":{{\"id\":{chat},\
             \"title\":\"A group\",\"type\":\"group\"}},\"date\":1790000000,\"text\":\"hello\"}}}}"
        );
        connection.ask(&webhook::request(&body)).await?;
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Waits until no stored update waits for its session.
async fn all_answered(url: &str) -> anyhow::Result<()> {
    let limit = Duration::from_secs(30);
    let db = Db::try_new(&DbConfig {
        url: url.to_owned(),
        connections_max: 1,
        wait_max: limit,
        statement_max: limit,
        busy_max: limit,
    })?;
    let given_up = Instant::now() + ANSWERED_WITHIN;
    loop {
        let waiting: Result<Count, _> = db
            .read(async |conn: &mut Conn| {
                let waiting = "SELECT COUNT(*) AS count FROM inbox WHERE processed_at IS NULL";
                conn.one(Stmt::new(waiting, Vec::new())).await
            })
            .await;
        if waiting.map_err(anyhow::Error::from)?.count == 0 {
            return Ok(());
        }
        ensure!(Instant::now() < given_up, "the updates are never answered");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
