//! Replay: a request that failed is offered to its user once more.
//!
//! It moves no money: the user gets a card at the price of now, and confirms it or does not. So a
//! command that is given twice is two cards, and nothing worse.

use rei_domain::admin::{AdminReply, Who};
use rei_domain::audit::{Actor, AuditOutcome, Via};
use rei_domain::conversation::CardNote;
use rei_domain::ids::JobId;
use rei_domain::job::JobState;

use super::say;
use crate::audit::Deed;
use crate::ports::StoreError;
use crate::ports::jobs::Job;
use crate::session::conversation::Talk;
use crate::session::requests;

pub(super) async fn offer_again(talk: &mut Talk<'_>, id: &JobId) -> Result<(), StoreError> {
    let Some(job) = talk.ports.jobs.job(id).await? else {
        record(talk, id, AuditOutcome::Refused).await?;
        say(talk, AdminReply::JobNotFound);
        return Ok(());
    };
    let user = talk.ports.acts.find(&Who::Id(job.user)).await?;
    let Some(user) = user.filter(|_| is_replayable(talk, &job)) else {
        record(talk, id, AuditOutcome::Refused).await?;
        say(talk, AdminReply::NotReplayable);
        return Ok(());
    };
    record(talk, id, AuditOutcome::Done).await?;
    // The card is said in the user's chat, in his language and beside his balance.
    let admin = std::mem::replace(&mut talk.user, user);
    let offered = requests::again(talk, &job.spec, Some(CardNote::OfferedAgain)).await;
    talk.user = admin;
    offered?;
    say(talk, AdminReply::Replayed { user: job.user });
    Ok(())
}

/// A late result is there already, and what is not sold any more cannot be offered.
fn is_replayable(talk: &Talk<'_>, job: &Job) -> bool {
    job.state == JobState::Failed
        && job.result.is_none()
        && talk.settings.prices.quote(&job.spec).is_ok()
}

async fn record(talk: &Talk<'_>, id: &JobId, outcome: AuditOutcome) -> Result<(), StoreError> {
    let deed = Deed {
        actor: Actor::User(talk.user_id()),
        via: Via::Bot,
        action: "job.replay".to_owned(),
        target: format!("job:{id}"),
        detail: String::new(),
        outcome,
    };
    talk.ports.auditor.record(deed).await
}
