//! Providers: AI backends that turn a request into a picture.

use std::time::Duration;

use async_trait::async_trait;
use rei_domain::billing::AmbiguityPolicy;
use rei_domain::ids::JobId;
use rei_domain::money::Money;
use rei_domain::spec::{Aspect, ImageSpec, Mode, Size};

use crate::ports::assets::Picture;

/// A request as a provider sees it.
#[derive(Clone, Debug)]
pub struct RenderRequest {
    /// For providers that take a reference of ours; never the user's id.
    pub job: JobId,
    /// From 1.
    pub attempt: u32,
    pub mode: Mode,
    pub model: String,
    /// Never logged.
    pub prompt: String,
    pub aspect: Aspect,
    pub size: Size,
    /// Checked pictures, in the user's order; empty for [`Mode::Generate`].
    pub inputs: Vec<Picture>,
}

/// What a provider did with a submit.
#[derive(Clone, Debug)]
pub enum Submission {
    /// It answered with the picture.
    Done(RenderResult),
    /// It works on it under an id of its own.
    Accepted {
        provider_job: String,
        poll_after: Duration,
    },
}

/// What a provider says of a job it accepted.
#[derive(Clone, Debug)]
pub enum ProviderProgress {
    Running { poll_after: Duration },
    Done(RenderResult),
}

/// A picture and what it cost.
#[derive(Clone, Debug)]
pub struct RenderResult {
    /// Checked to be a picture within the limits.
    pub picture: Picture,
    /// The provider's price in kopecks at the configured exchange rate; zero when unknown.
    pub cost: Money,
}

/// Why a provider gave no picture. Named by what the caller does next.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// Surely not done (or done and unusable): try again, not before `after`.
    #[error("the provider asks to try later: {cause}")]
    Retryable {
        after: Option<Duration>,
        cause: &'static str,
    },
    /// The request or its result is against the provider's rules: never again, nowhere else.
    #[error("the provider refused the content: {reason}")]
    Refused { reason: &'static str },
    /// Our request, our account or our configuration is wrong: an operator must look.
    #[error("the provider cannot be used: {cause}")]
    Broken { cause: &'static str },
    /// The answer was lost after the request was sent: it may have been done and billed.
    #[error("the provider's answer was lost: {cause}")]
    Ambiguous { cause: &'static str },
}

/// An AI backend.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// The name in rows, metrics and configuration.
    fn name(&self) -> &'static str;

    /// What to do with an attempt whose answer was lost.
    fn ambiguity(&self) -> AmbiguityPolicy;

    /// What an attempt costs by the price list, for booking a lost one. At least one kopeck.
    fn cost_estimate(&self, spec: &ImageSpec) -> Money;

    /// Asks for a picture. Called outside any transaction, after the attempt was recorded.
    async fn submit(&self, request: &RenderRequest) -> Result<Submission, ProviderError>;

    /// Asks after an accepted job.
    async fn poll(&self, provider_job: &str) -> Result<ProviderProgress, ProviderError>;
}
