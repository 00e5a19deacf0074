//! A house in this process: the bot, its database and the sandbox around it.
//!
//! A house is audited when it is closed: the books balance, nothing is held or leased, no actor
//! has crashed. A test that expects otherwise says so itself.

use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use rei_actors::ports::clock::Clock as _;
use rei_actors::ports::payments::Environment as PaymentEnvironment;
use rei_bot::boot::{House, SystemClock};
use rei_bot::config::{Addresses, Config, Environment, Loaded};
use rei_bot::store::{Db, DbConfig, verify};
use rei_sandbox::kling;
use rei_sandbox::telegram::{
    Author, Button, ButtonAction, FloodLimits, MediaKind, Message, Player,
};
use rei_sandbox::yookassa::{SECRET_KEY, SHOP_ID};
use rei_sandbox::{Exposure, Sandbox};
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::sync::oneshot;

use super::postgres::Postgres;

/// The sandbox's credentials.
pub const BOT_TOKEN: &str = "1000000001:a-token-of-the-sandbox-and-no-other";
const WEBHOOK_SECRET: &str = "whsec_c2FuZGJveC1zZWNyZXQtb2YtYS10ZXN0LWhvdXNl";
pub const GEMINI_KEY: &str = "a-key-of-the-sandbox";

/// Signs Kling's callbacks on both sides, where a story wants them.
pub const CALLBACK_SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

/// How long anything in a house may take before a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Which database a house stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// Both databases; every promise holds on each.
pub const ENGINES: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];

/// Keys that make a house quick enough for tests, without changing what it promises.
const QUICK: [(&str, &str); 15] = [
    ("REI__LOG__LEVEL", "warn"),
    ("REI__HTTP__ADDR", "127.0.0.1:0"),
    ("REI__HTTP__WORKERS", "1"),
    ("REI__TELEGRAM__ALBUM_QUIET_MS", "300"),
    ("REI__TELEGRAM__CHAT_INTERVAL_MS", "1"),
    ("REI__TELEGRAM__SEND_PER_SECOND", "1000"),
    ("REI__TELEGRAM__SEND_BURST", "1000"),
    ("REI__TELEGRAM__SEND_RETRY_BASE_MS", "50"),
    ("REI__JOBS__POLL_MS", "50"),
    ("REI__PROVIDERS__KLING__POLL_MS", "20"),
    ("REI__PROVIDERS__FAL__POLL_MS", "20"),
    ("REI__USAGE__SERIES_TICK_MS", "50"),
    ("REI__JOBS__RETRY_BASE_MS", "20"),
    ("REI__JOBS__RETRY_MAX_MS", "100"),
    ("REI__SHUTDOWN__DRAIN_SECS", "10"),
];

/// A house with the sandbox around it.
pub struct TestHouse {
    pub sandbox: Sandbox,
    folder: TempDir,
    database_url: String,
    keys: Vec<(String, String)>,
    bot: Option<Bot>,
}

/// The bot on a thread of its own.
struct Bot {
    addr: SocketAddr,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

/// The outside world on loopback, at a port of its own.
pub async fn sandbox() -> Sandbox {
    Sandbox::start(rei_sandbox::Config {
        addr: ([127, 0, 0, 1], 0).into(),
        bot_token: BOT_TOKEN.to_owned(),
        gemini_key: GEMINI_KEY.to_owned(),
        exposure: Exposure::Loopback,
    })
    .await
    .expect("the sandbox starts")
}

impl TestHouse {
    /// A house with a welcome bonus of 500 roubles.
    pub async fn start(engine: Engine) -> TestHouse {
        Self::start_with(engine, &[]).await
    }

    /// A house with some keys changed, `("REI__SECTION__KEY", "value")`.
    pub async fn start_with(engine: Engine, keys: &[(&str, &str)]) -> TestHouse {
        let sandbox = sandbox().await;
        sandbox.telegram.set_flood_limits(FloodLimits::off());
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let database_url = match engine {
            Engine::Sqlite => format!("sqlite://{}/rei.db", folder.path().display()),
            Engine::Postgres => Postgres::shared().database().await,
        };
        let keys = QUICK.iter().chain(keys);
        let mut house = TestHouse {
            sandbox,
            folder,
            database_url,
            keys: keys
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect(),
            bot: None,
        };
        house.open();
        house
    }

