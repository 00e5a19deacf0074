//! The auditor: proves the books and the jobs from their rows alone.
//!
//! Promises to read one snapshot and to change nothing, so that it is safe beside a running bot;
//! to go through the journal page by page; and to trust no other code: states, kinds and accounts
//! are spelled out here once more on purpose. Each invariant has an id that people and alerts
//! know it by (`I2`), a sentence, and for a violation one example made of ids and amounts only.
//!
//! Deliberately looks at rows only: whether a picture's file is there and whether a provider's
//! bill agrees is not asked here. Whoever can rewrite a whole chain and its head leaves no trace
//! in it; that is why a report shows the heads, to be kept somewhere else.

pub(super) mod acts;
pub(super) mod audit;
pub(super) mod balances;
pub(super) mod chain;
mod check;
pub(super) mod counts;
pub(super) mod holds;
pub(super) mod jobs;
pub(super) mod lots;
pub(super) mod notices;
mod report;
pub(super) mod series;
pub(super) mod sessions;
pub(super) mod topups;
pub(super) mod usage;
pub(super) mod waiting;

use rei_actors::ports::StoreError;
use rei_domain::time::Moment;

use crate::store::{Conn, Db};
use check::Check;

pub use report::{AuditEnd, Checked, Finding, Head, Report, Weight};

/// The invariants that a single question to the database answers, in the order of a report.
const CHECKS: &[&[Check]] = &[
    balances::CHECKS,
    holds::CHECKS,
    lots::CHECKS,
    jobs::CHECKS,
    series::CHECKS,
    sessions::CHECKS,
    usage::CHECKS,
    waiting::CHECKS,
    acts::CHECKS,
    notices::CHECKS,
    topups::CHECKS,
];

/// Audits the database as it stands at this moment. `now` decides only what is overdue.
pub async fn audit(db: &Db, now: Moment) -> Result<Report, StoreError> {
    db.snapshot(async move |conn: &mut Conn| examine(conn, now).await)
        .await
}

/// The audit inside the caller's transaction.
async fn examine(conn: &mut Conn, now: Moment) -> Result<Report, StoreError> {
    let checked = counts::count(conn).await?;
    let (heads, mut findings) = chain::walk(conn).await?;
    let (audit, broken) = audit::walk(conn).await?;
    findings.extend(broken);
    for checks in CHECKS {
        for check in *checks {
            findings.extend(check.run(conn, now).await?);
        }
    }
    Ok(Report {
        checked,
        heads,
        audit,
        findings,
    })
}

#[cfg(test)]
mod tests;
