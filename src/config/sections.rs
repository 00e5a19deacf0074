//! The typed configuration. What each value means and why stands in `config/default.toml`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use bigdecimal::BigDecimal;
use rei_domain::billing::AmbiguityPolicy;
use rei_domain::catalogue::{Catalogue, Model};
use rei_domain::ids::UserId;
use rei_domain::ledger::caps::{CapRules, Caps};
use rei_domain::metering::Tariff;
use rei_domain::money::Money;
use rei_domain::pricing::{ImageLists, ImagePrices};
use rei_domain::routing::Policy;
use rei_domain::spec::{ImageModel, Mode, Size};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::rates::{Rates, Redis};
use super::values;
use super::yookassa::Yookassa;

/// Everything that can be set.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub log: Log,
    pub http: Http,
    pub telegram: Telegram,
    pub admin: Admin,
    pub intake: Intake,
    pub sessions: Sessions,
    pub database: Database,
    pub ledger: Ledger,
    pub billing: Billing,
    pub topups: Topups,
    pub rates: Rates,
    pub redis: Redis,
    pub usage: UsageSection,
    pub jobs: Jobs,
    pub videos: Videos,
    pub downloads: Downloads,
    pub routing: Routing,
    pub late: Late,
    pub gc: Gc,
    pub providers: Providers,
    pub stars: Stars,
    pub yookassa: Yookassa,
    pub assets: Assets,
    pub supervision: Supervision,
    pub shutdown: Shutdown,
    /// The models that are sold, from a file of their own (`super::models`).
    #[serde(skip)]
    pub catalogue: Catalogue,
}

/// What is logged and how.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub format: LogFormat,
    /// A filter in the syntax of `RUST_LOG`.
    pub level: String,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

/// The HTTP listeners and their limits.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    #[serde(deserialize_with = "values::socket_addr")]
    pub addr: SocketAddr,
    /// Where `/metrics` and `/admin` are served; on `addr` when there is none.
    #[serde(deserialize_with = "values::optional_socket_addr")]
    pub admin_addr: Option<SocketAddr>,
    /// Set: webhook. Not set: long polling. Without a closing slash.
    #[serde(deserialize_with = "values::optional_base_url")]
    pub public_url: Option<String>,
    #[serde(deserialize_with = "values::secret")]
    pub admin_token: Option<SecretString>,
    /// Zero: one for each core.
    #[serde(deserialize_with = "values::count_or_zero")]
    pub workers: usize,
    #[serde(deserialize_with = "values::count")]
    pub connections_max: usize,
    #[serde(rename = "header_timeout_ms", deserialize_with = "values::millis")]
    pub header_timeout: Duration,
    #[serde(rename = "body_timeout_ms", deserialize_with = "values::millis")]
    pub body_timeout: Duration,
    #[serde(rename = "answer_timeout_ms", deserialize_with = "values::millis")]
    pub answer_timeout: Duration,
    #[serde(rename = "readiness_timeout_ms", deserialize_with = "values::millis")]
    pub readiness_timeout: Duration,
    #[serde(rename = "keep_alive_secs", deserialize_with = "values::secs")]
    pub keep_alive: Duration,
    #[serde(rename = "disconnect_timeout_ms", deserialize_with = "values::millis")]
    pub disconnect_timeout: Duration,
    #[serde(deserialize_with = "values::bytes")]
    pub webhook_bytes_max: usize,
}

