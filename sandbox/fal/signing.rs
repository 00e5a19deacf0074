//! How webhooks are signed: ED25519 over four lines, with a public set of keys.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::hex::hex;
use crate::outbox::{Parcel, Proof};

/// Keys in the public set: the one that signs, and the one before it.
const KEYS_SHOWN: usize = 2;

/// The seed of a key that is in no set.
const FOREIGN_SEED: [u8; 32] = *b"a key of nobody, for forgeries!!";

/// How far back a stale webhook is dated, in seconds.
const STALE_SECS: i64 = 3_600;

/// The keys of the sandbox's fal, the newest last.
pub struct Keys {
    seeds: Vec<[u8; 32]>,
}

impl Default for Keys {
    fn default() -> Keys {
        let mut keys = Keys { seeds: Vec::new() };
        keys.rotate();
        keys
    }
}

fn pair(seed: &[u8; 32]) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(seed).expect("a seed of 32 bytes makes a key")
}

impl Keys {
    /// Signs with a new key from now on; the set keeps the one before for a while.
    pub fn rotate(&mut self) {
        let seed = Sha256::digest(format!("sandbox fal key {}", self.seeds.len()));
        self.seeds.push(seed.into());
    }

    /// The public set, as `/.well-known/jwks.json` shows it.
    pub fn public(&self) -> Value {
        let shown = self.seeds.iter().rev().take(KEYS_SHOWN);
        let keys: Vec<Value> = shown
            .map(|seed| {
                let public = URL_SAFE_NO_PAD.encode(pair(seed).public_key().as_ref());
                json!({ "kty": "OKP", "crv": "Ed25519", "x": public })
            })
            .collect();
        json!({ "keys": keys })
    }

    /// The headers of one attempt; changes the body afterwards where the proof is to fail so.
    pub fn sign(
        &self,
        parcel: &mut Parcel,
        user_id: &str,
        skew_secs: i64,
    ) -> Vec<(&'static str, String)> {
        let skew_secs = match parcel.proof {
            Proof::Unsigned => return Vec::new(),
            Proof::Stale => skew_secs - STALE_SECS,
            Proof::Genuine | Proof::ForeignKey | Proof::AlteredBody => skew_secs,
        };
        let ours = self.seeds.last().unwrap_or(&FOREIGN_SEED);
        let seed = match parcel.proof {
            Proof::ForeignKey => &FOREIGN_SEED,
            Proof::Genuine | Proof::Stale | Proof::AlteredBody | Proof::Unsigned => ours,
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = i64::try_from(now.unwrap_or_default().as_secs()).unwrap_or(i64::MAX);
        let timestamp = now.saturating_add(skew_secs);
        let body = hex(&Sha256::digest(&parcel.body));
        let text = format!("{}\n{user_id}\n{timestamp}\n{body}", parcel.about);
        let signature = pair(seed).sign(text.as_bytes());
        if parcel.proof == Proof::AlteredBody {
            parcel.body = [&parcel.body[..], b" "].concat().into();
        }
        vec![
            ("x-fal-webhook-request-id", parcel.about.clone()),
            ("x-fal-webhook-user-id", user_id.to_owned()),
            ("x-fal-webhook-timestamp", timestamp.to_string()),
            ("x-fal-webhook-signature", hex(signature.as_ref())),
        ]
    }
}
