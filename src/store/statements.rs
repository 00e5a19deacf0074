//! Statements: a user's lines from the journal, by the index of his rows.
//!
//! The balance after a line is the nearest closing balance before it and the rows since; both
//! are facts that never change, so a page reads the same whenever it is asked for.

mod sessions;

use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use rei_actors::ports::StoreError;
use rei_actors::ports::statements::StatementStore;
use rei_domain::conversation::Balance;
use rei_domain::ids::{UsageId, UserId};
use rei_domain::ledger::{Account, TransferKind};
use rei_domain::money::Money;
use rei_domain::spec::Kind;
use rei_domain::statement::{Line, LineKind, Month, Page, Place, SessionPage, Standing};
use rei_domain::time::Moment;

use crate::store::codec::parse_word;
use crate::store::conn::Conn;
use crate::store::db::Db;
use crate::store::stmt::{sql, statements};

pub use sessions::STATEMENTS as SESSION_STATEMENTS;

statements! {
    STANDING = "
        SELECT account, balance FROM user_balance_cache WHERE account IN (?, ?, ?)";

    // A hold has a line of its own while it is open, and its return one when nothing of it was
    // charged; otherwise the charge is the line. A row's lots belong to one hold. Asked with
    // EXISTS, PostgreSQL would read all holds into a table of its own for each page.
    BEFORE = "
        SELECT move.seq, move.at, move.amount, move.kind, move.reference,
               (SELECT job.prompt FROM jobs job WHERE move.reference = 'job:' || job.id
                  AND job.id = substr(move.reference, 5)) AS words,
               (SELECT job.kind FROM jobs job WHERE move.reference = 'job:' || job.id
                  AND job.id = substr(move.reference, 5)) AS made,
               (SELECT act.reason FROM acts act WHERE move.reference = 'act:' || act.id
                  AND act.id = substr(move.reference, 5)) AS reason
        FROM ledger move
        WHERE move.user_id = ? AND move.seq < ? AND (
            move.kind NOT IN ('hold', 'void')
            OR CASE move.kind WHEN 'hold' THEN 'open' ELSE 'voided' END = (
                SELECT MIN(hold.state) FROM lot_moves part JOIN holds hold ON hold.id = part.hold_id
                WHERE part.shard = move.shard AND part.seq = move.seq))
        ORDER BY move.seq DESC LIMIT ?";

    AFTER = "
        SELECT move.seq, move.at, move.amount, move.kind, move.reference,
               (SELECT job.prompt FROM jobs job WHERE move.reference = 'job:' || job.id
                  AND job.id = substr(move.reference, 5)) AS words,
               (SELECT job.kind FROM jobs job WHERE move.reference = 'job:' || job.id
                  AND job.id = substr(move.reference, 5)) AS made,
               (SELECT act.reason FROM acts act WHERE move.reference = 'act:' || act.id
                  AND act.id = substr(move.reference, 5)) AS reason
        FROM ledger move
        WHERE move.user_id = ? AND move.seq > ? AND (
            move.kind NOT IN ('hold', 'void')
            OR CASE move.kind WHEN 'hold' THEN 'open' ELSE 'voided' END = (
                SELECT MIN(hold.state) FROM lot_moves part JOIN holds hold ON hold.id = part.hold_id
                WHERE part.shard = move.shard AND part.seq = move.seq))
        ORDER BY move.seq LIMIT ?";

    CLOSING = "
        SELECT seq, balance FROM closing_balances WHERE user_id = ? AND seq <= ?
        ORDER BY seq DESC LIMIT 1";

    // What the rows after one and up to another do to the balance.
    MOVED = "
        SELECT CAST(COALESCE(SUM(CASE
            WHEN kind IN ('bonus', 'payment', 'admin_credit', 'job_refund') THEN amount
            WHEN kind IN ('admin_debit', 'debt_payment', 'capture', 'refund') THEN -amount
            ELSE 0 END), 0) AS BIGINT) AS moved
        FROM ledger WHERE user_id = ? AND seq > ? AND seq <= ?";

    // Time in a shard never goes back, so going back from the newest row ends at the first hit.
    NEWEST_BEFORE = "
        SELECT seq AS moved FROM ledger WHERE user_id = ? AND at < ?
        ORDER BY seq DESC LIMIT 1";
}

/// Above every row.
const NEWEST: i64 = i64::MAX;

/// The rows behind statements.
#[derive(Clone)]
pub struct StatementRows(Db);

impl StatementRows {
    /// The rows of a database.
    pub fn new(db: Db) -> Self {
        Self(db)
    }
}

#[derive(QueryableByName)]
struct AccountRow {
    #[diesel(sql_type = Text)]
    account: String,
    #[diesel(sql_type = BigInt)]
    balance: i64,
}

#[derive(QueryableByName)]
struct LineRow {
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = BigInt)]
    at: i64,
    #[diesel(sql_type = BigInt)]
    amount: i64,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    reference: String,
    #[diesel(sql_type = Nullable<Text>)]
    words: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    made: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
}

#[derive(QueryableByName)]
struct ClosingRow {
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = BigInt)]
    balance: i64,
}

#[derive(QueryableByName)]
struct MovedRow {
    #[diesel(sql_type = BigInt)]
    moved: i64,
}

fn line_kind(text: &str) -> Option<LineKind> {
    LineKind::of(TransferKind::parse(text)?)
}

