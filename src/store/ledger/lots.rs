//! The rows of lots: what of each origin is left, and the journal that says why.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use rei_actors::ports::StoreError;
use rei_actors::ports::ledger::LedgerCommand;
use rei_domain::ids::{HoldId, LotId, UserId};
use rei_domain::ledger::{Books, Hold, Lot, LotEntry, Origin};
use rei_domain::money::Money;
use rei_domain::time::Moment;
use serde_json::{Value, json};

use super::writes::expect_rows;
use crate::store::Conn;
use crate::store::codec::unreadable;
use crate::store::stmt::{sql, statements};

statements! {
    LEFT = "
        SELECT id, user_id, origin, topup_id, amount, remaining, created_at FROM lots
        WHERE user_id IN (SELECT CAST(value->>'user' AS BIGINT) FROM json_each(?))
          AND remaining > 0";

    // What each hold drew, with the lots it drew from, empty ones too.
    DRAWN = "
        SELECT drawn.hold_id, drawn.drawn, lot.id, lot.user_id, lot.origin, lot.topup_id,
               lot.amount, lot.remaining, lot.created_at
        FROM (
            SELECT hold_id, lot_id, CAST(-SUM(amount) AS BIGINT) AS drawn FROM lot_moves
            WHERE hold_id IN (SELECT value->>'hold' FROM json_each(?))
            GROUP BY hold_id, lot_id
        ) drawn
        JOIN lots lot ON lot.id = drawn.lot_id";

    INSERT_LOTS = "
        INSERT INTO lots (id, user_id, origin, topup_id, amount, remaining, created_at)
        SELECT value->>'id', CAST(value->>'user' AS BIGINT), value->>'origin', value->>'topup',
               CAST(value->>'amount' AS BIGINT), CAST(value->>'remaining' AS BIGINT),
               CAST(value->>'created_at' AS BIGINT)
        FROM json_each(?)";

    CHANGE_LOTS = "
        UPDATE lots SET remaining = changed.remaining
        FROM (
            SELECT value->>'id' AS id, CAST(value->>'remaining' AS BIGINT) AS remaining
            FROM json_each(?)
        ) changed
        WHERE lots.id = changed.id";

    INSERT_MOVES = "
        INSERT INTO lot_moves (shard, seq, lot_id, amount, hold_id)
        SELECT CAST(value->>'shard' AS BIGINT), CAST(value->>'seq' AS BIGINT), value->>'lot',
               CAST(value->>'amount' AS BIGINT), value->>'hold'
        FROM json_each(?)";
}

#[derive(QueryableByName)]
struct LotRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = Text)]
    origin: String,
    #[diesel(sql_type = Nullable<Text>)]
    topup_id: Option<String>,
    #[diesel(sql_type = BigInt)]
    amount: i64,
    #[diesel(sql_type = BigInt)]
    remaining: i64,
    #[diesel(sql_type = BigInt)]
    created_at: i64,
}

impl LotRow {
    fn parse(self) -> Result<Lot, StoreError> {
        Ok(Lot {
            id: LotId::new(self.id),
            user: UserId(self.user_id),
            origin: Origin::parse(&self.origin, self.topup_id)
                .ok_or_else(|| unreadable("origin"))?,
            amount: Money::from_kopecks(self.amount),
            remaining: Money::from_kopecks(self.remaining),
            created_at: Moment(self.created_at),
        })
    }
}

#[derive(QueryableByName)]
struct DrawnRow {
    #[diesel(sql_type = Text)]
    hold_id: String,
    #[diesel(sql_type = BigInt)]
    drawn: i64,
    #[diesel(embed)]
    lot: LotRow,
}

/// Reads the lots of the commands' users that have something left, and those that the holds
/// drew from.
pub(super) async fn read_lots(
    conn: &mut Conn,
    commands: &[LedgerCommand],
    holds: &[Hold],
    books: &mut Books,
) -> Result<(), StoreError> {
    let users = commands.iter().map(|command| command.posting.user.0);
    let users: Vec<Value> = users.map(|user| json!({ "user": user })).collect();
    let users = Value::from(users).to_string();
    for row in conn.load::<LotRow>(sql!(LEFT, &*users)).await? {
        books.read_lot(row.parse()?);
    }
    if holds.is_empty() {
        return Ok(());
    }
    let holds = holds.iter().map(|hold| json!({ "hold": hold.id.as_str() }));
    let holds = Value::from(holds.collect::<Vec<_>>()).to_string();
    for row in conn.load::<DrawnRow>(sql!(DRAWN, &*holds)).await? {
        let lot = row.lot.parse()?;
        let hold = HoldId::new(row.hold_id);
        books.read_draw(hold, lot.id.clone(), Money::from_kopecks(row.drawn));
        books.read_lot(lot);
    }
    Ok(())
}

/// Writes what the decisions did to lots.
pub(super) async fn write_lots(conn: &mut Conn, books: &Books) -> Result<(), StoreError> {
    let opened: Vec<Value> = books.opened_lots().map(lot_row).collect();
    if !opened.is_empty() {
        let count = opened.len();
        let rows = Value::from(opened).to_string();
        expect_rows(conn.execute(sql!(INSERT_LOTS, &*rows)).await?, count)?;
    }
    let changed: Vec<Value> = books.changed_lots().map(lot_row).collect();
    if !changed.is_empty() {
        let count = changed.len();
        let rows = Value::from(changed).to_string();
        expect_rows(conn.execute(sql!(CHANGE_LOTS, &*rows)).await?, count)?;
    }
    let shard = books.shard().0;
    let moves = books.lot_entries().iter();
    let moves: Vec<Value> = moves.map(|entry| move_row(shard, entry)).collect();
    if !moves.is_empty() {
        let count = moves.len();
        let rows = Value::from(moves).to_string();
        expect_rows(conn.execute(sql!(INSERT_MOVES, &*rows)).await?, count)?;
    }
    Ok(())
}

fn lot_row(lot: &Lot) -> Value {
    json!({
        "id": lot.id.as_str(),
        "user": lot.user.0,
        "origin": lot.origin.as_str(),
        "topup": lot.origin.topup().map(rei_domain::ids::TopupId::as_str),
        "amount": lot.amount.kopecks(),
        "remaining": lot.remaining.kopecks(),
        "created_at": lot.created_at.0,
    })
}

fn move_row(shard: u32, entry: &LotEntry) -> Value {
    json!({
        "shard": shard,
        "seq": entry.seq,
        "lot": entry.moved.lot.as_str(),
        "amount": entry.moved.amount.kopecks(),
        "hold": entry.hold.as_ref().map(HoldId::as_str),
    })
}
