//! fal.ai: an aggregator that runs the same models, for when their makers do not answer
//! (contract page of the fallback providers).
//!
//! A request is queued, then asked after at addresses that the answer to its submit names. It
//! carries no reference of ours: a submit whose answer was lost cannot be looked up, and the
//! policy of the configuration says what follows. Deliberately follows no address outside of
//! the queue's own host with the key.

mod body;
mod failure;
mod keys;
mod wire;

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use bigdecimal::{BigDecimal, RoundingMode, ToPrimitive};
use rei_actors::metrics::ProviderMeters;
use rei_actors::ports::assets::{Media, MediaCheck};
use rei_actors::ports::provider::{
    Fault, Provider, ProviderError, ProviderProgress, RenderRequest, RenderResult, Submission,
};
use rei_domain::billing::AmbiguityPolicy;
use rei_domain::catalogue::Catalogue;
use rei_domain::money::Money;
use rei_domain::spec::{ImageLook, ImageModel, Kind, Output, Size, Spec};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, Method, RequestBuilder, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use tokio::runtime::Handle;

pub use self::keys::CallbackKeys;
use self::wire::{Places, Queued, Standing};
use super::CallbackAddress;
use super::call::{self, Answered};
use super::download::{DownloadError, Downloads};
use crate::config;

/// The provider's name in rows, metrics, configuration and the catalogue.
const NAME: &str = "fal";

/// Seconds within which work must begin, or the request is given up there.
const START_HEADER: &str = "X-Fal-Request-Timeout";

/// `0` keeps words and pictures out of the account's history.
const STORE_HEADER: &str = "X-Fal-Store-IO";

/// Why the provider cannot be set up. The texts name the setting, never a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    #[error("FAL_KEY is not set")]
    NoKey,
    #[error("FAL_KEY holds characters that no header can carry")]
    Key,
    #[error("FAL_API_URL is not an http or https address")]
    Address,
    #[error("providers.fal.keys_url is not an http or https address")]
    KeysAddress,
    #[error("the TLS client cannot be set up: {0}")]
    Client(String),
}

/// The adapter. Its input and output happen on the runtime it is given.
pub struct Fal(Arc<Inner>);

struct Inner {
    base: Url,
    key: HeaderValue,
    client: Client,
    runtime: Handle,
    media: Arc<dyn MediaCheck>,
    downloads: Downloads,
    catalogue: Arc<Catalogue>,
    callback: CallbackAddress,
    prices: Prices,
    settings: config::Fal,
    submits: ProviderMeters,
    polls: ProviderMeters,
    fetches: ProviderMeters,
}

/// What a picture costs the platform, in kopecks.
struct Prices {
    pro_to_2k: Money,
    pro_4k: Money,
    two_1k: Money,
    two_2k: Money,
    two_4k: Money,
}

impl Prices {
    fn of(&self, look: ImageLook) -> Money {
        match (look.model, look.size) {
            (ImageModel::Pro, Size::OneK | Size::TwoK) => self.pro_to_2k,
            (ImageModel::Pro, Size::FourK) => self.pro_4k,
            (ImageModel::Two, Size::OneK) => self.two_1k,
            (ImageModel::Two, Size::TwoK) => self.two_2k,
            (ImageModel::Two, Size::FourK) => self.two_4k,
        }
    }
}

