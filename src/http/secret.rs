//! Secrets that callers present, compared in constant time.
//!
//! Both sides are hashed first, so that neither the place of the first difference nor the
//! length of the secret shows in the time a comparison takes.

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

/// The digest of one secret.
#[derive(Clone)]
struct Expected([u8; 32]);

impl Expected {
    fn new(secret: &SecretString) -> Self {
        Self(Sha256::digest(secret.expose_secret().as_bytes()).into())
    }

    fn matches(&self, digest: &[u8; 32]) -> Choice {
        self.0.ct_eq(digest)
    }
}

/// The secrets Telegram may present: one, or two while one replaces the other.
#[derive(Clone)]
pub struct WebhookSecrets(Vec<Expected>);

impl WebhookSecrets {
    /// Takes all secrets that are valid now; none admits nobody.
    pub fn new(secrets: &[SecretString]) -> Self {
        Self(secrets.iter().map(Expected::new).collect())
    }

    /// Whether a caller presented one of them. All are compared, whichever matches.
    pub fn admit(&self, presented: Option<&[u8]>) -> bool {
        let digest: [u8; 32] = Sha256::digest(presented.unwrap_or_default()).into();
        let any = self
            .0
            .iter()
            .fold(Choice::from(0), |any, secret| any | secret.matches(&digest));
        presented.is_some() & bool::from(any)
    }
}

/// The admin's bearer token.
#[derive(Clone)]
pub struct AdminToken(Expected);

impl AdminToken {
    /// Wraps the configured token, whose strength the configuration has checked.
    pub fn new(token: &SecretString) -> Self {
        Self(Expected::new(token))
    }

    /// Whether an `Authorization` header carries the token (RFC 6750).
    pub fn admit(&self, authorization: Option<&[u8]>) -> bool {
        let token = authorization.and_then(bearer);
        let digest: [u8; 32] = Sha256::digest(token.unwrap_or_default()).into();
        token.is_some() & bool::from(self.0.matches(&digest))
    }
}

/// The credentials of the scheme `Bearer`, whose name is case-insensitive.
fn bearer(header: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = header.split_at_checked(7)?;
    scheme
        .eq_ignore_ascii_case(b"bearer ")
        .then(|| rest.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_secret_is_admitted() {
        let secrets = WebhookSecrets::new(&["new-secret".into(), "old-secret".into()]);
        for (presented, admitted) in [
            (Some("new-secret"), true),
            (Some("old-secret"), true),
            (Some("new-secre"), false),
            (Some("new-secret-longer"), false),
            (Some("New-secret"), false),
            (Some(""), false),
            (None, false),
        ] {
            let got = secrets.admit(presented.map(str::as_bytes));
            assert_eq!(got, admitted, "{presented:?}");
        }
    }

    #[test]
    fn no_secret_admits_nobody() {
        let secrets = WebhookSecrets::new(&[]);
        assert!(!secrets.admit(Some(b"")));
        assert!(!secrets.admit(None));
    }

    #[test]
    fn the_bearer_token_is_read_as_the_rfc_says() {
        let token = AdminToken::new(&"sixteen-or-longer".into());
        for (header, admitted) in [
            ("Bearer sixteen-or-longer", true),
            ("bearer   sixteen-or-longer ", true),
            ("sixteen-or-longer", false),
            ("Basic sixteen-or-longer", false),
            ("Bearer sixteen-or-longe", false),
            ("Bearer ", false),
            ("Bea", false),
        ] {
            assert_eq!(token.admit(Some(header.as_bytes())), admitted, "{header}");
        }
        assert!(!token.admit(None));
    }
}
