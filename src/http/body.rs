//! Reading a request's body within its limits.

use std::time::Duration;

use actix_web::web::{Bytes, BytesMut, Payload};
use actix_web::{HttpRequest, http::header};
use futures_util::StreamExt;

use super::error::{HttpError, Refusal};

/// Reads a whole body of at most `bytes_max` within `timeout`. A body that announces more is
/// refused before a byte of it is read.
pub async fn read(
    request: &HttpRequest,
    payload: Payload,
    bytes_max: usize,
    timeout: Duration,
) -> Result<Bytes, HttpError> {
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok())
        .and_then(|length| length.parse::<u64>().ok());
    if announced.is_some_and(|length| length > bytes_max as u64) {
        return Err(Refusal::BodyTooLarge.into());
    }
    match actix_web::rt::time::timeout(timeout, collect(payload, bytes_max)).await {
        Ok(body) => body.map_err(HttpError::new),
        Err(_) => Err(Refusal::BodyTooSlow.into()),
    }
}

async fn collect(mut payload: Payload, bytes_max: usize) -> Result<Bytes, Refusal> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Refusal::BadRequest("the body broke off"))?;
        if body.len() + chunk.len() > bytes_max {
            return Err(Refusal::BodyTooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}
