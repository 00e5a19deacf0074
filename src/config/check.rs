//! What single values cannot tell: secrets' forms, and values that must agree.

use actix_web::http::Uri;
use rei_domain::money::Money;
use rei_domain::spec::INPUT_BYTES_MAX;
use secrecy::{ExposeSecret, SecretString};

use super::{Assets, Config, ConfigError, Location, Purpose, Routing, S3, Topups, rates, yookassa};
use crate::webhooks;

/// `setWebhook`'s limit on `max_connections`.
const WEBHOOK_CONNECTIONS_MAX: u8 = 100;
/// `setWebhook`'s limit on `secret_token`.
const WEBHOOK_SECRET_CHARS_MAX: usize = 256;
/// Below this a token can be guessed.
const ADMIN_TOKEN_CHARS_MIN: usize = 16;
/// The Bot API's limit on a token.
const BOT_TOKEN_CHARS_MAX: usize = 80;
/// A button has room for ten digits of kopecks.
const BUTTON_MAX: i64 = 10_000_000_000;
/// So that two renewals may fail before the lease is lost.
const RENEWALS_PER_LEASE_MIN: u32 = 3;

/// Checks what holds for every purpose. One guard a line; the first that fails is told.
pub fn check(config: &Config) -> Result<(), ConfigError> {
    let telegram = &config.telegram;
    let http = &config.http;
    let jobs = &config.jobs;
    let sessions = &config.sessions;
    let billing = &config.billing;
    let supervision = &config.supervision;

    check_log(config)?;
    check_database(&config.database.url)?;
    check_bot_token(telegram.bot_token.as_ref())?;
    check_webhook_secrets(&telegram.webhook_secrets)?;
    check_public_url(http.public_url.as_deref())?;
    check_admin_token(http.admin_token.as_ref())?;
    check_api_key(config.providers.nano_banana.api_key.as_ref())?;
    yookassa::check(&config.yookassa)?;
    rates::check(&config.rates, &config.redis)?;
    ensure(
        telegram.webhook_connections <= WEBHOOK_CONNECTIONS_MAX,
        "telegram.webhook_connections",
        "must be from 1 to 100, Telegram's limit",
    )?;
    ensure(
        telegram.send_retry_base <= telegram.send_retry_max,
        "telegram.send_retry_max_ms",
        "must not be below telegram.send_retry_base_ms",
    )?;
    ensure(
        http.admin_addr
            .is_none_or(|admin| admin != http.addr || admin.port() == 0),
        "http.admin_addr",
        "must not be the same as http.addr; leave it empty to serve everything there",
    )?;
    for (key, price) in [
        ("billing.price_1k_kopecks", billing.price_1k),
        ("billing.price_2k_kopecks", billing.price_2k),
        ("billing.price_4k_kopecks", billing.price_4k),
    ] {
        ensure(
            price > Money::ZERO,
            key,
            "must be at least 1: nothing is sold for free",
        )?;
    }
    check_topups(&config.topups)?;
    ensure(
        jobs.renew * RENEWALS_PER_LEASE_MIN <= jobs.lease,
        "jobs.renew_ms",
        "must be at most a third of jobs.lease_ms, so that a renewal may fail",
    )?;
    check_routing(&config.routing)?;
    check_gc(config)?;
    check_assets(&config.assets)?;
    check_callback_secrets(&config.providers.kling.webhook_secrets)?;
    ensure(
        jobs.retry_base <= jobs.retry_max,
        "jobs.retry_max_ms",
        "must not be below jobs.retry_base_ms",
    )?;
    let gemini = &config.providers.nano_banana;
    for (key, model) in [
        ("providers.nano_banana.pro.model", &gemini.pro.model),
        ("providers.nano_banana.two.model", &gemini.two.model),
    ] {
        ensure(
            !model.is_empty() && model.chars().all(is_model_char),
            key,
            "must be a model id of letters, digits, dots, dashes and underscores",
        )?;
    }
    ensure(
        config.providers.nano_banana.inputs_bytes_max >= INPUT_BYTES_MAX,
        "providers.nano_banana.inputs_bytes_max",
        "must be at least 7340032, so that one picture always fits",
    )?;
    ensure(
        jobs.store_retry_base <= jobs.store_retry_max,
        "jobs.store_retry_max_ms",
        "must not be below jobs.store_retry_base_ms",
    )?;
    ensure(
        sessions.store_retry_base <= sessions.store_retry_max,
        "sessions.store_retry_max_ms",
        "must not be below sessions.store_retry_base_ms",
    )?;
    ensure(
        supervision.backoff_base <= supervision.backoff_max,
        "supervision.backoff_max_ms",
        "must not be below supervision.backoff_base_ms",
    )
}

