//! The auditor: recomputes what the rows promise and names each invariant that is broken.
//!
//! It reads one snapshot and writes nothing, so it is safe beside a live bot. The chain is
//! walked in pages; everything else is one statement for each invariant (`verify::rules`).
//! Invariants carry the ids of the reliability page (I1, I2 …).

mod chain;
pub(super) mod rules;

use std::fmt;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use rei_actors::ports::StoreError;
use rei_domain::time::Moment;

use crate::store::stmt::{sql, statements};
use crate::store::{Conn, Db};
use rules::{Parameter, RULES};

statements! {
    SIZES = "
        SELECT (SELECT COUNT(*) FROM ledger) AS transfers,
               (SELECT COUNT(*) FROM user_balance_cache) AS accounts,
               (SELECT COUNT(*) FROM holds) AS holds,
               (SELECT COUNT(*) FROM jobs) AS jobs";
}

pub(super) use chain::STATEMENTS as CHAIN_STATEMENTS;

/// A broken invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its id, for example `I2`.
    pub invariant: &'static str,
    /// What should hold.
    pub promise: &'static str,
    /// Places where it does not.
    pub count: i64,
    /// One of them.
    pub example: String,
}

/// What an audit found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub transfers: i64,
    pub accounts: i64,
    pub holds: i64,
    pub jobs: i64,
    /// None when everything holds.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether every invariant holds.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Checked {} transfers, {} accounts, {} holds and {} jobs.",
            self.transfers, self.accounts, self.holds, self.jobs
        )?;
        for finding in &self.findings {
            let Finding {
                invariant,
                promise,
                count,
                example,
            } = finding;
            writeln!(
                f,
                "BROKEN {invariant}: {promise}: {count}, for example {example}"
            )?;
        }
        if self.is_clean() {
            writeln!(f, "Every invariant holds.")?;
        }
        Ok(())
    }
}

#[derive(QueryableByName)]
struct Sizes {
    #[diesel(sql_type = BigInt)]
    transfers: i64,
    #[diesel(sql_type = BigInt)]
    accounts: i64,
    #[diesel(sql_type = BigInt)]
    holds: i64,
    #[diesel(sql_type = BigInt)]
    jobs: i64,
}

#[derive(QueryableByName)]
struct Broken {
    #[diesel(sql_type = BigInt)]
    broken: i64,
    #[diesel(sql_type = Nullable<Text>)]
    example: Option<String>,
}

/// Audits a database as it is at one moment; `now` decides what is overdue.
pub async fn audit(db: &Db, now: Moment) -> Result<Report, StoreError> {
    db.snapshot(async move |conn: &mut Conn| {
        let sizes: Sizes = conn.one(sql!(SIZES)).await?;
        let mut report = Report {
            transfers: sizes.transfers,
            accounts: sizes.accounts,
            holds: sizes.holds,
            jobs: sizes.jobs,
            findings: chain::walk(conn).await?,
        };
        for rule in RULES {
            let stmt = match rule.parameter {
                Parameter::None => sql!(rule.text),
                Parameter::Now => sql!(rule.text, now.0),
            };
            let found: Broken = conn.one(stmt).await?;
            if found.broken > 0 {
                report.findings.push(Finding {
                    invariant: rule.invariant,
                    promise: rule.promise,
                    count: found.broken,
                    example: found.example.unwrap_or_default(),
                });
            }
        }
        Ok(report)
    })
    .await
}