/// The bot's account and the pace it keeps.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telegram {
    #[serde(deserialize_with = "values::secret")]
    pub bot_token: Option<SecretString>,
    /// Without a closing slash.
    #[serde(deserialize_with = "values::base_url")]
    pub api_url: String,
    /// At most two; the first is told to Telegram.
    #[serde(rename = "webhook_secret", deserialize_with = "values::secrets")]
    pub webhook_secrets: Vec<SecretString>,
    #[serde(deserialize_with = "values::count")]
    pub webhook_connections: u8,
    #[serde(deserialize_with = "values::user_ids")]
    pub admin_ids: Vec<UserId>,
    #[serde(rename = "album_quiet_ms", deserialize_with = "values::millis")]
    pub album_quiet: Duration,
    #[serde(deserialize_with = "values::count")]
    pub send_per_second: u32,
    #[serde(deserialize_with = "values::count")]
    pub send_burst: u32,
    #[serde(rename = "chat_interval_ms", deserialize_with = "values::millis")]
    pub chat_interval: Duration,
    #[serde(deserialize_with = "values::count")]
    pub chat_burst: u32,
    #[serde(deserialize_with = "values::count")]
    pub send_attempts_max: u32,
    #[serde(rename = "send_retry_base_ms", deserialize_with = "values::millis")]
    pub send_retry_base: Duration,
    #[serde(rename = "send_retry_max_ms", deserialize_with = "values::millis")]
    pub send_retry_max: Duration,
    #[serde(rename = "outbox_poll_ms", deserialize_with = "values::millis")]
    pub outbox_poll: Duration,
    #[serde(rename = "progress_refresh_ms", deserialize_with = "values::millis")]
    pub progress_refresh: Duration,
}

/// Who may do more than a user, and how much. Owners are `telegram.admin_ids`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Admin {
    #[serde(deserialize_with = "values::user_ids")]
    pub admin_ids: Vec<UserId>,
    #[serde(deserialize_with = "values::user_ids")]
    pub support_ids: Vec<UserId>,
    /// The most that one act of an admin may move.
    #[serde(rename = "money_limit_kopecks", deserialize_with = "values::kopecks")]
    pub money_limit: Money,
    /// An act that moves more needs a second person.
    #[serde(rename = "second_above_kopecks", deserialize_with = "values::kopecks")]
    pub second_above: Money,
    #[serde(rename = "confirm_secs", deserialize_with = "values::secs")]
    pub confirm: Duration,
    #[serde(rename = "approve_secs", deserialize_with = "values::secs")]
    pub approve: Duration,
}

/// The way in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intake {
    #[serde(deserialize_with = "values::count")]
    pub batch_max: usize,
    #[serde(deserialize_with = "values::count")]
    pub waiting_max: usize,
    #[serde(rename = "poll_ms", deserialize_with = "values::millis")]
    pub poll: Duration,
}

/// Conversations.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sessions {
    #[serde(rename = "idle_secs", deserialize_with = "values::secs")]
    pub idle: Duration,
    #[serde(rename = "asking_secs", deserialize_with = "values::secs")]
    pub asking: Duration,
    #[serde(deserialize_with = "values::count")]
    pub update_attempts_max: u32,
    #[serde(deserialize_with = "values::count")]
    pub updates_at_once: u32,
    #[serde(deserialize_with = "values::count")]
    pub alive_max: usize,
    #[serde(deserialize_with = "values::count")]
    pub store_tries: u32,
    #[serde(rename = "store_retry_base_ms", deserialize_with = "values::millis")]
    pub store_retry_base: Duration,
    #[serde(rename = "store_retry_max_ms", deserialize_with = "values::millis")]
    pub store_retry_max: Duration,
}

/// Where rows are kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// `sqlite://…` or `postgres://…`, which may hold a password.
    #[serde(deserialize_with = "values::present_secret")]
    pub url: SecretString,
    #[serde(deserialize_with = "values::count")]
    pub pool_max: usize,
    #[serde(deserialize_with = "values::count")]
    pub readers: usize,
    #[serde(rename = "acquire_timeout_ms", deserialize_with = "values::millis")]
    pub acquire_timeout: Duration,
    #[serde(rename = "statement_timeout_ms", deserialize_with = "values::millis")]
    pub statement_timeout: Duration,
    #[serde(rename = "busy_timeout_ms", deserialize_with = "values::millis")]
    pub busy_timeout: Duration,
}

/// The ledger's group commit.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    #[serde(deserialize_with = "values::count")]
    pub batch_max: usize,
    #[serde(deserialize_with = "values::count")]
    pub waiting_max: usize,
}

