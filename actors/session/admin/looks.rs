//! Commands that look and change nothing.

use rei_domain::admin::{AdminReply, JobFilter, Who};

use super::say;
use crate::ports::StoreError;
use crate::ports::acts::JobsOf;
use crate::ports::audit::AuditQuery;
use crate::session::conversation::Talk;

/// Jobs in one list.
const JOBS_MAX: u32 = 20;

pub(super) async fn user(talk: &mut Talk<'_>, who: &Who) -> Result<(), StoreError> {
    let acts = talk.ports.acts.clone();
    let person = match acts.find(who).await? {
        Some(user) => acts.person(user.id, talk.now).await?,
        None => None,
    };
    match person {
        Some(person) => say(talk, AdminReply::Person(Box::new(person))),
        None => say(talk, AdminReply::UserNotFound),
    }
    Ok(())
}

pub(super) async fn jobs(talk: &mut Talk<'_>, filter: JobFilter) -> Result<(), StoreError> {
    let filter = match filter {
        JobFilter::Unfinished => JobsOf::Unfinished,
        JobFilter::In(state) => JobsOf::In(state),
        JobFilter::Of(who) => match talk.ports.acts.find(&who).await? {
            Some(user) => JobsOf::User(user.id),
            None => {
                say(talk, AdminReply::UserNotFound);
                return Ok(());
            }
        },
    };
    let jobs = talk.ports.acts.jobs(filter, JOBS_MAX).await?;
    say(talk, AdminReply::Jobs(jobs));
    Ok(())
}

pub(super) async fn audit(
    talk: &mut Talk<'_>,
    about: Option<Who>,
    rows: u32,
) -> Result<(), StoreError> {
    let query = match about {
        None => AuditQuery::Everything,
        // The log outlives users: an id needs no row.
        Some(Who::Id(user)) => AuditQuery::OfUser(user),
        Some(name @ Who::Name(_)) => match talk.ports.acts.find(&name).await? {
            Some(user) => AuditQuery::OfUser(user.id),
            None => {
                say(talk, AdminReply::UserNotFound);
                return Ok(());
            }
        },
    };
    let entries = talk.ports.auditor.log().newest(query, rows).await?;
    say(talk, AdminReply::Audit(entries));
    Ok(())
}