impl Fal {
    /// Checks the settings; calls nothing. `catalogue` is what is sold, `usd_rub` roubles for a
    /// US dollar, `callback` where the queue sends its news.
    pub fn try_new(
        settings: &config::Fal,
        usd_rub: &BigDecimal,
        catalogue: Arc<Catalogue>,
        callback: CallbackAddress,
        media: Arc<dyn MediaCheck>,
        downloads: Downloads,
        runtime: Handle,
    ) -> Result<Fal, SetupError> {
        let key = settings.api_key.as_ref().ok_or(SetupError::NoKey)?;
        let base = call::base(&settings.api_url).ok_or(SetupError::Address)?;
        let price = |micro_usd| kopecks_of(micro_usd, usd_rub);
        Ok(Fal(Arc::new(Inner {
            key: authorization(key).ok_or(SetupError::Key)?,
            client: call::client(settings.connect_timeout).map_err(SetupError::Client)?,
            base,
            runtime,
            media,
            downloads,
            catalogue,
            callback,
            prices: Prices {
                pro_to_2k: price(settings.cost_2k_micro_usd),
                pro_4k: price(settings.cost_4k_micro_usd),
                two_1k: price(settings.cost_two_1k_micro_usd),
                two_2k: price(settings.cost_two_2k_micro_usd),
                two_4k: price(settings.cost_two_4k_micro_usd),
            },
            settings: settings.clone(),
            submits: ProviderMeters::of(NAME, "submit"),
            polls: ProviderMeters::of(NAME, "poll"),
            fetches: ProviderMeters::of(NAME, "fetch"),
        })))
    }
}

fn authorization(key: &SecretString) -> Option<HeaderValue> {
    call::sensitive(&format!("Key {}", key.expose_secret()))
}

/// Rounded up, at least one kopeck.
fn kopecks_of(micro_usd: i64, usd_rub: &BigDecimal) -> Money {
    let kopecks =
        BigDecimal::from(micro_usd) * usd_rub * BigDecimal::from(100) / BigDecimal::from(1_000_000);
    let kopecks = kopecks.with_scale_round(0, RoundingMode::Ceiling).to_i64();
    Money::from_kopecks(kopecks.unwrap_or(i64::MAX).max(1))
}

impl Inner {
    fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.client
            .request(method, url)
            .timeout(self.settings.timeout)
            .header(AUTHORIZATION, self.key.clone())
    }

    async fn exchange(&self, request: RequestBuilder) -> Result<Answered, ProviderError> {
        call::exchange(request, self.settings.response_bytes_max).await
    }

    async fn submit(&self, request: &RenderRequest) -> Result<Submission, ProviderError> {
        let made = body::of(request).ok_or(BROKEN_REQUEST)?;
        let mut url = self.base.clone();
        url.path_segments_mut()
            .expect("the address was checked to have a path")
            .pop_if_empty()
            .extend(made.model.split('/'));
        if let Some(address) = (self.callback)() {
            url.query_pairs_mut().append_pair("fal_webhook", &address);
        }
        let post = self
            .request(Method::POST, url)
            .header(CONTENT_TYPE, "application/json")
            .header(START_HEADER, self.settings.start_timeout.as_secs())
            .header(STORE_HEADER, "0")
            .body(made.body.to_string());
        let answered = self.exchange(post).await?;
        if !answered.status.is_success() {
            return Err(failure::of(&answered));
        }
        let queued: Queued = read(&answered)?;
        // The request is there, and nobody could ask after it.
        let places = queued.places(&self.base).ok_or(ProviderError::Ambiguous {
            cause: "the queue names addresses of another host",
        })?;
        Ok(Submission::Accepted {
            provider_job: places.render(),
            poll_after: self.settings.poll,
        })
    }

    async fn poll(&self, provider_job: &str) -> Result<ProviderProgress, ProviderError> {
        let places = Places::parse(provider_job, &self.base).ok_or(ProviderError::Broken {
            fault: Fault::Request,
            cause: "the addresses of the request are not the queue's",
        })?;
        let answered = self
            .exchange(self.request(Method::GET, places.status))
            .await?;
        if !answered.status.is_success() {
            return Err(failure::of_asking(&answered));
        }
        // The queue says 202 while it goes on, with a body that is cut but short enough.
        let standing: Standing = read(&answered)?;
        if !standing.is_over() {
            return Ok(ProviderProgress::Running {
                poll_after: self.settings.poll,
            });
        }
        let answered = self
            .exchange(self.request(Method::GET, places.response))
            .await?;
        if answered.status != StatusCode::OK {
            return Err(failure::of_result(&answered));
        }
        let made: wire::Made = read(&answered).map_err(|_| UNREADABLE_RESULT)?;
        self.result(made).await.map(ProviderProgress::Done)
    }

    async fn result(&self, made: wire::Made) -> Result<RenderResult, ProviderError> {
        let (address, kind) = made.file().ok_or(UNREADABLE_RESULT)?;
        let begun = Instant::now();
        let fetched = self.fetch(&address, kind).await;
        self.fetches.ended(&fetched, begun.elapsed());
        Ok(RenderResult {
            media: fetched?,
            cost: None,
        })
    }

    /// The result is made and billed: what cannot be fetched now is tried again until the job's
    /// deadline.
    async fn fetch(&self, address: &str, kind: Kind) -> Result<Media, ProviderError> {
        let bytes_max = self.settings.result_bytes_max;
        let later = |cause| ProviderError::Retryable { after: None, cause };
        let broken = |cause| ProviderError::Broken {
            fault: Fault::Request,
            cause,
        };
        let bytes = self.downloads.fetch(address, bytes_max).await;
        let bytes = bytes.map_err(|error| match error {
            DownloadError::Failed => later("the result could not be fetched"),
            DownloadError::Gone => later("the result is not there"),
            DownloadError::Forbidden => broken("the result's address is not a public one"),
            DownloadError::TooLarge => broken("the result is larger than the limit"),
        })?;
        let checked = match kind {
            Kind::Image => self.media.picture(bytes),
            Kind::Video => self.media.clip(bytes),
        };
        checked.map_err(|fault| {
            tracing::warn!(%fault, "the provider's result is none");
            broken("the result is not what was asked for")
        })
    }
}