/// What users pay.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Billing {
    #[serde(rename = "welcome_bonus_kopecks", deserialize_with = "values::kopecks")]
    pub welcome_bonus: Money,
    #[serde(rename = "price_lock_secs", deserialize_with = "values::secs")]
    pub price_lock: Duration,
    #[serde(rename = "price_1k_kopecks", deserialize_with = "values::kopecks")]
    pub price_1k: Money,
    #[serde(rename = "price_2k_kopecks", deserialize_with = "values::kopecks")]
    pub price_2k: Money,
    #[serde(rename = "price_4k_kopecks", deserialize_with = "values::kopecks")]
    pub price_4k: Money,
    #[serde(rename = "price_input_kopecks", deserialize_with = "values::kopecks")]
    pub price_input: Money,
    pub nano_banana_2: NanoBanana2Prices,
    /// The most a user may spend in an hour and in a day; zero is no limit.
    #[serde(rename = "cap_hour_kopecks", deserialize_with = "values::kopecks")]
    pub cap_hour: Money,
    #[serde(rename = "cap_day_kopecks", deserialize_with = "values::kopecks")]
    pub cap_day: Money,
    /// The most that the work of all users may be expected to cost the platform; zero is no limit.
    #[serde(
        rename = "platform_cap_hour_kopecks",
        deserialize_with = "values::kopecks"
    )]
    pub platform_cap_hour: Money,
    #[serde(
        rename = "platform_cap_day_kopecks",
        deserialize_with = "values::kopecks"
    )]
    pub platform_cap_day: Money,
    /// Roubles for a US dollar.
    #[serde(deserialize_with = "values::rate")]
    pub usd_rub: BigDecimal,
}

/// What pictures of Nano Banana 2 are sold for; without a price for the smallest it is not sold.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NanoBanana2Prices {
    #[serde(rename = "price_1k_kopecks", deserialize_with = "values::kopecks")]
    pub price_1k: Money,
    #[serde(rename = "price_2k_kopecks", deserialize_with = "values::kopecks")]
    pub price_2k: Money,
    #[serde(rename = "price_4k_kopecks", deserialize_with = "values::kopecks")]
    pub price_4k: Money,
    #[serde(rename = "price_input_kopecks", deserialize_with = "values::kopecks")]
    pub price_input: Money,
}

impl Billing {
    /// The price lists of everything that makes pictures.
    pub fn image_prices(&self) -> ImageLists {
        let two = &self.nano_banana_2;
        ImageLists {
            pro: ImagePrices {
                one_k: self.price_1k,
                two_k: self.price_2k,
                four_k: self.price_4k,
                input: self.price_input,
            },
            two: (two.price_1k > Money::ZERO).then_some(ImagePrices {
                one_k: two.price_1k,
                two_k: two.price_2k,
                four_k: two.price_4k,
                input: two.price_input,
            }),
        }
    }

    /// The caps of the house.
    pub fn caps(&self) -> CapRules {
        let limit = |money: Money| (money > Money::ZERO).then_some(money);
        CapRules {
            user: Caps {
                hour: limit(self.cap_hour),
                day: limit(self.cap_day),
            },
            platform: Caps {
                hour: limit(self.platform_cap_hour),
                day: limit(self.platform_cap_day),
            },
        }
    }
}

/// Money that users pay in and take back.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topups {
    /// As buttons, in order.
    #[serde(rename = "amounts_kopecks", deserialize_with = "values::amounts")]
    pub amounts: Vec<Money>,
    #[serde(rename = "min_kopecks", deserialize_with = "values::kopecks")]
    pub min: Money,
    #[serde(rename = "max_kopecks", deserialize_with = "values::kopecks")]
    pub max: Money,
    #[serde(rename = "refund_term_days", deserialize_with = "values::days")]
    pub refund_term: Duration,
    #[serde(rename = "asking_secs", deserialize_with = "values::secs")]
    pub asking: Duration,
    #[serde(rename = "poll_ms", deserialize_with = "values::millis")]
    pub poll: Duration,
    #[serde(deserialize_with = "values::count")]
    pub concurrency: usize,
    #[serde(rename = "sweep_young_secs", deserialize_with = "values::secs")]
    pub sweep_young: Duration,
    #[serde(rename = "sweep_grown_secs", deserialize_with = "values::secs")]
    pub sweep_grown: Duration,
    #[serde(rename = "sweep_old_secs", deserialize_with = "values::secs")]
    pub sweep_old: Duration,
    #[serde(rename = "retry_base_ms", deserialize_with = "values::millis")]
    pub retry_base: Duration,
    #[serde(rename = "retry_max_ms", deserialize_with = "values::millis")]
    pub retry_max: Duration,
    #[serde(rename = "taken_secs", deserialize_with = "values::secs")]
    pub taken: Duration,
    #[serde(deserialize_with = "values::count")]
    pub breaker_failures: u32,
    #[serde(rename = "breaker_cooldown_ms", deserialize_with = "values::millis")]
    pub breaker_cooldown: Duration,
    #[serde(
        rename = "breaker_cooldown_max_ms",
        deserialize_with = "values::millis"
    )]
    pub breaker_cooldown_max: Duration,
    #[serde(rename = "reconcile_every_secs", deserialize_with = "values::secs")]
    pub reconcile_every: Duration,
    #[serde(rename = "reconcile_days", deserialize_with = "values::days")]
    pub reconcile_span: Duration,
}

