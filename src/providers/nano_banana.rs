//! Nano Banana Pro: Google's Gemini image API (`generateContent`, v1beta).
//!
//! One synchronous call; the picture comes back in the body. There is no job, no look-up and no
//! idempotency key, so a call whose answer is lost stays lost: it is `Ambiguous`, and the policy
//! of the configuration says what follows. Wire facts: the contract page of the Gemini images.

mod answer;
mod call;
mod failure;
mod request;

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use bigdecimal::{BigDecimal, RoundingMode, ToPrimitive};
use rei_actors::metrics::ProviderMeters;
use rei_actors::ports::assets::PictureCheck;
use rei_actors::ports::provider::{
    Provider, ProviderError, ProviderProgress, RenderRequest, RenderResult, Submission,
};
use rei_domain::billing::AmbiguityPolicy;
use rei_domain::money::Money;
use rei_domain::spec::{ImageSpec, Size};
use reqwest::header::HeaderValue;
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
    submits: ProviderMeters,
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
        let client = call::client(settings.connect_timeout).map_err(SetupError::Client)?;
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
            submits: ProviderMeters::of(NAME, "submit"),
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

    fn url(&self, model: &str) -> Url {
        let mut url = self.base.clone();
        // Segment by segment: no model id leads to another place.
        url.path_segments_mut()
            .expect("the address was checked to have a path")
            .pop_if_empty()
            .extend(["v1beta", "models", &format!("{model}:generateContent")]);
        url
    }

    async fn call(&self, request: &RenderRequest) -> Result<RenderResult, ProviderError> {
        let timeout = self.settings.timeout_of(request.size);
        let http = self
            .client
            .post(self.url(&request.model))
            .header("x-goog-api-key", self.key.clone())
            .header("X-Server-Timeout", timeout.as_secs().max(1))
            .timeout(timeout)
            .json(&request::body(request));
        let bytes_max = self.settings.response_bytes_max;
        let work = self.runtime.spawn(call::exchange(http, bytes_max));
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
        self.submits.ended(&result, begun.elapsed());
        result.map(Submission::Done)
    }

    async fn poll(&self, _: &str) -> Result<ProviderProgress, ProviderError> {
        Err(ProviderError::Broken {
            cause: "this provider has no jobs to ask after",
        })
    }
}

#[cfg(test)]
mod tests;
