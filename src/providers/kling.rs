//! Kling: its maker's own video API (contract page of Kling).
//!
//! A task is made, then asked after; it cannot be cancelled. Every task carries a reference of
//! ours, unique in the account, so a submit whose answer was lost is looked up and never sent
//! twice. Two generations are spoken: the newer one names the model in its path and takes an
//! API key; the older one serves models past their sunset, and accounts whose key is a pair.
//! Deliberately takes no word of a callback for true: it asks.

mod body;
mod cost;
mod failure;
mod older;
mod token;
mod wire;

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use bigdecimal::BigDecimal;
use rei_actors::metrics::ProviderMeters;
use rei_actors::ports::assets::{Media, MediaCheck};
use rei_actors::ports::provider::{
    Fault, Lookup, Provider, ProviderError, ProviderProgress, RenderRequest, RenderResult,
    Submission,
};
use rei_domain::billing::AmbiguityPolicy;
use rei_domain::catalogue::Catalogue;
use rei_domain::ids::JobId;
use rei_domain::money::Money;
use rei_domain::spec::{Kind, Mode, Output, Spec};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, Method, RequestBuilder, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::runtime::Handle;

use self::token::KeyPair;
use self::wire::{Ended, Envelope, Task};
use super::CallbackAddress;
use super::call::{self, Answered};
use super::download::{DownloadError, Downloads};
use crate::config;

/// The provider's name in rows, metrics, configuration and the catalogue.
const NAME: &str = "kling";

/// Divides the older generation's way from the task's id in what rows keep.
const OLDER_PREFIX: &str = "older:";

/// Why the provider cannot be set up. The texts name the setting, never a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    #[error("KLING_API_KEY is not set")]
    NoKey,
    #[error("KLING_API_KEY holds characters that no header can carry")]
    Key,
    #[error("KLING_API_URL is not an http or https address")]
    Address,
    #[error("the TLS client cannot be set up: {0}")]
    Client(String),
}

/// How calls are signed.
enum Credential {
    /// An API key, for both generations.
    Key(HeaderValue),
    /// Access and secret key, for the older generation only.
    Pair(KeyPair),
}

/// The adapter. Its input and output happen on the runtime it is given.
pub struct Kling(Arc<Inner>);

struct Inner {
    base: Url,
    credential: Credential,
    client: Client,
    runtime: Handle,
    media: Arc<dyn MediaCheck>,
    downloads: Downloads,
    catalogue: Arc<Catalogue>,
    callback: CallbackAddress,
    usd_rub: BigDecimal,
    settings: config::Kling,
    submits: ProviderMeters,
    polls: ProviderMeters,
    look_ups: ProviderMeters,
    fetches: ProviderMeters,
}

impl Kling {
    /// Checks the settings; calls nothing. `catalogue` is what is sold, `usd_rub` roubles for a
    /// US dollar.
    pub fn try_new(
        settings: &config::Kling,
        usd_rub: &BigDecimal,
        catalogue: Arc<Catalogue>,
        callback: CallbackAddress,
        media: Arc<dyn MediaCheck>,
        downloads: Downloads,
        runtime: Handle,
    ) -> Result<Kling, SetupError> {
        let key = settings.api_key.as_ref().ok_or(SetupError::NoKey)?;
        let base = call::base(&settings.api_url).ok_or(SetupError::Address)?;
        let client = call::client(settings.connect_timeout).map_err(SetupError::Client)?;
        Ok(Kling(Arc::new(Inner {
            base,
            credential: credential(key)?,
            client,
            runtime,
            media,
            downloads,
            catalogue,
            callback,
            usd_rub: usd_rub.clone(),
            settings: settings.clone(),
            submits: ProviderMeters::of(NAME, "submit"),
            polls: ProviderMeters::of(NAME, "poll"),
            look_ups: ProviderMeters::of(NAME, "look_up"),
            fetches: ProviderMeters::of(NAME, "fetch"),
        })))
    }
}

fn credential(key: &SecretString) -> Result<Credential, SetupError> {
    match key.expose_secret().split_once(':') {
        Some((access, secret)) => Ok(Credential::Pair(KeyPair::new(access, secret))),
        None => bearer(key.expose_secret())
            .map(Credential::Key)
            .ok_or(SetupError::Key),
    }
}

fn bearer(token: &str) -> Option<HeaderValue> {
    call::sensitive(&format!("Bearer {token}"))
}

/// The reference that a task carries: its own for each deliberate attempt.
fn reference(job: &JobId, attempt: u32) -> String {
    format!("{job}-{attempt}")
}

impl Inner {
    /// Whether a request is made by the older generation.
    fn is_older(&self, model: &str) -> bool {
        match self.credential {
            Credential::Pair(_) => true,
            Credential::Key(_) => older::is_only_older(model),
        }
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .expect("the address was checked to have a path")
            .pop_if_empty()
            .extend(path.split('/'));
        url
    }

