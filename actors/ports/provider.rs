//! Providers: AI backends that turn a request into a picture or a video.

use std::time::Duration;

use async_trait::async_trait;
use rei_domain::billing::AmbiguityPolicy;
use rei_domain::health::{FaultClass, Seen};
use rei_domain::ids::JobId;
use rei_domain::money::Money;
use rei_domain::spec::{Kind, Mode, Output, Spec};

use crate::ports::assets::Media;

/// A request as a provider sees it.
#[derive(Clone, Debug)]
pub struct RenderRequest {
    /// For providers that take a reference of ours; never the user's id.
    pub job: JobId,
    /// From 1.
    pub attempt: u32,
    pub mode: Mode,
    /// Never logged.
    pub prompt: String,
    pub output: Output,
    /// In the user's order; empty where words are enough.
    pub inputs: Vec<RenderInput>,
}

impl RenderRequest {
    /// The input pictures, in the user's order.
    pub fn pictures(&self) -> impl Iterator<Item = &Media> {
        let media = self.inputs.iter().map(|input| &input.media);
        media.filter(|media| !media.kind.moves())
    }

    /// The address of the input clip.
    pub fn clip_link(&self) -> Option<&str> {
        self.inputs.iter().find_map(|input| input.link.as_deref())
    }
}

/// A checked picture or clip that a result is made from.
#[derive(Clone, Debug)]
pub struct RenderInput {
    pub media: Media,
    /// Where a clip can be fetched; pictures go along with the request.
    pub link: Option<String>,
}

impl From<Media> for RenderInput {
    fn from(media: Media) -> RenderInput {
        RenderInput { media, link: None }
    }
}

/// What a provider did with a submit.
#[derive(Clone, Debug)]
pub enum Submission {
    /// It answered with the result.
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

/// What became of a submit whose answer was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// It arrived: the provider works on it, or is done, under this id.
    Found { provider_job: String },
    /// It surely never arrived: nothing was made and nothing is billed.
    NotFound,
    /// The provider cannot be asked by a reference of ours.
    Impossible,
}

/// A result and what it cost.
#[derive(Clone, Debug)]
pub struct RenderResult {
    /// Checked to be of the kind that was asked for, within the limits.
    pub media: Media,
    /// What the provider told that it takes, at the configured exchange rate. `None`: nothing,
    /// and the price list holds.
    pub cost: Option<Money>,
}

/// Whose business an unusable provider is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The account's: key, money, rights. Nothing works until a person mends it.
    Account,
    /// This request's, or that of the answer to it.
    Request,
}

/// Why a provider gave no result. Named by what the caller does next.
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
    Broken { fault: Fault, cause: &'static str },
    /// The answer was lost after the request was sent: it may have been done and billed.
    #[error("the provider's answer was lost: {cause}")]
    Ambiguous { cause: &'static str },
}

impl ProviderError {
    /// What it says about the provider's health.
    pub fn seen(&self) -> Seen {
        match self {
            ProviderError::Refused { .. } => Seen::Refused,
            ProviderError::Retryable { .. } => Seen::Failed(FaultClass::Busy),
            ProviderError::Ambiguous { .. } => Seen::Failed(FaultClass::Server),
            ProviderError::Broken { fault, .. } => Seen::Failed(match fault {
                Fault::Account => FaultClass::Account,
                Fault::Request => FaultClass::Request,
            }),
        }
    }

    /// How long the provider asked to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            ProviderError::Retryable { after, .. } => *after,
            ProviderError::Refused { .. }
            | ProviderError::Broken { .. }
            | ProviderError::Ambiguous { .. } => None,
        }
    }
}

/// An AI backend.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// The name in rows, metrics and configuration.
    fn name(&self) -> &'static str;

    /// What it makes at all.
    fn kinds(&self) -> &'static [Kind];

    /// What to do with an attempt whose answer was lost and that cannot be looked up.
    fn ambiguity(&self) -> AmbiguityPolicy;

    /// What an attempt costs by the price list, for routing and for booking a lost one: at
    /// least one kopeck. `None` when the provider does not make what is asked for.
    fn cost_estimate(&self, spec: &Spec) -> Option<Money>;

    /// Asks for a result. Called outside any transaction, after the attempt was recorded.
    async fn submit(&self, request: &RenderRequest) -> Result<Submission, ProviderError>;

    /// Asks after an accepted job.
    async fn poll(&self, provider_job: &str) -> Result<ProviderProgress, ProviderError>;

    /// Looks for a submit by the reference it carried. Providers that take none keep this.
    async fn look_up(&self, _job: &JobId, _attempt: u32) -> Result<Lookup, ProviderError> {
        Ok(Lookup::Impossible)
    }

    /// What its callbacks call an accepted job. Providers that call it by its id keep this.
    fn told_as<'a>(&self, provider_job: &'a str) -> &'a str {
        provider_job
    }
}
