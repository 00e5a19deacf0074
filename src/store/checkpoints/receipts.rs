//! The rows of one user with their proofs.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use rei_actors::ports::StoreError;
use rei_actors::ports::checkpoints::{RECEIPT_ROWS_MAX, Receipt};
use rei_domain::ids::{ShardId, UserId};
use rei_domain::ledger::GENESIS;
use rei_domain::receipt::{Checkpoint, Digest32, Tree};
use rei_domain::statement::Proving;

use super::{CheckpointRow, JournalRow};
use crate::store::codec::{parse_word, unreadable};
use crate::store::conn::Conn;
use crate::store::stmt::{sql, statements};

statements! {
    NEWEST_ROW = "
        SELECT seq FROM ledger WHERE user_id = ? ORDER BY seq DESC LIMIT 1";

    OWN_ROWS = "
        SELECT seq, debit, credit, amount, kind, idempotency_key, reference, at, hash
        FROM ledger WHERE user_id = ? AND seq >= ? AND seq <= ? ORDER BY seq LIMIT ?";

    OWN_KEY = "
        SELECT seq, debit, credit, amount, kind, idempotency_key, reference, at, hash
        FROM ledger WHERE user_id = ? AND idempotency_key = ?";

    COVERING = "
        SELECT shard, number, day, first_seq, last_seq, root, head, previous, hash
        FROM checkpoints WHERE shard = ? AND first_seq <= ?
        ORDER BY first_seq DESC LIMIT 1";

    HASHES = "
        SELECT hash FROM ledger WHERE shard = ? AND seq >= ? AND seq <= ? ORDER BY seq";
}

#[derive(QueryableByName)]
struct SeqRow {
    #[diesel(sql_type = BigInt)]
    seq: i64,
}

#[derive(QueryableByName)]
struct HashRow {
    #[diesel(sql_type = Text)]
    hash: String,
}

/// The user's newest row; zero when he has none.
pub(super) async fn newest_row(conn: &mut Conn, user: UserId) -> Result<i64, StoreError> {
    let row = conn.optional::<SeqRow>(sql!(NEWEST_ROW, user.0)).await?;
    Ok(row.map_or(0, |row| row.seq))
}

/// The hashes of a run, in order.
async fn hashes(
    conn: &mut Conn,
    shard: ShardId,
    first: i64,
    last: i64,
) -> Result<Vec<Digest32>, StoreError> {
    let rows: Vec<HashRow> = conn
        .load(sql!(HASHES, i64::from(shard.0), first, last))
        .await?;
    rows.into_iter()
        .map(|row| parse_word("hash", &row.hash, Digest32::parse))
        .collect()
}

/// A checkpoint, the hash of the row before its run and those of its rows, and their tree.
type RunUnder = (Checkpoint, Vec<Digest32>, Tree);

async fn read_run(conn: &mut Conn, checkpoint: Checkpoint) -> Result<RunUnder, StoreError> {
    let before = checkpoint.first - 1;
    let mut chain = hashes(conn, checkpoint.shard, before, checkpoint.last).await?;
    if before == 0 {
        let genesis = Digest32::parse(GENESIS).ok_or_else(|| unreadable("hash"))?;
        chain.insert(0, genesis);
    }
    let rows = chain.get(1..).unwrap_or_default();
    let tree = Tree::over(rows).ok_or_else(|| unreadable("hash"))?;
    Ok((checkpoint, chain, tree))
}

/// Proves rows of a user by the checkpoints there are.
pub(super) async fn prove(
    conn: &mut Conn,
    shard: ShardId,
    user: UserId,
    which: &Proving,
) -> Result<Receipt, StoreError> {
    let rows: Vec<JournalRow> = match which {
        Proving::Rows { from, to } => {
            let limit = i64::from(RECEIPT_ROWS_MAX);
            conn.load(sql!(OWN_ROWS, user.0, *from, *to, limit)).await?
        }
        Proving::Topup(topup) => {
            let key = format!("topup:{topup}");
            conn.load(sql!(OWN_KEY, user.0, &*key)).await?
        }
    };
    let mut receipt = Receipt::default();
    let mut runs: BTreeMap<i64, RunUnder> = BTreeMap::new();
    for row in rows {
        let covering = sql!(COVERING, i64::from(shard.0), row.seq);
        let Some(found) = conn.optional::<CheckpointRow>(covering).await? else {
            continue;
        };
        let checkpoint = found.parse()?;
        if !checkpoint.covers(row.seq) {
            continue;
        }
        let number = checkpoint.number;
        let (checkpoint, chain, tree) = match runs.entry(number) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                receipt.checkpoints.push(checkpoint.clone());
                new.insert(read_run(conn, checkpoint).await?)
            }
        };
        let index = usize::try_from(row.seq - checkpoint.first).map_err(|_| unreadable("seq"))?;
        let previous = *chain.get(index).ok_or_else(|| unreadable("seq"))?;
        let mut shown = row.shown(previous);
        shown.path = tree.path(index).ok_or_else(|| unreadable("seq"))?;
        receipt.rows.push((number, shown));
    }
    Ok(receipt)
}
