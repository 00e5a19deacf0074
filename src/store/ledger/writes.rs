//! The ledger's own writes: the journal, the head and the holds.

use rei_actors::ports::StoreError;
use rei_domain::ledger::{Books, Hold, Link};
use serde_json::{Value, json};

use crate::store::Conn;
use crate::store::stmt::{sql, statements};

statements! {
    INSERT_LEDGER = "
        INSERT INTO ledger (shard, seq, debit, credit, amount, kind, idempotency_key, reference,
                            at, hash)
        SELECT CAST(value->>'shard' AS BIGINT), CAST(value->>'seq' AS BIGINT), value->>'debit',
               value->>'credit', CAST(value->>'amount' AS BIGINT), value->>'kind',
               value->>'key', value->>'reference', CAST(value->>'at' AS BIGINT), value->>'hash'
        FROM json_each(?)
        ORDER BY CAST(value->>'seq' AS BIGINT)";

    MOVE_HEAD = "
        UPDATE ledger_shards SET head_seq = ?, head_hash = ?, head_at = ? WHERE shard = ?";

    INSERT_HOLDS = "
        INSERT INTO holds (id, user_id, amount, state, placed_at, closed_at, expires_at)
        SELECT value->>'id', CAST(value->>'user' AS BIGINT), CAST(value->>'amount' AS BIGINT),
               value->>'state', CAST(value->>'at' AS BIGINT),
               CAST(value->>'closed_at' AS BIGINT), CAST(value->>'expires_at' AS BIGINT)
        FROM json_each(?)";

    // An open hold is one that was not closed: said by the state, SQLite with statistics of a
    // quiet hour would go through the index of open holds once for each row of the list.
    CLOSE_HOLDS = "
        UPDATE holds SET state = closed.state, closed_at = closed.at
        FROM (
            SELECT value->>'id' AS id, value->>'state' AS state,
                   CAST(value->>'at' AS BIGINT) AS at
            FROM json_each(?)
        ) closed
        WHERE holds.id = closed.id AND holds.closed_at IS NULL";
}

/// Writes what the decisions added to the books.
pub(super) async fn write_books(conn: &mut Conn, books: &Books) -> Result<(), StoreError> {
    let Some(last) = books.links().last() else {
        return Ok(());
    };
    let rows: Vec<Value> = books.links().iter().map(journal_row).collect();
    expect_rows(
        conn.execute(sql!(INSERT_LEDGER, &*Value::from(rows).to_string()))
            .await?,
        books.links().len(),
    )?;
    let head = books.head();
    let moved = conn
        .execute(sql!(
            MOVE_HEAD,
            head.seq,
            &*head.hash,
            head.at.0,
            i64::from(last.shard.0)
        ))
        .await?;
    expect_rows(moved, 1)?;
    let at = books.now().0;
    let placed: Vec<Value> = books
        .placed_holds()
        .map(|hold| hold_row(hold, at))
        .collect();
    if !placed.is_empty() {
        let count = placed.len();
        let rows = Value::from(placed).to_string();
        expect_rows(conn.execute(sql!(INSERT_HOLDS, &*rows)).await?, count)?;
    }
    let closed: Vec<Value> = books
        .closed_holds()
        .map(|hold| hold_row(hold, at))
        .collect();
    if !closed.is_empty() {
        let count = closed.len();
        let rows = Value::from(closed).to_string();
        expect_rows(conn.execute(sql!(CLOSE_HOLDS, &*rows)).await?, count)?;
    }
    Ok(())
}

/// A write of money that touched another number of rows than decided is rolled back.
pub(super) fn expect_rows(touched: usize, expected: usize) -> Result<(), StoreError> {
    if touched == expected {
        Ok(())
    } else {
        let what = format!("a ledger write touched {touched} rows instead of {expected}");
        Err(StoreError::Broken(what))
    }
}

fn journal_row(link: &Link) -> Value {
    json!({
        "shard": link.shard.0,
        "seq": link.seq,
        "debit": link.transfer.debit.render(),
        "credit": link.transfer.credit.render(),
        "amount": link.transfer.amount.kopecks(),
        "kind": link.transfer.kind.as_str(),
        "key": link.transfer.key.as_str(),
        "reference": link.transfer.reference,
        "at": link.at.0,
        "hash": link.hash,
    })
}

fn hold_row(hold: &Hold, at: i64) -> Value {
    let closed_at = match hold.state {
        rei_domain::ledger::HoldState::Open => None,
        rei_domain::ledger::HoldState::Captured | rei_domain::ledger::HoldState::Voided => Some(at),
    };
    json!({
        "id": hold.id.as_str(),
        "user": hold.user.0,
        "amount": hold.amount.kopecks(),
        "state": hold.state.as_str(),
        "at": at,
        "closed_at": closed_at,
        "expires_at": hold.expires_at.0,
    })
}
