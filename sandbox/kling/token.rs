//! Who calls: an API key, or in the legacy generation a JWT made of two keys (RFC 7519, HS256).

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;

use super::account::Account;
use super::film::Generation;
use super::refusal::Refusal;

/// Lets a caller in, by the `Authorization` header.
pub fn authorise(
    header: Option<&str>,
    account: &Account,
    generation: Generation,
) -> Result<(), Refusal> {
    let header = header.unwrap_or_default();
    if header.is_empty() {
        return Err(Refusal::of(1001));
    }
    let Some((scheme, token)) = header.split_once(' ') else {
        return Err(Refusal::of(1000));
    };
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refusal::of(1000));
    }
    let token = token.trim();
    if token == account.api_key {
        return Ok(());
    }
    match generation {
        Generation::Legacy if token.contains('.') => check_jwt(token, account, machine_secs()),
        Generation::New | Generation::Legacy => Err(Refusal::of(1002)),
    }
}

/// Tokens are dated by the caller's clock, not by the sandbox's.
fn machine_secs() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(now.unwrap_or_default().as_secs()).unwrap_or(i64::MAX)
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    exp: i64,
    nbf: Option<i64>,
}

fn check_jwt(token: &str, account: &Account, now: i64) -> Result<(), Refusal> {
    let wrong = || Refusal::of(1002);
    let (signed, signature) = token.rsplit_once('.').ok_or_else(wrong)?;
    let (header, claims) = signed.split_once('.').ok_or_else(wrong)?;
    let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| wrong());
    let header: Header = serde_json::from_slice(&decoded(header)?).map_err(|_| wrong())?;
    let claims: Claims = serde_json::from_slice(&decoded(claims)?).map_err(|_| wrong())?;
    let is_jwt = header.typ.is_none_or(|typ| typ == "JWT");
    if header.alg != "HS256" || !is_jwt || claims.iss != account.access_key {
        return Err(wrong());
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(account.secret_key.as_bytes())
        .map_err(|_| Refusal::of(1000))?;
    mac.update(signed.as_bytes());
    mac.verify_slice(&decoded(signature)?)
        .map_err(|_| Refusal::of(1000))?;
    if claims.nbf.is_some_and(|nbf| nbf > now) {
        return Err(Refusal::of(1003));
    }
    if claims.exp <= now {
        return Err(Refusal::of(1004));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kling::account::{ACCESS_KEY, API_KEY, SECRET_KEY};

    const NOW: i64 = 1_790_000_000;

    fn jwt(claims: &str, secret: &str) -> String {
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let signed = format!(
            "{}.{}",
            encode(r#"{"alg":"HS256","typ":"JWT"}"#),
            encode(claims)
        );
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(signed.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        format!("{signed}.{signature}")
    }

    fn code(token: &str) -> u32 {
        check_jwt(token, &Account::default(), NOW).map_or_else(|refusal| refusal.code, |()| 0)
    }

    fn claims(iss: &str, exp: i64, nbf: i64) -> String {
        format!(r#"{{"iss":"{iss}","exp":{exp},"nbf":{nbf}}}"#)
    }

    #[test]
    fn a_token_is_good_from_its_beginning_to_its_end_and_by_its_signature() {
        let good = claims(ACCESS_KEY, NOW + 1800, NOW - 5);
        assert_eq!(code(&jwt(&good, SECRET_KEY)), 0);
        assert_eq!(code(&jwt(&good, "another secret")), 1000);
        let early = claims(ACCESS_KEY, NOW + 1800, NOW + 1);
        assert_eq!(code(&jwt(&early, SECRET_KEY)), 1003);
        let late = claims(ACCESS_KEY, NOW, NOW - 5);
        assert_eq!(code(&jwt(&late, SECRET_KEY)), 1004);
        let foreign = claims("someone", NOW + 1800, NOW - 5);
        assert_eq!(code(&jwt(&foreign, SECRET_KEY)), 1002);
        assert_eq!(code("a.b.c"), 1002);
    }

    #[test]
    fn the_new_standard_takes_the_api_key_alone() {
        let account = Account::default();
        let check = |header: Option<&str>, generation| {
            authorise(header, &account, generation).map_err(|refusal| refusal.code)
        };
        let key = format!("Bearer {API_KEY}");
        assert_eq!(check(Some(&key), Generation::New), Ok(()));
        assert_eq!(check(Some(&key), Generation::Legacy), Ok(()));
        let claims = claims(ACCESS_KEY, machine_secs() + 1800, machine_secs() - 5);
        let token = format!("Bearer {}", jwt(&claims, SECRET_KEY));
        assert_eq!(check(Some(&token), Generation::Legacy), Ok(()));
        assert_eq!(check(Some(&token), Generation::New), Err(1002));
        assert_eq!(check(None, Generation::New), Err(1001));
        assert_eq!(check(Some(API_KEY), Generation::New), Err(1000));
    }
}
