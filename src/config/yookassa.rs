//! The section `[yookassa]`: the shop, its receipts, and who may notify us.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use rei_actors::ports::payments::Environment;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::{Deserializer, Error};

use super::check::ensure;
use super::{ConfigError, values};
use crate::webhooks;

/// The widest range that is still one network's and not everybody's.
const PREFIX_MIN_V4: u8 = 8;
const PREFIX_MIN_V6: u8 = 16;
/// Secrets that are valid at once: the new one and the one it replaces.
const WEBHOOK_SECRETS_MAX: usize = 2;
/// The last code of YooKassa's list: 22/122.
const VAT_CODE_MAX: u8 = 12;
/// The last code of the tax systems of 54-FZ.
const TAX_SYSTEM_MAX: u8 = 6;

/// YooKassa's limit on the name of an item.
const RECEIPT_ITEM_CHARS_MAX: usize = 128;

/// YooKassa: payments in roubles by card, SBP and what else the shop has.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Yookassa {
    /// `None`: the method is off, and its webhook does not exist.
    #[serde(deserialize_with = "optional_text")]
    pub shop_id: Option<String>,
    #[serde(deserialize_with = "values::secret")]
    pub secret_key: Option<SecretString>,
    /// With the version, without a closing slash.
    #[serde(deserialize_with = "values::base_url")]
    pub api_url: String,
    #[serde(deserialize_with = "environment")]
    pub environment: Environment,
    /// Where the payer comes back to, whatever the outcome.
    #[serde(deserialize_with = "values::base_url")]
    pub return_url: String,
    #[serde(rename = "connect_timeout_secs", deserialize_with = "values::secs")]
    pub connect_timeout: Duration,
    #[serde(rename = "timeout_secs", deserialize_with = "values::secs")]
    pub timeout: Duration,
    #[serde(deserialize_with = "values::bytes")]
    pub response_bytes_max: usize,
    /// Set: notifications must be signed with one of them.
    #[serde(rename = "webhook_secret", deserialize_with = "values::secrets")]
    pub webhook_secrets: Vec<SecretString>,
    #[serde(rename = "webhook_tolerance_secs", deserialize_with = "values::secs")]
    pub webhook_tolerance: Duration,
    pub address_check: AddressCheck,
    #[serde(deserialize_with = "networks")]
    pub address_ranges: Vec<IpNet>,
    #[serde(deserialize_with = "networks")]
    pub trusted_proxies: Vec<IpNet>,
    #[serde(deserialize_with = "values::bytes")]
    pub webhook_bytes_max: usize,
    pub receipt: Receipt,
    #[serde(deserialize_with = "values::count")]
    pub receipt_vat_code: u8,
    pub receipt_item: String,
    pub receipt_subject: String,
    pub receipt_mode: String,
    pub receipt_measure: String,
    /// Zero: not sent.
    #[serde(deserialize_with = "values::count_or_zero")]
    pub receipt_tax_system: u8,
}

/// Whether the sender's address must be one of YooKassa's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AddressCheck {
    Off,
    Required,
}

/// Whether payments carry what a fiscal receipt needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Receipt {
    Off,
    Sent,
}