/// What is sold by the running second, and what is done step by step.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsageSection {
    #[serde(
        rename = "boost_kopecks_per_second",
        deserialize_with = "values::kopecks"
    )]
    pub boost_rate: Money,
    #[serde(deserialize_with = "values::count")]
    pub window_secs: u32,
    #[serde(deserialize_with = "values::count")]
    pub lead_secs: u32,
    #[serde(rename = "tick_ms", deserialize_with = "values::millis")]
    pub tick: Duration,
    #[serde(rename = "series_tick_ms", deserialize_with = "values::millis")]
    pub series_tick: Duration,
    #[serde(rename = "series_grace_secs", deserialize_with = "values::secs")]
    pub series_grace: Duration,
}

impl UsageSection {
    /// The price of running time.
    pub fn tariff(&self) -> Tariff {
        Tariff {
            rate: self.boost_rate,
            window_secs: self.window_secs,
            lead_secs: self.lead_secs,
        }
    }
}

/// The work on jobs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jobs {
    #[serde(rename = "lease_ms", deserialize_with = "values::millis")]
    pub lease: Duration,
    #[serde(rename = "renew_ms", deserialize_with = "values::millis")]
    pub renew: Duration,
    #[serde(rename = "poll_ms", deserialize_with = "values::millis")]
    pub poll: Duration,
    #[serde(deserialize_with = "values::count")]
    pub lane_capacity: usize,
    #[serde(deserialize_with = "values::count")]
    pub read_at_once: u32,
    #[serde(deserialize_with = "values::count")]
    pub attempts_max: u32,
    #[serde(rename = "retry_base_ms", deserialize_with = "values::millis")]
    pub retry_base: Duration,
    #[serde(rename = "retry_max_ms", deserialize_with = "values::millis")]
    pub retry_max: Duration,
    #[serde(rename = "deadline_secs", deserialize_with = "values::secs")]
    pub deadline: Duration,
    #[serde(rename = "video_deadline_secs", deserialize_with = "values::secs")]
    pub video_deadline: Duration,
    #[serde(deserialize_with = "values::count")]
    pub concurrency: usize,
    /// Zero is no bound.
    #[serde(deserialize_with = "values::count_or_zero")]
    pub images_per_user: u32,
    /// Zero is no bound.
    #[serde(deserialize_with = "values::count_or_zero")]
    pub videos_per_user: u32,
    #[serde(deserialize_with = "values::count")]
    pub store_tries: u32,
    #[serde(rename = "store_retry_base_ms", deserialize_with = "values::millis")]
    pub store_retry_base: Duration,
    #[serde(rename = "store_retry_max_ms", deserialize_with = "values::millis")]
    pub store_retry_max: Duration,
}

/// What videos are sold and made from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Videos {
    #[serde(deserialize_with = "values::optional_path")]
    pub catalogue_file: Option<PathBuf>,
    /// All inputs of one request together.
    #[serde(deserialize_with = "values::bytes")]
    pub inputs_bytes_max: u64,
}

/// How results are fetched from the addresses that providers name.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Downloads {
    pub addresses: Addresses,
    #[serde(rename = "timeout_secs", deserialize_with = "values::secs")]
    pub timeout: Duration,
}

/// Which addresses are connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Addresses {
    Public,
    Any,
}

