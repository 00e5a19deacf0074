//! The process dies anywhere, and starts again: one charge and one result, or all money back.
//!
//! Each kill is a real one: the bot is a child process that aborts at a named place, or gets
//! SIGKILL at a moment of its own. The next process takes up what the last one left, while
//! new people order, one a picture, the next a video, whose provider is polled and calls back.
//! At the end everything must have ended and the books are audited.

use std::collections::BTreeMap;
use std::time::Duration;

use rei_actors::ports::clock::Clock as _;
use rei_bot::boot::SystemClock;
use rei_bot::store::verify;
use rei_sandbox::telegram::Message;

use crate::support::house::{
    CALLBACK_SECRET, ENGINES, Engine, PATIENCE, Person, has_button, is_bots, is_photo, is_video,
};
use crate::support::process::{Bot, World, free_addr, get};
use crate::support::rows::count;

/// Places where a process dies, each between two steps that a crash must not tear apart.
const PLACES: [&str; 19] = [
    "session.begun",
    "submit.before_post",
    "store.before_commit",
    "store.committed",
    "submit.posted",
    "run.before_attempt",
    "run.attempt_recorded",
    "run.answered",
    "run.acceptance_recorded",
    "run.polled",
    "run.before_store",
    "run.stored",
    "run.rendered",
    "run.before_settle",
    "run.settled",
    "courier.before_send",
    "courier.sent",
    "courier.recorded",
    "scheduler.leased",
];

/// Kills on each database unless `REI_TEST_KILLS` says otherwise.
const KILLS: u32 = 100;

/// How long a process may live that does not come by its place; then it is killed anyway.
const LIFE_MAX: Duration = Duration::from_millis(1_500);

/// Looks at the chat until it shows something, the bot is dead, or its life is over.
async fn sees_or_dies<T>(
    bot: &mut Bot,
    person: &Person,
    look: impl Fn(&[Message]) -> Option<T>,
) -> Option<T> {
    let born = tokio::time::Instant::now();
    while born.elapsed() < LIFE_MAX && !bot.is_dead() {
        let short = Duration::from_millis(50);
        if let Ok(seen) = person.0.wait("", short, &look).await {
            return Some(seen);
        }
    }
    None
}

/// Confirms the newest card that still can be confirmed.
fn press_confirm(person: &Person) {
    let chat = person.0.chat();
    let card = chat.iter().rev().find(|m| has_button(m, "✅"));
    if let Some(card) = card {
        // The bot may have changed the card in this moment; then there is nothing to press.
        person.press_in(card.id, "✅");
    }
}

fn is_result(message: &Message) -> bool {
    is_bots(message) && (is_photo(message) || is_video(message))
}

fn has_result(chat: &[Message]) -> Option<()> {
    chat.iter().any(is_result).then_some(())
}

/// What the person of a life orders. There is an odd number of places, so that each comes with
/// both.
fn order(number: u32) -> &'static str {
    if number.is_multiple_of(2) {
        "a picture that survives"
    } else {
        "/video a wave that survives"
    }
}

/// One life of the bot: somebody orders, and the process dies on the way.
async fn one_life(world: &World, number: u32) {
    let place = PLACES[usize::try_from(number).expect("small") % PLACES.len()];
    let lap = number / u32::try_from(PLACES.len()).expect("small");
    // Every fourth lap dies at a moment, not at a place.
    let plan = (lap % 4 != 3).then(|| format!("{place}:{}", 1 + lap % 3));
    let person = world.person(number);
    person.0.text(order(number));
    let mut bot = Bot::start(world, plan.as_deref());
    let card = |chat: &[Message]| chat.iter().any(|m| has_button(m, "✅")).then_some(());
    if sees_or_dies(&mut bot, &person, card).await.is_some() {
        press_confirm(&person);
        if plan.is_none() {
            let moment = Duration::from_millis(u64::from(number * 37 % 400));
            let _ = person.0.wait("", moment, |_| None::<()>).await;
        } else {
            sees_or_dies(&mut bot, &person, has_result).await;
        }
    }
    bot.kill();
}

