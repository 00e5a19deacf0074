//! The conversation: from an update's first byte to the reply's arrival at Telegram, through the
//! whole bot. Idle, and while many people write.
//!
//! The limit it is compared with is what stands on both sides of it: an update that is stored
//! and answered 200, and a call of the emulator that nobody else waits for.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, ensure};
use futures_util::future::try_join_all;
use rei_bot::store::Engine;
use rei_sandbox::Sandbox;

use crate::bot::{self, Bot};
use crate::footprint::beside_this_program;
use crate::intake::engine_name;
use crate::latency::{Latencies, millis};
use crate::machine;
use crate::postgres::Postgres;
use crate::webhook::{self, Line};

/// People who write; under load each does so every other second.
const CHATS: i64 = 2_000;
/// Updates a second under load, as the goal names it.
const UPDATES_PER_SECOND: u32 = 1_000;
/// Deliveries at once, as many as Telegram allows itself.
const LINES: usize = 100;
/// Updates of the idle figure, one after the other.
const IDLE_UPDATES: i64 = 300;
/// The emulator forgets older calls, and some are made before.
const CALLS_KEPT: u64 = 15_000;
/// A reply that is not there by then is not counted as late but as missing.
const REPLY_WITHIN: Duration = Duration::from_secs(60);
/// Above the numbers that the emulator gives its own updates.
const FIRST_UPDATE: i64 = 1_000_000_000;

/// The bot keeps Telegram's limits by itself; they are lifted on both sides.
const UNLIMITED: [(&str, &str); 4] = [
    ("REI__TELEGRAM__SEND_PER_SECOND", "1000000"),
    ("REI__TELEGRAM__SEND_BURST", "1000000"),
    ("REI__TELEGRAM__CHAT_INTERVAL_MS", "1"),
    ("REI__TELEGRAM__CHAT_BURST", "1000"),
];

/// Measures and prints every figure.
pub async fn measure(length: Duration) -> anyhow::Result<()> {
    println!("conversation: update to reply sent (p50 / p99 ms)");
    println!("{}", machine::describe());
    let updates = length.as_secs() * u64::from(UPDATES_PER_SECOND);
    ensure!(
        updates <= CALLS_KEPT,
        "the emulator remembers {CALLS_KEPT} calls, which is {} s",
        CALLS_KEPT / u64::from(UPDATES_PER_SECOND)
    );
    let binary = beside_this_program()?;
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let folder = tempfile::tempdir()?;
        let url = match engine {
            Engine::Sqlite => format!("sqlite://{}/rei.db", folder.path().display()),
            Engine::Postgres => Postgres::shared().database().await,
        };
        measure_on(engine, &binary, folder.path(), &url, length).await?;
    }
    Ok(())
}

async fn measure_on(
    engine: Engine,
    binary: &Path,
    folder: &Path,
    url: &str,
    length: Duration,
) -> anyhow::Result<()> {
    let name = engine_name(engine);
    let sandbox = bot::sandbox().await?;
    let mut variables = UNLIMITED.to_vec();
    variables.push(("DATABASE_URL", url));
    let bot = Bot::start(binary, folder, &sandbox, &variables).await?;
    everybody_says_hello(&sandbox).await?;
    let mut talk = Talk {
        sandbox: &sandbox,
        addr: bot.addr,
        last_update: FIRST_UPDATE,
    };

    let (mut idle, mut stored) = talk.one_after_the_other().await?;
    let limit = stored.at(50)? + talk.bare_call().await?;
    let (p50, p99) = (idle.at(50)?, idle.at(99)?);
    println!("  {name}, idle: {:.1} / {:.1}", millis(p50), millis(p99));
    println!(
        "  {name}, idle: {:.1} times the 200 and a call of the emulator ({:.1} ms)",
        p50.as_secs_f64() / limit.as_secs_f64(),
        millis(limit)
    );

    let load = machine::load();
    let mut busy = talk.many_at_once(length).await?;
    let (p50, p99) = (busy.replies.at(50)?, busy.replies.at(99)?);
    println!(
        "  {name}, {UPDATES_PER_SECOND} updates a second: {:.1} / {:.1}; {} of {} replies, \
         {:.0} a second; load {load} before",
        millis(p50),
        millis(p99),
        busy.replies.len(),
        busy.updates,
        busy.replies.len() as f64 / busy.took.as_secs_f64()
    );
    drop(bot);
    sandbox.stop().await;
    Ok(())
}

/// A bot may write to those who wrote to it; besides, it knows everybody then.
async fn everybody_says_hello(sandbox: &Sandbox) -> anyhow::Result<()> {
    for chat in 1..=CHATS {
        sandbox.telegram.player(chat, "Ann", "en").text("/start");
    }
    for chat in 1..=CHATS {
        let player = sandbox.telegram.player(chat, "Ann", "en");
        let greeted = player.wait("a greeting", REPLY_WITHIN, |chat| {
            (chat.len() > 1).then_some(())
        });
        greeted.await.map_err(anyhow::Error::msg)?;
    }
    Ok(())
}

/// What a load came to.
struct Busy {
    replies: Latencies,
    updates: usize,
    /// From the first update to the last reply.
    took: Duration,
}

struct Talk<'a> {
    sandbox: &'a Sandbox,
    addr: SocketAddr,
    last_update: i64,
}

