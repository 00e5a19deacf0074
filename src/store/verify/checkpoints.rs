//! Published checkpoints against the journal, and the closing balances beside them (I34).

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use rei_actors::ports::StoreError;
use rei_domain::receipt::{Checkpoint, Day, Digest32, Tree};
use rei_domain::time::{Moment, Span};

use super::chain::Tally;
use super::check::{Check, Patience};
use super::report::Finding;
use crate::store::Conn;
use crate::store::checkpoints::CheckpointRow;
use crate::store::stmt::{sql, statements};

/// Checkpoints in one answer.
const PAGE_ROWS: i64 = 500;

pub(super) const CHECKS: &[Check] = &[
    Check {
        invariant: "I34",
        sentence: "a closing balance is what the user's rows since the one before add up to",
        text: CLOSINGS,
        patience: Patience::None,
    },
    Check {
        invariant: "I34",
        sentence: "every day that is over has its checkpoint",
        text: UNCOVERED,
        patience: Patience::For(Span::from_secs(2 * 86_400)),
    },
];

statements! {
    CHECKPOINTS = "
        SELECT shard, number, day, first_seq, last_seq, root, head, previous, hash
        FROM checkpoints WHERE shard > ? OR (shard = ? AND number > ?)
        ORDER BY shard, number LIMIT ?";

    RUN = "
        SELECT at, hash FROM ledger WHERE shard = ? AND seq >= ? AND seq <= ? ORDER BY seq";

    CLOSINGS = "
        SELECT COUNT(*) AS broken,
               MIN('user ' || user_id || ' after row ' || seq || ': ' || balance || ', not '
                   || (before + moved)) AS example
        FROM (
            SELECT closing.user_id, closing.seq, closing.balance, closing.before, (
                SELECT COALESCE(SUM(CASE WHEN move.credit LIKE 'user:%' THEN move.amount ELSE 0
                       END - CASE WHEN move.debit LIKE 'user:%' THEN move.amount ELSE 0 END), 0)
                FROM ledger move
                WHERE move.user_id = closing.user_id AND move.seq > closing.since
                  AND move.seq <= closing.seq) AS moved
            FROM (
                SELECT user_id, seq, balance,
                       LAG(balance, 1, 0) OVER (PARTITION BY user_id ORDER BY seq) AS before,
                       LAG(seq, 1, 0) OVER (PARTITION BY user_id ORDER BY seq) AS since
                FROM closing_balances
            ) closing
        ) sums
        WHERE balance <> before + moved";

    UNCOVERED = "
        SELECT COUNT(*) AS broken, MIN('shard ' || shard || ', row ' || seq) AS example
        FROM (
            SELECT move.shard, move.seq FROM ledger_shards head
            JOIN ledger move ON move.shard = head.shard AND move.seq = COALESCE((
                SELECT MAX(last_seq) FROM checkpoints WHERE checkpoints.shard = head.shard), 0) + 1
            WHERE move.at < ?
        ) uncovered";
}

#[derive(QueryableByName)]
struct RunRow {
    #[diesel(sql_type = BigInt)]
    at: i64,
    #[diesel(sql_type = Text)]
    hash: String,
}

/// Compares each checkpoint with the one before it and with the rows it stands for.
pub(super) async fn walk(conn: &mut Conn) -> Result<Vec<Finding>, StoreError> {
    let mut chained = Tally::new(
        "I34",
        "a checkpoint's hash follows from it, and it from the one before it",
    );
    let mut covering = Tally::new("I34", "a checkpoint stands for the rows of its run");
    let (mut shard, mut number) = (-1, 0);
    let mut before: Option<Checkpoint> = None;
    loop {
        let page = sql!(CHECKPOINTS, shard, shard, number, PAGE_ROWS);
        let rows: Vec<CheckpointRow> = conn.load(page).await?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            let stored = Digest32::parse(&row.hash);
            let checkpoint = row.parse()?;
            let place = || {
                format!(
                    "checkpoint {} of shard {}",
                    checkpoint.number, checkpoint.shard
                )
            };
            let previous = before.as_ref().filter(|it| it.shard == checkpoint.shard);
            let expected = match previous {
                Some(previous) => (previous.number + 1, previous.last + 1, previous.hash()),
                None => (1, 1, Checkpoint::NONE_BEFORE),
            };
            let found = (checkpoint.number, checkpoint.first, checkpoint.previous);
            let follows = found == expected && stored == Some(checkpoint.hash());
            chained.check(follows, place);
            covering.check(is_of_its_rows(conn, &checkpoint).await?, place);
            (shard, number) = (i64::from(checkpoint.shard.0), checkpoint.number);
            before = Some(checkpoint);
        }
    }
    let findings = [chained, covering].into_iter();
    Ok(findings.filter_map(Tally::finding).collect())
}

async fn is_of_its_rows(conn: &mut Conn, checkpoint: &Checkpoint) -> Result<bool, StoreError> {
    let (shard, first, last) = (
        i64::from(checkpoint.shard.0),
        checkpoint.first,
        checkpoint.last,
    );
    let rows: Vec<RunRow> = conn.load(sql!(RUN, shard, first, last)).await?;
    let is_whole = u64::try_from(rows.len()).is_ok_and(|rows| rows == checkpoint.size());
    let of_day = |row: &RunRow| Day::of(Moment(row.at)) == checkpoint.day;
    let hashes: Option<Vec<Digest32>> = rows.iter().map(|row| Digest32::parse(&row.hash)).collect();
    let Some(hashes) = hashes.filter(|_| is_whole && rows.iter().all(of_day)) else {
        return Ok(false);
    };
    let is_root = Tree::over(&hashes).is_some_and(|tree| tree.root() == checkpoint.root);
    Ok(is_root && hashes.last() == Some(&checkpoint.head))
}