/// The last life: everybody who has a card confirms it, and everything comes to its end.
async fn last_life(world: &World, kills: u32) {
    let bot = Bot::start(world, None);
    let db = world.db();
    for number in 0..kills {
        let person = world.person(number);
        person
            .sees("a card or a result", |chat| {
                let card = chat.iter().any(|m| has_button(m, "✅"));
                (card || has_result(chat).is_some() || is_under_way(chat)).then_some(())
            })
            .await;
        press_confirm(&person);
    }
    let settled = async {
        loop {
            let open = "SELECT COUNT(*) AS count FROM jobs
                        WHERE state NOT IN ('delivered', 'failed', 'cancelled')";
            let waiting = "SELECT COUNT(*) AS count FROM inbox WHERE processed_at IS NULL";
            let unsent = "SELECT COUNT(*) AS count FROM outbox WHERE state = 'ready'";
            let left =
                count(&db, open).await + count(&db, waiting).await + count(&db, unsent).await;
            if left == 0 {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(120), settled)
        .await
        .expect("everything ends");
    bot.kill();
}

/// A job was begun: its progress or its end stands in the place of the card.
fn is_under_way(chat: &[Message]) -> bool {
    let words = ["🔒", "Done in", "is back"];
    let says = |text: &str| words.iter().any(|word| text.contains(word));
    chat.iter().any(|m| is_bots(m) && says(m.text()))
}

async fn survives(engine: Engine, kills: u32) {
    let world = World::make(engine).await;
    let kling = &world.sandbox.kling;
    kling.set_service_time(Duration::from_millis(50), Duration::from_millis(100));
    kling.change_account(|account| account.webhook_secret = Some(CALLBACK_SECRET.to_owned()));
    for number in 0..kills {
        one_life(&world, number).await;
    }
    last_life(&world, kills).await;

    let db = world.db();
    let report = verify::audit(&db, SystemClock.now())
        .await
        .expect("the audit runs");
    assert!(report.is_sound(), "{engine:?}: {report}");
    let number = async |question| count(&db, question).await;
    let jobs = number("SELECT COUNT(*) AS count FROM jobs").await;
    let delivered = number("SELECT COUNT(*) AS count FROM jobs WHERE state = 'delivered'").await;
    let captured = number("SELECT COUNT(*) AS count FROM ledger WHERE kind = 'capture'").await;
    let lost = number("SELECT COUNT(*) AS count FROM ledger WHERE kind = 'loss'").await;
    let open = number("SELECT COUNT(*) AS count FROM holds WHERE state = 'open'").await;
    assert_eq!(
        (captured, open),
        (delivered, 0),
        "one charge for each result"
    );
    assert!(
        jobs >= i64::from(kills) / 2,
        "the lives were too short: {jobs} jobs"
    );

    // A picture whose answer was lost is in the books; no other call is made twice. Kling knows a
    // video by our name for it, so a lost answer is looked up and never asked for again.
    let videos = number("SELECT COUNT(*) AS count FROM jobs WHERE provider = 'kling'").await;
    let tasks = i64::try_from(world.sandbox.kling.tasks().len()).expect("small");
    assert_eq!(tasks, videos, "one task for each video");
    assert!(videos >= i64::from(kills) / 5, "{videos} videos were begun");
    let calls = i64::try_from(world.sandbox.gemini.calls().len()).expect("small");
    assert!(
        calls + videos <= delivered + lost,
        "{calls} calls, {videos} videos, {delivered} results, {lost} losses"
    );

    let mut results = BTreeMap::new();
    for life in 0..kills {
        let chat = world.person(life).0.chat();
        let sent = chat.iter().filter(|m| is_result(m)).count();
        *results.entry(sent.min(3)).or_insert(0) += 1;
    }
    let with_result: i64 = results
        .iter()
        .filter(|(n, _)| **n > 0)
        .map(|(_, c)| c)
        .sum();
    assert_eq!(
        with_result, delivered,
        "every result reached its chat: {results:?}"
    );
    world.sandbox.stop().await;
}

#[actix_rt::test]
async fn two_hundred_kills_lose_and_double_nothing() {
    let kills = std::env::var("REI_TEST_KILLS").ok();
    let kills = kills.and_then(|kills| kills.parse().ok()).unwrap_or(KILLS);
    for engine in ENGINES {
        survives(engine, kills).await;
    }
}

#[actix_rt::test]
async fn a_restart_storm_ends_the_process_with_an_error() {
    let world = World::make(Engine::Sqlite).await;
    let ann = world.person(1);
    ann.0.text("/start");
    let mut command = Bot::command(&world);
    // Every message to Telegram kills the courier; after five restarts nothing can heal it.
    let bot = command
        .env("REI_PANIC_AT", "courier.before_send")
        .env("REI__SUPERVISION__BACKOFF_BASE_MS", "10")
        .env("REI__SUPERVISION__BACKOFF_MAX_MS", "50")
        .spawn()
        .expect("the bot's binary can be started");
    let ended = tokio::task::spawn_blocking(move || {
        let mut bot = bot;
        bot.wait().expect("a child can be waited for")
    });
    let ended = tokio::time::timeout(PATIENCE, ended).await;
    let status = ended
        .expect("it ends by itself")
        .expect("the wait is not cancelled");
    assert_eq!(status.code(), Some(1));

    // The next process has nothing to panic about, and the greeting was not lost.
    let bot = Bot::start(&world, None);
    ann.reads("₽500").await;
    bot.kill();
    world.sandbox.stop().await;
}

/// An actor of every kind, and a place where it can be made to panic.
const PANICS: [(&str, &str); 7] = [
    ("ledger-0", "ledger.flush"),
    ("intake", "intake.flush"),
    ("sessions", "session.begun"),
    ("scheduler", "scheduler.leased"),
    ("provider-nano_banana", "run.before_attempt"),
    ("courier", "courier.before_send"),
    ("poller", "poller.polled"),
];

#[actix_rt::test]
async fn an_actor_of_every_kind_that_panics_is_replaced_and_answers_again() {
    for (actor, place) in PANICS {
        let world = World::make(Engine::Sqlite).await;
        let addr = free_addr();
        let mut command = Bot::command(&world);
        command
            .env("HTTP_ADDR", addr.to_string())
            .env("REI_PANIC_AT", format!("{place}:1"));
        let bot = Bot::spawn(&mut command);
        let ann = world.person(1);
        ann.orders("a picture in spite of a panic").await;
        ann.gets_picture().await;

        let (_, metrics) = get(addr, "/metrics").await;
        for series in [
            format!("rei_actor_restarts_total{{actor=\"{actor}\",cause=\"panic\"}} 1"),
            format!("rei_actor_up{{actor=\"{actor}\"}} 1"),
        ] {
            assert!(metrics.contains(&series), "{place}: {series} in {metrics}");
        }
        let status = bot.terminate().await;
        assert_eq!(status.code(), Some(0), "{place}");
        let audit = verify::audit(&world.db(), SystemClock.now()).await;
        let report = audit.expect("the audit runs");
        assert!(report.is_sound(), "{place}: {report}");
        let charges = "SELECT COUNT(*) AS count FROM ledger WHERE kind = 'capture'";
        assert_eq!(count(&world.db(), charges).await, 1, "{place}");
        world.sandbox.stop().await;
    }
}

#[actix_rt::test]
async fn a_drain_ends_with_success_and_leaves_nothing_leased() {
    let world = World::make(Engine::Sqlite).await;
    let bot = Bot::start(&world, None);
    let ann = world.person(1);
    ann.orders("a picture on the way out").await;
    let asked = world.sandbox.gemini.wait_calls(1, PATIENCE).await;
    asked.expect("the provider is asked");
    let status = bot.terminate().await;
    assert_eq!(status.code(), Some(0));
    ann.gets_picture().await;
    let db = world.db();
    let leased = "SELECT COUNT(*) AS count FROM jobs WHERE lease_until IS NOT NULL";
    assert_eq!(count(&db, leased).await, 0);
    world.sandbox.stop().await;
}
