//! How refunds are read and moved. They are written with their hold or reversal, and finished
//! with it (`ledger::riders`).

use diesel::QueryableByName;
use diesel::sql_types::Text;
use rei_actors::ports::StoreError;
use rei_actors::ports::topups::{Moved, Refund, RefundMove};
use rei_domain::ids::RefundId;
use rei_domain::refund::RefundEvent;
use rei_domain::time::Moment;

use super::rows::{RefundRow, refund_columns};
use super::steps::refund_steps;
use crate::store::conn::Conn;
use crate::store::stmt::{Stmt, sql, statements};

statements! {
    REFUND = concat!("SELECT ", refund_columns!(), " FROM refunds WHERE id = ?");

    REFUND_OF = concat!(
        "SELECT ", refund_columns!(), " FROM refunds WHERE method = ? AND external_id = ?"
    );

    REFUND_UNDER = concat!(
        "SELECT ", refund_columns!(), " FROM refunds
        WHERE method = ? AND stage <> 'failed'
          AND topup_id = (SELECT id FROM topups
                          WHERE topups.method = refunds.method AND topups.external_id = ?)
        ORDER BY created_at LIMIT 1"
    );

    TAKE_REFUNDS = concat!(
        "UPDATE refunds SET due_at = ?
        WHERE due_at <= ? AND id IN (
            SELECT due.id FROM refunds due
            WHERE due.method = ? AND due.stage IN ('held', 'submitting', 'pending', 'unknown')
              AND due.due_at <= ?
            ORDER BY due.due_at LIMIT ?)
        RETURNING ", refund_columns!()
    );

    SUBMIT_REFUND = "
        UPDATE refunds SET posted_at = ?, stage = (
            SELECT value->>'after' FROM json_each(?) WHERE value->>'before' = refunds.stage)
        WHERE id = ? AND stage IN (SELECT value->>'before' FROM json_each(?))
        RETURNING id";

    ACCEPT_REFUND = "
        UPDATE refunds SET external_id = COALESCE(external_id, ?), due_at = ?, failures = 0,
            stage = (
                SELECT value->>'after' FROM json_each(?) WHERE value->>'before' = refunds.stage)
        WHERE id = ? AND stage IN (SELECT value->>'before' FROM json_each(?))
        RETURNING id";

    LOSE_REFUND = "
        UPDATE refunds SET due_at = ?, failures = failures + 1, stage = (
            SELECT value->>'after' FROM json_each(?) WHERE value->>'before' = refunds.stage)
        WHERE id = ? AND stage IN (SELECT value->>'before' FROM json_each(?))
        RETURNING id";

    PUT_OFF_REFUND = "
        UPDATE refunds SET failures = ?, due_at = ? WHERE id = ? AND finished_at IS NULL";

    REFUNDED = concat!(
        "SELECT ", refund_columns!(), " FROM refunds
        WHERE method = ? AND stage = 'succeeded' AND created_at >= ? AND created_at < ?
        ORDER BY created_at, id"
    );
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = Text)]
    #[diesel(column_name = id)]
    _id: String,
}

pub(super) async fn refund(conn: &mut Conn, id: &RefundId) -> Result<Option<Refund>, StoreError> {
    let row = conn
        .optional::<RefundRow>(sql!(REFUND, id.as_str()))
        .await?;
    row.map(RefundRow::parse).transpose()
}

pub(super) async fn refund_of(
    conn: &mut Conn,
    method: &str,
    external: &str,
) -> Result<Option<Refund>, StoreError> {
    let row = conn
        .optional::<RefundRow>(sql!(REFUND_OF, method, external))
        .await?;
    row.map(RefundRow::parse).transpose()
}

pub(super) async fn refund_under(
    conn: &mut Conn,
    method: &str,
    payment: &str,
) -> Result<Option<Refund>, StoreError> {
    let row = conn
        .optional::<RefundRow>(sql!(REFUND_UNDER, method, payment))
        .await?;
    row.map(RefundRow::parse).transpose()
}

pub(super) async fn take(
    conn: &mut Conn,
    method: &str,
    now: Moment,
    until: Moment,
    limit: u32,
) -> Result<Vec<Refund>, StoreError> {
    let take = sql!(
        TAKE_REFUNDS,
        until.0,
        now.0,
        method,
        now.0,
        i64::from(limit)
    );
    let rows = conn.load::<RefundRow>(take).await?;
    rows.into_iter().map(RefundRow::parse).collect()
}

pub(super) async fn move_refund(
    conn: &mut Conn,
    id: &RefundId,
    how: &RefundMove,
) -> Result<Moved, StoreError> {
    let steps = refund_steps(event(how));
    let moved = conn.optional::<IdRow>(statement(id, how, &steps)).await?;
    Ok(match moved {
        Some(_) => Moved::Now,
        None => Moved::Not,
    })
}

fn event(how: &RefundMove) -> RefundEvent {
    match how {
        RefundMove::Submit { .. } => RefundEvent::Submit,
        RefundMove::Accept { .. } => RefundEvent::Accept,
        RefundMove::LoseAnswer { .. } => RefundEvent::LoseAnswer,
    }
}

fn statement<'a>(id: &'a RefundId, how: &'a RefundMove, steps: &'a str) -> Stmt<'a> {
    let id = id.as_str();
    match how {
        RefundMove::Submit { posted_at } => sql!(SUBMIT_REFUND, posted_at.0, steps, id, steps),
        RefundMove::Accept { external, due_at } => {
            sql!(ACCEPT_REFUND, external.as_str(), due_at.0, steps, id, steps)
        }
        RefundMove::LoseAnswer { due_at } => sql!(LOSE_REFUND, due_at.0, steps, id, steps),
    }
}

pub(super) async fn put_off(
    conn: &mut Conn,
    id: &RefundId,
    failures: u32,
    due_at: Moment,
) -> Result<(), StoreError> {
    let put_off = sql!(PUT_OFF_REFUND, i64::from(failures), due_at.0, id.as_str());
    conn.execute(put_off).await?;
    Ok(())
}

pub(super) async fn refunded(
    conn: &mut Conn,
    method: &str,
    from: Moment,
    to: Moment,
) -> Result<Vec<Refund>, StoreError> {
    let rows = conn
        .load::<RefundRow>(sql!(REFUNDED, method, from.0, to.0))
        .await?;
    rows.into_iter().map(RefundRow::parse).collect()
}
