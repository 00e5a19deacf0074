//! The headers of Standard Webhooks, as a request brings them.

use actix_web::http::header::HeaderMap;

use crate::webhooks::{Claim, Forgery, Header, ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER};

/// What a delivery says about itself.
pub(super) fn claim(headers: &HeaderMap) -> Result<Claim<'_>, Forgery> {
    Claim::read(
        header(headers, ID_HEADER),
        header(headers, TIMESTAMP_HEADER),
        header(headers, SIGNATURE_HEADER),
    )
}

/// A header that stands twice can be read in two ways, so it is not read at all.
fn header<'a>(headers: &'a HeaderMap, name: &str) -> Header<'a> {
    let mut values = headers.get_all(name);
    match (values.next(), values.next()) {
        (None, _) => Header::Missing,
        (Some(value), None) => match value.to_str() {
            Ok(text) => Header::Once(text),
            Err(_) => Header::Malformed,
        },
        (Some(_), Some(_)) => Header::Malformed,
    }
}
