//! Nano Banana Pro: Google's Gemini image API (`generateContent`, v1beta).
//!
//! One synchronous call; the picture comes back in the body. There is no job, no look-up and no
//! idempotency key, so a call whose answer is lost stays lost: it is `Ambiguous`, and the policy
//! of the configuration says what follows. Wire facts: the contract page of the Gemini images.

mod answer;
mod cost;
mod request;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bigdecimal::BigDecimal;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use rei_actors::metrics;
use rei_actors::ports::assets::{Picture, PictureCheck};
use rei_actors::ports::provider::{
    Provider, ProviderError, ProviderProgress, RenderRequest, RenderResult, Submission,
};
use rei_domain::billing::AmbiguityPolicy;
use rei_domain::money::Money;
use rei_domain::spec::ImageSpec;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use secrecy::ExposeSecret;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use crate::config;
use cost::{Prices, Usage};

/// The provider's name in rows, metrics and configuration.
const NAME: &str = "nano_banana";

/// Why the provider cannot be set up. The texts name the setting, never a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    #[error("NANO_BANANA_API_KEY is not set")]
    NoKey,
    #[error("NANO_BANANA_API_KEY holds characters that no header can carry")]
    Key,
    #[error("NANO_BANANA_API_URL is not an http or https address")]
    Address,
    #[error("the TLS client cannot be set up: {0}")]
    Client(String),
}

/// The adapter. Its input and output happen on the runtime it is given.
pub struct NanoBanana {
    base: Url,
    key: HeaderValue,
    client: Client,
    runtime: Handle,
    pictures: Arc<dyn PictureCheck>,
    settings: config::NanoBanana,
    prices: Prices,
}

impl NanoBanana {
    /// Checks the settings; calls nothing. `usd_rub` is roubles for a US dollar.
    pub fn try_new(
        settings: &config::NanoBanana,
        usd_rub: &BigDecimal,
        pictures: Arc<dyn PictureCheck>,
        runtime: Handle,
    ) -> Result<NanoBanana, SetupError> {
        let key = settings.api_key.as_ref().ok_or(SetupError::NoKey)?;
        let mut key = HeaderValue::from_str(key.expose_secret()).map_err(|_| SetupError::Key)?;
        key.set_sensitive(true);
        let base = Url::parse(&settings.api_url).map_err(|_| SetupError::Address)?;
        if !matches!(base.scheme(), "http" | "https") || !base.has_host() {
            return Err(SetupError::Address);
        }
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // Losing a race here means that a provider is installed, which is all we want.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let client = Client::builder()
            .connect_timeout(settings.connect_timeout)
            .redirect(Policy::none())
            .build()
            .map_err(|error| SetupError::Client(error.without_url().to_string()))?;
        Ok(NanoBanana {
            base,
            key,
            client,
            runtime,
            pictures,
            prices: Prices::new(settings, usd_rub),
            settings: settings.clone(),
        })
    }

    fn url(&self, model: &str) -> Result<Url, ProviderError> {
        let mut url = self.base.clone();
        let path = format!(
            "{}/v1beta/models/{model}:generateContent",
            url.path().trim_end_matches('/')
        );
        url.set_path(&path);
        Ok(url)
    }

    /// The whole call happens on the runtime, and what takes time there, coding base64 and
    /// reading megabytes of JSON, on its blocking threads: the caller's thread serves others.
    async fn call(&self, request: &RenderRequest) -> Result<RenderResult, ProviderError> {
        let timeout = self.settings.timeout_of(request.size);
        let http = self
            .client
            .post(self.url(&request.model)?)
            .header("x-goog-api-key", self.key.clone())
            .header("X-Server-Timeout", timeout.as_secs().max(1))
            .header(CONTENT_TYPE, "application/json")
            .timeout(timeout);
        let bytes_max = self.settings.response_bytes_max;
        let pictures = Arc::clone(&self.pictures);
        let asked = request.clone();
        let work = self.runtime.spawn(async move {
            let body = spawn_blocking(move || request::body(&asked)).await;
            let body = body.map_err(|_| ProviderError::Retryable {
                after: None,
                cause: "the call was dropped before it was sent",
            })?;
            let answered = exchange(http.body(body), bytes_max).await?;
            let read = spawn_blocking(move || read(&answered, pictures.as_ref())).await;
            read.unwrap_or(Err(DROPPED))
        });
        let (picture, usage) = work.await.unwrap_or(Err(DROPPED))?;
        let cost = usage.and_then(|usage| self.prices.of_usage(&usage));
        Ok(RenderResult {
            picture,
            cost: cost.unwrap_or_else(|| self.prices.estimate(request.size, request.inputs.len())),
        })
    }
}

