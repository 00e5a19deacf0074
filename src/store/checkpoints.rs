//! Checkpoints: made from the journal, each row checked on the way, and kept for ever.
//!
//! Whoever makes one locks nothing: the rows are committed and never change, and of two nodes
//! that cover the same run the second one's row is not written. A run ends with its day of UTC,
//! or after [`RUN_ROWS_MAX`] rows, so that a proof is made in milliseconds. With a checkpoint the
//! closing balances of the users in its run are written.

mod receipts;

use std::collections::BTreeMap;

use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use rei_actors::ports::StoreError;
use rei_actors::ports::checkpoints::{CheckpointStore, Closed, Receipt};
use rei_actors::ports::ledger::shard_of;
use rei_domain::ids::{ShardId, UserId};
use rei_domain::ledger::{Account, GENESIS, TransferKind};
use rei_domain::money::Money;
use rei_domain::receipt::{Checkpoint, Day, Digest32, ProvenRow, Tree};
use rei_domain::statement::{LineKind, Proving};
use rei_domain::time::Moment;
use serde_json::{Value, json};

use crate::store::codec::{parse_word, unreadable};
use crate::store::conn::Conn;
use crate::store::db::Db;
use crate::store::stmt::{sql, statements};

pub use receipts::STATEMENTS as RECEIPT_STATEMENTS;

/// Rows under one checkpoint at most. A day with more has several.
const RUN_ROWS_MAX: usize = 65_536;

/// Rows of the journal in one answer.
const PAGE_ROWS: i64 = 1_000;

statements! {
    SHARDS = "SELECT shard FROM ledger_shards ORDER BY shard";

    LAST = "
        SELECT shard, number, day, first_seq, last_seq, root, head, previous, hash
        FROM checkpoints WHERE shard = ? ORDER BY number DESC LIMIT 1";

    ROWS = "
        SELECT seq, debit, credit, amount, kind, idempotency_key, reference, at, hash
        FROM ledger WHERE shard = ? AND seq > ? ORDER BY seq LIMIT ?";

    INSERT_CHECKPOINT = "
        INSERT INTO checkpoints (shard, number, day, first_seq, last_seq, root, head, previous,
                                 hash, made_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING";

    INSERT_CLOSINGS = "
        INSERT INTO closing_balances (user_id, seq, balance)
        SELECT CAST(run.value->>'user' AS BIGINT), CAST(run.value->>'seq' AS BIGINT),
               CAST(run.value->>'moved' AS BIGINT) + COALESCE((
                   SELECT earlier.balance FROM closing_balances earlier
                   WHERE earlier.user_id = CAST(run.value->>'user' AS BIGINT)
                   ORDER BY earlier.seq DESC LIMIT 1), 0)
        FROM json_each(?) run";

    NEWEST = "
        SELECT shard, number, day, first_seq, last_seq, root, head, previous, hash
        FROM checkpoints ORDER BY day DESC, shard DESC, number DESC LIMIT ?";

    OF_DAY = "
        SELECT shard, number, day, first_seq, last_seq, root, head, previous, hash
        FROM checkpoints WHERE day = ? ORDER BY shard, number LIMIT ?";

    IMBALANCE = "
        SELECT CAST(COALESCE(SUM(balance), 0) AS BIGINT) AS sum FROM user_balance_cache";
}

/// The rows of checkpoints in a database.
#[derive(Clone)]
pub struct CheckpointRows(Db);

impl CheckpointRows {
    /// The rows of this database.
    pub fn new(db: Db) -> Self {
        Self(db)
    }
}

#[derive(QueryableByName)]
struct ShardRow {
    #[diesel(sql_type = BigInt)]
    shard: i64,
}

#[derive(QueryableByName)]
struct SumRow {
    #[diesel(sql_type = BigInt)]
    sum: i64,
}

#[derive(QueryableByName)]
pub(in crate::store) struct CheckpointRow {
    #[diesel(sql_type = BigInt)]
    shard: i64,
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = Text)]
    day: String,
    #[diesel(sql_type = BigInt)]
    first_seq: i64,
    #[diesel(sql_type = BigInt)]
    last_seq: i64,
    #[diesel(sql_type = Text)]
    root: String,
    #[diesel(sql_type = Text)]
    head: String,
    #[diesel(sql_type = Text)]
    previous: String,
    /// As it was published.
    #[diesel(sql_type = Text)]
    pub hash: String,
}