    fn request(&self, method: Method, url: Url) -> RequestBuilder {
        let authorization = match &self.credential {
            Credential::Key(bearer) => Some(bearer.clone()),
            Credential::Pair(pair) => bearer(&pair.token(chrono::Utc::now().timestamp())),
        };
        let request = self.client.request(method, url);
        let request = request.timeout(self.settings.timeout);
        match authorization {
            Some(bearer) => request.header(AUTHORIZATION, bearer),
            None => request,
        }
    }

    fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.request(Method::POST, self.url(path))
            .header(CONTENT_TYPE, "application/json")
            .body(body.to_string())
    }

    async fn exchange<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Refusal> {
        let answered = call::exchange(request, self.settings.response_bytes_max).await;
        read(&answered.map_err(Refusal::Call)?)
    }

    async fn submit(&self, request: RenderRequest) -> Result<Submission, ProviderError> {
        let reference = reference(&request.job, request.attempt);
        let Output::Video(look) = &request.output else {
            return Err(BROKEN_REQUEST);
        };
        let is_older = self.is_older(look.model.as_str());
        let made = if is_older {
            older::body(&request, look, &reference)
        } else {
            body::of(&request, look, &reference)
        };
        let mut made = made.ok_or(BROKEN_REQUEST)?;
        if let Some(address) = (self.callback)() {
            let options = if is_older {
                &mut made.body
            } else {
                &mut made.body["options"]
            };
            options["callback_url"] = json!(address);
        }
        let post = self.post(&made.path, &made.body);
        let accepted = if is_older {
            let created: Result<older::Task, Refusal> = self.exchange(post).await;
            created.map(|task| older_name(&made.path, &task.task_id))
        } else {
            let created: Result<Task, Refusal> = self.exchange(post).await;
            created.map(|task| task.id)
        };
        match accepted {
            Ok(provider_job) => Ok(self.accepted(provider_job)),
            // A value that is wrong, or the reference of a task that is there already: 1201.
            Err(Refusal::Value) => match self.find(&reference, &made.path, is_older).await? {
                Some(provider_job) => Ok(self.accepted(provider_job)),
                None => Err(ProviderError::Broken {
                    fault: Fault::Request,
                    cause: "the provider refuses a value",
                }),
            },
            Err(Refusal::Call(error)) => Err(error),
        }
    }

    fn accepted(&self, provider_job: String) -> Submission {
        Submission::Accepted {
            provider_job,
            poll_after: self.settings.poll,
        }
    }

    /// The task that carries a reference of ours.
    async fn find(
        &self,
        reference: &str,
        path: &str,
        is_older: bool,
    ) -> Result<Option<String>, ProviderError> {
        if is_older {
            let url = self.url(&format!("{path}/{reference}"));
            let found: Result<older::Task, Refusal> =
                self.exchange(self.request(Method::GET, url)).await;
            return none_is_none(found.map(|task| Some(older_name(path, &task.task_id))));
        }
        let mut url = self.url("tasks");
        url.query_pairs_mut()
            .append_pair("external_task_ids", reference);
        let found: Result<Vec<Task>, Refusal> = self.exchange(self.request(Method::GET, url)).await;
        none_is_none(found.map(|tasks| tasks.into_iter().next().map(|task| task.id)))
    }

    async fn poll(&self, provider_job: String) -> Result<ProviderProgress, ProviderError> {
        let ended = match provider_job.strip_prefix(OLDER_PREFIX) {
            Some(path) => {
                let url = self.url(path);
                let task: Result<older::Task, Refusal> =
                    self.exchange(self.request(Method::GET, url)).await;
                task.map(older::Task::ended)
            }
            None => {
                let mut url = self.url("tasks");
                url.query_pairs_mut().append_pair("task_ids", &provider_job);
                let tasks: Result<Vec<Task>, Refusal> =
                    self.exchange(self.request(Method::GET, url)).await;
                tasks
                    .and_then(|tasks| tasks.into_iter().next().ok_or(Refusal::Value))
                    .map(Task::ended)
            }
        };
        match ended {
            Ok(None) => Ok(ProviderProgress::Running {
                poll_after: self.settings.poll,
            }),
            Ok(Some(ended)) => self.result(ended).await.map(ProviderProgress::Done),
            Err(Refusal::Value) => Err(ProviderError::Broken {
                fault: Fault::Request,
                cause: "the provider does not know its task",
            }),
            Err(Refusal::Call(error)) => Err(error),
        }
    }

    async fn result(&self, ended: Ended) -> Result<RenderResult, ProviderError> {
        let (address, billing) = match ended {
            Ended::Failed { message } => return Err(failure::of_task(&message)),
            Ended::Succeeded { address, billing } => (address, billing),
        };
        let begun = Instant::now();
        let fetched = self.fetch(&address).await;
        self.fetches.ended(&fetched, begun.elapsed());
        Ok(RenderResult {
            media: fetched?,
            cost: cost::of(&billing, &self.usd_rub),
        })
    }

    /// The clip is made and billed: what cannot be fetched now is tried again until the job's
    /// deadline.
    async fn fetch(&self, address: &str) -> Result<Media, ProviderError> {
        let bytes_max = self.settings.result_bytes_max;
        let later = |cause| ProviderError::Retryable { after: None, cause };
        let bytes = self.downloads.fetch(address, bytes_max).await;
        let bytes = bytes.map_err(|error| match error {
            DownloadError::Failed => later("the result could not be fetched"),
            DownloadError::Gone => later("the result is not there"),
            DownloadError::Forbidden => ProviderError::Broken {
                fault: Fault::Request,
                cause: "the result's address is not a public one",
            },
            DownloadError::TooLarge => ProviderError::Broken {
                fault: Fault::Request,
                cause: "the result is larger than the limit",
            },
        })?;
        self.media.clip(bytes).map_err(|fault| {
            tracing::warn!(%fault, "the provider's clip is none");
            ProviderError::Broken {
                fault: Fault::Request,
                cause: "the result is no clip",
            }
        })
    }
}