/// The process ends, or a bug ended the work, after the request may have been sent.
const DROPPED: ProviderError = ProviderError::Ambiguous {
    cause: "the call was dropped",
};

/// The picture of an answer, checked, and the tokens it took.
fn read(
    answered: &Answered,
    pictures: &dyn PictureCheck,
) -> Result<(Picture, Option<Usage>), ProviderError> {
    let made = answer::read(answered)?;
    let picture = pictures.check(made.bytes).map_err(|fault| {
        tracing::warn!(%fault, "the provider's picture is none");
        // It was done and is billed; only the policy for lost answers books that.
        ProviderError::Ambiguous {
            cause: "the result is no picture",
        }
    })?;
    Ok((picture, made.usage))
}

/// An answer as it came.
struct Answered {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
}

/// Sends and reads. Before the connection stands nothing was asked; after that nobody knows.
async fn exchange(
    http: reqwest::RequestBuilder,
    bytes_max: usize,
) -> Result<Answered, ProviderError> {
    let response = http.send().await.map_err(|error| {
        if error.is_connect() {
            ProviderError::Retryable {
                after: None,
                cause: "no connection",
            }
        } else if error.is_timeout() {
            ProviderError::Ambiguous {
                cause: "no answer in time",
            }
        } else {
            ProviderError::Ambiguous {
                cause: "the connection broke",
            }
        }
    })?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let mut body = BytesMut::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        match chunk {
            Ok(chunk) if body.len() + chunk.len() <= bytes_max => body.extend_from_slice(&chunk),
            Ok(_) => {
                return Err(ProviderError::Ambiguous {
                    cause: "the answer is larger than the limit",
                });
            }
            // An error's status says enough; a picture that breaks off is lost.
            Err(_) if status != 200 => break,
            Err(_) => {
                return Err(ProviderError::Ambiguous {
                    cause: "the answer broke off",
                });
            }
        }
    }
    Ok(Answered {
        status,
        headers,
        body: body.freeze(),
    })
}

#[async_trait]
impl Provider for NanoBanana {
    fn name(&self) -> &'static str {
        NAME
    }

    fn ambiguity(&self) -> AmbiguityPolicy {
        self.settings.ambiguity
    }

    fn cost_estimate(&self, spec: &ImageSpec) -> Money {
        self.prices.estimate(spec.size, spec.inputs.len())
    }

    async fn submit(&self, request: &RenderRequest) -> Result<Submission, ProviderError> {
        let begun = Instant::now();
        let result = self.call(request).await;
        let outcome = match &result {
            Ok(_) => "ok",
            Err(ProviderError::Retryable { .. }) => "retryable",
            Err(ProviderError::Refused { .. }) => "refused",
            Err(ProviderError::Broken { .. }) => "broken",
            Err(ProviderError::Ambiguous { .. }) => "timeout",
        };
        metrics::provider_call(NAME, "submit", outcome, begun.elapsed());
        result.map(Submission::Done)
    }

    async fn poll(&self, _: &str) -> Result<ProviderProgress, ProviderError> {
        Err(ProviderError::Broken {
            cause: "this provider has no jobs to ask after",
        })
    }
}

/// The longest wait that a provider's answer may ask for; more is a quota of a day.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(600);
