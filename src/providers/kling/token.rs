//! Tokens of the older generation: JWT by HS256, made anew for every call.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha2::Sha256;

/// How long a token lasts, in seconds (contract, *Token*).
const LASTS_SECS: i64 = 1_800;

/// How long before now it begins, for clocks that are behind.
const BEGINS_SECS: i64 = 5;

/// Access and secret key.
pub(super) struct KeyPair {
    access: String,
    secret: SecretString,
}

impl KeyPair {
    pub(super) fn new(access: &str, secret: &str) -> KeyPair {
        KeyPair {
            access: access.to_owned(),
            secret: SecretString::from(secret),
        }
    }

    /// A token for a call made at `now`, in Unix seconds.
    pub(super) fn token(&self, now: i64) -> String {
        let part = |json: serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let head = part(json!({ "alg": "HS256", "typ": "JWT" }));
        let claims = part(json!({
            "iss": self.access,
            "exp": now + LASTS_SECS,
            "nbf": now - BEGINS_SECS,
        }));
        let signed = format!("{head}.{claims}");
        let secret = self.secret.expose_secret().as_bytes();
        let mut mac =
            Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
        mac.update(signed.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        format!("{signed}.{signature}")
    }
}