const BROKEN_REQUEST: ProviderError = ProviderError::Broken {
    fault: Fault::Request,
    cause: "what was asked is nothing that this provider makes",
};

const UNREADABLE_RESULT: ProviderError = ProviderError::Broken {
    fault: Fault::Request,
    cause: "the result cannot be read",
};

fn read<T: DeserializeOwned>(answered: &Answered) -> Result<T, ProviderError> {
    serde_json::from_slice(&answered.body).map_err(|_| ProviderError::Ambiguous {
        cause: "the answer cannot be read",
    })
}

#[async_trait]
impl Provider for Fal {
    fn name(&self) -> &'static str {
        NAME
    }

    fn told_as<'a>(&self, provider_job: &'a str) -> &'a str {
        Places::request(provider_job)
    }

    fn kinds(&self) -> &'static [Kind] {
        &Kind::ALL
    }

    fn ambiguity(&self) -> AmbiguityPolicy {
        self.0.settings.ambiguity
    }

    fn cost_estimate(&self, spec: &Spec) -> Option<Money> {
        match &spec.output {
            Output::Image(look) => Some(self.0.prices.of(*look)),
            Output::Video(_) => self.0.catalogue.cost(NAME, spec),
        }
    }

    async fn submit(&self, request: &RenderRequest) -> Result<Submission, ProviderError> {
        let (inner, request) = (self.0.clone(), request.clone());
        call::on_runtime(&self.0.runtime, async move {
            let begun = Instant::now();
            let submitted = inner.submit(&request).await;
            inner.submits.ended(&submitted, begun.elapsed());
            submitted
        })
        .await
    }

    async fn poll(&self, provider_job: &str) -> Result<ProviderProgress, ProviderError> {
        let (inner, provider_job) = (self.0.clone(), provider_job.to_owned());
        call::on_runtime(&self.0.runtime, async move {
            let begun = Instant::now();
            let progress = inner.poll(&provider_job).await;
            inner.polls.ended(&progress, begun.elapsed());
            progress
        })
        .await
    }
}

#[cfg(test)]
mod tests;
