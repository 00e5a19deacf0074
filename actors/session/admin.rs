//! The admins' part of a conversation: commands that look, commands that ask for an act, and
//! the buttons that allow it.
//!
//! To whoever has no role these commands do not exist: he gets the answer of any unknown
//! command, and the audit log an entry.

mod acts;
mod looks;
mod orders;
mod providers;
mod replay;

use rei_domain::admin::{AdminCommand, AdminReply, Policy, Role, Roster, Wish, parse};
use rei_domain::audit::{Actor, AuditOutcome, Via};
use rei_domain::conversation::Reply;
use rei_domain::time::Span;

use super::conversation::Talk;
use crate::audit::Deed;
use crate::ports::StoreError;

pub(super) use acts::press;

/// Who is an admin, and the rules of his acts.
#[derive(Clone, Debug)]
pub struct AdminSettings {
    pub roster: Roster,
    pub policy: Policy,
    /// How long an act waits for its asker.
    pub confirm_within: Span,
    /// How long it then waits for the second one.
    pub approve_within: Span,
}

/// Whether a command was one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answered {
    Yes,
    No,
}

/// Answers a command if it is an admin's and the user has it.
pub(super) async fn command(
    talk: &mut Talk<'_>,
    name: &str,
    args: &str,
) -> Result<Answered, StoreError> {
    let Some(command) = AdminCommand::parse(name) else {
        return Ok(Answered::No);
    };
    let role = role(talk);
    if role < command.role() {
        let deed = Deed {
            actor: Actor::User(talk.user_id()),
            via: Via::Bot,
            action: command.name().to_owned(),
            target: format!("user:{}", talk.user_id()),
            detail: "the role does not have this command".to_owned(),
            outcome: AuditOutcome::Refused,
        };
        talk.ports.auditor.refuse(deed).await;
        return Ok(Answered::No);
    }
    match parse(command, args) {
        Err(fault) => say(talk, AdminReply::Usage { command, fault }),
        Ok(Wish::Help) => say(talk, AdminReply::Help { role }),
        Ok(Wish::User(who)) => looks::user(talk, &who).await?,
        Ok(Wish::Jobs(filter)) => looks::jobs(talk, filter).await?,
        Ok(Wish::Audit { about, rows }) => looks::audit(talk, about, rows).await?,
        Ok(Wish::Why(job)) => providers::why(talk, &job).await?,
        Ok(Wish::Replay(job)) => replay::offer_again(talk, &job).await?,
        Ok(Wish::Providers) => providers::list(talk),
        Ok(Wish::Cordon {
            provider,
            term,
            reason,
        }) => providers::cordon(talk, provider, term, reason).await?,
        Ok(Wish::Uncordon { provider, reason }) => {
            providers::uncordon(talk, &provider, &reason).await?;
        }
        Ok(wish) => orders::ask(talk, wish).await?,
    }
    Ok(Answered::Yes)
}

/// Tells a banned user why and until when; `true` when there was something to tell.
pub(super) async fn turn_away(talk: &mut Talk<'_>) -> Result<bool, StoreError> {
    let ban = talk.ports.acts.ban(talk.user_id(), talk.now).await?;
    let Some(ban) = ban else {
        return Ok(false);
    };
    say(talk, AdminReply::Banned(ban));
    Ok(true)
}

pub(super) fn role(talk: &Talk<'_>) -> Role {
    talk.settings.admin.roster.role(talk.user_id())
}

fn say(talk: &mut Talk<'_>, reply: AdminReply) {
    talk.say(&Reply::Admin(Box::new(reply)));
}
