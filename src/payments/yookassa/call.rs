//! One exchange with the API, and what is known about it when it brings no answer.
//!
//! Promises: a call that surely was not made is told from one that may have been; no more than
//! the limit is read; no error carries an address, a header or a body. Repeats nothing: the
//! cashier does, with the same key.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use rei_actors::ports::payments::PaymentError;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, StatusCode};

use crate::tls::install_crypto;

/// For an idle connection. Shorter than a server's own limit, so that a call is seldom written
/// into a connection that is being closed, which would leave its fate open.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// What a call can do when it is made, though its answer is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// It only looks.
    None,
    /// It places, captures or refunds.
    Money,
}

impl Effect {
    /// Nobody knows whether the call was made.
    pub fn lost(self, cause: &'static str) -> PaymentError {
        match self {
            Effect::None => PaymentError::Retryable { after: None, cause },
            Effect::Money => PaymentError::Ambiguous { cause },
        }
    }
}

/// An answer as it came.
#[derive(Debug)]
pub(super) struct Answered {
    pub status: StatusCode,
    pub body: Bytes,
}

/// A client that follows no redirect. The text of its error names no address.
pub(super) fn client(connect_timeout: Duration) -> Result<Client, String> {
    install_crypto();
    Client::builder()
        .connect_timeout(connect_timeout)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .redirect(Policy::none())
        // One call at a time on a connection: when it breaks, the fate of one call is open, not
        // of all that are under way.
        .http1_only()
        .build()
        .map_err(|error| error.without_url().to_string())
}

/// Sends and reads. Before the connection stands nothing was asked; after that nobody knows.
pub(super) async fn exchange(
    request: RequestBuilder,
    effect: Effect,
    bytes_max: usize,
) -> Result<Answered, PaymentError> {
    let mut response = request.send().await.map_err(|error| {
        if error.is_connect() {
            PaymentError::Retryable {
                after: None,
                cause: "no connection",
            }
        } else if error.is_builder() {
            PaymentError::Broken {
                cause: "the request cannot be written",
            }
        } else {
            lost(effect, &error)
        }
    })?;
    let status = response.status();
    let body = body(&mut response, effect, bytes_max).await;
    match body {
        Ok(body) => Ok(Answered { status, body }),
        Err(error) if status == StatusCode::OK => Err(error),
        // The status says enough: a body that breaks off or is too large does not hide it.
        Err(_) => Ok(Answered {
            status,
            body: Bytes::new(),
        }),
    }
}

async fn body(
    response: &mut Response,
    effect: Effect,
    bytes_max: usize,
) -> Result<Bytes, PaymentError> {
    let too_large = || effect.lost("the answer is larger than the limit");
    let announced = response.content_length().unwrap_or(0);
    if usize::try_from(announced).unwrap_or(usize::MAX) > bytes_max {
        return Err(too_large());
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| lost(effect, &error))?
    {
        if body.len() + chunk.len() > bytes_max {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn lost(effect: Effect, error: &reqwest::Error) -> PaymentError {
    effect.lost(if error.is_timeout() {
        "no answer in time"
    } else {
        "the connection broke"
    })
}
