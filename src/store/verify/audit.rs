//! The audit log: its chain, entry by entry (I25).

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use rei_actors::ports::StoreError;
use rei_domain::audit::entry_hash;
use rei_domain::ledger::GENESIS;

use super::chain::Tally;
use super::report::{AuditEnd, Finding};
use crate::store::Conn;
use crate::store::audit::AuditRow;
use crate::store::stmt::{sql, statements};

/// Entries in one answer.
const PAGE_ROWS: i64 = 1_000;

statements! {
    HEAD = "SELECT head_seq, head_hash, head_at FROM audit_head WHERE id = 1";

    PAGE = "
        SELECT seq, key, at, actor, via, action, target, detail, outcome, hash
        FROM audit WHERE seq > ? ORDER BY seq LIMIT ?";
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

/// Walks the log from its beginning; its end, and what is broken.
pub(super) async fn walk(conn: &mut Conn) -> Result<(AuditEnd, Vec<Finding>), StoreError> {
    let head: HeadRow = conn.one(sql!(HEAD)).await?;
    let mut sequence = Tally::new("I25", "the audit log has no gap");
    let mut time = Tally::new("I31", "time in the audit log never goes back");
    let mut hashes = Tally::new(
        "I25",
        "an audit entry's hash follows from the entry and the hash before it",
    );
    let mut end = Tally::new("I25", "the audit log's head is the end of its chain");
    let (mut seq, mut hash, mut at) = (0, GENESIS.to_owned(), 0);
    loop {
        let page: Vec<AuditRow> = conn.load(sql!(PAGE, seq, PAGE_ROWS)).await?;
        if page.is_empty() {
            break;
        }
        for row in page {
            let place = |what: &str| format!("entry {}: {what}", row.seq);
            sequence.check(row.seq == seq + 1, || place(&format!("follows {seq}")));
            time.check(row.at >= at, || place(&format!("{} after {at}", row.at)));
            let unreadable = place("unknown words");
            let another = place("another hash");
            (seq, at) = (row.seq, row.at);
            let stored = row.hash.clone();
            match row.parse() {
                Ok(link) => {
                    let follows = entry_hash(&hash, link.seq, &link.entry) == stored;
                    hashes.check(follows, || another);
                }
                Err(_) => hashes.check(false, || unreadable),
            }
            hash = stored;
        }
    }
    let is_head = (head.head_seq, &head.head_hash, head.head_at) == (seq, &hash, at);
    end.check(is_head, || {
        format!("the head is at {}, the log ends at {seq}", head.head_seq)
    });
    let findings = [sequence, time, hashes, end];
    let findings = findings.into_iter().filter_map(Tally::finding).collect();
    Ok((AuditEnd { seq, hash }, findings))
}