impl Talk<'_> {
    /// An update with words of this chat, as a delivery.
    fn delivery(&mut self, chat: i64) -> Vec<u8> {
        self.last_update += 1;
        let number = self.last_update;
        webhook::request(&format!(
            "{{\"update_id\":{number},\"message\":{{\"message_id\":{number},\"from\":{{\"id\":{chat},\
             \"is_bot\":false,\"first_name\":\"Ann\",\"language_code\":\"en\"}},\"chat\":{{\
             \"id\":{chat},\"first_name\":\"Ann\",\"type\":\"private\"}},\"date\":1790000000,\
             \"text\":\"a red fox in the snow, film photo\"}}}}"
        ))
    }

    /// Each update waits for the reply to the one before. The replies, and the 200s.
    async fn one_after_the_other(&mut self) -> anyhow::Result<(Latencies, Latencies)> {
        let mut line = Line::connect(self.addr).await?;
        let (mut replies, mut stored) = (Latencies::default(), Latencies::default());
        for chat in 1..=IDLE_UPDATES {
            let delivery = self.delivery(chat);
            let player = self.sandbox.telegram.player(chat, "Ann", "en");
            let messages = player.chat().len();
            let begun = Instant::now();
            line.ask(&delivery).await?;
            stored.push(begun.elapsed());
            let answered = |chat: &[_]| (chat.len() > messages).then_some(());
            let reply = player.wait("a reply", REPLY_WITHIN, answered).await;
            reply.map_err(anyhow::Error::msg)?;
            replies.push(begun.elapsed());
        }
        Ok((replies, stored))
    }

    /// The median of a call of the emulator that it answers at once.
    async fn bare_call(&self) -> anyhow::Result<Duration> {
        let url = url_of(&self.sandbox.url("telegram"))?;
        let body = "{\"chat_id\":1,\"text\":\"hello\"}";
        let request = format!(
            "POST /telegram/bot{}/sendMessage HTTP/1.1\r\nHost: {url}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            bot::BOT_TOKEN,
            body.len()
        );
        let mut line = Line::connect(url).await?;
        let mut calls = Latencies::default();
        for _ in 0..IDLE_UPDATES {
            let begun = Instant::now();
            line.ask(request.as_bytes()).await?;
            calls.push(begun.elapsed());
        }
        calls.at(50)
    }

    /// Updates come at their times whether or not earlier ones are answered; a reply's time runs
    /// from when its update was due.
    async fn many_at_once(&mut self, length: Duration) -> anyhow::Result<Busy> {
        let count = i64::try_from(length.as_secs())? * i64::from(UPDATES_PER_SECOND);
        let before = self.calls().len();
        let mut shares: Vec<VecDeque<(Duration, i64, Vec<u8>)>> = vec![VecDeque::new(); LINES];
        for number in 0..count {
            let due = Duration::from_secs(1) * u32::try_from(number)? / UPDATES_PER_SECOND;
            let chat = number % CHATS + 1;
            let share = usize::try_from(number)? % LINES;
            let delivery = self.delivery(chat);
            shares[share].push_back((due, chat, delivery));
        }
        let mut lines = Vec::new();
        for share in shares {
            lines.push((Line::connect(self.addr).await?, share));
        }
        let begun = Instant::now();
        let begun_at = SystemTime::UNIX_EPOCH.elapsed()?;
        let mut due_at: HashMap<i64, VecDeque<Duration>> = HashMap::new();
        for number in 0..count {
            let due = Duration::from_secs(1) * u32::try_from(number)? / UPDATES_PER_SECOND;
            due_at
                .entry(number % CHATS + 1)
                .or_default()
                .push_back(begun_at + due);
        }
        let posts = lines.into_iter().map(|(mut line, share)| async move {
            for (due, _, delivery) in share {
                tokio::time::sleep_until((begun + due).into()).await;
                line.ask(&delivery).await?;
            }
            anyhow::Ok(())
        });
        try_join_all(posts).await?;

        let expected = before + usize::try_from(count)?;
        let given_up = Instant::now() + REPLY_WITHIN;
        let mut calls = self.calls();
        while calls.len() < expected && Instant::now() < given_up {
            tokio::time::sleep(Duration::from_millis(200)).await;
            calls = self.calls();
        }
        let mut replies = Latencies::default();
        let mut took = Duration::ZERO;
        for (chat, at) in calls.into_iter().skip(before) {
            took = took.max(at.saturating_sub(begun_at));
            let due = due_at.get_mut(&chat).and_then(VecDeque::pop_front);
            let due = due.context("a reply to nobody")?;
            replies.push(at.saturating_sub(due));
        }
        Ok(Busy {
            replies,
            updates: usize::try_from(count)?,
            took,
        })
    }

    /// Chats and times of the messages that the bot sent, in their order.
    fn calls(&self) -> Vec<(i64, Duration)> {
        let calls = self.sandbox.telegram.calls().into_iter();
        calls
            .filter(|call| call.method.eq_ignore_ascii_case("sendMessage"))
            .filter_map(|call| {
                let at = Duration::from_micros(u64::try_from(call.at).ok()?);
                Some((call.chat_id?, at))
            })
            .collect()
    }
}

fn url_of(url: &str) -> anyhow::Result<SocketAddr> {
    let rest = url.strip_prefix("http://").context("an http address")?;
    let host = rest.split('/').next().unwrap_or_default();
    Ok(host.parse()?)
}