/// What rows keep of a task of the older generation: the path that asks after it.
fn older_name(path: &str, task: &str) -> String {
    format!("{OLDER_PREFIX}{path}/{task}")
}

const BROKEN_REQUEST: ProviderError = ProviderError::Broken {
    fault: Fault::Request,
    cause: "what was asked is nothing that this provider makes",
};

/// Why an exchange brought no answer of the kind that was asked for.
enum Refusal {
    /// Code 1201: a value is wrong, a reference is taken, or a task is unknown.
    Value,
    Call(ProviderError),
}

/// An unknown task is no fault when one is looked for.
fn none_is_none(found: Result<Option<String>, Refusal>) -> Result<Option<String>, ProviderError> {
    match found {
        Ok(found) => Ok(found),
        Err(Refusal::Value) => Ok(None),
        Err(Refusal::Call(error)) => Err(error),
    }
}

fn read<T: DeserializeOwned>(answered: &Answered) -> Result<T, Refusal> {
    let envelope: Option<Envelope<T>> = serde_json::from_slice(&answered.body).ok();
    if answered.status.is_success()
        && let Some(Envelope {
            code: 0,
            data: Some(data),
        }) = envelope
    {
        return Ok(data);
    }
    failure::of_answer(answered)
}

#[async_trait]
impl Provider for Kling {
    fn name(&self) -> &'static str {
        NAME
    }

    fn told_as<'a>(&self, provider_job: &'a str) -> &'a str {
        match provider_job.strip_prefix(OLDER_PREFIX) {
            Some(older) => older.rsplit('/').next().unwrap_or(older),
            None => provider_job,
        }
    }

    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Video]
    }

    /// Used only where a task cannot be looked up, which is never.
    fn ambiguity(&self) -> AmbiguityPolicy {
        AmbiguityPolicy::Refund
    }

    fn cost_estimate(&self, spec: &Spec) -> Option<Money> {
        match spec.mode() {
            Mode::TextToVideo | Mode::ImageToVideo | Mode::VideoToVideo | Mode::Motion => {
                self.0.catalogue.cost(NAME, spec)
            }
            Mode::Generate | Mode::Edit => None,
        }
    }

    async fn submit(&self, request: &RenderRequest) -> Result<Submission, ProviderError> {
        let (inner, request) = (self.0.clone(), request.clone());
        call::on_runtime(&self.0.runtime, async move {
            let begun = Instant::now();
            let submitted = inner.submit(request).await;
            inner.submits.ended(&submitted, begun.elapsed());
            submitted
        })
        .await
    }

    async fn poll(&self, provider_job: &str) -> Result<ProviderProgress, ProviderError> {
        let (inner, provider_job) = (self.0.clone(), provider_job.to_owned());
        call::on_runtime(&self.0.runtime, async move {
            let begun = Instant::now();
            let progress = inner.poll(provider_job).await;
            inner.polls.ended(&progress, begun.elapsed());
            progress
        })
        .await
    }

    async fn look_up(&self, job: &JobId, attempt: u32) -> Result<Lookup, ProviderError> {
        let (inner, reference) = (self.0.clone(), reference(job, attempt));
        call::on_runtime(&self.0.runtime, async move {
            let begun = Instant::now();
            let found = inner.look_for(&reference).await;
            inner.look_ups.ended(&found, begun.elapsed());
            found
        })
        .await
    }
}

impl Inner {
    /// Looks in both generations as far as the credential serves them: whoever asks does not
    /// know any more which model it was.
    async fn look_for(&self, reference: &str) -> Result<Lookup, ProviderError> {
        if let Credential::Key(_) = self.credential
            && let Some(provider_job) = self.find(reference, "", false).await?
        {
            return Ok(Lookup::Found { provider_job });
        }
        for path in older::PATHS {
            if let Some(provider_job) = self.find(reference, path, true).await? {
                return Ok(Lookup::Found { provider_job });
            }
        }
        Ok(Lookup::NotFound)
    }
}

#[cfg(test)]
mod tests;