    /// Starts the bot again on the same database.
    pub fn open(&mut self) {
        let loaded = self.loaded();
        let (ready, started) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            actix_rt::System::new().block_on(async move {
                let house = House::start(&loaded).await.expect("the house starts");
                ready.send(house.addr()).expect("the test waits for it");
                // A dropped sender closes the house too.
                let _ = stopped.await;
                house.close().await;
            });
        });
        let addr = started.recv().expect("the house started");
        let told = self.sandbox.yookassa.change_notifications(|notifications| {
            notifications.url = Some(format!("http://{addr}/webhook/yookassa"));
            notifications.signing.secrets = vec![WEBHOOK_SECRET.to_owned()];
        });
        told.expect("the shop can be told");
        self.bot = Some(Bot { addr, stop, thread });
    }

    /// An address of the bot's own HTTP.
    pub fn http(&self, path: &str) -> String {
        let bot = self.bot.as_ref().expect("the bot is open");
        format!("http://{}{path}", bot.addr)
    }

    /// Closes the bot in order, as SIGTERM does.
    pub async fn close(&mut self) {
        let Some(bot) = self.bot.take() else { return };
        // The bot may have ended by itself; then there is nobody to tell.
        let _ = bot.stop.send(());
        tokio::task::spawn_blocking(move || bot.thread.join().expect("the house did not panic"))
            .await
            .expect("the wait for the house is not cancelled");
    }

    fn loaded(&self) -> Loaded {
        let keys = self.keys.iter().map(|(k, v)| (k.as_str(), v.as_str()));
        let environment = Environment::of(keys);
        let mut loaded =
            Config::demo(&environment, self.folder.path()).expect("the keys are right");
        let config = &mut loaded.config;
        config.database.url = SecretString::from(self.database_url.clone());
        config.telegram.api_url = self.sandbox.url("telegram");
        config.telegram.bot_token = Some(SecretString::from(BOT_TOKEN));
        config.providers.nano_banana.api_url = self.sandbox.url("gemini");
        config.providers.nano_banana.api_key = Some(SecretString::from(GEMINI_KEY));
        config.providers.kling.api_url = self.sandbox.url("kling");
        config.providers.kling.api_key = Some(SecretString::from(kling::API_KEY));
        // Without a key it is off; a story that wants it sets one.
        let fal = self.sandbox.url("fal");
        config.providers.fal.keys_url = Some(format!("{fal}/.well-known/jwks.json"));
        config.providers.fal.api_url = fal;
        // Pictures are in the folder; a story that wants buckets names them.
        config.assets.s3.endpoint = Some(self.sandbox.url("s3"));
        config.assets.mirror_s3.endpoint = Some(self.sandbox.url("s3"));
        config.downloads.addresses = Addresses::Any;
        config.yookassa.shop_id = Some(SHOP_ID.to_owned());
        config.yookassa.secret_key = Some(SecretString::from(SECRET_KEY));
        config.yookassa.api_url = self.sandbox.url("yookassa/v3");
        config.yookassa.environment = PaymentEnvironment::Test;
        config.yookassa.webhook_secrets = vec![SecretString::from(WEBHOOK_SECRET)];
        loaded
    }

    /// A person who talks English to the bot.
    pub fn person(&self, id: i64) -> Person {
        Person(self.sandbox.telegram.player(id, "Ann", "en"))
    }

    /// A connection of the test's own.
    pub fn db(&self) -> Db {
        Db::try_new(&DbConfig {
            url: self.database_url.clone(),
            connections_max: 2,
            wait_max: PATIENCE,
            statement_max: PATIENCE,
            busy_max: PATIENCE,
        })
        .expect("the URL is right")
    }

    /// Waits until the provider was asked this often.
    pub async fn asked_provider(&self, calls: usize) {
        let asked = self.sandbox.gemini.wait_calls(calls, PATIENCE).await;
        asked.expect("the provider is asked in time");
    }

    /// Waits until this many jobs are charged.
    pub async fn settled_jobs(&self, count: i64) {
        let db = self.db();
        let charged = async || super::rows::charged_jobs(&db).await >= count;
        assert!(comes_true(charged).await, "the jobs are charged in time");
    }

    /// Closes the bot and audits the books.
    pub async fn finish(mut self) {
        self.close().await;
        let report = verify::audit(&self.db(), SystemClock.now())
            .await
            .expect("the audit runs");
        assert!(report.is_sound(), "{report}");
        self.sandbox.stop().await;
    }
}

/// Somebody who chats with the bot.
pub struct Person(pub Player);

