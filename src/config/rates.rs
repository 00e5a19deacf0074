//! The sections `[rates]` and `[redis]`: how much one user may do at a time, and where nodes
//! share the count.

use std::time::Duration;

use rei_domain::money::Money;
use rei_domain::rates::{Rate, RateRules};
use rei_domain::time::Span;
use secrecy::SecretString;
use serde::Deserialize;

use super::check::ensure;
use super::{ConfigError, values};
use crate::rates::is_address;

const MINUTE: Span = Span::from_secs(60);
const HOUR: Span = Span::from_secs(3_600);

/// Single orders up to so many bursts are let through to a rested user and earned back in full.
const HEAVIEST_BURSTS: u64 = 10;

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
    /// The rates of one user.
    pub fn rules(&self) -> RateRules {
        let kopecks = |money: Money| u64::try_from(money.kopecks()).unwrap_or(0);
        let rate = |amount: u64, span, burst| (amount > 0).then(|| Rate::new(amount, span, burst));
        let cost_burst = kopecks(self.cost_burst);
        let cost = rate(kopecks(self.cost_per_hour), HOUR, cost_burst);
        let heaviest = cost_burst.saturating_mul(HEAVIEST_BURSTS);
        RateRules {
            requests: rate(self.requests_per_minute, MINUTE, self.requests_burst),
            cost: cost.map(|cost| cost.with_heaviest(heaviest)),
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
    #[serde(deserialize_with = "values::port")]
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
        self.url.clone().or_else(|| self.address_of_host())
    }

    fn address_of_host(&self) -> Option<SecretString> {
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
        redis.url.as_ref().is_none_or(is_address),
        "redis.url",
        "must look like redis://user:password@host:6379/0, without TLS",
    )?;
    let is_host = |host: &str| !host.contains(['/', '@', '?', '#']);
    ensure(
        is_host(&redis.host) && redis.address_of_host().as_ref().is_none_or(is_address),
        "redis.host",
        "must be the name or the address of a host, without port and password",
    )?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    ensure(
        (1..=PREFIX_CHARS_MAX).contains(&redis.prefix.len()) && redis.prefix.bytes().all(is_plain),
        "redis.prefix",
        "must be 1 to 32 of A-Z a-z 0-9 -",
    )
}