/// Weights are weights.
fn check_routing(routing: &Routing) -> Result<(), ConfigError> {
    for (value, key) in [
        (routing.cost_weight, "routing.cost_weight"),
        (routing.latency_weight, "routing.latency_weight"),
        (routing.load_weight, "routing.load_weight"),
        (routing.tried_penalty, "routing.tried_penalty"),
        (routing.equal_within, "routing.equal_within"),
    ] {
        let is_weight = value.is_finite() && (0.0..=1_000.0).contains(&value);
        ensure(is_weight, key, "must be a number from 0 to 1000")?;
    }
    ensure(
        routing.breaker_cooldown <= routing.breaker_cooldown_max,
        "routing.breaker_cooldown_max_ms",
        "must not be below routing.breaker_cooldown_ms",
    )
}

/// One secret, or two while one replaces the other.
fn check_callback_secrets(secrets: &[SecretString]) -> Result<(), ConfigError> {
    ensure(
        secrets.len() <= 2 && secrets.iter().all(|s| webhooks::Secret::parse(s).is_ok()),
        "providers.kling.webhook_secret",
        "must be one or two secrets, separated by a comma, each whsec_ and 24 to 64 bytes in base64, as Kling's console shows it",
    )
}

/// Nothing is removed while something the bot promised may still need it.
fn check_gc(config: &Config) -> Result<(), ConfigError> {
    let gc = &config.gc;
    ensure(
        gc.results >= config.assets.link_for,
        "gc.result_days",
        "must not be below assets.link_days: a link would open nothing",
    )?;
    ensure(
        gc.orphans > config.late.watch && gc.orphans > config.jobs.video_deadline,
        "gc.orphan_days",
        "must be longer than late.watch_secs and jobs.video_deadline_secs",
    )?;
    ensure(
        gc.set_aside >= gc.updates,
        "gc.set_aside_days",
        "must not be below gc.update_days",
    )
}

/// Buckets have their keys, and the mirror is another place.
fn check_assets(assets: &Assets) -> Result<(), ConfigError> {
    check_bucket(
        Some(&assets.url),
        &assets.s3,
        [
            "assets.s3.region",
            "assets.s3.access_key_id",
            "assets.s3.secret_access_key",
        ],
    )?;
    check_bucket(
        assets.mirror_url.as_ref(),
        &assets.mirror_s3,
        [
            "assets.mirror_s3.region",
            "assets.mirror_s3.access_key_id",
            "assets.mirror_s3.secret_access_key",
        ],
    )?;
    let is_same = assets.mirror_url.as_ref() == Some(&assets.url);
    let is_folder = matches!(assets.url, Location::Folder(_));
    let is_same_service = assets.s3.endpoint == assets.mirror_s3.endpoint
        && assets.s3.region == assets.mirror_s3.region;
    ensure(
        !(is_same && (is_folder || is_same_service)),
        "assets.mirror_url",
        "must be another place than assets.url",
    )
}