impl CheckpointRow {
    pub(in crate::store) fn parse(self) -> Result<Checkpoint, StoreError> {
        Ok(Checkpoint {
            shard: shard_id(self.shard)?,
            number: self.number,
            day: parse_word("day", &self.day, Day::parse)?,
            first: self.first_seq,
            last: self.last_seq,
            root: parse_word("root", &self.root, Digest32::parse)?,
            head: parse_word("head", &self.head, Digest32::parse)?,
            previous: parse_word("previous", &self.previous, Digest32::parse)?,
        })
    }
}

pub(in crate::store) fn shard_id(shard: i64) -> Result<ShardId, StoreError> {
    let shard = u32::try_from(shard).map_err(|_| unreadable("shard"))?;
    Ok(ShardId(shard))
}

#[derive(QueryableByName)]
pub(in crate::store) struct JournalRow {
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

impl JournalRow {
    /// The row as a receipt shows it, without its proof.
    fn shown(self, previous: Digest32) -> ProvenRow {
        ProvenRow {
            seq: self.seq,
            debit: self.debit,
            credit: self.credit,
            amount: Money::from_kopecks(self.amount),
            kind: self.kind,
            key: self.idempotency_key,
            reference: self.reference,
            at: Moment(self.at),
            previous,
            path: Vec::new(),
        }
    }
}

/// How far checkpoints may go.
#[derive(Clone, Copy, Debug)]
enum Until {
    /// Rows of days that are over by then.
    DaysOver(Moment),
    /// Every row up to this one.
    Row(i64),
}

/// What a user's rows of a run add up to.
#[derive(Clone, Copy)]
struct Moved {
    last: i64,
    kopecks: i64,
}

/// A run of rows that was read and found in order.
struct Run {
    day: Day,
    hashes: Vec<Digest32>,
    users: BTreeMap<UserId, Moved>,
}

impl Run {
    fn add(&mut self, row: &ProvenRow, hash: Digest32) {
        self.hashes.push(hash);
        let kind = TransferKind::parse(&row.kind).and_then(LineKind::of);
        let names = [&row.debit, &row.credit];
        let user = names.into_iter().find_map(|name| user_of(name));
        if let (Some(kind), Some(user)) = (kind, user) {
            let moved = self.users.entry(user).or_insert(Moved {
                last: row.seq,
                kopecks: 0,
            });
            moved.last = row.seq;
            moved.kopecks += kind.effect(row.amount).kopecks();
        }
    }
}

fn user_of(account: &str) -> Option<UserId> {
    match Account::parse(account)? {
        Account::Available(user) | Account::Held(user) | Account::Debt(user) => Some(user),
        Account::Platform(_, _) => None,
    }
}

/// The next run after a row, or why there is none.
enum Next {
    Nothing,
    Run(Run),
    Broken(i64),
}

/// Reads the rows after a checkpoint that belong under the next one, and checks their chain.
async fn next_run(
    conn: &mut Conn,
    shard: ShardId,
    after: &Checkpoint,
    until: Until,
) -> Result<Next, StoreError> {
    let (mut seq, mut previous) = (after.last, after.head);
    let mut run: Option<Run> = None;
    loop {
        let page = sql!(ROWS, i64::from(shard.0), seq, PAGE_ROWS);
        let rows: Vec<JournalRow> = conn.load(page).await?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            let day = Day::of(Moment(row.at));
            let is_wanted = match until {
                Until::DaysOver(now) => now >= day.ends(),
                Until::Row(last) => row.seq <= last,
            };
            let is_full = run
                .as_ref()
                .is_some_and(|run| run.day != day || run.hashes.len() >= RUN_ROWS_MAX);
            if !is_wanted || is_full {
                return Ok(run.map_or(Next::Nothing, Next::Run));
            }
            let (expected, stored) = (seq + 1, Digest32::parse(&row.hash));
            let shown = row.shown(previous);
            let hash = shown.hash(shard).filter(|hash| Some(*hash) == stored);
            let Some(hash) = hash.filter(|_| shown.seq == expected) else {
                return Ok(Next::Broken(shown.seq));
            };
            let run = run.get_or_insert_with(|| Run {
                day,
                hashes: Vec::new(),
                users: BTreeMap::new(),
            });
            run.add(&shown, hash);
            (seq, previous) = (shown.seq, hash);
        }
    }
    Ok(run.map_or(Next::Nothing, Next::Run))
}

