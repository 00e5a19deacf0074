//! Providers in an admin's hands: why a job went where it went, who is in, and taking one out.
//!
//! Taking a provider out moves no money and is undone by the opposite command, so it is done at
//! once, and written down first.

use rei_domain::admin::{AdminReply, AttemptStory, JobLine, JobStory};
use rei_domain::audit::{Actor, AuditOutcome, Via};
use rei_domain::billing::Ending;
use rei_domain::ids::JobId;
use rei_domain::time::{Moment, Span};

use super::say;
use crate::audit::Deed;
use crate::ports::StoreError;
use crate::ports::jobs::Attempt;
use crate::ports::routes::Cordon;
use crate::session::conversation::Talk;

pub(super) async fn why(talk: &mut Talk<'_>, id: &JobId) -> Result<(), StoreError> {
    let jobs = talk.ports.jobs.clone();
    let Some(job) = jobs.job(id).await? else {
        say(talk, AdminReply::JobNotFound);
        return Ok(());
    };
    let attempts = jobs.attempts(id).await?;
    let attempts: Vec<AttemptStory> = attempts.into_iter().map(told).collect();
    let story = JobStory {
        ending: job.ending.map(Ending::as_str),
        job: JobLine {
            id: job.id,
            user: job.user,
            state: job.state,
            price: job.price,
            created_at: job.created_at,
            // Each attempt tells its own.
            cause: None,
        },
        attempts,
    };
    say(talk, AdminReply::Why(Box::new(story)));
    Ok(())
}

fn told(attempt: Attempt) -> AttemptStory {
    let decision = attempt.decision.as_ref();
    AttemptStory {
        number: attempt.number,
        provider: attempt.provider,
        outcome: attempt.outcome.as_str(),
        cause: attempt.cause,
        decided_at: decision.map(|decision| Moment(decision.at)),
        candidates: decision.map_or_else(Vec::new, |decision| decision.candidates()),
    }
}

pub(super) fn list(talk: &mut Talk<'_>) {
    let lines = talk.ports.routes.lines(talk.now);
    say(talk, AdminReply::Providers(lines));
}

pub(super) async fn cordon(
    talk: &mut Talk<'_>,
    provider: String,
    term: Option<Span>,
    reason: String,
) -> Result<(), StoreError> {
    if !is_known(talk, &provider) {
        return not_found(talk, "provider.cordon", &provider, &reason).await;
    }
    let until = term.map(|term| talk.now + term);
    record(
        talk,
        "provider.cordon",
        &provider,
        &reason,
        AuditOutcome::Done,
    )
    .await?;
    let cordon = Cordon {
        provider,
        reason,
        since: talk.now,
        until,
    };
    talk.ports.cordons.cordon(&cordon).await?;
    refresh(talk).await
}

pub(super) async fn uncordon(
    talk: &mut Talk<'_>,
    provider: &str,
    reason: &str,
) -> Result<(), StoreError> {
    const ACTION: &str = "provider.uncordon";
    if !is_known(talk, provider) {
        return not_found(talk, ACTION, provider, reason).await;
    }
    let lines = talk.ports.routes.lines(talk.now);
    let is_out = lines
        .iter()
        .any(|l| l.name == provider && l.cordon.is_some());
    if !is_out {
        record(talk, ACTION, provider, reason, AuditOutcome::Refused).await?;
        say(talk, AdminReply::NotCordoned);
        return Ok(());
    }
    record(talk, ACTION, provider, reason, AuditOutcome::Done).await?;
    talk.ports.cordons.uncordon(provider).await?;
    refresh(talk).await
}

/// Routing learns of it at once, and the admin sees what holds now.
async fn refresh(talk: &mut Talk<'_>) -> Result<(), StoreError> {
    let cordons = talk.ports.cordons.cordons().await?;
    talk.ports.routes.set_cordons(cordons);
    list(talk);
    Ok(())
}

fn is_known(talk: &Talk<'_>, provider: &str) -> bool {
    let mut providers = talk.ports.routes.providers().iter();
    providers.any(|known| known.name() == provider)
}

async fn not_found(
    talk: &mut Talk<'_>,
    action: &str,
    provider: &str,
    reason: &str,
) -> Result<(), StoreError> {
    record(talk, action, provider, reason, AuditOutcome::Refused).await?;
    let providers = talk.ports.routes.providers().iter();
    let known = providers.map(|known| known.name().to_owned()).collect();
    say(talk, AdminReply::ProviderNotFound { known });
    Ok(())
}

async fn record(
    talk: &Talk<'_>,
    action: &str,
    provider: &str,
    reason: &str,
    outcome: AuditOutcome,
) -> Result<(), StoreError> {
    let deed = Deed {
        actor: Actor::User(talk.user_id()),
        via: Via::Bot,
        action: action.to_owned(),
        target: format!("provider:{provider}"),
        detail: format!("reason: {reason}"),
        outcome,
    };
    talk.ports.auditor.record(deed).await
}
