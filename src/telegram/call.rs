//! The call layer: one call to the Bot API, and what is known about it afterwards.
//!
//! Promises: no call waits longer than its limit, nothing is repeated behind the caller's back,
//! and no error can carry the token, which is part of every address. An answer says whether the
//! call was surely not made, was refused, or may have been made. Calls run on the runtime given
//! at the start and go on there when the caller stops waiting, so an actor that is restarted
//! never tears one in half. Only polls and downloads, which change nothing, end with their
//! caller.

mod answer;
mod meter;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use rei_actors::ports::messenger::Upload;
use reqwest::multipart;
use reqwest::redirect::Policy;
use reqwest::{Body, Client, RequestBuilder, Response, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use teloxide_core::requests::Payload;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

pub(super) use answer::{CallError, Refusal};
use meter::CallResult;

use crate::tls::install_crypto;
pub(super) use reqwest::Url;

/// To reach Telegram at all.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// For an idle connection. Shorter than a server's own limit, so that a call is seldom written
/// into a connection that is being closed, which would leave its fate open.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// For a call without a file, answer included.
const CALL_TIMEOUT: Duration = Duration::from_secs(20);

/// For a file of up to 50 MB on a slow line, in either direction.
const FILE_TIMEOUT: Duration = Duration::from_secs(120);

/// What a poll may take beyond the time Telegram was asked to hold it.
const POLL_SLACK: Duration = Duration::from_secs(10);

/// The largest answer that is read. A poll brings up to 100 updates of a few kilobytes each.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The longest token (tdlib/telegram-bot-api, `ClientManager.cpp`).
const TOKEN_CHARS_MAX: usize = 80;

/// Why the call layer cannot be set up. The texts name the setting, never its value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    #[error("BOT_TOKEN is not of the form <number>:<secret>")]
    Token,
    #[error("TELEGRAM_API_URL is not an http or https address")]
    Address,
    #[error("the TLS client cannot be set up: {0}")]
    Client(String),
}

/// The Bot API, for one bot. Cheap to clone.
#[derive(Clone)]
pub struct BotApi {
    base: Url,
    token: Arc<SecretString>,
    client: Client,
    runtime: Handle,
}

impl fmt::Debug for BotApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BotApi").finish_non_exhaustive()
    }
}

impl BotApi {
    /// Checks token and address; calls nothing. `api_url` is `https://api.telegram.org` or a
    /// gateway, with or without a path. All input and output happens on `runtime`.
    pub fn try_new(
        api_url: &str,
        token: SecretString,
        runtime: Handle,
    ) -> Result<BotApi, SetupError> {
        if !is_token(token.expose_secret()) {
            return Err(SetupError::Token);
        }
        let base = Url::parse(api_url).map_err(|_| SetupError::Address)?;
        if !matches!(base.scheme(), "http" | "https") || !base.has_host() {
            return Err(SetupError::Address);
        }
        install_crypto();
        let client = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .timeout(CALL_TIMEOUT)
            .redirect(Policy::none())
            // One call at a time on a connection: when it breaks, the fate of one call is open,
            // not of all that are under way.
            .http1_only()
            .build()
            .map_err(|error| SetupError::Client(error.without_url().to_string()))?;
        meter::export_zeros();
        Ok(BotApi {
            base,
            token: Arc::new(token),
            client,
            runtime,
        })
    }

    /// Makes a call and reads of its result what `T` asks for.
    pub(super) async fn call<T, P>(&self, payload: &P) -> Result<T, CallError>
    where
        P: Payload + Serialize,
        T: DeserializeOwned + Send + 'static,
    {
        let request = self.request(P::NAME).json(payload);
        self.detached(answered(P::NAME, request, self.token.clone()))
            .await
    }

    /// Makes a call that carries a file.
    pub(super) async fn upload<T>(&self, method: &'static str, form: Form) -> Result<T, CallError>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let request = self.request(method).multipart(form.render());
        let request = request.timeout(FILE_TIMEOUT);
        self.detached(answered(method, request, self.token.clone()))
            .await
    }