/// Checks what holds for every purpose.
pub(super) fn check(config: &Yookassa) -> Result<(), ConfigError> {
    let credential = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
    ensure(
        config
            .shop_id
            .as_deref()
            .is_none_or(|id| credential(id) && !id.contains(':')),
        "yookassa.shop_id",
        "must be the number of the shop, as the merchant's cabinet shows it",
    )?;
    let key = config.secret_key.as_ref().map(ExposeSecret::expose_secret);
    ensure(
        key.is_none_or(credential),
        "yookassa.secret_key",
        "must be visible ASCII characters without spaces, as the merchant's cabinet gives it",
    )?;
    let foreign = match config.environment {
        Environment::Live => "test_",
        Environment::Test => "live_",
    };
    ensure(
        key.is_none_or(|key| !key.starts_with(foreign)),
        "yookassa.secret_key",
        "must be a key of the shop that yookassa.environment says: test_… for \"test\", live_… for \"live\"",
    )?;
    ensure(
        config.webhook_secrets.len() <= WEBHOOK_SECRETS_MAX
            && config
                .webhook_secrets
                .iter()
                .all(|secret| webhooks::Secret::parse(secret).is_ok()),
        "yookassa.webhook_secret",
        "must be one or two secrets, separated by a comma, each whsec_ and 24 to 64 bytes in base64, for example from `echo whsec_$(openssl rand -base64 32)`",
    )?;
    ensure(
        config.address_check == AddressCheck::Off || !config.address_ranges.is_empty(),
        "yookassa.address_ranges",
        "must name YooKassa's addresses while yookassa.address_check is \"required\"",
    )?;
    ensure(
        config.receipt_vat_code <= VAT_CODE_MAX,
        "yookassa.receipt_vat_code",
        "must be from 1 to 12, YooKassa's list of rates",
    )?;
    ensure(
        config.receipt_tax_system <= TAX_SYSTEM_MAX,
        "yookassa.receipt_tax_system",
        "must be from 1 to 6, or 0 not to be sent",
    )?;
    ensure(
        (1..=RECEIPT_ITEM_CHARS_MAX).contains(&config.receipt_item.chars().count()),
        "yookassa.receipt_item",
        "must be a text of 1 to 128 characters",
    )?;
    for (key, word) in [
        ("yookassa.receipt_subject", &config.receipt_subject),
        ("yookassa.receipt_mode", &config.receipt_mode),
        ("yookassa.receipt_measure", &config.receipt_measure),
    ] {
        ensure(
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'),
            key,
            "must be a word of YooKassa's lists, like service or full_prepayment",
        )?;
    }
    Ok(())
}

/// Checks that a shop that is switched on can be paid, and that nobody else can speak for it.
pub(super) fn check_serving(config: &Yookassa) -> Result<(), ConfigError> {
    if config.shop_id.is_none() {
        return Ok(());
    }
    if config.secret_key.is_none() {
        return Err(ConfigError::Missing {
            key: "yookassa.secret_key",
            remedy: "YOOKASSA_SHOP_ID turns the payments on, which need the shop's secret key",
        });
    }
    if config.webhook_secrets.is_empty() && config.address_check == AddressCheck::Off {
        return Err(ConfigError::Missing {
            key: "yookassa.webhook_secret",
            remedy: "anybody could send payment notices: set it to the secret of the signing proxy, or yookassa.address_check to \"required\", or both",
        });
    }
    Ok(())
}

fn optional_text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(from)?;
    Ok((!text.is_empty()).then_some(text))
}

fn environment<'de, D: Deserializer<'de>>(from: D) -> Result<Environment, D::Error> {
    match String::deserialize(from)?.as_str() {
        "live" => Ok(Environment::Live),
        "test" => Ok(Environment::Test),
        _ => Err(D::Error::custom("must be one of: live, test")),
    }
}

/// Addresses and ranges of them, separated by commas.
fn networks<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<IpNet>, D::Error> {
    let text = String::deserialize(from)?;
    let parts = text.split(',').map(str::trim);
    let parts = parts.filter(|part| !part.is_empty());
    let networks: Option<Vec<IpNet>> = parts.map(network).collect();
    networks.ok_or_else(|| {
        D::Error::custom("must be addresses and networks like 77.75.156.11, 185.71.76.0/27, none wider than /8 (/16 for IPv6)")
    })
}

/// An IPv4 network is to be written as one: senders are compared in that form.
fn network(text: &str) -> Option<IpNet> {
    let network: IpNet = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => text.parse().ok()?,
    };
    let fits = match network {
        IpNet::V4(network) => network.prefix_len() >= PREFIX_MIN_V4,
        IpNet::V6(network) => {
            let mapped = network.addr().to_ipv4_mapped().is_some();
            network.prefix_len() >= PREFIX_MIN_V6 && !mapped
        }
    };
    fits.then_some(network)
}
