//! The public keys by which fal's callbacks are known (contract, *Webhook*).
//!
//! Promises: a signature holds only under a key that was fetched from the configured address
//! within a day; while none can be had, nothing holds. A signature that no key explains makes
//! the keys be fetched anew, but not more often than every few minutes, whoever sends it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rei_actors::ports::provider::ProviderError;
use rei_domain::time::{Moment, Span};
use reqwest::{Client, Url};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde::Deserialize;
use tokio::runtime::Handle;
use tokio::sync::Mutex;

use super::SetupError;
use crate::config;
use crate::providers::call;

/// How long fetched keys hold (contract: at most 24 hours).
const KEPT: Span = Span::from_secs(24 * 3_600);

/// How often keys are fetched at most (contract: when older than a few minutes).
const ASKED_AGAIN: Span = Span::from_secs(300);

/// From the call to the whole set.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A set of keys has some hundred bytes.
const SET_BYTES_MAX: usize = 65_536;

/// The keys, fetched when they are needed.
pub struct CallbackKeys {
    address: Url,
    client: Client,
    runtime: Handle,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    keys: Vec<Vec<u8>>,
    fetched_at: Option<Moment>,
    asked_at: Option<Moment>,
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Key>,
}

#[derive(Deserialize)]
struct Key {
    #[serde(default)]
    crv: String,
    #[serde(default)]
    x: String,
}

impl CallbackKeys {
    /// `None` when no address is set. Fetches nothing yet.
    pub fn of(settings: &config::Fal, runtime: Handle) -> Result<Option<Self>, SetupError> {
        let Some(address) = &settings.keys_url else {
            return Ok(None);
        };
        Ok(Some(CallbackKeys {
            address: call::base(address).ok_or(SetupError::KeysAddress)?,
            client: call::client(settings.connect_timeout).map_err(SetupError::Client)?,
            runtime,
            held: Mutex::default(),
        }))
    }

    /// Whether one of the keys signed this text.
    pub async fn prove(&self, text: &[u8], signature: &[u8], now: Moment) -> bool {
        let mut held = self.held.lock().await;
        if held.explains(text, signature, now) {
            return true;
        }
        if held.asked_at.is_some_and(|asked| now - asked < ASKED_AGAIN) {
            return false;
        }
        held.asked_at = Some(now);
        match self.fetch().await {
            Ok(keys) => {
                held.keys = keys;
                held.fetched_at = Some(now);
            }
            Err(error) => {
                tracing::warn!(%error, "fal's public keys cannot be had");
            }
        }
        held.explains(text, signature, now)
    }

    async fn fetch(&self) -> Result<Vec<Vec<u8>>, ProviderError> {
        let request = self.client.get(self.address.clone()).timeout(TIMEOUT);
        let exchange = call::exchange(request, SET_BYTES_MAX);
        let answered = call::on_runtime(&self.runtime, exchange).await?;
        let unreadable = |_| ProviderError::Ambiguous {
            cause: "the set of keys cannot be read",
        };
        let set: Set = serde_json::from_slice(&answered.body).map_err(unreadable)?;
        let of_our_kind = set.keys.into_iter().filter(|key| key.crv == "Ed25519");
        let decoded = of_our_kind.filter_map(|key| URL_SAFE_NO_PAD.decode(key.x).ok());
        Ok(decoded.collect())
    }
}

impl Held {
    fn explains(&self, text: &[u8], signature: &[u8], now: Moment) -> bool {
        let is_fresh = self.fetched_at.is_some_and(|at| now - at < KEPT);
        let signed = |key: &Vec<u8>| {
            let key = UnparsedPublicKey::new(&ED25519, key);
            key.verify(text, signature).is_ok()
        };
        is_fresh && self.keys.iter().any(signed)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::{Config, Environment};
    use crate::loopback::{Loopback, Reply};
    use ring::signature::{Ed25519KeyPair, KeyPair};

    const TEXT: &[u8] = b"request\nuser\n1\nhash";
    const NOON: Moment = Moment(1_800_000_000_000_000);

    fn pair(seed: u8) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
    }

    fn set(seeds: &[u8]) -> Reply {
        let key = |seed: &u8| {
            let public = URL_SAFE_NO_PAD.encode(pair(*seed).public_key().as_ref());
            json!({ "kty": "OKP", "crv": "Ed25519", "x": public })
        };
        let keys: Vec<_> = seeds.iter().map(key).collect();
        Reply::raw(200, json!({ "keys": keys }).to_string())
    }

    async fn keys(script: Vec<Reply>) -> (CallbackKeys, Loopback) {
        let server = Loopback::start(script).await;
        let environment = Environment::of([("REI__PROVIDERS__FAL__KEYS_URL", server.address())]);
        let config = Config::demo(&environment, &std::env::temp_dir()).unwrap();
        let keys = CallbackKeys::of(&config.config.providers.fal, Handle::current());
        (keys.unwrap().unwrap(), server)
    }

    async fn is_proved(keys: &CallbackKeys, seed: u8, now: Moment) -> bool {
        let signature = pair(seed).sign(TEXT);
        keys.prove(TEXT, signature.as_ref(), now).await
    }

    #[actix_rt::test]
    async fn any_key_of_the_set_proves_and_no_other() {
        let (keys, server) = keys(vec![set(&[1, 2])]).await;
        assert!(is_proved(&keys, 1, NOON).await);
        assert!(is_proved(&keys, 2, NOON).await);
        assert!(!is_proved(&keys, 3, NOON).await);
        assert!(!keys.prove(TEXT, b"short", NOON).await);
        assert!(
            !keys
                .prove(b"other", pair(1).sign(TEXT).as_ref(), NOON)
                .await
        );
        assert_eq!(
            server.asked().len(),
            1,
            "forgeries do not make it ask again at once"
        );
    }

    #[actix_rt::test]
    async fn a_new_key_is_fetched_after_a_few_minutes() {
        let (keys, server) = keys(vec![set(&[1]), set(&[2, 1])]).await;
        assert!(is_proved(&keys, 1, NOON).await);
        let soon = NOON + Span::from_secs(299);
        assert!(!is_proved(&keys, 2, soon).await);
        let later = NOON + ASKED_AGAIN;
        assert!(is_proved(&keys, 2, later).await);
        assert_eq!(server.asked().len(), 2);
    }

    #[actix_rt::test]
    async fn keys_of_yesterday_prove_nothing_while_new_ones_cannot_be_had() {
        let (keys, _server) = keys(vec![set(&[1]), Reply::raw(500, "")]).await;
        assert!(is_proved(&keys, 1, NOON).await);
        let almost = NOON + KEPT - Span::from_secs(1);
        assert!(is_proved(&keys, 1, almost).await);
        assert!(!is_proved(&keys, 1, NOON + KEPT).await);
    }

    #[actix_rt::test]
    async fn a_set_that_is_none_proves_nothing() {
        for reply in [Reply::raw(200, "{}"), Reply::raw(200, "no"), set(&[])] {
            let (keys, _server) = keys(vec![reply]).await;
            assert!(!is_proved(&keys, 1, NOON).await);
        }
    }
}