/// The shard's last checkpoint, or the one "before the first".
async fn last(conn: &mut Conn, shard: ShardId) -> Result<Option<Checkpoint>, StoreError> {
    let row = conn
        .optional::<CheckpointRow>(sql!(LAST, i64::from(shard.0)))
        .await?;
    row.map(CheckpointRow::parse).transpose()
}

fn before_the_first(shard: ShardId) -> Result<Checkpoint, StoreError> {
    let genesis = Digest32::parse(GENESIS).ok_or_else(|| unreadable("hash"))?;
    Ok(Checkpoint {
        shard,
        number: 0,
        day: Day(0),
        first: 0,
        last: 0,
        root: genesis,
        head: genesis,
        previous: genesis,
    })
}

/// Writes a checkpoint with the closing balances of its run, unless another node has.
async fn write(
    conn: &mut Conn,
    checkpoint: &Checkpoint,
    run: &Run,
    now: Moment,
) -> Result<bool, StoreError> {
    let day = checkpoint.day.render();
    let (root, head) = (checkpoint.root.render(), checkpoint.head.render());
    let (previous, hash) = (checkpoint.previous.render(), checkpoint.hash().render());
    let insert = sql!(
        INSERT_CHECKPOINT,
        i64::from(checkpoint.shard.0),
        checkpoint.number,
        &*day,
        checkpoint.first,
        checkpoint.last,
        &*root,
        &*head,
        &*previous,
        &*hash,
        now.0
    );
    if conn.execute(insert).await? == 0 {
        return Ok(false);
    }
    let users: Vec<Value> = run
        .users
        .iter()
        .map(|(user, moved)| json!({ "user": user.0, "seq": moved.last, "moved": moved.kopecks }))
        .collect();
    if !users.is_empty() {
        let users = Value::from(users).to_string();
        conn.execute(sql!(INSERT_CLOSINGS, &*users)).await?;
    }
    Ok(true)
}

/// Makes the next checkpoint of a shard. `Ok(None)` when there is nothing to cover.
async fn extend(
    db: &Db,
    shard: ShardId,
    until: Until,
    now: Moment,
) -> Result<Option<Closed>, StoreError> {
    // Read beside the writer: a day may be long.
    let read = db
        .read(async move |conn: &mut Conn| {
            let last = match last(conn, shard).await? {
                Some(last) => last,
                None => before_the_first(shard)?,
            };
            let next = next_run(conn, shard, &last, until).await?;
            Ok::<_, StoreError>((last, next))
        })
        .await?;
    let (last, run) = match read {
        (_, Next::Nothing) => return Ok(None),
        (_, Next::Broken(seq)) => return Ok(Some(Closed::Broken { shard, seq })),
        (last, Next::Run(run)) => (last, run),
    };
    let rows = i64::try_from(run.hashes.len()).map_err(|_| unreadable("seq"))?;
    let tree = Tree::over(&run.hashes).ok_or_else(|| unreadable("hash"))?;
    let checkpoint = Checkpoint {
        shard,
        number: last.number + 1,
        day: run.day,
        first: last.last + 1,
        last: last.last + rows,
        root: tree.root(),
        head: run.hashes.last().copied().unwrap_or(last.head),
        previous: match last.number {
            0 => Checkpoint::NONE_BEFORE,
            _ => last.hash(),
        },
    };
    fail::fail_point!("checkpoints.before_write");
    let written = db
        .tx(async move |conn: &mut Conn| write(conn, &checkpoint, &run, now).await)
        .await?;
    Ok(Some(Closed::Made(u32::from(written))))
}

