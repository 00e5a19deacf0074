//! How single values are read: units become types here, and numbers get their bounds.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use actix_web::http::Uri;
use bigdecimal::BigDecimal;
use rei_domain::billing::AmbiguityPolicy;
use rei_domain::ids::UserId;
use rei_domain::money::Money;
use secrecy::SecretString;
use serde::de::{Deserialize, Deserializer, Error};

use super::sections::Location;

/// A day: no wait of the bot is longer by intent.
const MILLIS_MAX: i64 = 86_400_000;
/// A year.
const SECS_MAX: i64 = 31_536_000;
/// Ten years: longer than any payment method looks back.
const DAYS_MAX: i64 = 3_650;
/// More of anything than one process can use.
const COUNT_MAX: i64 = 1_000_000;
/// A GiB: larger than every body the bot reads.
const BYTES_MAX: i64 = 1 << 30;

/// A duration in milliseconds, at least one.
pub fn millis<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let millis = within(from, 1, MILLIS_MAX, "milliseconds")?;
    Ok(Duration::from_millis(millis))
}

/// A duration in seconds, at least one.
pub fn secs<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let secs = within(from, 1, SECS_MAX, "seconds")?;
    Ok(Duration::from_secs(secs))
}

/// A duration in days, at least one.
pub fn days<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let days = within(from, 1, DAYS_MAX, "days")?;
    Ok(Duration::from_secs(days * 86_400))
}

/// How many of something, at least one.
pub fn count<'de, D, N>(from: D) -> Result<N, D::Error>
where
    D: Deserializer<'de>,
    N: TryFrom<u64>,
{
    narrow(within(from, 1, COUNT_MAX, "")?)
}

/// How many of something, where zero leaves the choice to the bot.
pub fn count_or_zero<'de, D, N>(from: D) -> Result<N, D::Error>
where
    D: Deserializer<'de>,
    N: TryFrom<u64>,
{
    narrow(within(from, 0, COUNT_MAX, "")?)
}

/// A TCP port to connect to.
pub fn port<'de, D: Deserializer<'de>>(from: D) -> Result<u16, D::Error> {
    narrow(within(from, 1, u16::MAX.into(), "")?)
}

/// A size in bytes, at least one.
pub fn bytes<'de, D, N>(from: D) -> Result<N, D::Error>
where
    D: Deserializer<'de>,
    N: TryFrom<u64>,
{
    narrow(within(from, 1, BYTES_MAX, "bytes")?)
}

/// An amount in kopecks, not negative and within what one operation may move.
pub fn kopecks<'de, D: Deserializer<'de>>(from: D) -> Result<Money, D::Error> {
    let max = Money::OPERATION_MAX.kopecks();
    let kopecks: i64 = narrow(within(from, 0, max, "kopecks")?)?;
    Ok(Money::from_kopecks(kopecks))
}

/// Amounts in kopecks, each above zero.
pub fn amounts<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Money>, D::Error> {
    let amounts = Vec::<i64>::deserialize(from)?;
    let amounts: Vec<Money> = amounts.into_iter().map(Money::from_kopecks).collect();
    if amounts.iter().any(|amount| !amount.is_movable()) {
        return Err(D::Error::custom("must be amounts in kopecks above 0"));
    }
    Ok(amounts)
}

/// A price in millionths of a US dollar, up to a thousand dollars.
pub fn micro_usd<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    narrow(within(from, 0, 1_000_000_000, "millionths of a dollar")?)
}

/// An exchange rate or a price of a million, as a decimal text so that no binary fraction creeps
/// in.
pub fn rate<'de, D: Deserializer<'de>>(from: D) -> Result<BigDecimal, D::Error> {
    let text = String::deserialize(from)?;
    let rate: Option<BigDecimal> = text.parse().ok();
    let bounds = BigDecimal::from(0)..=BigDecimal::from(100_000);
    rate.filter(|rate| *rate > 0 && bounds.contains(rate))
        .ok_or_else(|| D::Error::custom("must be a decimal number above 0, like \"85.00\""))
}

/// A text, if there is one.
pub fn optional_text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(from)?;
    Ok((!text.is_empty()).then_some(text))
}

/// A secret; an empty text is none.
pub fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SecretString>, D::Error> {
    let text = String::deserialize(from)?;
    Ok((!text.is_empty()).then(|| SecretString::from(text)))
}

/// Secrets separated by commas; an empty text is none.
pub fn secrets<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<SecretString>, D::Error> {
    let text = String::deserialize(from)?;
    let parts = text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    Ok(parts.map(SecretString::from).collect())
}

/// A secret that has a default.
pub fn present_secret<'de, D: Deserializer<'de>>(from: D) -> Result<SecretString, D::Error> {
    let text = String::deserialize(from)?;
    Ok(SecretString::from(text))
}

