//! Nano Banana Pro: Google's Gemini image API (`generateContent`, v1beta).
//!
//! One synchronous call; the picture comes back in the body. There is no job, no look-up and no
//! idempotency key, so a call whose answer is lost stays lost: it is `Ambiguous`, and the policy
//! of the configuration says what follows. Wire facts: the contract page of the Gemini images.

mod answer;
mod request;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bigdecimal::{BigDecimal, RoundingMode, ToPrimitive};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use rei_actors::metrics;
use rei_actors::ports::assets::PictureCheck;
use rei_actors::ports::provider::{
    Provider, ProviderError, ProviderProgress, RenderRequest, RenderResult, Submission,
};
use rei_domain::billing::AmbiguityPolicy;
use rei_domain::money::Money;
use rei_domain::spec::{ImageSpec, Size};
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use secrecy::ExposeSecret;
use tokio::runtime::Handle;

use crate::config;

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
    #[error("the provider's costs in roubles pass the largest amount")]
    Cost,
}

/// The adapter. Its input and output happen on the runtime it is given.
pub struct NanoBanana {
    base: Url,
    key: HeaderValue,
    client: Client,
    runtime: Handle,
    pictures: Arc<dyn PictureCheck>,
    settings: config::NanoBanana,
    costs: Costs,
}

/// What pictures cost the platform, in kopecks.
#[derive(Clone, Copy, Debug)]
struct Costs {
    one_k: Money,
    two_k: Money,
    four_k: Money,
    input: Money,
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
        let cost = |micro_usd| kopecks(micro_usd, usd_rub).ok_or(SetupError::Cost);
        Ok(NanoBanana {
            base,
            key,
            client,
            runtime,
            pictures,
            costs: Costs {
                one_k: cost(settings.cost_1k_micro_usd)?,
                two_k: cost(settings.cost_2k_micro_usd)?,
                four_k: cost(settings.cost_4k_micro_usd)?,
                input: cost(settings.cost_input_micro_usd)?,
            },
            settings: settings.clone(),
        })
    }

    fn cost(&self, size: Size, inputs: usize) -> Money {
        let picture = match size {
            Size::OneK => self.costs.one_k,
            Size::TwoK => self.costs.two_k,
            Size::FourK => self.costs.four_k,
        };
        let mut cost = picture.kopecks();
        for _ in 0..inputs {
            cost = cost.saturating_add(self.costs.input.kopecks());
        }
        // A loss of nothing could not be booked.
        Money::from_kopecks(cost.max(1)).min(Money::OPERATION_MAX)
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

    async fn call(&self, request: &RenderRequest) -> Result<RenderResult, ProviderError> {
        let timeout = self.settings.timeout_of(request.size);
        let http = self
            .client
            .post(self.url(&request.model)?)
            .header("x-goog-api-key", self.key.clone())
            .header("X-Server-Timeout", timeout.as_secs().max(1))
            .timeout(timeout)
            .json(&request::body(request));
        let bytes_max = self.settings.response_bytes_max;
        let work = self.runtime.spawn(exchange(http, bytes_max));
        let answered = work.await.map_err(|_| ProviderError::Ambiguous {
            cause: "the call was dropped",
        })??;
        let picture_bytes = answer::read(&answered)?;
        let picture = self.pictures.check(picture_bytes).map_err(|fault| {
            tracing::warn!(%fault, "the provider's picture is none");
            // It was done and is billed; only the policy for lost answers books that.
            ProviderError::Ambiguous {
                cause: "the result is no picture",
            }
        })?;
        Ok(RenderResult {
            picture,
            cost: self.cost(request.size, request.inputs.len()),
        })
    }
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

/// Micro-dollars in kopecks, rounded up once: a cost is never understated.
fn kopecks(micro_usd: i64, usd_rub: &BigDecimal) -> Option<Money> {
    // One micro-dollar at one rouble a dollar is 1/10 000 kopeck.
    let exact = BigDecimal::from(micro_usd) * usd_rub / BigDecimal::from(10_000);
    let whole = exact.with_scale_round(0, RoundingMode::Ceiling).to_i64()?;
    let cost = Money::from_kopecks(whole);
    (cost <= Money::OPERATION_MAX).then_some(cost)
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
        self.cost(spec.size, spec.inputs.len())
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
