//! The run of one leased job: inputs, attempt, provider, store, settle.
//!
//! Promises: the attempt is a row before the provider is asked; the result is a row before the
//! money moves; the user's money moves exactly once whatever line the process dies on. A run
//! that is taken up again goes on from the state the job had reached. Every write stands under
//! the lease's fence, so a run that lost its lease changes nothing any more.
//!
//! It does not choose the job, the provider or the moment: the scheduler does.

use std::sync::Arc;
use std::time::Duration;

use fail::fail_point;
use rei_domain::billing::{AmbiguityStep, Ending, UserMoney, on_lost_answer, user_money};
use rei_domain::health::{FaultClass, Seen};
use rei_domain::ids::{AssetId, IdempotencyKey};
use rei_domain::job::JobState;
use rei_domain::ledger::{Movement, Operation, Posting};
use rei_domain::money::Money;
use rei_domain::retries;
use rei_domain::spec::{INPUT_BYTES_MAX, Input, Kind, Source};
use rei_domain::time::{Moment, Span};

use crate::bell::Bell;
use crate::etas::Etas;
use crate::nudges::{Listening, Nudges};
use crate::patience::{Patience, patiently};
use crate::ports::StoreError;
use crate::ports::assets::{Assets, Media, MediaCheck};
use crate::ports::clock::Clock;
use crate::ports::jobs::{AttemptEnd, AttemptOutcome, Job, JobStore, LeaseError, LeaseToken};
use crate::ports::ledger::{LedgerCommand, LedgerOutcome, Poster, Rider};
use crate::ports::links::Links;
use crate::ports::messenger::{FetchError, Messenger};
use crate::ports::outbox::{NewOutbox, OutboxBody};
use crate::ports::provider::{
    Lookup, Provider, ProviderError, ProviderProgress, RenderInput, RenderRequest, RenderResult,
    Submission,
};
use crate::renewals::Renewals;
use crate::routes::Routes;
use crate::routes::decision::DecisionRecord;

/// How much longer a clip may be than the messenger told: it tells whole seconds.
const CLIP_MILLIS_TOLERANCE: u32 = 1_000;

/// How long after a job's deadline its input can still be fetched.
const LINK_AFTER_DEADLINE: Span = Span::from_secs(3_600);

/// What a run needs from outside.
#[derive(Clone)]
pub struct RunnerPorts {
    pub clock: Arc<dyn Clock>,
    pub jobs: Arc<dyn JobStore>,
    pub assets: Arc<dyn Assets>,
    pub media: Arc<dyn MediaCheck>,
    /// For inputs that providers fetch.
    pub links: Arc<dyn Links>,
    pub messenger: Arc<dyn Messenger>,
    pub poster: Arc<dyn Poster>,
    /// Who is asked.
    pub provider: Arc<dyn Provider>,
    /// Who could be asked instead.
    pub routes: Arc<Routes>,
    /// Learns how long works take.
    pub etas: Arc<Etas>,
    /// News of what the provider works on.
    pub nudges: Nudges,
    /// Keeps leases.
    pub renewals: Renewals,
    /// Rung when messages were written.
    pub outbox: Bell,
}