/// How long results are waited for that come too late.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Late {
    #[serde(rename = "watch_secs", deserialize_with = "values::secs")]
    pub watch: Duration,
    #[serde(rename = "tick_ms", deserialize_with = "values::millis")]
    pub tick: Duration,
}

/// How long things are kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gc {
    #[serde(rename = "result_days", deserialize_with = "values::days")]
    pub results: Duration,
    #[serde(deserialize_with = "values::count_or_zero")]
    pub favourites_max: u32,
    #[serde(rename = "input_days", deserialize_with = "values::days")]
    pub inputs: Duration,
    #[serde(rename = "orphan_days", deserialize_with = "values::days")]
    pub orphans: Duration,
    #[serde(rename = "grace_days", deserialize_with = "values::days")]
    pub grace: Duration,
    #[serde(rename = "update_days", deserialize_with = "values::days")]
    pub updates: Duration,
    #[serde(rename = "set_aside_days", deserialize_with = "values::days")]
    pub set_aside: Duration,
    #[serde(rename = "draft_days", deserialize_with = "values::days")]
    pub drafts: Duration,
    #[serde(rename = "tick_secs", deserialize_with = "values::secs")]
    pub tick: Duration,
    #[serde(rename = "sweep_secs", deserialize_with = "values::secs")]
    pub sweep: Duration,
}

/// How jobs are routed to providers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Routing {
    pub cost_weight: f64,
    pub latency_weight: f64,
    #[serde(deserialize_with = "values::count")]
    pub latency_target_secs: u32,
    pub load_weight: f64,
    pub tried_penalty: f64,
    pub equal_within: f64,
    #[serde(deserialize_with = "values::count")]
    pub cost_max_percent: u32,
    #[serde(deserialize_with = "values::count")]
    pub breaker_failures: u32,
    #[serde(rename = "breaker_cooldown_ms", deserialize_with = "values::millis")]
    pub breaker_cooldown: Duration,
    #[serde(
        rename = "breaker_cooldown_max_ms",
        deserialize_with = "values::millis"
    )]
    pub breaker_cooldown_max: Duration,
    #[serde(deserialize_with = "values::count")]
    pub retry_share_percent: u32,
    #[serde(deserialize_with = "values::count")]
    pub retries_saved_max: u32,
}

impl Routing {
    /// What weighs how much.
    pub fn policy(&self) -> Policy {
        Policy {
            cost: self.cost_weight,
            latency: self.latency_weight,
            load: self.load_weight,
            latency_target_secs: f64::from(self.latency_target_secs),
            tried: self.tried_penalty,
            equal_within: self.equal_within,
            cost_max_percent: self.cost_max_percent,
        }
    }
}

/// The AI backends, a section each.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Providers {
    pub nano_banana: NanoBanana,
    pub kling: Kling,
    pub fal: Fal,
}

impl Providers {
    /// Whether a provider can be asked for a model in a mode.
    pub fn runs(&self, provider: &str, model: &Model, mode: Mode) -> bool {
        let (key, still_runs) = match provider {
            "kling" => (&self.kling.api_key, &self.kling.still_runs),
            "fal" => return self.fal.runs(model),
            _ => return false,
        };
        let is_retired = model.sunset.is_some();
        let still_runs = still_runs.iter().any(|id| id == model.id.as_str());
        // A pair of keys is of the older generation, which is asked for nothing with clips.
        let is_pair = |key: &SecretString| key.expose_secret().contains(':');
        let takes_clips = !key.as_ref().is_some_and(is_pair);
        let can_do = !mode.takes_clip() || takes_clips;
        key.is_some() && (!is_retired || still_runs) && can_do
    }
}