/// Makes checkpoints of a shard until there is nothing left to cover.
async fn close(db: &Db, shard: ShardId, until: Until, now: Moment) -> Result<Closed, StoreError> {
    let mut made = 0;
    loop {
        match extend(db, shard, until, now).await? {
            None => return Ok(Closed::Made(made)),
            Some(Closed::Made(count)) => made += count,
            Some(broken @ Closed::Broken { .. }) => return Ok(broken),
        }
    }
}

async fn shards(db: &Db) -> Result<Vec<ShardId>, StoreError> {
    db.read(async move |conn: &mut Conn| {
        let rows: Vec<ShardRow> = conn.load(sql!(SHARDS)).await?;
        rows.into_iter().map(|row| shard_id(row.shard)).collect()
    })
    .await
}

async fn shard_of_user(db: &Db, user: UserId) -> Result<ShardId, StoreError> {
    let shards = shards(db).await?;
    let count = u32::try_from(shards.len()).map_err(|_| unreadable("shard"))?;
    Ok(shard_of(user, count))
}

#[async_trait]
impl CheckpointStore for CheckpointRows {
    async fn close_days(&self, now: Moment) -> Result<Closed, StoreError> {
        let mut made = 0;
        for shard in shards(&self.0).await? {
            match close(&self.0, shard, Until::DaysOver(now), now).await? {
                Closed::Made(count) => made += count,
                broken @ Closed::Broken { .. } => return Ok(broken),
            }
        }
        Ok(Closed::Made(made))
    }

    async fn close_shard_of(&self, user: UserId, now: Moment) -> Result<Closed, StoreError> {
        let shard = shard_of_user(&self.0, user).await?;
        let last = self
            .0
            .read(async move |conn: &mut Conn| receipts::newest_row(conn, user).await)
            .await?;
        close(&self.0, shard, Until::Row(last), now).await
    }

    async fn receipt(&self, user: UserId, which: &Proving) -> Result<Receipt, StoreError> {
        let shard = shard_of_user(&self.0, user).await?;
        let which = which.clone();
        self.0
            .snapshot(async move |conn: &mut Conn| receipts::prove(conn, shard, user, &which).await)
            .await
    }

    async fn newest(&self, limit: u32) -> Result<Vec<Checkpoint>, StoreError> {
        self.0
            .read(async move |conn: &mut Conn| {
                let rows: Vec<CheckpointRow> = conn.load(sql!(NEWEST, i64::from(limit))).await?;
                rows.into_iter().map(CheckpointRow::parse).collect()
            })
            .await
    }

    async fn of_day(&self, day: Day, limit: u32) -> Result<Vec<Checkpoint>, StoreError> {
        self.0
            .read(async move |conn: &mut Conn| {
                let day = day.render();
                let stmt = sql!(OF_DAY, &*day, i64::from(limit));
                let rows: Vec<CheckpointRow> = conn.load(stmt).await?;
                rows.into_iter().map(CheckpointRow::parse).collect()
            })
            .await
    }

    async fn imbalance(&self) -> Result<Money, StoreError> {
        self.0
            .read(async move |conn: &mut Conn| {
                let row: SumRow = conn.one(sql!(IMBALANCE)).await?;
                Ok(Money::from_kopecks(row.sum))
            })
            .await
    }
}

#[cfg(test)]
mod tests;