    /// Makes a call that Telegram holds for up to `hold`; it ends when the caller goes away, so
    /// that it does not compete with the next poll.
    pub(super) async fn poll<T>(
        &self,
        method: &'static str,
        arguments: &impl Serialize,
        hold: Duration,
    ) -> Result<T, CallError>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let request = self.request(method).json(arguments);
        let request = request.timeout(hold + POLL_SLACK);
        let call = answered(method, request, self.token.clone());
        let task = self.runtime.spawn(call);
        let mut task = Attached(task);
        (&mut task.0).await.unwrap_or(Err(CallError::Lost))
    }

    /// Fetches a file by the path that `getFile` told, refusing more than `bytes_max`.
    pub(super) async fn download(
        &self,
        path: &str,
        bytes_max: u64,
    ) -> Result<Bytes, DownloadError> {
        let mut url = self.base.clone();
        // Segment by segment: a slash of the path stays a slash, which servers of every version
        // accept, and no path leads out of the bot's own files.
        url.path_segments_mut()
            .expect("the address was checked to have a path")
            .pop_if_empty()
            .push("file")
            .push(&format!("bot{}", self.token.expose_secret()))
            .extend(path.split('/'));
        let request = self.client.get(url).timeout(FILE_TIMEOUT);
        let download = async move {
            let response = request.send().await.map_err(|_| DownloadError::Broken)?;
            match response.status() {
                status if status.is_success() => {}
                StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND => return Err(DownloadError::Gone),
                _ => return Err(DownloadError::Broken),
            }
            let bytes_max = usize::try_from(bytes_max).unwrap_or(usize::MAX);
            match body(response, bytes_max).await {
                Ok(Some(bytes)) => Ok(bytes),
                Ok(None) => Err(DownloadError::TooLarge),
                Err(_) => Err(DownloadError::Broken),
            }
        };
        let download = async move {
            let downloaded = download.await;
            meter::count(meter::FILE, CallResult::of_download(&downloaded));
            downloaded
        };
        let task = self.runtime.spawn(download);
        let mut task = Attached(task);
        (&mut task.0).await.unwrap_or(Err(DownloadError::Broken))
    }

    /// Runs a call to its end, whether or not somebody still waits for it. A call that panics
    /// or ends with its runtime may have been made.
    async fn detached<T: Send + 'static>(
        &self,
        call: impl Future<Output = Result<T, CallError>> + Send + 'static,
    ) -> Result<T, CallError> {
        let task = self.runtime.spawn(call);
        task.await.unwrap_or(Err(CallError::Lost))
    }

    fn request(&self, method: &str) -> RequestBuilder {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .expect("the address was checked to have a path")
            .pop_if_empty()
            .push(&format!("bot{}", self.token.expose_secret()))
            .push(method);
        self.client.post(url)
    }
}

/// The arguments of a call that carries a file.
pub(super) struct Form {
    /// Names and values; objects are JSON texts.
    pub fields: Vec<(&'static str, String)>,
    /// The name under which the file goes.
    pub file_field: &'static str,
    pub file: Upload,
}

impl Form {
    fn render(self) -> multipart::Form {
        let Upload { bytes, name } = self.file;
        let length = bytes.len() as u64;
        let file = multipart::Part::stream_with_length(Body::from(bytes), length);
        let mut form = multipart::Form::new();
        for (name, value) in self.fields {
            form = form.text(name, value);
        }
        form.part(self.file_field, file.file_name(name))
    }
}

/// Why a file could not be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DownloadError {
    /// Telegram does not have it any more.
    Gone,
    TooLarge,
    /// The connection broke or the server is in trouble; another try may work.
    Broken,
}

/// A task that ends with its owner.
struct Attached<T>(JoinHandle<T>);

impl<T> Drop for Attached<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Makes a call and counts it by its end.
async fn answered<T: DeserializeOwned>(
    method: &'static str,
    request: RequestBuilder,
    token: Arc<SecretString>,
) -> Result<T, CallError> {
    let answer = answer_to(request, token).await;
    meter::count(method, CallResult::of(&answer));
    answer
}

async fn answer_to<T: DeserializeOwned>(
    request: RequestBuilder,
    token: Arc<SecretString>,
) -> Result<T, CallError> {
    let response = request.send().await.map_err(|error| {
        if error.is_connect() || error.is_builder() {
            CallError::NotSent
        } else {
            CallError::Lost
        }
    })?;
    let status = response.status();
    let retry_after = seconds(&response);
    let Ok(Some(body)) = body(response, ANSWER_BYTES_MAX).await else {
        return Err(CallError::Lost);
    };
    let result: Box<RawValue> = answer::read(status, retry_after, &body, token.expose_secret())?;
    // Telegram did it; that we cannot read the result does not undo it.
    serde_json::from_str(result.get()).map_err(|_| CallError::Lost)
}

/// The `Retry-After` header, which a gateway may send without the API's own answer.
fn seconds(response: &Response) -> Option<Duration> {
    let value = response.headers().get(header::RETRY_AFTER)?;
    let seconds = value.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// The body, or `None` when it is larger than the limit.
async fn body(mut response: Response, bytes_max: usize) -> reqwest::Result<Option<Bytes>> {
    let announced = response.content_length().unwrap_or(0);
    if usize::try_from(announced).unwrap_or(usize::MAX) > bytes_max {
        return Ok(None);
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > bytes_max {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body.freeze()))
}

/// `<bot id>:<secret>` in the characters Telegram uses; anything else would change the address.
fn is_token(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let Some((id, secret)) = text.split_once(':') else {
        return false;
    };
    text.len() <= TOKEN_CHARS_MAX
        && !id.is_empty()
        && id.bytes().all(|byte| byte.is_ascii_digit())
        && !secret.is_empty()
        && secret.bytes().all(plain)
}
