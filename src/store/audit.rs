//! The audit log's rows: added under the lock of the chain's end, never changed.
//!
//! Whoever writes other rows in the same transaction calls [`append`] last: the end of the chain
//! is one row, and everyone who waits for it waits for the whole transaction.

use std::collections::BTreeSet;

use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use rei_actors::ports::StoreError;
use rei_actors::ports::audit::{AuditLog, AuditQuery};
use rei_domain::audit::{Actor, AuditEntry, AuditHead, AuditLink, AuditOutcome, Via};
use rei_domain::time::Moment;
use serde_json::{Value, json};

use crate::store::codec::{parse_word, storable};
use crate::store::conn::{Conn, Engine};
use crate::store::db::Db;
use crate::store::ledger::writes::expect_rows;
use crate::store::stmt::{sql, statements};

statements! {
    HEAD = "SELECT head_seq, head_hash, head_at FROM audit_head WHERE id = 1";

    MOVE_HEAD = "
        UPDATE audit_head SET head_seq = ?, head_hash = ?, head_at = ? WHERE id = 1";

    KNOWN = "
        SELECT key FROM audit WHERE key IN (SELECT value->>'key' FROM json_each(?))";

    INSERT_AUDIT = "
        INSERT INTO audit (seq, key, at, actor, via, action, target, detail, outcome, hash)
        SELECT CAST(value->>'seq' AS BIGINT), value->>'key', CAST(value->>'at' AS BIGINT),
               value->>'actor', value->>'via', value->>'action', value->>'target',
               value->>'detail', value->>'outcome', value->>'hash'
        FROM json_each(?)";

    NEWEST = "
        SELECT seq, key, at, actor, via, action, target, detail, outcome, hash
        FROM audit ORDER BY seq DESC LIMIT ?";

    NEWEST_OF = "
        SELECT seq, key, at, actor, via, action, target, detail, outcome, hash
        FROM audit WHERE target = ? OR actor = ? ORDER BY seq DESC LIMIT ?";
}

const HEAD_LOCKED: &str =
    "SELECT head_seq, head_hash, head_at FROM audit_head WHERE id = 1 FOR UPDATE";

/// The texts of this file for PostgreSQL alone.
pub const POSTGRES_ONLY: &[&str] = &[HEAD_LOCKED];

/// The audit log in a database.
#[derive(Clone)]
pub struct AuditRows(Db);

impl AuditRows {
    /// The log of this database.
    pub fn new(db: Db) -> Self {
        Self(db)
    }
}

#[derive(QueryableByName)]
struct HeadRow {
    #[diesel(sql_type = BigInt)]
    head_seq: i64,
    #[diesel(sql_type = Text)]
    head_hash: String,
    #[diesel(sql_type = BigInt)]
    head_at: i64,
}

#[derive(QueryableByName)]
struct KeyRow {
    #[diesel(sql_type = Text)]
    key: String,
}

#[derive(QueryableByName)]
pub(super) struct AuditRow {
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
    #[diesel(sql_type = Text)]
    pub key: String,
    #[diesel(sql_type = BigInt)]
    pub at: i64,
    #[diesel(sql_type = Text)]
    pub actor: String,
    #[diesel(sql_type = Text)]
    pub via: String,
    #[diesel(sql_type = Text)]
    pub action: String,
    #[diesel(sql_type = Text)]
    pub target: String,
    #[diesel(sql_type = Text)]
    pub detail: String,
    #[diesel(sql_type = Text)]
    pub outcome: String,
    #[diesel(sql_type = Text)]
    pub hash: String,
}

impl AuditRow {
    pub(super) fn parse(self) -> Result<AuditLink, StoreError> {
        Ok(AuditLink {
            seq: self.seq,
            entry: AuditEntry {
                key: self.key,
                at: Moment(self.at),
                actor: parse_word("actor", &self.actor, Actor::parse)?,
                via: parse_word("via", &self.via, Via::parse)?,
                action: self.action,
                target: self.target,
                detail: self.detail,
                outcome: parse_word("outcome", &self.outcome, AuditOutcome::parse)?,
            },
            hash: self.hash,
        })
    }
}

/// Adds entries inside the caller's transaction, in order. Those whose key is known are skipped,
/// also among each other.
pub async fn append(conn: &mut Conn, entries: &[AuditEntry]) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let text = match conn.engine() {
        Engine::Postgres => HEAD_LOCKED,
        Engine::Sqlite => HEAD,
    };
    let row: HeadRow = conn.one(sql!(text)).await?;
    let mut head = AuditHead {
        seq: row.head_seq,
        hash: row.head_hash,
        at: Moment(row.head_at),
    };
    let mut known = known_keys(conn, entries).await?;
    let mut rows = Vec::new();
    for entry in entries {
        if known.insert(entry.key.clone()) {
            rows.push(row_of(&head.link(cleaned(entry))));
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    let count = rows.len();
    let rows = Value::from(rows).to_string();
    expect_rows(conn.execute(sql!(INSERT_AUDIT, &*rows)).await?, count)?;
    let moved = conn
        .execute(sql!(MOVE_HEAD, head.seq, &*head.hash, head.at.0))
        .await?;
    expect_rows(moved, 1)
}

async fn known_keys(
    conn: &mut Conn,
    entries: &[AuditEntry],
) -> Result<BTreeSet<String>, StoreError> {
    let keys: Vec<Value> = entries
        .iter()
        .map(|entry| json!({ "key": entry.key }))
        .collect();
    let keys = Value::from(keys).to_string();
    let rows = conn.load::<KeyRow>(sql!(KNOWN, &*keys)).await?;
    Ok(rows.into_iter().map(|row| row.key).collect())
}

/// What people typed, as it will stand in the row: the hash is over that.
fn cleaned(entry: &AuditEntry) -> AuditEntry {
    AuditEntry {
        action: storable(&entry.action).into_owned(),
        target: storable(&entry.target).into_owned(),
        detail: storable(&entry.detail).into_owned(),
        ..entry.clone()
    }
}

fn row_of(link: &AuditLink) -> Value {
    let entry = &link.entry;
    json!({
        "seq": link.seq,
        "key": entry.key,
        "at": entry.at.0,
        "actor": entry.actor.render(),
        "via": entry.via.as_str(),
        "action": entry.action,
        "target": entry.target,
        "detail": entry.detail,
        "outcome": entry.outcome.as_str(),
        "hash": link.hash,
    })
}

#[async_trait]
impl AuditLog for AuditRows {
    async fn append(&self, entries: Vec<AuditEntry>) -> Result<(), StoreError> {
        self.0
            .tx(async move |conn: &mut Conn| append(conn, &entries).await)
            .await
    }

    async fn newest(&self, query: AuditQuery, limit: u32) -> Result<Vec<AuditLink>, StoreError> {
        let limit = i64::from(limit);
        self.0
            .read(async move |conn: &mut Conn| {
                let rows: Vec<AuditRow> = match query {
                    AuditQuery::Everything => conn.load(sql!(NEWEST, limit)).await?,
                    AuditQuery::OfUser(user) => {
                        let name = Actor::User(user).render();
                        conn.load(sql!(NEWEST_OF, &*name, &*name, limit)).await?
                    }
                };
                rows.into_iter().map(AuditRow::parse).collect()
            })
            .await
    }
}

#[cfg(test)]
mod tests;