/// Kling's own video API.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kling {
    /// A key, or `access:secret` of the older generation.
    #[serde(deserialize_with = "values::secret")]
    pub api_key: Option<SecretString>,
    /// Without a closing slash.
    #[serde(deserialize_with = "values::base_url")]
    pub api_url: String,
    #[serde(deserialize_with = "values::count")]
    pub concurrency: usize,
    #[serde(rename = "connect_timeout_secs", deserialize_with = "values::secs")]
    pub connect_timeout: Duration,
    #[serde(rename = "timeout_secs", deserialize_with = "values::secs")]
    pub timeout: Duration,
    #[serde(rename = "poll_ms", deserialize_with = "values::millis")]
    pub poll: Duration,
    #[serde(deserialize_with = "values::bytes")]
    pub response_bytes_max: usize,
    #[serde(deserialize_with = "values::bytes")]
    pub result_bytes_max: usize,
    /// Ids of the catalogue.
    pub still_runs: Vec<String>,
    #[serde(rename = "webhook_secret", deserialize_with = "values::secrets")]
    pub webhook_secrets: Vec<SecretString>,
}

/// fal.ai, which runs the models of both.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fal {
    /// `id:secret`.
    #[serde(deserialize_with = "values::secret")]
    pub api_key: Option<SecretString>,
    /// Without a closing slash.
    #[serde(deserialize_with = "values::base_url")]
    pub api_url: String,
    #[serde(deserialize_with = "values::count")]
    pub concurrency: usize,
    #[serde(rename = "connect_timeout_secs", deserialize_with = "values::secs")]
    pub connect_timeout: Duration,
    #[serde(rename = "timeout_secs", deserialize_with = "values::secs")]
    pub timeout: Duration,
    #[serde(rename = "start_timeout_secs", deserialize_with = "values::secs")]
    pub start_timeout: Duration,
    #[serde(rename = "poll_ms", deserialize_with = "values::millis")]
    pub poll: Duration,
    #[serde(deserialize_with = "values::bytes")]
    pub response_bytes_max: usize,
    #[serde(deserialize_with = "values::bytes")]
    pub result_bytes_max: usize,
    #[serde(deserialize_with = "values::ambiguity")]
    pub ambiguity: AmbiguityPolicy,
    #[serde(deserialize_with = "values::micro_usd")]
    pub cost_2k_micro_usd: i64,
    #[serde(deserialize_with = "values::micro_usd")]
    pub cost_4k_micro_usd: i64,
    #[serde(deserialize_with = "values::micro_usd")]
    pub cost_two_1k_micro_usd: i64,
    #[serde(deserialize_with = "values::micro_usd")]
    pub cost_two_2k_micro_usd: i64,
    #[serde(deserialize_with = "values::micro_usd")]
    pub cost_two_4k_micro_usd: i64,
    /// Ids of the catalogue.
    pub still_runs: Vec<String>,
    /// The public keys of its callbacks. Not set: it is only polled.
    #[serde(deserialize_with = "values::optional_base_url")]
    pub keys_url: Option<String>,
}

impl Fal {
    fn runs(&self, model: &Model) -> bool {
        let still_runs = self.still_runs.iter().any(|id| id == model.id.as_str());
        self.api_key.is_some() && (model.sunset.is_none() || still_runs)
    }
}

/// Nano Banana Pro: the Gemini image API.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NanoBanana {
    #[serde(deserialize_with = "values::secret")]
    pub api_key: Option<SecretString>,
    /// Without a closing slash.
    #[serde(deserialize_with = "values::base_url")]
    pub api_url: String,
    #[serde(deserialize_with = "values::count")]
    pub concurrency: usize,
    #[serde(rename = "connect_timeout_secs", deserialize_with = "values::secs")]
    pub connect_timeout: Duration,
    #[serde(rename = "timeout_secs", deserialize_with = "values::secs")]
    pub timeout: Duration,
    #[serde(rename = "timeout_4k_secs", deserialize_with = "values::secs")]
    pub timeout_4k: Duration,
    #[serde(deserialize_with = "values::bytes")]
    pub response_bytes_max: usize,
    /// All input pictures of one request together, before base64.
    #[serde(deserialize_with = "values::bytes")]
    pub inputs_bytes_max: u64,
    #[serde(deserialize_with = "values::ambiguity")]
    pub ambiguity: AmbiguityPolicy,
    pub pro: GeminiModel,
    pub two: GeminiModel,
}