fn check_bucket(
    url: Option<&Location>,
    s3: &S3,
    [region, id, secret]: [&'static str; 3],
) -> Result<(), ConfigError> {
    match url {
        Some(Location::Bucket { .. }) => {}
        Some(Location::Folder(_)) | None => return Ok(()),
    }
    ensure(
        !s3.region.is_empty(),
        region,
        "must be the region of the bucket, like eu-central-1",
    )?;
    let remedy = "set it to a key that may read, write, delete and list the bucket";
    if s3.access_key_id.is_none() {
        return Err(ConfigError::Missing { key: id, remedy });
    }
    if s3.secret_access_key.is_none() {
        return Err(ConfigError::Missing {
            key: secret,
            remedy,
        });
    }
    Ok(())
}

/// Buttons offer only what can be paid, and every pause has its order.
fn check_topups(topups: &Topups) -> Result<(), ConfigError> {
    ensure(
        topups.min > Money::ZERO && topups.min <= topups.max && topups.max.kopecks() < BUTTON_MAX,
        "topups.max_kopecks",
        "must be from topups.min_kopecks to 9999999999, and that above 0",
    )?;
    let fits = |amount: &Money| topups.min <= *amount && *amount <= topups.max;
    ensure(
        !topups.amounts.is_empty() && topups.amounts.iter().all(fits),
        "topups.amounts_kopecks",
        "must be amounts from topups.min_kopecks to topups.max_kopecks, at least one",
    )?;
    ensure(
        topups.retry_base <= topups.retry_max,
        "topups.retry_max_ms",
        "must not be below topups.retry_base_ms",
    )?;
    ensure(
        topups.breaker_cooldown <= topups.breaker_cooldown_max,
        "topups.breaker_cooldown_max_ms",
        "must not be below topups.breaker_cooldown_ms",
    )
}

/// Checks what the purpose needs besides.
pub fn check_purpose(config: &Config, purpose: Purpose) -> Result<(), ConfigError> {
    match purpose {
        Purpose::Database => return Ok(()),
        Purpose::Serve => {}
    }
    if config.telegram.bot_token.is_none() {
        return Err(ConfigError::Missing {
            key: "telegram.bot_token",
            remedy: "set it to the token from @BotFather, or run `rei-bot demo` to try the bot without one",
        });
    }
    if config.providers.nano_banana.api_key.is_none() {
        return Err(ConfigError::Missing {
            key: "providers.nano_banana.api_key",
            remedy: "set it to a key of the Gemini API from Google AI Studio",
        });
    }
    if config.http.public_url.is_some() && config.telegram.webhook_secrets.is_empty() {
        return Err(ConfigError::Missing {
            key: "telegram.webhook_secret",
            remedy: "PUBLIC_URL turns the webhook on, which needs a secret, for example from `openssl rand -hex 32`",
        });
    }
    yookassa::check_serving(&config.yookassa)
}

fn check_log(config: &Config) -> Result<(), ConfigError> {
    ensure(
        crate::logging::is_filter(&config.log.level),
        "log.level",
        "must be a level (error, warn, info, debug, trace) or a filter in the syntax of RUST_LOG",
    )
}

fn check_database(url: &SecretString) -> Result<(), ConfigError> {
    let url = url.expose_secret();
    let rest = ["sqlite://", "postgres://", "postgresql://"]
        .into_iter()
        .find_map(|scheme| url.strip_prefix(scheme));
    ensure(
        rest.is_some_and(|rest| !rest.is_empty() && rest != ":memory:"),
        "database.url",
        "must be sqlite://path-of-a-file or postgres://user:password@host/name",
    )
}

fn check_bot_token(token: Option<&SecretString>) -> Result<(), ConfigError> {
    let Some(token) = token else {
        return Ok(());
    };
    let token = token.expose_secret();
    let fits = token.split_once(':').is_some_and(|(id, secret)| {
        let numbered = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        numbered && !secret.is_empty() && secret.bytes().all(is_token_byte)
    });
    ensure(
        fits && token.len() <= BOT_TOKEN_CHARS_MAX,
        "telegram.bot_token",
        "must look like 123456:ABC-DEF, as @BotFather gives it",
    )
}

fn check_webhook_secrets(secrets: &[SecretString]) -> Result<(), ConfigError> {
    let fits = |secret: &SecretString| {
        let secret = secret.expose_secret();
        secret.len() <= WEBHOOK_SECRET_CHARS_MAX && secret.bytes().all(is_token_byte)
    };
    ensure(
        secrets.len() <= 2 && secrets.iter().all(fits),
        "telegram.webhook_secret",
        "must be one or two secrets, separated by a comma, each of 1 to 256 characters A-Z a-z 0-9 _ -",
    )
}

/// Telegram delivers to https alone; plain http is for a sandbox on the same machine.
fn check_public_url(url: Option<&str>) -> Result<(), ConfigError> {
    let Some(url) = url else {
        return Ok(());
    };
    let uri: Option<Uri> = url.parse().ok();
    let fits = uri.is_some_and(|uri| {
        let host = uri.host().unwrap_or_default();
        let loopback = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
        uri.scheme_str() == Some("https") || loopback
    });
    ensure(
        fits,
        "http.public_url",
        "must begin with https://: Telegram delivers to nothing else",
    )
}

fn check_admin_token(token: Option<&SecretString>) -> Result<(), ConfigError> {
    let fits = token.is_none_or(|token| {
        let token = token.expose_secret();
        token.chars().count() >= ADMIN_TOKEN_CHARS_MIN
            && token.bytes().all(|b| b.is_ascii_graphic())
    });
    ensure(
        fits,
        "http.admin_token",
        "must be at least 16 visible ASCII characters, for example from `openssl rand -hex 32`",
    )
}

fn check_api_key(key: Option<&SecretString>) -> Result<(), ConfigError> {
    let fits = key.is_none_or(|key| key.expose_secret().bytes().all(|b| b.is_ascii_graphic()));
    ensure(
        fits,
        "providers.nano_banana.api_key",
        "must be visible ASCII characters without spaces, as Google AI Studio gives it",
    )
}

pub(super) fn ensure(holds: bool, key: &str, must: &str) -> Result<(), ConfigError> {
    if holds {
        return Ok(());
    }
    Err(ConfigError::Wrong {
        key: key.to_owned(),
        origin: None,
        problem: must.to_owned(),
    })
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

fn is_model_char(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '.' | '-' | '_')
}
