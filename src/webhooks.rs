//! Standard Webhooks 1.0.0: signatures over `id.timestamp.body`, symmetric keys (`v1`).
//!
//! Promises: the time is an argument; every key that is valid now is tried, whichever matches,
//! and compared in constant time; the body is taken as it came. Skips versions it does not know.
//! Deliberately remembers no id: repeats are the store's to tell, for as long as it has rows.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use rei_domain::time::{Moment, Span};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

/// Names the event; the same on every redelivery.
pub const ID_HEADER: &str = "webhook-id";
/// Whole seconds since the Unix epoch, of this attempt.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// Signatures separated by spaces, each a version and base64.
pub const SIGNATURE_HEADER: &str = "webhook-signature";

const SECRET_PREFIX: &str = "whsec_";
/// Bounds of a key (specification, *Signature scheme*).
const KEY_BYTES_MIN: usize = 24;
const KEY_BYTES_MAX: usize = 64;
/// Longer ids are nobody's; they would only fill rows.
const ID_CHARS_MAX: usize = 128;
/// Digits of a timestamp until the year 33658.
const TIMESTAMP_DIGITS_MAX: usize = 12;
/// Signatures looked at: two keys in two versions, with room to spare.
const SIGNATURES_MAX: usize = 8;

type Key = Hmac<Sha256>;

/// A symmetric secret. It has no `Debug`.
#[derive(Clone)]
pub struct Secret(Key);

/// A text is no secret of this scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a webhook secret is whsec_ and 24 to 64 bytes in base64")]
pub struct NotASecret;

impl Secret {
    /// Parses `whsec_` and base64.
    pub fn parse(text: &SecretString) -> Result<Secret, NotASecret> {
        let encoded = text.expose_secret().strip_prefix(SECRET_PREFIX);
        let key = STANDARD
            .decode(encoded.ok_or(NotASecret)?)
            .map_err(|_| NotASecret)?;
        if !(KEY_BYTES_MIN..=KEY_BYTES_MAX).contains(&key.len()) {
            return Err(NotASecret);
        }
        let key = Key::new_from_slice(&key).map_err(|_| NotASecret)?;
        Ok(Secret(key))
    }

    /// One piece of the signature header.
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let digest = self.digest(id, &timestamp.to_string(), body);
        format!("v1,{}", STANDARD.encode(digest))
    }

    fn digest(&self, id: &str, timestamp: &str, body: &[u8]) -> [u8; 32] {
        let mut mac = self.0.clone();
        for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

/// Why a delivery is not believed. For metrics and the log: the sender is told none of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forgery {
    /// One of the three headers is not there.
    HeaderMissing,
    /// A header is no text, stands twice, or has not the form it must have.
    HeaderMalformed,
    /// The timestamp is further back than the tolerance.
    Stale,
    /// The timestamp is further ahead than the tolerance.
    Future,
    /// No signature of a known version is right.
    SignatureWrong,
}

/// A header as it came: absent, present once, or not to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header<'a> {
    Missing,
    Once(&'a str),
    Malformed,
}

/// What a delivery says about itself, read from its headers and not yet believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim<'a> {
    id: &'a str,
    timestamp: &'a str,
    at: i64,
    signatures: &'a str,
}

impl<'a> Claim<'a> {
    /// Reads the three headers.
    pub fn read(
        id: Header<'a>,
        timestamp: Header<'a>,
        signatures: Header<'a>,
    ) -> Result<Claim<'a>, Forgery> {
        let (id, timestamp, signatures) = (once(id)?, once(timestamp)?, once(signatures)?);
        let named = !id.is_empty() && id.len() <= ID_CHARS_MAX;
        // A dot would let one signed text be cut in two ways.
        if !named
            || !id
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b'.')
        {
            return Err(Forgery::HeaderMalformed);
        }
        let digits = timestamp.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || timestamp.len() > TIMESTAMP_DIGITS_MAX {
            return Err(Forgery::HeaderMalformed);
        }
        let at = timestamp.parse().map_err(|_| Forgery::HeaderMalformed)?;
        Ok(Claim {
            id,
            timestamp,
            at,
            signatures,
        })
    }

    /// The id it claims.
    pub fn id(&self) -> &'a str {
        self.id
    }
}

fn once(header: Header<'_>) -> Result<&str, Forgery> {
    match header {
        Header::Missing => Err(Forgery::HeaderMissing),
        Header::Malformed => Err(Forgery::HeaderMalformed),
        Header::Once(text) => Ok(text),
    }
}

/// The secrets that are valid now, and how far clocks may differ.
#[derive(Clone)]
pub struct Verifier {
    secrets: Vec<Secret>,
    tolerance: Span,
}

impl Verifier {
    /// One secret, or two while one replaces the other; none believes nobody.
    pub fn new(secrets: Vec<Secret>, tolerance: Span) -> Self {
        Self { secrets, tolerance }
    }

    /// Whether the claim's time is near enough to `now`: what can be told before the body is
    /// read. Exactly the tolerance is near enough.
    pub fn check_time(&self, claim: &Claim<'_>, now: Moment) -> Result<(), Forgery> {
        let now = now.0.div_euclid(1_000_000);
        let tolerance = i64::try_from(self.tolerance.whole_secs()).unwrap_or(i64::MAX);
        if claim.at < now.saturating_sub(tolerance) {
            return Err(Forgery::Stale);
        }
        if claim.at > now.saturating_add(tolerance) {
            return Err(Forgery::Future);
        }
        Ok(())
    }

    /// Whether one of the signatures is of one of the secrets, over the body as it came.
    pub fn check_signature(&self, claim: &Claim<'_>, body: &[u8]) -> Result<(), Forgery> {
        let presented: Vec<Vec<u8>> = claim
            .signatures
            .split(' ')
            .take(SIGNATURES_MAX)
            .filter_map(|piece| piece.strip_prefix("v1,"))
            .filter_map(|encoded| STANDARD.decode(encoded).ok())
            .collect();
        let mut any = Choice::from(0);
        for secret in &self.secrets {
            let expected = secret.digest(claim.id, claim.timestamp, body);
            for signature in &presented {
                any |= expected.as_slice().ct_eq(signature);
            }
        }
        if bool::from(any) {
            Ok(())
        } else {
            Err(Forgery::SignatureWrong)
        }
    }
}

#[cfg(test)]
mod tests;
