//! How many rows an audit looks at.

use diesel::QueryableByName;
use diesel::sql_types::BigInt;
use rei_actors::ports::StoreError;

use super::report::Checked;
use crate::store::Conn;
use crate::store::stmt::{sql, statements};

statements! {
    COUNTS = "
        SELECT (SELECT COUNT(*) FROM ledger) AS transfers,
               (SELECT COUNT(*) FROM user_balance_cache) AS accounts,
               (SELECT COUNT(*) FROM holds) AS holds,
               (SELECT COUNT(*) FROM drafts) AS drafts,
               (SELECT COUNT(*) FROM jobs) AS jobs,
               (SELECT COUNT(*) FROM attempts) AS attempts,
               (SELECT COUNT(*) FROM usage_sessions) AS sessions,
               (SELECT COUNT(*) FROM outbox) AS messages,
               (SELECT COUNT(*) FROM inbox) AS updates";
}

#[derive(QueryableByName)]
struct CountsRow {
    #[diesel(sql_type = BigInt)]
    transfers: i64,
    #[diesel(sql_type = BigInt)]
    accounts: i64,
    #[diesel(sql_type = BigInt)]
    holds: i64,
    #[diesel(sql_type = BigInt)]
    drafts: i64,
    #[diesel(sql_type = BigInt)]
    jobs: i64,
    #[diesel(sql_type = BigInt)]
    attempts: i64,
    #[diesel(sql_type = BigInt)]
    sessions: i64,
    #[diesel(sql_type = BigInt)]
    messages: i64,
    #[diesel(sql_type = BigInt)]
    updates: i64,
}

/// Counts the rows of every table that is audited.
pub(super) async fn count(conn: &mut Conn) -> Result<Checked, StoreError> {
    let row: CountsRow = conn.one(sql!(COUNTS)).await?;
    Ok(Checked {
        transfers: row.transfers,
        accounts: row.accounts,
        holds: row.holds,
        drafts: row.drafts,
        jobs: row.jobs,
        attempts: row.attempts,
        sessions: row.sessions,
        messages: row.messages,
        updates: row.updates,
    })
}
