//! Standard Webhooks 1.0.0, the sender's side.
//!
//! The timestamp is the machine's, not the sandbox's clock, since a receiver compares it with a
//! clock of its own; `skew_secs` sets it wrong on purpose.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

const SECRET_PREFIX: &str = "whsec_";

/// How messages are signed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signing {
    /// `whsec_…`; several sign side by side, as during a rotation. None signs nothing.
    pub secrets: Vec<String>,
    /// Added to the timestamp, in seconds.
    #[serde(default)]
    pub skew_secs: i64,
}

/// The three headers of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    pub id: String,
    pub timestamp: i64,
    pub signature: String,
}

impl Signing {
    /// Whether every secret can be used.
    pub fn check(&self) -> Result<(), String> {
        for secret in &self.secrets {
            key(secret)?;
        }
        Ok(())
    }

    /// Signs the bytes of one attempt; the secrets have been checked.
    pub fn sign(&self, id: &str, body: &[u8]) -> Result<Signed, String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = i64::try_from(now.unwrap_or_default().as_secs()).unwrap_or(i64::MAX);
        let timestamp = now.saturating_add(self.skew_secs);
        let signatures: Result<Vec<String>, String> = self
            .secrets
            .iter()
            .map(|secret| signature(secret, id, timestamp, body))
            .collect();
        Ok(Signed {
            id: id.to_owned(),
            timestamp,
            signature: signatures?.join(" "),
        })
    }
}

fn key(secret: &str) -> Result<Vec<u8>, String> {
    let encoded = secret.strip_prefix(SECRET_PREFIX).unwrap_or_default();
    match STANDARD.decode(encoded) {
        Ok(key) if !key.is_empty() => Ok(key),
        Ok(_) | Err(_) => Err("a signing secret is whsec_ and base64".to_owned()),
    }
}

fn signature(secret: &str, id: &str, timestamp: i64, body: &[u8]) -> Result<String, String> {
    let key = key(secret)?;
    let mut mac =
        Hmac::<Sha256>::new_from_slice(&key).map_err(|_| "a signing secret is too long")?;
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    let digest = mac.finalize().into_bytes();
    Ok(format!("v1,{}", STANDARD.encode(digest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_vectors_hold() {
        let first = signature(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(first.unwrap(), expected);
        let second = signature(
            "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
            "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
            1_649_367_553,
            br#"{"email":"test@example.com","username":"test_user"}"#,
        );
        let expected = "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=";
        assert_eq!(second.unwrap(), expected);
    }

    #[test]
    fn the_vector_of_klings_documentation_holds() {
        let signed = signature(
            "whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI=",
            "9876543210",
            1_781_080_794,
            br#"{"id":"1234567890","status":"succeeded","message":"","create_time":1781080778802,"update_time":1781080794151}"#,
        );
        let expected = "v1,UsKlJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4=";
        assert_eq!(signed.unwrap(), expected);
    }

    #[test]
    fn a_secret_that_is_none_is_refused() {
        for secret in ["", "whsec_", "abc", "whsec_???"] {
            let signing = Signing {
                secrets: vec![secret.to_owned()],
                skew_secs: 0,
            };
            assert!(signing.check().is_err(), "{secret}");
        }
    }
}
