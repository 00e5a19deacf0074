//! I4 and I31: the hash chain of each shard, without gaps, its time never going back.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use rei_actors::ports::StoreError;
use rei_domain::ids::{IdempotencyKey, ShardId};
use rei_domain::ledger::{Account, ChainHead, Transfer, TransferKind, link_hash};
use rei_domain::money::Money;
use rei_domain::time::Moment;

use super::Finding;
use crate::store::Conn;
use crate::store::stmt::{sql, statements};

statements! {
    HEADS = "SELECT shard, head_seq, head_hash, head_at FROM ledger_shards ORDER BY shard";

    PAGE = "
        SELECT seq, debit, credit, amount, kind, idempotency_key, reference, at, hash
        FROM ledger WHERE shard = ? AND seq > ? ORDER BY seq LIMIT ?";
}

/// Rows read at once.
const PAGE_ROWS: i64 = 5_000;

#[derive(QueryableByName)]
struct HeadRow {
    #[diesel(sql_type = BigInt)]
    shard: i64,
    #[diesel(sql_type = BigInt)]
    head_seq: i64,
    #[diesel(sql_type = Text)]
    head_hash: String,
    #[diesel(sql_type = BigInt)]
    head_at: i64,
}

#[derive(QueryableByName)]
struct LinkRow {
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Text)]
    debit: String,
    #[diesel(sql_type = Text)]
    credit: String,
    #[diesel(sql_type = BigInt)]
    amount: i64,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    idempotency_key: String,
    #[diesel(sql_type = Text)]
    reference: String,
    #[diesel(sql_type = BigInt)]
    at: i64,
    #[diesel(sql_type = Text)]
    hash: String,
}

/// Walks every chain; of each only the first break is told, since it breaks all that follows.
pub(super) async fn walk(conn: &mut Conn) -> Result<Vec<Finding>, StoreError> {
    let mut findings = Vec::new();
    for head in conn.load::<HeadRow>(sql!(HEADS)).await? {
        if let Some(finding) = walk_shard(conn, &head).await? {
            findings.push(finding);
        }
    }
    Ok(findings)
}

async fn walk_shard(conn: &mut Conn, head: &HeadRow) -> Result<Option<Finding>, StoreError> {
    let shard = u32::try_from(head.shard).map(ShardId);
    let shard = shard.map_err(|_| StoreError::Broken("a shard has no number".to_owned()))?;
    let mut last = ChainHead::genesis();
    loop {
        let page: Vec<LinkRow> = conn
            .load(sql!(PAGE, head.shard, last.seq, PAGE_ROWS))
            .await?;
        if page.is_empty() {
            break;
        }
        for row in page {
            let place = format!("shard {} row {}", head.shard, row.seq);
            if row.at < last.at.0 {
                return Ok(Some(finding(
                    "I31",
                    "time in the chain never goes back",
                    place,
                )));
            }
            let expected = expected_hash(&last, shard, &row);
            if row.seq != last.seq + 1 || expected.as_deref() != Some(row.hash.as_str()) {
                return Ok(Some(broken(place)));
            }
            last = ChainHead {
                seq: row.seq,
                hash: row.hash,
                at: Moment(row.at),
            };
        }
    }
    let ends_at_head = (last.seq, last.hash.as_str(), last.at.0)
        == (head.head_seq, &*head.head_hash, head.head_at);
    if ends_at_head {
        Ok(None)
    } else {
        Ok(Some(broken(format!("the head of shard {}", head.shard))))
    }
}

fn broken(place: String) -> Finding {
    finding("I4", "the chain of hashes is whole and has no gap", place)
}

fn finding(invariant: &'static str, promise: &'static str, example: String) -> Finding {
    Finding {
        invariant,
        promise,
        count: 1,
        example,
    }
}

/// The hash the row should have; `None` when it names no known account or kind.
fn expected_hash(last: &ChainHead, shard: ShardId, row: &LinkRow) -> Option<String> {
    let transfer = Transfer {
        debit: Account::parse(&row.debit)?,
        credit: Account::parse(&row.credit)?,
        amount: Money::from_kopecks(row.amount),
        kind: TransferKind::parse(&row.kind)?,
        key: IdempotencyKey::new(row.idempotency_key.as_str()),
        reference: row.reference.clone(),
    };
    Some(link_hash(
        &last.hash,
        shard,
        row.seq,
        &transfer,
        Moment(row.at),
    ))
}