/// A model of the Gemini image API, and what it costs the platform.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GeminiModel {
    pub model: String,
    #[serde(deserialize_with = "values::micro_usd")]
    pub cost_1k_micro_usd: i64,
    #[serde(deserialize_with = "values::micro_usd")]
    pub cost_2k_micro_usd: i64,
    #[serde(deserialize_with = "values::micro_usd")]
    pub cost_4k_micro_usd: i64,
    #[serde(deserialize_with = "values::micro_usd")]
    pub cost_input_micro_usd: i64,
    #[serde(deserialize_with = "values::rate")]
    pub usd_per_million_prompt_tokens: BigDecimal,
    #[serde(deserialize_with = "values::rate")]
    pub usd_per_million_text_tokens: BigDecimal,
    #[serde(deserialize_with = "values::rate")]
    pub usd_per_million_image_tokens: BigDecimal,
}

impl NanoBanana {
    /// The API's model for one that is sold.
    pub fn of(&self, model: ImageModel) -> &GeminiModel {
        match model {
            ImageModel::Pro => &self.pro,
            ImageModel::Two => &self.two,
        }
    }

    /// How long one call may take, by the size that is asked for.
    pub fn timeout_of(&self, size: Size) -> Duration {
        match size {
            Size::OneK | Size::TwoK => self.timeout,
            Size::FourK => self.timeout_4k,
        }
    }
}

/// Top-ups by Telegram Stars.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stars {
    pub offer: Offer,
    #[serde(deserialize_with = "values::count")]
    pub kopecks_per_star: i64,
    #[serde(deserialize_with = "values::count")]
    pub look_up_pages_max: u32,
}

/// Whether something is offered to users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Offer {
    On,
    Off,
}

/// Where pictures are kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assets {
    #[serde(deserialize_with = "values::location")]
    pub url: Location,
    #[serde(deserialize_with = "values::optional_location")]
    pub mirror_url: Option<Location>,
    #[serde(rename = "mirror_tick_ms", deserialize_with = "values::millis")]
    pub mirror_tick: Duration,
    pub s3: S3,
    pub mirror_s3: S3,
    pub links: LinkBase,
    #[serde(rename = "link_days", deserialize_with = "values::days")]
    pub link_for: Duration,
}

/// A place of objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    Folder(PathBuf),
    /// A bucket of an S3 service; the prefix may be empty.
    Bucket {
        bucket: String,
        prefix: String,
    },
}

/// The service of a bucket.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S3 {
    #[serde(deserialize_with = "values::optional_base_url")]
    pub endpoint: Option<String>,
    pub region: String,
    #[serde(deserialize_with = "values::optional_text")]
    pub access_key_id: Option<String>,
    #[serde(deserialize_with = "values::secret")]
    pub secret_access_key: Option<SecretString>,
    #[serde(rename = "connect_timeout_secs", deserialize_with = "values::secs")]
    pub connect_timeout: Duration,
    #[serde(rename = "timeout_secs", deserialize_with = "values::secs")]
    pub timeout: Duration,
}

impl S3 {
    /// Whether the service is reached without TLS, as its address says.
    pub fn is_plain(&self) -> bool {
        let endpoint = self.endpoint.as_deref().unwrap_or_default();
        endpoint.starts_with("http://")
    }
}

/// Where the outside reaches the house for stored pictures and clips.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkBase {
    /// At the public address; nowhere without one.
    PublicUrl,
    /// At the listener's own: everybody is on this machine.
    Listener,
}

/// When an actor is restarted, and when the process gives up.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Supervision {
    #[serde(deserialize_with = "values::count")]
    pub restarts_max: u32,
    #[serde(rename = "window_secs", deserialize_with = "values::secs")]
    pub window: Duration,
    #[serde(rename = "backoff_base_ms", deserialize_with = "values::millis")]
    pub backoff_base: Duration,
    #[serde(rename = "backoff_max_ms", deserialize_with = "values::millis")]
    pub backoff_max: Duration,
    #[serde(rename = "heartbeat_ms", deserialize_with = "values::millis")]
    pub heartbeat: Duration,
    #[serde(deserialize_with = "values::count")]
    pub heartbeats_missed_max: u32,
    #[serde(rename = "quarantine_secs", deserialize_with = "values::secs")]
    pub quarantine: Duration,
}

/// The way out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shutdown {
    #[serde(rename = "drain_secs", deserialize_with = "values::secs")]
    pub drain: Duration,
}