/// How a run behaves.
#[derive(Clone, Copy, Debug)]
pub struct RunnerSettings {
    /// How long a lease lasts from its last renewal.
    pub lease: Span,
    /// How often a lease is renewed; well below `lease`.
    pub renew_every: Duration,
    /// Attempts of one job before it fails.
    pub attempts_max: u32,
    /// The wait before the second attempt; doubles with each further one.
    pub retry_base: Span,
    /// The longest wait between attempts.
    pub retry_max: Span,
    /// How long a store that is away is waited for while a paid result is in hand.
    pub patience: Patience,
    /// The bytes that the input pictures of one picture may have together.
    pub inputs_bytes_max: u64,
    /// The same for the inputs of a video.
    pub video_inputs_bytes_max: u64,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunEnd {
    /// The job ended like this and its money is settled.
    Finished(Ending),
    /// The job waits for another attempt.
    Requeued,
    /// Another worker has the job.
    LeaseLost,
    /// A store is away; the lease runs out and the job is taken up again.
    Abandoned,
}

/// Runs a leased job to an end, renewing its lease meanwhile. `decision` is kept with an attempt
/// that is begun.
pub async fn run(
    ports: &RunnerPorts,
    settings: &RunnerSettings,
    job: Job,
    decision: &DecisionRecord,
) -> RunEnd {
    let run = Run {
        ports,
        settings,
        decision,
        lease: LeaseToken {
            job: job.id.clone(),
            fence: job.fence,
        },
        job,
    };
    let end = tokio::select! {
        end = run.work() => end,
        () = run.keep_lease() => Err(Stop::LeaseLost),
    };
    match end {
        Ok(end) => end,
        Err(Stop::LeaseLost) => RunEnd::LeaseLost,
        Err(Stop::Store(error)) => {
            tracing::warn!(job.id = %run.job.id, %error, "a run is abandoned, its lease will run out");
            RunEnd::Abandoned
        }
    }
}

/// Why a run stops in the middle.
enum Stop {
    LeaseLost,
    Store(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Stop::Store(error)
    }
}

impl From<LeaseError> for Stop {
    fn from(error: LeaseError) -> Self {
        match error {
            LeaseError::Lost => Stop::LeaseLost,
            LeaseError::Store(error) => Stop::Store(error),
        }
    }
}

type Outcome = Result<RunEnd, Stop>;

struct Run<'a> {
    ports: &'a RunnerPorts,
    settings: &'a RunnerSettings,
    decision: &'a DecisionRecord,
    lease: LeaseToken,
    job: Job,
}

