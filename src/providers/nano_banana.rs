//! Nano Banana Pro and Nano Banana 2: Google's Gemini image API (`generateContent`, v1beta).
//!
//! One synchronous call; the picture comes back in the body. There is no job, no look-up and no
//! idempotency key, so a call whose answer is lost stays lost: it is `Ambiguous`, and the policy
//! of the configuration says what follows. Wire facts: the contract page of the Gemini images.

mod answer;

mod cost;
mod failure;
mod request;

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use bigdecimal::BigDecimal;
use rei_actors::metrics::ProviderMeters;
use rei_actors::ports::assets::{Media, MediaCheck};
use rei_actors::ports::provider::{
    Fault, Provider, ProviderError, ProviderProgress, RenderRequest, RenderResult, Submission,
};
use rei_domain::billing::AmbiguityPolicy;
use rei_domain::money::Money;
use rei_domain::spec::{ImageLook, ImageModel, Kind, Output, Spec};
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Client, RequestBuilder, Url};
use secrecy::ExposeSecret;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use self::cost::{Prices, Usage};
use super::call::{self, Answered};
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
}

/// The adapter. Its input and output happen on the runtime it is given.
pub struct NanoBanana {
    base: Url,
    key: HeaderValue,
    client: Client,
    runtime: Handle,
    media: Arc<dyn MediaCheck>,
    settings: config::NanoBanana,
    pro: Prices,
    two: Prices,
    submits: ProviderMeters,
}

impl NanoBanana {
    /// Checks the settings; calls nothing. `usd_rub` is roubles for a US dollar.
    pub fn try_new(
        settings: &config::NanoBanana,
        usd_rub: &BigDecimal,
        media: Arc<dyn MediaCheck>,
        runtime: Handle,
    ) -> Result<NanoBanana, SetupError> {
        let key = settings.api_key.as_ref().ok_or(SetupError::NoKey)?;
        let key = call::sensitive(key.expose_secret()).ok_or(SetupError::Key)?;
        let base = call::base(&settings.api_url).ok_or(SetupError::Address)?;
        let client = call::client(settings.connect_timeout).map_err(SetupError::Client)?;
        Ok(NanoBanana {
            base,
            key,
            client,
            runtime,
            media,
            pro: Prices::new(&settings.pro, usd_rub),
            two: Prices::new(&settings.two, usd_rub),
            settings: settings.clone(),
            submits: ProviderMeters::of(NAME, "submit"),
        })
    }

    fn prices(&self, model: ImageModel) -> &Prices {
        match model {
            ImageModel::Pro => &self.pro,
            ImageModel::Two => &self.two,
        }
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

    /// The whole call happens on the runtime, and what takes time there, coding base64 and
    /// reading megabytes of JSON, on its blocking threads: the caller's thread serves others.
    /// A call goes on, and is counted, when its caller stops waiting.
    async fn call(&self, request: &RenderRequest) -> Result<RenderResult, ProviderError> {
        let Output::Image(look) = &request.output else {
            return Err(ProviderError::Broken {
                fault: Fault::Request,
                cause: "a video was asked of a maker of pictures",
            });
        };
        let (size, look) = (look.size, *look);
        let timeout = self.settings.timeout_of(size);
        let http = self
            .client
            .post(self.url(&self.settings.of(look.model).model))
            .header("x-goog-api-key", self.key.clone())
            .header("X-Server-Timeout", timeout.as_secs().max(1))
            .header(CONTENT_TYPE, "application/json")
            .timeout(timeout);
        let bytes_max = self.settings.response_bytes_max;
        let media = Arc::clone(&self.media);
        let submits = self.submits.clone();
        let asked = request.clone();
        let work = call::on_runtime(&self.runtime, async move {
            let begun = Instant::now();
            let rendered = render(http, asked, look, bytes_max, media).await;
            submits.ended(&rendered, begun.elapsed());
            rendered
        });
        let (media, usage) = work.await?;
        let prices = self.prices(look.model);
        let cost = usage.and_then(|usage| prices.of_usage(&usage));
        Ok(RenderResult {
            media,
            cost: Some(cost.unwrap_or_else(|| prices.estimate(size, request.inputs.len()))),
        })
    }
}

/// A picture, checked, and the tokens it took, as far as the answer counts them.
type Rendered = Result<(Media, Option<Usage>), ProviderError>;

async fn render(
    http: RequestBuilder,
    request: RenderRequest,
    look: ImageLook,
    bytes_max: usize,
    media: Arc<dyn MediaCheck>,
) -> Rendered {
    let body = spawn_blocking(move || request::body(&request, look)).await;
    let body = body.map_err(|_| ProviderError::Retryable {
        after: None,
        cause: "the call was dropped before it was sent",
    })?;
    let answered = call::exchange(http.body(body), bytes_max).await?;
    let read = spawn_blocking(move || read(&answered, media.as_ref())).await;
    read.unwrap_or(Err(call::DROPPED))
}

fn read(answered: &Answered, media: &dyn MediaCheck) -> Rendered {
    let made = answer::read(answered)?;
    let picture = media.picture(made.bytes).map_err(|fault| {
        tracing::warn!(%fault, "the provider's picture is none");
        // It was done and is billed; only the policy for lost answers books that.
        ProviderError::Ambiguous {
            cause: "the result is no picture",
        }
    })?;
    Ok((picture, made.usage))
}

#[async_trait]
impl Provider for NanoBanana {
    fn name(&self) -> &'static str {
        NAME
    }

    fn ambiguity(&self) -> AmbiguityPolicy {
        self.settings.ambiguity
    }

    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Image]
    }

    fn cost_estimate(&self, spec: &Spec) -> Option<Money> {
        match &spec.output {
            Output::Image(look) => {
                let prices = self.prices(look.model);
                Some(prices.estimate(look.size, spec.inputs.len()))
            }
            Output::Video(_) => None,
        }
    }

    async fn submit(&self, request: &RenderRequest) -> Result<Submission, ProviderError> {
        self.call(request).await.map(Submission::Done)
    }

    async fn poll(&self, _: &str) -> Result<ProviderProgress, ProviderError> {
        Err(ProviderError::Broken {
            fault: Fault::Request,
            cause: "this provider has no jobs to ask after",
        })
    }
}

#[cfg(test)]
mod tests;
