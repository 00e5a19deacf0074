//! Signatures of version 4, as a service checks them.
//!
//! Source: Amazon's "Signature Version 4", "Create a signed request": the canonical request, the string
//! to sign, and the key that is made from the secret, the day, the region and the service.

use actix_web::HttpRequest;
use chrono::NaiveDateTime;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::{ACCESS_KEY_ID, SECRET_ACCESS_KEY};
use crate::hex::hex;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// A signature may be so old, or so far ahead.
const SKEW_SECS_MAX: i64 = 15 * 60;

/// Why a request is not believed: the API's code and its words.
pub(super) type Distrust = (&'static str, &'static str);

/// Checks who asks, for which region, when, and that nothing was changed on the way.
pub(super) fn check(
    request: &HttpRequest,
    body: &[u8],
    region: &str,
    now: i64,
) -> Result<(), Distrust> {
    let header = |name: &str| {
        let value = request.headers().get(name)?;
        value.to_str().ok().map(str::trim)
    };
    let denied = ("AccessDenied", "The request is not signed.");
    let malformed = (
        "AuthorizationHeaderMalformed",
        "The authorization header cannot be read, or names another region.",
    );
    let given = header("authorization").ok_or(denied)?;
    let fields = given.strip_prefix(ALGORITHM).ok_or(malformed)?;
    let field = |name: &str| {
        let mut fields = fields.split(',').map(str::trim);
        fields.find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
    };
    let credential = field("Credential").ok_or(malformed)?;
    let signed = field("SignedHeaders").ok_or(malformed)?;
    let signature = field("Signature").ok_or(malformed)?;
    let (id, scope) = credential.split_once('/').ok_or(malformed)?;
    if id != ACCESS_KEY_ID {
        return Err(("InvalidAccessKeyId", "There is no such key."));
    }
    let at = header("x-amz-date").ok_or(denied)?;
    let day = at.get(..8).ok_or(malformed)?;
    if scope != format!("{day}/{region}/s3/aws4_request") {
        return Err(malformed);
    }
    let moment = NaiveDateTime::parse_from_str(at, "%Y%m%dT%H%M%SZ").map_err(|_| malformed)?;
    if (moment.and_utc().timestamp() - now).abs() > SKEW_SECS_MAX {
        let what = "The request's time is too far from the service's.";
        return Err(("RequestTimeTooSkewed", what));
    }
    let hash = header("x-amz-content-sha256").ok_or(denied)?;
    if hash != hex(&Sha256::digest(body)) {
        let what = "The body is not the one that was signed.";
        return Err(("XAmzContentSHA256Mismatch", what));
    }
    let mut headers = String::new();
    for name in signed.split(';') {
        let value = header(name).ok_or(denied)?;
        headers.push_str(&format!("{name}:{value}\n"));
    }
    let mut query: Vec<String> = request
        .query_string()
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| match pair.split_once('=') {
            Some(_) => pair.to_owned(),
            None => format!("{pair}="),
        })
        .collect();
    query.sort();
    let canonical = [
        request.method().as_str(),
        request.uri().path(),
        &query.join("&"),
        &headers,
        signed,
        hash,
    ]
    .join("\n");
    let hashed = hex(&Sha256::digest(canonical.as_bytes()));
    let text = [ALGORITHM, at, scope, &hashed].join("\n");
    let mut key = format!("AWS4{SECRET_ACCESS_KEY}").into_bytes();
    for part in [day, region, "s3", "aws4_request"] {
        key = mac(&key, part);
    }
    if hex(&mac(&key, &text)) == signature {
        Ok(())
    } else {
        let what = "The signature is not the one of this request and key.";
        Err(("SignatureDoesNotMatch", what))
    }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}