impl Run<'_> {
    /// Goes on from the state the job had reached.
    async fn work(&self) -> Outcome {
        match self.job.state {
            JobState::Leased => self.begin().await,
            JobState::Submitting | JobState::Running | JobState::Unknown if !self.is_ours() => {
                self.give_up_foreign().await
            }
            JobState::Submitting | JobState::Unknown => self.reconcile_lost().await,
            JobState::Running => match &self.job.provider_job {
                Some(provider_job) => {
                    let news = self.listen(provider_job);
                    self.poll(provider_job, news, None).await
                }
                None => self.reconcile_lost().await,
            },
            JobState::Rendered => {
                let cost = self.ports.provider.cost_estimate(&self.job.spec);
                self.settle(cost.unwrap_or(Money::ZERO)).await
            }
            JobState::Queued
            | JobState::Settled
            | JobState::Delivered
            | JobState::Failed
            | JobState::Cancelled => Err(Stop::LeaseLost),
        }
    }

    async fn begin(&self) -> Outcome {
        let now = self.now();
        if now >= self.job.deadline_at {
            return self.fail(Ending::TimedOut, None, None).await;
        }
        if self.ports.provider.cost_estimate(&self.job.spec).is_none() {
            tracing::error!(job.id = %self.job.id, "no provider makes what was ordered");
            return self.fail(Ending::ProviderFailed, None, None).await;
        }
        let inputs = match self.inputs().await? {
            Ok(inputs) => inputs,
            Err(InputFault::Unavailable) => {
                return self.fail(Ending::InputUnavailable, None, None).await;
            }
            Err(InputFault::TooLargeTogether) => {
                return self.fail(Ending::InputsTooLarge, None, None).await;
            }
            Err(InputFault::Later) => return self.requeue_without_attempt().await,
        };
        let attempt = self.job.attempt + 1;
        fail_point!("run.before_attempt");
        self.ports
            .jobs
            .begin_attempt(
                &self.lease,
                attempt,
                self.ports.provider.name(),
                self.decision,
                now,
            )
            .await?;
        fail_point!("run.attempt_recorded");
        if attempt == 1 {
            self.ports.routes.tried(self.ports.provider.name());
        }
        let request = RenderRequest {
            job: self.job.id.clone(),
            attempt,
            mode: self.job.spec.mode(),
            prompt: self.job.spec.prompt.clone(),
            output: self.job.spec.output.clone(),
            inputs,
        };
        let answer = match self
            .before_deadline(self.ports.provider.submit(&request))
            .await
        {
            Some(answer) => answer,
            None => Err(ProviderError::Ambiguous { cause: "deadline" }),
        };
        fail_point!("run.answered");
        match answer {
            Ok(Submission::Done(result)) => {
                let took = self.now() - now;
                self.saw(Seen::Delivered { took });
                self.ports.etas.record(&self.job.spec, took);
                self.render(attempt, result).await
            }
            Ok(Submission::Accepted {
                provider_job,
                poll_after,
            }) => {
                self.saw(Seen::Accepted);
                self.accept(attempt, &provider_job, poll_after, Some(now))
                    .await
            }
            Err(error) => {
                self.saw(error.seen());
                self.on_submit_error(attempt, error).await
            }
        }
    }

    /// Records the provider's id before anything else, then asks after the job.
    async fn accept(
        &self,
        attempt: u32,
        provider_job: &str,
        poll_after: Duration,
        begun: Option<Moment>,
    ) -> Outcome {
        let at = self.now();
        patiently(self.settings.patience, || {
            self.ports
                .jobs
                .accepted(&self.lease, attempt, provider_job, at)
        })
        .await?;
        fail_point!("run.acceptance_recorded");
        let news = self.listen(provider_job);
        news.sleep(poll_after).await;
        self.poll(provider_job, news, begun).await
    }

    fn listen(&self, provider_job: &str) -> Listening {
        let provider = &self.ports.provider;
        let told_as = provider.told_as(provider_job);
        self.ports.nudges.listen(provider.name(), told_as)
    }

    /// Asks after an accepted job until it ends or its deadline passes. When it was begun is not
    /// known after a rescue.
    async fn poll(&self, provider_job: &str, news: Listening, begun: Option<Moment>) -> Outcome {
        let attempt = self.job.attempt.max(1);
        loop {
            if self.now() >= self.job.deadline_at {
                self.saw(Seen::Failed(FaultClass::Server));
                let late = AttemptEnd::because(AttemptOutcome::Accepted, "deadline");
                let loss = self.loss(attempt);
                return self.fail(Ending::TimedOut, Some(late), loss).await;
            }
            let answer = self.ports.provider.poll(provider_job).await;
            fail_point!("run.polled");
            match answer {
                Ok(ProviderProgress::Done(result)) => {
                    let now = self.now();
                    let took = now - begun.unwrap_or(self.job.created_at);
                    self.saw(Seen::Delivered { took });
                    if let Some(begun) = begun {
                        self.ports.etas.record(&self.job.spec, now - begun);
                    }
                    return self.render(attempt, result).await;
                }
                Ok(ProviderProgress::Running { poll_after }) => news.sleep(poll_after).await,
                Err(ProviderError::Retryable { after, .. }) => {
                    tokio::time::sleep(after.unwrap_or(self.settings.renew_every)).await;
                }
                Err(ProviderError::Ambiguous { .. }) => {
                    tokio::time::sleep(self.settings.renew_every).await;
                }
                Err(error @ ProviderError::Refused { reason }) => {
                    self.saw(error.seen());
                    return self.refused(attempt, reason).await;
                }
                Err(error @ ProviderError::Broken { cause, .. }) => {
                    self.saw(error.seen());
                    return self.unusable(attempt, cause).await;
                }
            }
        }
    }

    async fn on_submit_error(&self, attempt: u32, error: ProviderError) -> Outcome {
        match error {
            ProviderError::Retryable { after, cause } => {
                tracing::info!(job.id = %self.job.id, attempt, cause, "the provider asks to try later");
                let rejected = AttemptEnd::rejected(cause);
                if attempt >= self.settings.attempts_max {
                    return self
                        .fail(Ending::ProviderFailed, Some(rejected), None)
                        .await;
                }
                let wait = if self.has_other() {
                    Span(0)
                } else {
                    let may = self.ports.routes.may_retry(self.ports.provider.name());
                    // Without a retry left it waits as after the most tries.
                    self.back_off(if may { attempt } else { u32::MAX }, after)
                };
                self.try_again(rejected, wait).await
            }
            ProviderError::Refused { reason } => self.refused(attempt, reason).await,
            ProviderError::Broken { cause, .. } => self.unusable(attempt, cause).await,
            ProviderError::Ambiguous { cause } => {
                tracing::warn!(job.id = %self.job.id, attempt, cause, "the provider's answer was lost");
                self.lost(attempt, cause).await
            }
        }
    }

    async fn refused(&self, attempt: u32, reason: &'static str) -> Outcome {
        tracing::info!(job.id = %self.job.id, attempt, reason, "the provider refused the content");
        let rejected = AttemptEnd::rejected(reason);
        self.fail(Ending::ModerationRefused, Some(rejected), None)
            .await
    }

    /// The provider did not make it and will not; somebody else may.
    async fn unusable(&self, attempt: u32, cause: &'static str) -> Outcome {
        tracing::error!(job.id = %self.job.id, attempt, cause, "the provider cannot be used");
        let rejected = AttemptEnd::rejected(cause);
        if attempt < self.settings.attempts_max && self.has_other() {
            return self.try_again(rejected, Span(0)).await;
        }
        self.fail(Ending::ProviderFailed, Some(rejected), None)
            .await
    }

    /// Tells routing how the provider does.
    fn saw(&self, seen: Seen) {
        let kind = self.job.spec.mode().kind();
        let provider = self.ports.provider.name();
        self.ports.routes.record(provider, kind, seen, self.now());
    }

    /// Whether somebody else could be asked instead.
    fn has_other(&self) -> bool {
        let asked = self.ports.provider.name();
        self.ports.routes.has_other(&self.job.spec, asked)
    }

    /// Puts the job back for another attempt, after an attempt that surely made nothing.
    async fn try_again(&self, rejected: AttemptEnd, wait: Span) -> Outcome {
        let due_at = self.now() + wait;
        if due_at >= self.job.deadline_at {
            return self
                .fail(Ending::ProviderFailed, Some(rejected), None)
                .await;
        }
        self.ports
            .jobs
            .requeue(&self.lease, Some(rejected), due_at, self.now())
            .await?;
        Ok(RunEnd::Requeued)
    }

    /// Whether the last attempt was made at the provider of this run.
    fn is_ours(&self) -> bool {
        self.job.provider.as_deref() == Some(self.ports.provider.name())
    }

    /// An attempt at a provider that is no longer set up: nobody can be asked what became of it.
    async fn give_up_foreign(&self) -> Outcome {
        tracing::error!(job.id = %self.job.id, "the provider of a begun job is not set up any more");
        let lost = AttemptEnd::lost("its provider is not set up any more");
        let loss = self.loss(self.job.attempt);
        self.fail(Ending::ProviderFailed, Some(lost), loss).await
    }

    /// A begun attempt without an answer: the process died, or the lease moved on.
    async fn reconcile_lost(&self) -> Outcome {
        let attempt = self.job.attempt;
        tracing::warn!(job.id = %self.job.id, attempt, "an attempt is found without its answer");
        self.lost(attempt, "found without its answer").await
    }

    /// Looks for the attempt at the provider; where that cannot be done, books it as lost and
    /// follows the provider's policy.
    async fn lost(&self, attempt: u32, cause: &str) -> Outcome {
        while self.now() < self.job.deadline_at {
            match self.ports.provider.look_up(&self.job.id, attempt).await {
                Ok(Lookup::Found { provider_job }) => {
                    return self
                        .accept(attempt, &provider_job, Duration::ZERO, None)
                        .await;
                }
                Ok(Lookup::NotFound) => {
                    let rejected = AttemptEnd::rejected("did not reach the provider");
                    if attempt < self.settings.attempts_max {
                        return self.try_again(rejected, Span(0)).await;
                    }
                    return self
                        .fail(Ending::ProviderFailed, Some(rejected), None)
                        .await;
                }
                Ok(Lookup::Impossible) => break,
                Err(error) => {
                    tracing::warn!(job.id = %self.job.id, %error, "a lost attempt cannot be looked up yet");
                    let wait = self.back_off(attempt, error.retry_after());
                    tokio::time::sleep(Duration::from_millis(wait.whole_millis())).await;
                }
            }
        }
        self.write_off(attempt, cause).await
    }

    /// Books a lost attempt and follows the provider's policy.
    async fn write_off(&self, attempt: u32, cause: &str) -> Outcome {
        let attempts = self.ports.jobs.attempts(&self.job.id).await?;
        let lost_before = attempts
            .iter()
            .filter(|a| a.number != attempt && a.outcome == AttemptOutcome::Lost)
            .count();
        let lost = u32::try_from(lost_before)
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        let now = self.now();
        let is_last = attempt >= self.settings.attempts_max;
        let step = if is_last || now >= self.job.deadline_at {
            AmbiguityStep::GiveUp
        } else {
            on_lost_answer(self.ports.provider.ambiguity(), lost)
        };
        let loss = self.loss(attempt);
        match (step, loss) {
            (AmbiguityStep::GiveUp, loss) | (AmbiguityStep::TryAgain, loss @ None) => {
                let ending = if now >= self.job.deadline_at {
                    Ending::TimedOut
                } else {
                    Ending::ProviderFailed
                };
                self.fail(ending, Some(AttemptEnd::lost(cause)), loss).await
            }
            (AmbiguityStep::TryAgain, Some(loss)) => {
                let command = LedgerCommand {
                    posting: Posting {
                        user: self.job.user,
                        operations: vec![loss],
                    },
                    rider: Rider::RetryLost {
                        job: self.job.id.clone(),
                        fence: self.lease.fence,
                        due_at: now,
                        cause: cause.to_owned(),
                    },
                    outbox: Vec::new(),
                    audit: None,
                };
                self.post(command).await?;
                Ok(RunEnd::Requeued)
            }
        }
    }

    /// Stores the result, records it, then settles.
    async fn render(&self, attempt: u32, result: RenderResult) -> Outcome {
        let asset = result_asset(&self.job);
        fail_point!("run.before_store");
        patiently(self.settings.patience, || {
            self.ports.assets.put(&asset, self.job.user, &result.media)
        })
        .await?;
        fail_point!("run.stored");
        let at = self.now();
        patiently(self.settings.patience, || {
            self.ports.jobs.rendered(&self.lease, attempt, &asset, at)
        })
        .await?;
        fail_point!("run.rendered");
        let listed = || self.ports.provider.cost_estimate(&self.job.spec);
        let cost = result.cost.or_else(listed);
        self.settle(cost.unwrap_or(Money::ZERO)).await
    }

    /// Captures the hold together with the job's end and the messages that tell of it.
    async fn settle(&self, cost: Money) -> Outcome {
        let mut operations = vec![self.settlement(Ending::Delivered)];
        if cost > Money::ZERO {
            operations.push(Operation {
                key: IdempotencyKey::new(format!("cost:{}", self.job.id)),
                movement: Movement::BookProviderCost { amount: cost },
                reference: self.reference(),
            });
        }
        let mut outbox = self.progress_message();
        outbox.push(NewOutbox {
            key: format!("result:{}", self.job.id),
            chat: self.job.chat,
            slot: None,
            body: OutboxBody::result(&self.job.id),
            created_at: self.now(),
        });
        self.finish(Ending::Delivered, None, operations, outbox)
            .await
    }

    /// Voids the hold together with the job's end, and books what the provider may have cost.
    async fn fail(
        &self,
        ending: Ending,
        attempt: Option<AttemptEnd>,
        loss: Option<Operation>,
    ) -> Outcome {
        let mut operations = vec![self.settlement(ending)];
        operations.extend(loss);
        self.finish(ending, attempt, operations, self.progress_message())
            .await
    }

    async fn finish(
        &self,
        ending: Ending,
        attempt: Option<AttemptEnd>,
        operations: Vec<Operation>,
        outbox: Vec<NewOutbox>,
    ) -> Outcome {
        let command = LedgerCommand {
            posting: Posting {
                user: self.job.user,
                operations,
            },
            rider: Rider::Finish {
                job: self.job.id.clone(),
                fence: self.lease.fence,
                ending,
                attempt,
            },
            outbox,
            audit: None,
        };
        fail_point!("run.before_settle");
        self.post(command).await?;
        fail_point!("run.settled");
        self.ports.outbox.ring();
        Ok(RunEnd::Finished(ending))
    }

    async fn post(&self, command: LedgerCommand) -> Result<(), Stop> {
        let outcome = patiently(self.settings.patience, || {
            self.ports.poster.post(command.clone())
        })
        .await?;
        match outcome {
            LedgerOutcome::Applied { .. } => Ok(()),
            LedgerOutcome::Refused(refusal) => {
                tracing::warn!(job.id = %self.job.id, %refusal, "the ledger refused to end a run");
                Err(Stop::LeaseLost)
            }
        }
    }

    /// The job keeps its attempts when it was the messenger that did not answer.
    async fn requeue_without_attempt(&self) -> Outcome {
        let now = self.now();
        let due_at = now + self.back_off(1, None);
        if due_at >= self.job.deadline_at {
            return self.fail(Ending::InputUnavailable, None, None).await;
        }
        self.ports
            .jobs
            .requeue(&self.lease, None, due_at, now)
            .await?;
        Ok(RunEnd::Requeued)
    }

    async fn inputs(&self) -> Result<Result<Vec<RenderInput>, InputFault>, Stop> {
        let mut inputs = Vec::with_capacity(self.job.spec.inputs.len());
        let mut bytes_left = match self.job.spec.mode().kind() {
            Kind::Image => self.settings.inputs_bytes_max,
            Kind::Video => self.settings.video_inputs_bytes_max,
        };
        for input in &self.job.spec.inputs {
            let media = match self.input(input).await? {
                Ok(media) => media,
                Err(fault) => return Ok(Err(fault)),
            };
            match bytes_left.checked_sub(media.bytes.len() as u64) {
                Some(left) => bytes_left = left,
                None => {
                    tracing::info!(job.id = %self.job.id, "the inputs together are too large");
                    return Ok(Err(InputFault::TooLargeTogether));
                }
            }
            let link = match input.clip() {
                None => None,
                Some(_) => match self.link(input, &media).await? {
                    Some(link) => Some(link),
                    None => return Ok(Err(InputFault::Later)),
                },
            };
            inputs.push(RenderInput { media, link });
        }
        Ok(Ok(inputs))
    }

    /// An address of a clip for the provider, which outlives the job. What the user sent is
    /// stored first: the messenger's own address holds the bot's token.
    async fn link(&self, input: &Input, media: &Media) -> Result<Option<String>, Stop> {
        let asset = match &input.source {
            Source::Asset(id) => self.ports.assets.find(id).await?,
            Source::Telegram { .. } => {
                let id = input_asset(&self.job);
                Some(self.ports.assets.put(&id, self.job.user, media).await?)
            }
        };
        let until = self.job.deadline_at + LINK_AFTER_DEADLINE;
        Ok(asset.and_then(|asset| self.ports.links.link(&asset, until)))
    }

    async fn input(&self, input: &Input) -> Result<Result<Media, InputFault>, Stop> {
        let bytes_max = match input.clip() {
            None => INPUT_BYTES_MAX,
            Some(_) => self.settings.video_inputs_bytes_max,
        };
        let bytes = match &input.source {
            Source::Asset(id) => {
                let found = self.ports.assets.get(id).await?;
                return Ok(found.ok_or(InputFault::Unavailable));
            }
            Source::Telegram { file_id, .. } => {
                match self.ports.messenger.fetch(file_id, bytes_max).await {
                    Ok(bytes) => bytes,
                    Err(FetchError::Retryable) => return Ok(Err(InputFault::Later)),
                    Err(FetchError::Unavailable) => return Ok(Err(InputFault::Unavailable)),
                }
            }
        };
        let checked = match input.clip() {
            None => self.ports.media.picture(bytes),
            Some(_) => self.ports.media.clip(bytes),
        };
        if let (Ok(media), Some(told)) = (&checked, input.clip())
            && media.millis > told.millis.saturating_add(CLIP_MILLIS_TOLERANCE)
        {
            // The price follows the length that was told.
            tracing::info!(job.id = %self.job.id, "a clip is longer than was told");
            return Ok(Err(InputFault::Unavailable));
        }
        Ok(checked.map_err(|fault| {
            tracing::info!(job.id = %self.job.id, %fault, "an input is refused");
            InputFault::Unavailable
        }))
    }

    /// The one movement that closes the hold. Capture and void share a key, so that whoever
    /// comes second is told.
    fn settlement(&self, ending: Ending) -> Operation {
        let hold = self.job.hold.clone();
        let movement = match user_money(ending) {
            UserMoney::Charged => Movement::CaptureHold { hold },
            UserMoney::Returned => Movement::VoidHold { hold },
        };
        Operation {
            key: settlement_key(&self.job),
            movement,
            reference: self.reference(),
        }
    }

    /// What an attempt may have cost the platform.
    fn loss(&self, attempt: u32) -> Option<Operation> {
        let amount = self.ports.provider.cost_estimate(&self.job.spec)?;
        Some(Operation {
            key: IdempotencyKey::new(format!("loss:{}:{attempt}", self.job.id)),
            movement: Movement::BookLoss { amount },
            reference: self.reference(),
        })
    }

    fn reference(&self) -> String {
        job_reference(&self.job)
    }

    fn progress_message(&self) -> Vec<NewOutbox> {
        vec![final_progress(&self.job, self.now())]
    }

    fn back_off(&self, attempt: u32, asked: Option<Duration>) -> Span {
        let (base, max) = (self.settings.retry_base, self.settings.retry_max);
        let own = retries::back_off(base, max, attempt, self.job.id.as_str());
        let asked = asked.map_or(0, |after| {
            i64::try_from(after.as_micros()).unwrap_or(i64::MAX)
        });
        Span(own.0.max(asked))
    }

    async fn before_deadline<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let left = (self.job.deadline_at - self.now()).whole_millis();
        tokio::time::timeout(Duration::from_millis(left), work)
            .await
            .ok()
    }

    /// Returns when the lease is lost. A store that is away is not a lost lease: nobody else
    /// can take the job while it is.
    async fn keep_lease(&self) {
        loop {
            tokio::time::sleep(self.settings.renew_every).await;
            let until = self.now() + self.settings.lease;
            match self.ports.renewals.renew(self.lease.clone(), until).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(job.id = %self.job.id, %error, "a lease could not be renewed");
                }
            }
        }
    }

    fn now(&self) -> Moment {
        self.ports.clock.now()
    }
}