impl Person {
    /// Waits until the chat shows something.
    pub async fn sees<T>(&self, what: &str, look: impl Fn(&[Message]) -> Option<T>) -> T {
        match self.0.wait(what, PATIENCE, look).await {
            Ok(seen) => seen,
            Err(chat) => panic!("{chat}\nanswers to taps: {:?}", self.0.toasts()),
        }
    }

    /// Waits for a message of the bot with these words and returns its id.
    pub async fn reads(&self, words: &str) -> i64 {
        self.sees(words, |chat| {
            chat.iter()
                .rev()
                .find(|m| is_bots(m) && m.text().contains(words))
                .map(|m| m.id)
        })
        .await
    }

    /// Waits for a button and presses it.
    pub async fn presses(&self, label: &str) {
        let id = self
            .sees(&format!("a button {label}"), |chat| {
                let newest = chat.iter().rev().find(|m| has_button(m, label));
                newest.map(|m| m.id)
            })
            .await;
        assert!(
            self.press_in(id, label),
            "message {id} has a button {label}"
        );
    }

    /// Presses a button of a message, if it has one with these words.
    pub fn press_in(&self, message: i64, label: &str) -> bool {
        let message = self.0.message(message);
        let pressed = message
            .as_ref()
            .and_then(|m| Some((m.id, data_of(button(m, label)?)?)));
        let Some((id, data)) = pressed else {
            return false;
        };
        self.0.press_data(id, &data);
        true
    }

    /// Waits until the last tap was answered with these words.
    pub async fn is_told(&self, words: &str) {
        let is_told = async || {
            let last = self.0.toasts().pop();
            last.is_some_and(|toast| toast.text.contains(words))
        };
        assert!(comes_true(is_told).await, "{words}: {:?}", self.0.toasts());
    }

    /// Waits for the newest picture of the bot and returns its message.
    pub async fn gets_picture(&self) -> i64 {
        self.gets_pictures(1).await
    }

    /// Waits until the bot has sent this many pictures and returns the last one's message.
    pub async fn gets_pictures(&self, count: usize) -> i64 {
        self.sees(&format!("{count} pictures"), |chat| {
            let pictures: Vec<i64> = chat
                .iter()
                .filter(|m| is_bots(m) && is_photo(m))
                .map(|m| m.id)
                .collect();
            (pictures.len() >= count).then(|| pictures[pictures.len() - 1])
        })
        .await
    }

    /// Waits until the bot has sent this many videos and returns the last one's message.
    pub async fn gets_videos(&self, count: usize) -> i64 {
        self.sees(&format!("{count} videos"), |chat| {
            let videos = chat.iter().filter(|m| is_bots(m) && is_video(m));
            let videos: Vec<i64> = videos.map(|m| m.id).collect();
            (videos.len() >= count).then(|| videos[videos.len() - 1])
        })
        .await
    }

    /// Asks for a picture from words and confirms it.
    pub async fn orders(&self, prompt: &str) {
        self.0.text(prompt);
        self.reads(prompt).await;
        self.presses("✅").await;
    }
}

/// Whether something that nobody can be woken by comes true in time.
pub async fn comes_true(is_so: impl AsyncFn() -> bool) -> bool {
    let waits = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waits).await.is_ok()
}

pub fn is_bots(message: &Message) -> bool {
    message.from == Author::Bot
}

pub fn is_photo(message: &Message) -> bool {
    has_media(message, MediaKind::Photo)
}

pub fn is_video(message: &Message) -> bool {
    has_media(message, MediaKind::Video)
}

pub fn is_document(message: &Message) -> bool {
    has_media(message, MediaKind::Document)
}

fn has_media(message: &Message, kind: MediaKind) -> bool {
    let media = message.media.as_ref();
    media.is_some_and(|media| media.kind == kind)
}

/// Whether a message has a button whose label holds these words.
pub fn has_button(message: &Message, label: &str) -> bool {
    button(message, label).is_some()
}

/// The button whose label holds these words.
fn button<'a>(message: &'a Message, label: &str) -> Option<&'a Button> {
    message.buttons().find(|button| button.text.contains(label))
}

/// What a button sends when it is pressed.
pub fn data_of(button: &Button) -> Option<String> {
    match &button.action {
        ButtonAction::Callback(data) => Some(data.clone()),
        ButtonAction::Url(_) | ButtonAction::Copy(_) | ButtonAction::Other(_) => None,
    }
}