/// Lines in order of the journal, with the balance after each, given the one before the first.
fn lines(rows: Vec<LineRow>, mut balance: i64) -> Result<Vec<Line>, StoreError> {
    let mut lines = Vec::with_capacity(rows.len());
    for row in rows {
        let kind = parse_word("kind", &row.kind, line_kind)?;
        let amount = Money::from_kopecks(row.amount);
        balance += kind.effect(amount).kopecks();
        lines.push(Line {
            seq: row.seq,
            at: Moment(row.at),
            kind,
            amount,
            balance: Money::from_kopecks(balance),
            reference: row.reference,
            words: row.words,
            made: row.made.as_deref().and_then(Kind::parse),
            reason: row.reason,
        });
    }
    Ok(lines)
}

/// The user's balance after a row.
async fn balance_after(conn: &mut Conn, user: UserId, seq: i64) -> Result<i64, StoreError> {
    let closing = conn
        .optional::<ClosingRow>(sql!(CLOSING, user.0, seq))
        .await?;
    let (since, base) = closing.map_or((0, 0), |row| (row.seq, row.balance));
    let moved: MovedRow = conn.one(sql!(MOVED, user.0, since, seq)).await?;
    Ok(base + moved.moved)
}

async fn page(conn: &mut Conn, user: UserId, place: Place, limit: u32) -> Result<Page, StoreError> {
    let asked = usize::try_from(limit).unwrap_or(usize::MAX);
    // One more than is shown says whether there are more.
    let more = i64::from(limit) + 1;
    let (mut rows, has_newer, has_older) = match place {
        Place::Newest | Place::Before(_) => {
            let before = match place {
                Place::Before(seq) => seq,
                Place::Newest | Place::After(_) => NEWEST,
            };
            let mut rows: Vec<LineRow> = conn.load(sql!(BEFORE, user.0, before, more)).await?;
            let has_older = rows.len() > asked;
            rows.truncate(asked);
            rows.reverse();
            let newest = rows.last().map_or(0, |row| row.seq);
            let newer: Vec<LineRow> = conn.load(sql!(AFTER, user.0, newest, 1)).await?;
            (rows, !newer.is_empty(), has_older)
        }
        Place::After(seq) => {
            let mut rows: Vec<LineRow> = conn.load(sql!(AFTER, user.0, seq, more)).await?;
            let has_newer = rows.len() > asked;
            rows.truncate(asked);
            (rows, has_newer, true)
        }
    };
    let Some(first) = rows.first() else {
        return Ok(Page {
            lines: Vec::new(),
            has_newer: false,
            has_older: false,
        });
    };
    let has_older = match place {
        Place::Newest | Place::Before(_) => has_older,
        Place::After(_) => {
            let older: Vec<LineRow> = conn.load(sql!(BEFORE, user.0, first.seq, 1)).await?;
            !older.is_empty()
        }
    };
    let before = balance_after(conn, user, first.seq - 1).await?;
    let mut lines = lines(std::mem::take(&mut rows), before)?;
    lines.reverse();
    Ok(Page {
        lines,
        has_newer,
        has_older,
    })
}

#[async_trait]
impl StatementStore for StatementRows {
    async fn standing(&self, user: UserId) -> Result<Standing, StoreError> {
        self.0
            .read(async move |conn: &mut Conn| {
                let names = [
                    Account::Available(user).render(),
                    Account::Held(user).render(),
                    Account::Debt(user).render(),
                ];
                let asked = sql!(STANDING, &*names[0], &*names[1], &*names[2]);
                let rows: Vec<AccountRow> = conn.load(asked).await?;
                let of = |name: &str| {
                    let row = rows.iter().find(|row| row.account == name);
                    row.map_or(0, |row| row.balance)
                };
                Ok(Standing {
                    balance: Balance {
                        available: Money::from_kopecks(of(&names[0])),
                        held: Money::from_kopecks(of(&names[1])),
                    },
                    owed: Money::from_kopecks(-of(&names[2])),
                })
            })
            .await
    }

    async fn page(&self, user: UserId, place: Place, limit: u32) -> Result<Page, StoreError> {
        self.0
            .snapshot(async move |conn: &mut Conn| page(conn, user, place, limit).await)
            .await
    }

    async fn month(
        &self,
        user: UserId,
        month: Month,
        after: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Line>, StoreError> {
        self.0
            .snapshot(async move |conn: &mut Conn| {
                let since = match after {
                    Some(seq) => seq,
                    None => {
                        let begins = month.begins().0;
                        let newest = sql!(NEWEST_BEFORE, user.0, begins);
                        let newest = conn.optional::<MovedRow>(newest).await?;
                        newest.map_or(0, |row| row.moved)
                    }
                };
                let limit = i64::from(limit);
                let mut rows: Vec<LineRow> = conn.load(sql!(AFTER, user.0, since, limit)).await?;
                rows.retain(|row| row.at < month.ends().0);
                let before = balance_after(conn, user, since).await?;
                lines(rows, before)
            })
            .await
    }

    async fn sessions(
        &self,
        user: UserId,
        before: Option<&UsageId>,
        limit: u32,
        now: Moment,
    ) -> Result<SessionPage, StoreError> {
        let before = before.cloned();
        self.0
            .snapshot(async move |conn: &mut Conn| {
                sessions::page(conn, user, before, limit, now).await
            })
            .await
    }
}

#[cfg(test)]
mod tests;
