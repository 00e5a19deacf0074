use std::path::Path;

use rei_domain::billing::AmbiguityPolicy;
use rei_domain::ids::UserId;
use rei_domain::money::Money;
use secrecy::ExposeSecret;

use super::layers::{DEFAULTS, SECRET_KEYS};
use super::*;

const TOKEN: &str = "123456:canary-bot-token";
const NEEDED: [(&str, &str); 2] = [("BOT_TOKEN", TOKEN), ("NANO_BANANA_API_KEY", "canary-key")];

fn load(extra: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    load_with(None, extra)
}

fn load_with(file: Option<&Path>, extra: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    let environment = Environment::of(NEEDED.into_iter().chain(extra.iter().copied()));
    Config::load(&environment, file, Purpose::Serve)
}

/// The sentence that stops the start.
fn refusal(extra: &[(&str, &str)]) -> String {
    match load(extra) {
        Ok(_) => panic!("{extra:?} was taken"),
        Err(error) => error.to_string(),
    }
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

#[test]
fn the_defaults_need_only_the_two_keys() {
    let config = load(&[]).unwrap().config;
    assert_eq!(config.billing.welcome_bonus, Money::ZERO);
    assert_eq!(config.ledger.batch_max, 512);
    assert_eq!(config.http.addr.to_string(), "127.0.0.1:8080");
    assert_eq!(config.http.admin_addr, None);
    assert_eq!(config.telegram.album_quiet.as_millis(), 1200);
    let image = &config.providers.nano_banana;
    assert_eq!(image.ambiguity, AmbiguityPolicy::RetryOnce);
}

#[test]
fn without_a_token_the_demo_is_named() {
    let environment = Environment::of([]);
    let error = Config::load(&environment, None, Purpose::Serve)
        .err()
        .unwrap();
    let text = error.to_string();
    assert!(
        text.starts_with("BOT_TOKEN (telegram.bot_token) is not set"),
        "{text}"
    );
    assert!(text.contains("rei-bot demo"), "{text}");
}

#[test]
fn the_database_is_enough_for_migrations_and_the_audit() {
    let environment = Environment::of([("DATABASE_URL", "postgres://u:p@h/d")]);
    let loaded = Config::load(&environment, None, Purpose::Database).unwrap();
    let url = loaded.config.database.url.expose_secret();
    assert_eq!(url, "postgres://u:p@h/d");
}

#[test]
fn each_layer_wins_over_those_before_it() {
    let file = file("[http]\naddr = \"127.0.0.1:1\"\nworkers = 3\n[jobs]\npoll_ms = 7\n");
    let loaded = load_with(
        Some(file.path()),
        &[("HTTP_ADDR", "127.0.0.1:2"), ("REI__JOBS__POLL_MS", "8")],
    )
    .unwrap();
    assert_eq!(loaded.config.http.workers, 3);
    assert_eq!(loaded.config.http.addr.port(), 2);
    assert_eq!(loaded.config.jobs.poll.as_millis(), 8);

    let key_variable = [
        ("HTTP_ADDR", "127.0.0.1:2"),
        ("REI__HTTP__ADDR", "127.0.0.1:3"),
    ];
    assert_eq!(load(&key_variable).unwrap().config.http.addr.port(), 3);
}

#[test]
fn the_file_can_be_named_by_a_variable() {
    let file = file("[billing]\nwelcome_bonus_kopecks = 100\n");
    let path = file.path().to_str().unwrap();
    let config = load(&[("REI_CONFIG", path)]).unwrap().config;
    assert_eq!(config.billing.welcome_bonus.kopecks(), 100);
    let missing = refusal(&[("REI_CONFIG", "/nonexistent/rei.toml")]);
    assert!(
        missing.contains("/nonexistent/rei.toml cannot be read"),
        "{missing}"
    );
}

#[test]
fn values_are_read_as_the_type_of_their_key() {
    let config = load(&[
        ("ADMIN_IDS", "12, 34"),
        ("ADMIN_TOKEN", "0123456789012345"),
        ("TELEGRAM_WEBHOOK_SECRET", "one-secret, other_secret"),
        ("PUBLIC_URL", "https://bot.example.org/rei/"),
        ("REI__BILLING__USD_RUB", "91.5"),
        ("REI__PROVIDERS__NANO_BANANA__AMBIGUITY", "refund"),
        (
            "REI__PROVIDERS__KLING__STILL_RUNS",
            r#"["kling-1.5", "kling-1.6"]"#,
        ),
        ("REI__ROUTING__LATENCY_WEIGHT", "0.25"),
    ])
    .unwrap()
    .config;
    assert_eq!(config.telegram.admin_ids, [UserId(12), UserId(34)]);
    let admin = config.http.admin_token.unwrap();
    assert_eq!(admin.expose_secret(), "0123456789012345");
    assert_eq!(config.telegram.webhook_secrets.len(), 2);
    let public = config.http.public_url.unwrap();
    assert_eq!(public, "https://bot.example.org/rei");
    assert_eq!(config.billing.usd_rub.to_string(), "91.5");
    let policy = config.providers.nano_banana.ambiguity;
    assert_eq!(policy, AmbiguityPolicy::Refund);
    assert_eq!(
        config.providers.kling.still_runs,
        ["kling-1.5", "kling-1.6"]
    );
    assert_eq!(config.routing.latency_weight, 0.25);
}

#[test]
fn an_empty_variable_is_not_set() {
    let config = load(&[("PUBLIC_URL", ""), ("DATABASE_URL", "")])
        .unwrap()
        .config;
    assert_eq!(config.http.public_url, None);
    assert_eq!(config.database.url.expose_secret(), "sqlite://rei.db");
}

#[test]
fn variables_of_other_versions_do_not_stop_the_start() {
    let environment = Environment::of(RESERVED_VARIABLES.map(|name| (name, "x")));
    assert_eq!(
        environment.without_effect().count(),
        RESERVED_VARIABLES.len()
    );
    let reserved = RESERVED_VARIABLES.map(|name| (name, "x"));
    load(&reserved).unwrap();
}

#[test]
fn a_wrong_value_is_one_sentence_that_names_its_key() {
    for (variable, value, sentence) in [
        (
            "HTTP_ADDR",
            "localhost",
            "HTTP_ADDR (http.addr) must be an IP address and a port",
        ),
        (
            "ADMIN_TOKEN",
            "short",
            "ADMIN_TOKEN (http.admin_token) must be at least 16",
        ),
        (
            "ADMIN_IDS",
            "12,me",
            "ADMIN_IDS (telegram.admin_ids) must be whole numbers",
        ),
        ("ADMIN_IDS", "-5", "must be Telegram user ids"),
        (
            "DATABASE_URL",
            "mysql://x",
            "DATABASE_URL (database.url) must be sqlite://",
        ),
        (
            "DATABASE_URL",
            "sqlite://:memory:",
            "must be sqlite://path-of-a-file",
        ),
        ("ASSETS_URL", "/var/lib/rei", "must be a folder"),
        ("ASSETS_URL", "s3://Not_A_Bucket", "or a bucket"),
        ("ASSETS_URL", "s3://rei-bot/../other", "or a bucket"),
        (
            "ASSETS_URL",
            "s3://rei-bot/pictures",
            "S3_ACCESS_KEY_ID (assets.s3.access_key_id) is not set",
        ),
        (
            "ASSETS_MIRROR_URL",
            "file://rei-assets",
            "must be another place than assets.url",
        ),
        ("S3_ENDPOINT", "storage.example", "must be an address like"),
        (
            "PUBLIC_URL",
            "http://bot.example.org",
            "must begin with https://",
        ),
        (
            "PUBLIC_URL",
            "https://u:p@bot.example.org",
            "without query and password",
        ),
        (
            "PUBLIC_URL",
            "https://bot.example.org",
            "TELEGRAM_WEBHOOK_SECRET (telegram.webhook_secret) is not set",
        ),
        (
            "TELEGRAM_WEBHOOK_SECRET",
            "with space",
            "must be one or two secrets",
        ),
        (
            "TELEGRAM_WEBHOOK_SECRET",
            "a,b,c",
            "must be one or two secrets",
        ),
        ("BOT_TOKEN", "hello", "must look like 123456:ABC-DEF"),
        ("BOT_TOKEN", "1:a/../b", "must look like 123456:ABC-DEF"),
        (
            "REI__JOBS__LEASE_MS",
            "soon",
            "jobs.lease_ms, set by REI__JOBS__LEASE_MS, must be a whole number",
        ),
        (
            "REI__JOBS__LEASE_MS",
            "0",
            "must be from 1 to 86400000 milliseconds",
        ),
        (
            "REI__JOBS__RENEW_MS",
            "9000",
            "must be at most a third of jobs.lease_ms",
        ),
        (
            "REI__BILLING__PRICE_1K_KOPECKS",
            "0",
            "nothing is sold for free",
        ),
        ("REI__BILLING__PRICE_1K_KOPECKS", "-1", "must be from 0 to"),
        (
            "REI__BILLING__PRICE_1K_KOPECKS",
            "99999999999999999999",
            "must be a whole number",
        ),
        (
            "REI__BILLING__USD_RUB",
            "0",
            "must be a decimal number above 0",
        ),
        (
            "REI__BILLING__USD_RUB",
            "1e99999999",
            "must be a decimal number above 0",
        ),
        ("REI__LOG__FORMAT", "xml", "must be one of: text, json"),
        (
            "REI__LOG__LEVEL",
            "info,rei_bot=loudly",
            "log.level must be a level",
        ),
        (
            "REI__TELEGRAM__WEBHOOK_CONNECTIONS",
            "101",
            "must be from 1 to 100",
        ),
        ("REI__TELEGRAM__WEBHOOK_CONNECTIONS", "300", "is too large"),
        (
            "REI__HTTP__ADMIN_ADDR",
            "127.0.0.1:8080",
            "must not be the same as http.addr",
        ),
        (
            "REI__PROVIDERS__NANO_BANANA__PRO__MODEL",
            "../x",
            "must be a model id",
        ),
        (
            "REI__PROVIDERS__NANO_BANANA__INPUTS_BYTES_MAX",
            "1000",
            "must be at least 7340032",
        ),
        (
            "REI__HTTP__ADR",
            "x",
            "REI__HTTP__ADR sets http.adr, which does not exist",
        ),
        (
            "REI__HTTP",
            "x",
            "REI__HTTP sets http, which does not exist",
        ),
        ("REI__", "x", "which does not exist"),
    ] {
        let text = refusal(&[(variable, value)]);
        assert!(text.contains(sentence), "{variable}={value}: {text}");
        assert!(!text.contains('\n'), "{text}");
    }
}

#[test]
fn a_wrong_file_is_one_sentence_that_names_its_place() {
    for (content, sentence) in [
        (
            "[http]\nadress = 1\n",
            "sets http.adress, which does not exist",
        ),
        ("[kling]\napi_key = 1\n", "sets kling, which does not exist"),
        ("http = 1\n", "http, set by the file"),
        ("[http]\naddr = 8080\n", "must be a text in quotes"),
        ("[jobs]\nlease_ms = \"long\"\n", "must be a whole number"),
        ("[http\n", "is not valid TOML: correct it at line 1"),
    ] {
        let file = file(content);
        let error = load_with(Some(file.path()), &[]).err().unwrap();
        let text = error.to_string();
        assert!(text.contains(sentence), "{content}: {text}");
        assert!(!text.contains('\n'), "{text}");
    }
}

#[test]
fn a_secret_stands_in_no_debug_text_no_error_and_no_shown_configuration() {
    let canary = "canary";
    let extra = [
        ("ADMIN_TOKEN", "canary-admin-token"),
        ("TELEGRAM_WEBHOOK_SECRET", "canary-secret"),
        ("DATABASE_URL", "postgres://rei:canary@host/canary"),
        ("KLING_API_KEY", "canary-kling"),
        (
            "KLING_WEBHOOK_SECRET",
            "whsec_canarycanarycanarycanarycanaryca",
        ),
        ("FAL_KEY", "id:canary"),
        ("REDIS_URL", "redis://rei:canary@host"),
        ("S3_SECRET_ACCESS_KEY", "canary-bucket"),
        ("REI__ASSETS__MIRROR_S3__SECRET_ACCESS_KEY", "canary-mirror"),
        ("YOOKASSA_SECRET_KEY", "live_canary"),
        (
            "YOOKASSA_WEBHOOK_SECRET",
            "whsec_canarycanarycanarycanarycanaryca",
        ),
    ];
    let loaded = load(&extra).unwrap();
    assert!(!format!("{:?}", loaded.config).contains(canary));
    let shown = loaded.shown();
    assert!(!shown.contains(canary), "{shown}");
    assert_eq!(shown.matches("[redacted]").count(), SECRET_KEYS.len());

    for (variable, value) in [
        ("BOT_TOKEN", "canary"),
        ("ADMIN_TOKEN", "canary"),
        ("ADMIN_TOKEN", "canary with spaces"),
        ("NANO_BANANA_API_KEY", "canary key"),
        ("TELEGRAM_WEBHOOK_SECRET", "canary!"),
        ("YOOKASSA_SECRET_KEY", "live_canary key"),
        ("YOOKASSA_SECRET_KEY", "test_canary"),
        ("YOOKASSA_WEBHOOK_SECRET", "canary"),
        ("KLING_WEBHOOK_SECRET", "canary"),
        ("DATABASE_URL", "canary://"),
        ("REDIS_URL", "canary"),
        ("REDIS_URL", "rediss://:canary@host"),
        ("REDIS_URL", "redis://host/canary"),
    ] {
        let error = load(&[(variable, value)]).err().unwrap();
        assert!(!format!("{error} {error:?}").contains(canary), "{error:?}");
    }
    for content in [
        "[telegram]\nbot_token = canary\n",
        "[telegram]\nbot_token = [\"canary\"]\n",
    ] {
        let file = file(content);
        let error = load_with(Some(file.path()), &[]).err().unwrap();
        assert!(!format!("{error} {error:?}").contains(canary), "{error:?}");
    }
}

#[test]
fn what_is_shown_can_be_read_back_and_says_where_values_come_from() {
    let loaded = load(&[("REI__JOBS__POLL_MS", "250")]).unwrap();
    let shown = loaded.shown();
    assert!(shown.contains("[providers.nano_banana]\n"), "{shown}");
    assert!(
        shown.contains("poll_ms = 250  # REI__JOBS__POLL_MS\n"),
        "{shown}"
    );
    assert!(shown.contains("url = \"sqlite://rei.db\"\n"), "{shown}");

    let without_secrets: String = shown
        .lines()
        .filter(|line| !line.contains("[redacted]"))
        .flat_map(|line| [line, "\n"])
        .collect();
    let file = file(&without_secrets);
    let again = load_with(Some(file.path()), &[]).unwrap();
    assert_eq!(again.fingerprint(), loaded.fingerprint());
    assert_ne!(load(&[]).unwrap().fingerprint(), loaded.fingerprint());
}

#[test]
fn the_demo_touches_no_real_token_key_or_database() {
    let environment = Environment::of(NEEDED.into_iter().chain([
        ("DATABASE_URL", "postgres://u:p@h/d"),
        ("PUBLIC_URL", "https://bot.example.org"),
        ("REI__BILLING__PRICE_1K_KOPECKS", "777"),
    ]));
    let config = Config::demo(&environment, Path::new("play"))
        .unwrap()
        .config;
    assert!(config.telegram.bot_token.is_none());
    assert!(config.providers.nano_banana.api_key.is_none());
    assert_eq!(config.database.url.expose_secret(), "sqlite://play/rei.db");
    assert_eq!(config.assets.url, Location::Folder("play/assets".into()));
    assert_eq!(config.http.public_url, None);
    assert_eq!(config.billing.welcome_bonus.kopecks(), 50_000);
    assert_eq!(config.billing.price_1k.kopecks(), 777);
}

#[test]
fn every_key_of_the_defaults_has_a_comment() {
    let mut commented = false;
    for line in DEFAULTS.lines() {
        let is_key = line.contains(" = ") && !line.starts_with('#');
        // One comment may introduce a group of keys that follow each other.
        assert!(!is_key || commented, "no comment above: {line}");
        commented = match line {
            "" => false,
            _ => commented || line.starts_with('#'),
        };
    }
}

#[test]
fn a_dotenv_file_is_read_and_its_lines_stay_out_of_errors() {
    let good = file("# a comment\nREI_TEST_ONLY_DOTENV='with $ign'\n");
    let environment = Environment::of_process(good.path()).unwrap();
    assert_eq!(environment.get("REI_TEST_ONLY_DOTENV"), Some("with $ign"));
    assert!(environment.get("PATH").is_some());

    let bad = file("A=1\nthis is a canary\n");
    let error = Environment::of_process(bad.path()).err().unwrap();
    let text = error.to_string();
    assert!(
        text.contains("has after A a line that is not NAME=value"),
        "{text}"
    );
    assert!(!format!("{text} {error:?}").contains("canary"), "{text}");
}

#[test]
fn the_example_names_every_variable_and_starts_as_the_defaults_do() {
    let example = include_str!("../../.env.example");
    for name in NAMED_VARIABLES.iter().map(|(name, _)| name) {
        assert!(example.contains(&format!("{name}=")), "{name} is missing");
    }
    for name in RESERVED_VARIABLES {
        assert!(example.contains(name), "{name} is missing");
    }
    let file = file(example);
    let variables: Vec<(String, String)> = dotenvy::from_path_iter(file.path())
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let pairs = variables
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let example = Environment::of(pairs.filter(|(_, value)| !value.is_empty()).chain(NEEDED));
    let loaded = Config::load(&example, None, Purpose::Serve).unwrap();
    assert_eq!(loaded.fingerprint(), load(&[]).unwrap().fingerprint());
}

const SHOP: [(&str, &str); 2] = [
    ("YOOKASSA_SHOP_ID", "100500"),
    ("YOOKASSA_SECRET_KEY", "live_key"),
];
const SIGNED: (&str, &str) = (
    "YOOKASSA_WEBHOOK_SECRET",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
);
const LISTED: (&str, &str) = ("REI__YOOKASSA__ADDRESS_CHECK", "required");

fn shop(extra: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    let all: Vec<_> = SHOP.into_iter().chain(extra.iter().copied()).collect();
    load(&all)
}

#[test]
fn a_shop_starts_with_either_proof_of_its_notices_and_with_both() {
    for proofs in [&[SIGNED][..], &[LISTED], &[SIGNED, LISTED]] {
        let config = shop(proofs).unwrap().config.yookassa;
        assert_eq!(config.shop_id.as_deref(), Some("100500"));
        let ranges: Vec<String> = config
            .address_ranges
            .iter()
            .map(|r| r.to_string())
            .collect();
        assert_eq!(ranges.len(), 7);
        assert_eq!(ranges[4], "77.75.156.11/32");
    }
}

#[test]
fn a_shop_whose_notices_nobody_vouches_for_does_not_start() {
    let text = shop(&[]).err().unwrap().to_string();
    assert!(
        text.contains("anybody could send payment notices"),
        "{text}"
    );
    assert!(!text.contains('\n'), "{text}");
    let keyless = load(&[SHOP[0], SIGNED]).err().unwrap().to_string();
    assert!(keyless.contains("YOOKASSA_SECRET_KEY"), "{keyless}");
    assert!(load(&[]).unwrap().config.yookassa.shop_id.is_none());
}

#[test]
fn a_wrong_value_of_a_shop_is_one_sentence_that_names_its_key() {
    for (variable, value, sentence) in [
        ("YOOKASSA_SHOP_ID", "1:2", "must be the number of the shop"),
        (
            "YOOKASSA_SECRET_KEY",
            "test_key",
            "must be a key of the shop",
        ),
        (
            "YOOKASSA_WEBHOOK_SECRET",
            "whsec_c2hvcnQ=",
            "must be one or two secrets",
        ),
        (
            "REI__YOOKASSA__ENVIRONMENT",
            "demo",
            "must be one of: live, test",
        ),
        (
            "REI__YOOKASSA__ADDRESS_CHECK",
            "maybe",
            "yookassa.address_check",
        ),
        (
            "REI__YOOKASSA__ADDRESS_RANGES",
            "",
            "must name YooKassa's addresses",
        ),
        (
            "REI__YOOKASSA__ADDRESS_RANGES",
            "0.0.0.0/0",
            "none wider than",
        ),
        ("REI__YOOKASSA__ADDRESS_RANGES", "::/0", "none wider than"),
        (
            "REI__YOOKASSA__ADDRESS_RANGES",
            "::ffff:1.2.3.0/120",
            "must be addresses",
        ),
        (
            "REI__YOOKASSA__TRUSTED_PROXIES",
            "proxy.local",
            "must be addresses",
        ),
        (
            "REI__YOOKASSA__TRUSTED_PROXIES",
            "10.0.0.0/33",
            "must be addresses",
        ),
        (
            "REI__YOOKASSA__RECEIPT_VAT_CODE",
            "13",
            "must be from 1 to 12",
        ),
        (
            "REI__YOOKASSA__RECEIPT_TAX_SYSTEM",
            "7",
            "must be from 1 to 6",
        ),
        (
            "REI__YOOKASSA__RECEIPT_SUBJECT",
            "Service!",
            "must be a word",
        ),
        ("REI__YOOKASSA__RECEIPT", "maybe", "yookassa.receipt"),
    ] {
        let text = shop(&[LISTED, (variable, value)]).err();
        let text = text.unwrap_or_else(|| panic!("{variable}={value} was taken"));
        let text = text.to_string();
        assert!(text.contains(sentence), "{variable}={value}: {text}");
        assert!(!text.contains('\n'), "{text}");
    }
}

#[test]
fn redis_is_found_by_its_address_or_by_its_host() {
    let address = |extra: &[(&str, &str)]| {
        let address = load(extra).unwrap().config.redis.address();
        address.map(|url| url.expose_secret().to_owned())
    };
    assert_eq!(address(&[]), None);
    assert_eq!(address(&[("REDIS_PORT", "7000")]), None);
    let host = ("REDIS_HOST", "cache");
    let check = |extra: &[(&str, &str)], expected: &str| {
        assert_eq!(address(extra).as_deref(), Some(expected), "{extra:?}");
    };
    check(&[host], "redis://cache:6379");
    check(&[host, ("REDIS_PORT", "7000")], "redis://cache:7000");
    check(&[("REDIS_HOST", "::1")], "redis://[::1]:6379");
    let url = ("REDIS_URL", "redis://u:p@h:1/2");
    check(&[host, url], "redis://u:p@h:1/2");
}

#[test]
fn a_wrong_redis_stops_the_start_with_a_sentence_that_names_it() {
    for (variable, value, key) in [
        ("REDIS_URL", "cache:6379", "redis.url"),
        ("REDIS_URL", "rediss://cache", "redis.url"),
        ("REDIS_HOST", "redis://cache", "redis.host"),
        ("REDIS_HOST", "user:password@cache", "redis.host"),
        ("REDIS_HOST", "two words", "redis.host"),
        ("REDIS_PORT", "0", "redis.port"),
        ("REDIS_PORT", "65536", "redis.port"),
        ("REDIS_PORT", "tcp://10.0.0.1:6379", "redis.port"),
        ("REI__REDIS__PREFIX", "a:b", "redis.prefix"),
    ] {
        let sentence = refusal(&[(variable, value)]);
        let names = sentence.contains(key) && sentence.contains("must be")
            || sentence.contains("must look like");
        assert!(names && !sentence.contains('\n'), "{sentence}");
    }
}
