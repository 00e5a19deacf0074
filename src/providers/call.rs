//! One exchange with the API, and what is known about it when it brings no answer.
//!
//! Promises: a call that surely was not made is told from one that may have been; no more than
//! the limit is read; no error carries an address or a header. Repeats nothing: the runner does.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use rei_actors::ports::provider::{Fault, ProviderError};
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
use tokio::runtime::Handle;

use crate::tls::install_crypto;

/// For an idle connection. Shorter than a server's own limit, so that a call is seldom written
/// into a connection that is being closed, which would leave its fate open.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// The connection is silent until the picture is done, which can take minutes; this keeps what
/// stands between from forgetting it.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// What is read of an error's body; Google's are a few kilobytes.
const ERROR_BYTES_MAX: usize = 64 * 1024;

/// An answer as it came.
#[derive(Debug)]
pub(in crate::providers) struct Answered {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// The whole body of a success; of anything else what could be read within the limit.
    pub body: Bytes,
}

/// A client that follows no redirect. The text of its error names no address.
pub(in crate::providers) fn client(connect_timeout: Duration) -> Result<Client, String> {
    install_crypto();
    Client::builder()
        .connect_timeout(connect_timeout)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .tcp_keepalive(KEEPALIVE)
        .redirect(Policy::none())
        // One call at a time on a connection: when it breaks, the fate of one call is open, not
        // of all that are under way.
        .http1_only()
        .build()
        .map_err(|error| error.without_url().to_string())
}

/// The address of an API, if it is one of http or https.
pub(in crate::providers) fn base(address: &str) -> Option<Url> {
    let base = Url::parse(address).ok()?;
    (matches!(base.scheme(), "http" | "https") && base.has_host()).then_some(base)
}

/// A header's value that no log shows; `None` when no header can carry it.
pub(in crate::providers) fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The process ends, or a bug ended the work, after the request may have been sent.
pub(in crate::providers) const DROPPED: ProviderError = ProviderError::Ambiguous {
    cause: "the call was dropped",
};

/// Does the work on a runtime. It goes on when its caller stops waiting.
pub(in crate::providers) async fn on_runtime<T: Send + 'static>(
    runtime: &Handle,
    work: impl Future<Output = Result<T, ProviderError>> + Send + 'static,
) -> Result<T, ProviderError> {
    runtime.spawn(work).await.unwrap_or(Err(DROPPED))
}

/// Sends and reads. Before the connection stands nothing was asked; after that nobody knows.
pub(in crate::providers) async fn exchange(
    request: RequestBuilder,
    bytes_max: usize,
) -> Result<Answered, ProviderError> {
    let mut response = request.send().await.map_err(|error| {
        if error.is_connect() {
            ProviderError::Retryable {
                after: None,
                cause: "no connection",
            }
        } else if error.is_builder() {
            ProviderError::Broken {
                fault: Fault::Request,
                cause: "the request cannot be written",
            }
        } else {
            lost(&error)
        }
    })?;
    let (status, headers) = (response.status(), response.headers().clone());
    let body = if status == StatusCode::OK {
        whole_body(&mut response, bytes_max).await?
    } else {
        start_of_body(&mut response, bytes_max.min(ERROR_BYTES_MAX)).await
    };
    Ok(Answered {
        status,
        headers,
        body,
    })
}

async fn whole_body(response: &mut Response, bytes_max: usize) -> Result<Bytes, ProviderError> {
    let too_large = ProviderError::Ambiguous {
        cause: "the answer is larger than the limit",
    };
    let announced = response.content_length().unwrap_or(0);
    if usize::try_from(announced).unwrap_or(usize::MAX) > bytes_max {
        return Err(too_large);
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| lost(&error))? {
        if body.len() + chunk.len() > bytes_max {
            return Err(too_large);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// The status says enough: a body that breaks off or is too large does not hide it.
async fn start_of_body(response: &mut Response, bytes_max: usize) -> Bytes {
    let mut body = BytesMut::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = bytes_max - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() == bytes_max {
            break;
        }
    }
    body.freeze()
}

/// The request was sent, so the work may have been done and billed.
fn lost(error: &reqwest::Error) -> ProviderError {
    let cause = if error.is_timeout() {
        "no answer in time"
    } else {
        "the connection broke"
    };
    ProviderError::Ambiguous { cause }
}
