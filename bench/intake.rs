//! The way in: updates stored, repeats recognised, 200 answered. Against a bare handler on the
//! same machine, and against an aiogram bot that does the same on the same kind of database.

pub mod server;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use rei_bot::store::{Db, DbConfig, Engine};
use tempfile::TempDir;

use crate::child::Server;
use crate::latency::{median, millis};
use crate::machine;
use crate::postgres::Postgres;
use crate::webhook::{self, Numbers, SECRET, Served};

/// Telegram opens 40 connections by default and 100 at most; 512 stand for a crowd of gateways.
const CONNECTIONS: [usize; 2] = [64, 512];
/// Each figure is the median of so many runs, in which the servers take turns.
const RUNS: usize = 3;
/// Before each run is counted.
const WARM_UP: Duration = Duration::from_secs(1);

const ENGINES: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];

/// What answers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The bot's HTTP server, intake and store.
    Bot,
    /// An actix-web handler that does nothing.
    Bare,
    /// `peers/aiogram_webhook.py`.
    Aiogram,
    /// The same without aiogram's types and dispatcher.
    Aiohttp,
}

/// What the bot is compared with, and how many times that it should be.
const PEERS: [(Kind, &str); 3] = [
    (Kind::Bare, "goal 0.5"),
    (Kind::Aiogram, "goal 10"),
    (Kind::Aiohttp, "no goal"),
];

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Bot => "bot",
            Kind::Bare => "bare handler",
            Kind::Aiogram => "aiogram",
            Kind::Aiohttp => "aiohttp alone",
        }
    }
}

/// A server that is measured.
struct Entry {
    kind: Kind,
    engine: Option<Engine>,
    server: Server,
    numbers: Numbers,
}

/// Measures and prints every figure.
pub async fn measure(length: Duration) -> anyhow::Result<()> {
    println!("intake: updates a second that were answered 200 (p50 / p99 ms)");
    println!("{}", machine::describe());
    let folder = tempfile::tempdir()?;
    let python = python();
    if !python.exists() {
        println!("no peers: run bench/peers/install first");
    }
    let mut entries = vec![start(Kind::Bare, None, &python, &folder).await?];
    for engine in ENGINES {
        entries.push(start(Kind::Bot, Some(engine), &python, &folder).await?);
        if python.exists() {
            for kind in [Kind::Aiogram, Kind::Aiohttp] {
                entries.push(start(kind, Some(engine), &python, &folder).await?);
            }
        }
    }
    for connections in CONNECTIONS {
        compare(&entries, connections, length).await?;
    }
    Ok(())
}

/// The Python of the peers.
fn python() -> PathBuf {
    let folder = std::env::var_os("REI_BENCH_PEERS");
    let folder = folder.map_or_else(|| PathBuf::from("target/bench-peers"), PathBuf::from);
    folder.join("bin/python")
}

async fn start(
    kind: Kind,
    engine: Option<Engine>,
    python: &Path,
    folder: &TempDir,
) -> anyhow::Result<Entry> {
    let url = match engine {
        None => String::new(),
        Some(engine) => database(engine, kind, folder).await?,
    };
    let peer = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/aiogram_webhook.py");
    let mut command = match kind {
        Kind::Bot | Kind::Bare => Command::new(std::env::current_exe()?),
        Kind::Aiogram | Kind::Aiohttp => Command::new(python),
    };
    match kind {
        Kind::Bare => command.args(["intake-server", "bare"]),
        Kind::Bot => command.args(["intake-server", "bot", &url]),
        Kind::Aiogram => command.args([peer, &url, SECRET]),
        Kind::Aiohttp => command.args([peer, &url, SECRET, "--raw"]),
    };
    Ok(Entry {
        kind,
        engine,
        server: Server::start(&mut command)?,
        numbers: Numbers::default(),
    })
}

/// An empty database with the bot's schema.
async fn database(engine: Engine, kind: Kind, folder: &TempDir) -> anyhow::Result<String> {
    let url = match engine {
        Engine::Postgres => Postgres::shared().database().await,
        Engine::Sqlite => {
            let name = kind.name().replace(' ', "-");
            format!("sqlite://{}/{name}.db", folder.path().display())
        }
    };
    let limit = Duration::from_secs(30);
    let db = Db::try_new(&DbConfig {
        url: url.clone(),
        connections_max: 1,
        wait_max: limit,
        statement_max: limit,
        busy_max: limit,
    })?;
    db.migrate().await?;
    Ok(url)
}

async fn compare(entries: &[Entry], connections: usize, length: Duration) -> anyhow::Result<()> {
    println!("{connections} connections, load {}", machine::load());
    let mut runs: Vec<Vec<Served>> = entries.iter().map(|_| Vec::new()).collect();
    for _ in 0..RUNS {
        for (entry, runs) in entries.iter().zip(&mut runs) {
            let (addr, numbers) = (entry.server.addr, &entry.numbers);
            let served = webhook::run(addr, numbers, connections, WARM_UP, length).await;
            runs.push(served.with_context(|| entry.kind.name())?);
        }
    }
    let mut rates = Vec::new();
    for (entry, runs) in entries.iter().zip(&runs) {
        let served = median(runs, |served| served.per_second)?;
        let name = entry.kind.name();
        let engine = entry.engine.map_or("no database", engine_name);
        let (p50, p99) = (millis(served.p50), millis(served.p99));
        let per_second = served.per_second;
        println!("  {name:13} {engine:11} {per_second:7.0} ({p50:.1} / {p99:.1})");
        rates.push((entry.kind, entry.engine, per_second));
    }
    let rate = |kind: Kind, engine: Option<Engine>| {
        let found = rates.iter().find(|(k, e, _)| *k == kind && *e == engine);
        found.map(|(_, _, rate)| *rate)
    };
    for engine in ENGINES {
        for (peer, goal) in PEERS {
            let reference = rate(peer, Some(engine)).or_else(|| rate(peer, None));
            if let (Some(bot), Some(reference)) = (rate(Kind::Bot, Some(engine)), reference) {
                let (engine, peer, ratio) = (engine_name(engine), peer.name(), bot / reference);
                println!("  on {engine} the bot is {ratio:.2} times the {peer} ({goal})");
            }
        }
    }
    println!("  load {} at the end", machine::load());
    Ok(())
}

/// The name of a database for people.
pub fn engine_name(engine: Engine) -> &'static str {
    match engine {
        Engine::Postgres => "PostgreSQL",
        Engine::Sqlite => "SQLite",
    }
}