/// An address to listen on.
pub fn socket_addr<'de, D: Deserializer<'de>>(from: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(from)?;
    text.parse()
        .map_err(|_| D::Error::custom("must be an IP address and a port, like 127.0.0.1:8080"))
}

/// An address to listen on, if there is to be one.
pub fn optional_socket_addr<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(from)?;
    if text.is_empty() {
        return Ok(None);
    }
    let addr = text.parse().map_err(|_| {
        D::Error::custom("must be an IP address and a port, like 127.0.0.1:9100, or empty")
    })?;
    Ok(Some(addr))
}

/// The base of other addresses: http or https, no query, no closing slash.
pub fn base_url<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    checked_base_url(&text).ok_or_else(|| {
        D::Error::custom("must be an address like https://host/path, without query and password")
    })
}

/// The base of other addresses, if there is one.
pub fn optional_base_url<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(from)?;
    if text.is_empty() {
        return Ok(None);
    }
    checked_base_url(&text).map(Some).ok_or_else(|| {
        D::Error::custom("must be an address like https://host/path, without query and password")
    })
}

fn checked_base_url(text: &str) -> Option<String> {
    let uri: Uri = text.parse().ok()?;
    let web = matches!(uri.scheme_str(), Some("http" | "https"));
    let plain = uri.query().is_none() && !text.contains('#');
    let without_password = !uri.authority()?.as_str().contains('@');
    let has_host = !uri.host()?.is_empty();
    (web && plain && without_password && has_host).then(|| text.trim_end_matches('/').to_owned())
}

/// A file, if one is named.
pub fn optional_path<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PathBuf>, D::Error> {
    let text = String::deserialize(from)?;
    Ok((!text.is_empty()).then(|| PathBuf::from(text)))
}

/// A place of objects.
pub fn location<'de, D: Deserializer<'de>>(from: D) -> Result<Location, D::Error> {
    let text = String::deserialize(from)?;
    parse_location(&text).ok_or_else(not_a_location)
}

/// A place of objects, if one is named.
pub fn optional_location<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Location>, D::Error> {
    let text = String::deserialize(from)?;
    if text.is_empty() {
        return Ok(None);
    }
    parse_location(&text).map(Some).ok_or_else(not_a_location)
}

fn not_a_location<E: Error>() -> E {
    E::custom(
        "must be a folder, like file:///var/lib/rei/assets, or a bucket, like s3://name/prefix",
    )
}

fn parse_location(text: &str) -> Option<Location> {
    if let Some(path) = text.strip_prefix("file://") {
        return (!path.is_empty()).then(|| Location::Folder(PathBuf::from(path)));
    }
    let (bucket, prefix) = match text.strip_prefix("s3://")?.split_once('/') {
        Some((bucket, prefix)) => (bucket, prefix.trim_end_matches('/')),
        None => (text.strip_prefix("s3://")?, ""),
    };
    // What every service allows in the name of a bucket.
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c);
    let is_bucket = (3..=63).contains(&bucket.len()) && bucket.chars().all(is_name);
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    let is_prefix = prefix.chars().all(plain) && !prefix.contains("//") && !prefix.contains("..");
    (is_bucket && is_prefix).then(|| Location::Bucket {
        bucket: bucket.to_owned(),
        prefix: prefix.to_owned(),
    })
}

/// Telegram user ids, all above zero.
pub fn user_ids<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<UserId>, D::Error> {
    let ids = Vec::<i64>::deserialize(from)?;
    if ids.iter().any(|id| *id <= 0) {
        return Err(D::Error::custom(
            "must be Telegram user ids, which are above 0",
        ));
    }
    Ok(ids.into_iter().map(UserId).collect())
}

/// What to do when a provider's answer was lost.
pub fn ambiguity<'de, D: Deserializer<'de>>(from: D) -> Result<AmbiguityPolicy, D::Error> {
    match String::deserialize(from)?.as_str() {
        "retry" => Ok(AmbiguityPolicy::RetryOnce),
        "refund" => Ok(AmbiguityPolicy::Refund),
        _ => Err(D::Error::custom("must be one of: retry, refund")),
    }
}

fn within<'de, D: Deserializer<'de>>(
    from: D,
    min: i64,
    max: i64,
    unit: &str,
) -> Result<u64, D::Error> {
    let number = i64::deserialize(from)?;
    let refused = || {
        let gap = if unit.is_empty() { "" } else { " " };
        D::Error::custom(format!("must be from {min} to {max}{gap}{unit}"))
    };
    if !(min..=max).contains(&number) {
        return Err(refused());
    }
    u64::try_from(number).map_err(|_| refused())
}

fn narrow<E: Error, N: TryFrom<u64>>(number: u64) -> Result<N, E> {
    N::try_from(number).map_err(|_| E::custom("is too large for this machine"))
}
