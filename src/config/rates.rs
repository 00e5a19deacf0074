//! The sections `[rates]` and `[redis]`: how much one user may do at a time, and where nodes
//! share the count.

use std::time::Duration;

use rei_domain::money::Money;
use rei_domain::rates::{Rate, RateRules};
use rei_domain::time::Span;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use super::check::ensure;
use super::{ConfigError, values};

const MINUTE: Span = Span::from_secs(60);
const HOUR: Span = Span::from_secs(3_600);

/// What a key may begin with.
const PREFIX_CHARS_MAX: usize = 32;

/// How much one user may do; admins are exempt.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rates {
    /// Zero: no limit.
    #[serde(deserialize_with = "values::count_or_zero")]
    pub requests_per_minute: u64,
    #[serde(deserialize_with = "values::count")]
    pub requests_burst: u64,
    /// Zero: no limit.
    #[serde(rename = "cost_kopecks_per_hour", deserialize_with = "values::kopecks")]
    pub cost_per_hour: Money,
    #[serde(rename = "cost_burst_kopecks", deserialize_with = "values::kopecks")]
    pub cost_burst: Money,
}

impl Rates {
    /// The rate of each scope.
    pub fn rules(&self) -> RateRules {
        let kopecks = |money: Money| u64::try_from(money.kopecks()).unwrap_or(0);
        let rate = |amount: u64, span, burst| (amount > 0).then(|| Rate::new(amount, span, burst));
        RateRules {
            requests: rate(self.requests_per_minute, MINUTE, self.requests_burst),
            cost: rate(kopecks(self.cost_per_hour), HOUR, kopecks(self.cost_burst)),
        }
    }
}

/// The Redis that nodes share.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redis {
    /// May hold a password. It wins over `host` and `port`.
    #[serde(deserialize_with = "values::secret")]
    pub url: Option<SecretString>,
    /// Empty, with no `url`: nothing is shared.
    pub host: String,
    #[serde(deserialize_with = "values::count")]
    pub port: u16,
    pub prefix: String,
    #[serde(deserialize_with = "values::count")]
    pub pool_max: usize,
    #[serde(rename = "timeout_ms", deserialize_with = "values::millis")]
    pub timeout: Duration,
    #[serde(rename = "retry_ms", deserialize_with = "values::millis")]
    pub retry: Duration,
}

impl Redis {
    /// Where it is; `None` when nothing is shared.
    pub fn address(&self) -> Option<SecretString> {
        if let Some(url) = &self.url {
            return Some(url.clone());
        }
        let (host, port) = (&self.host, self.port);
        if host.is_empty() {
            return None;
        }
        // The colons of an IPv6 address are not the port's.
        let url = if host.contains(':') && !host.starts_with('[') {
            format!("redis://[{host}]:{port}")
        } else {
            format!("redis://{host}:{port}")
        };
        Some(SecretString::from(url))
    }
}

/// Checks what holds for every purpose.
pub(super) fn check(rates: &Rates, redis: &Redis) -> Result<(), ConfigError> {
    ensure(
        rates.cost_per_hour == Money::ZERO || rates.cost_burst > Money::ZERO,
        "rates.cost_burst_kopecks",
        "must be above 0 while rates.cost_kopecks_per_hour is",
    )?;
    ensure(
        redis.url.as_ref().is_none_or(is_redis),
        "redis.url",
        "must look like redis://user:password@host:6379/0; redis over TLS is not built in",
    )?;
    ensure(
        redis.url.is_some() || redis.address().as_ref().is_none_or(is_redis),
        "redis.host",
        "must be the name or address of a host",
    )?;
    ensure(
        (1..=PREFIX_CHARS_MAX).contains(&redis.prefix.len())
            && redis
                .prefix
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-'),
        "redis.prefix",
        "must be 1 to 32 of A-Z a-z 0-9 -",
    )
}

fn is_redis(url: &SecretString) -> bool {
    Url::parse(url.expose_secret())
        .is_ok_and(|url| url.scheme() == "redis" && url.host_str().is_some_and(|h| !h.is_empty()))
}