/// Why an input is not at hand.
enum InputFault {
    /// It never will be.
    Unavailable,
    /// With those before it, it is more than one request may have.
    TooLargeTogether,
    /// Telegram does not answer now.
    Later,
}

/// The key under which a job's hold is closed, captured or voided: once.
pub fn settlement_key(job: &Job) -> IdempotencyKey {
    IdempotencyKey::new(format!("settle:{}", job.id))
}

/// What a job's rows in the ledger refer to.
pub fn job_reference(job: &Job) -> String {
    format!("job:{}", job.id)
}

/// The message that tells how a job ended, in the slot of its draft.
pub fn final_progress(job: &Job, now: Moment) -> NewOutbox {
    NewOutbox {
        key: format!("end:{}", job.id),
        chat: job.chat,
        slot: Some(draft_slot(job.draft.as_str())),
        body: OutboxBody::progress(&job.id),
        created_at: now,
    }
}

/// The place in a chat where a draft's card stands and later its job's progress.
pub fn draft_slot(draft: &str) -> String {
    format!("draft:{draft}")
}

/// A job has one input clip at most.
fn input_asset(job: &Job) -> AssetId {
    AssetId::new(format!("{}clip", job.id))
}

/// A job has one result, so its asset has the job's name and is stored once.
pub(crate) fn result_asset(job: &Job) -> AssetId {
    AssetId::new(job.id.as_str())
}

#[cfg(test)]
mod simulation;
#[cfg(test)]
pub(crate) mod tests;
