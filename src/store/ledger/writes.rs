//! The ledger's own writes: the journal, the head, the holds, and what is counted beside them.

use rei_actors::ports::StoreError;
use rei_domain::ids::TopupId;
use rei_domain::ledger::{Books, Hold, HoldState, Link};
use serde_json::{Value, json};

use super::{lots, spending};
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
        INSERT INTO holds (id, user_id, purpose, topup_id, amount, captured, refunded,
                           platform_cost, state, placed_at, closed_at, expires_at)
        SELECT value->>'id', CAST(value->>'user' AS BIGINT), value->>'purpose', value->>'topup',
               CAST(value->>'amount' AS BIGINT), CAST(value->>'captured' AS BIGINT),
               CAST(value->>'refunded' AS BIGINT), CAST(value->>'platform_cost' AS BIGINT),
               value->>'state', CAST(value->>'placed_at' AS BIGINT),
               CAST(value->>'closed_at' AS BIGINT), CAST(value->>'expires_at' AS BIGINT)
        FROM json_each(?)";

    // Found by the key alone: named by its state as well, SQLite with statistics of a quiet
    // hour would go through the index of open holds once for each row of the list. That the
    // state was read under the shard's lock is what guards it.
    CHANGE_HOLDS = "
        UPDATE holds SET state = changed.state, captured = changed.captured,
            refunded = changed.refunded,
            closed_at = CASE WHEN changed.state = 'open' THEN NULL
                             ELSE COALESCE(holds.closed_at, changed.at) END
        FROM (
            SELECT value->>'id' AS id, value->>'state' AS state,
                   CAST(value->>'captured' AS BIGINT) AS captured,
                   CAST(value->>'refunded' AS BIGINT) AS refunded,
                   CAST(value->>'at' AS BIGINT) AS at
            FROM json_each(?)
        ) changed
        WHERE holds.id = changed.id";
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
    let changed: Vec<Value> = books
        .changed_holds()
        .map(|hold| hold_row(hold, at))
        .collect();
    if !changed.is_empty() {
        let count = changed.len();
        let rows = Value::from(changed).to_string();
        expect_rows(conn.execute(sql!(CHANGE_HOLDS, &*rows)).await?, count)?;
    }
    lots::write_lots(conn, books).await?;
    spending::write_spending(conn, books).await
}

/// A write of money that touched another number of rows than decided is rolled back.
pub(in crate::store) fn expect_rows(touched: usize, expected: usize) -> Result<(), StoreError> {
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
        HoldState::Open => None,
        HoldState::Captured | HoldState::Voided => Some(at),
    };
    json!({
        "id": hold.id.as_str(),
        "user": hold.user.0,
        "purpose": hold.purpose.as_str(),
        "topup": hold.purpose.topup().map(TopupId::as_str),
        "amount": hold.amount.kopecks(),
        "captured": hold.captured.kopecks(),
        "refunded": hold.refunded.kopecks(),
        "platform_cost": hold.platform_cost.kopecks(),
        "state": hold.state.as_str(),
        "at": at,
        "placed_at": hold.placed_at.0,
        "closed_at": closed_at,
        "expires_at": hold.expires_at.0,
    })
}
