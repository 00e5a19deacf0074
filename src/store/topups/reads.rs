//! Questions about top-ups.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use rei_actors::ports::StoreError;
use rei_actors::ports::topups::{Returnable, Topup};
use rei_domain::ids::{TopupId, UserId};
use rei_domain::time::Moment;
use rei_domain::topup::Email;

use super::rows::{ReturnableRow, TopupRow, topup_columns};
use crate::store::conn::Conn;
use crate::store::stmt::{sql, statements};

/// What is left of a payment and what went back of it, beside the columns of its row.
macro_rules! spent_columns {
    () => {
        "COALESCE((SELECT remaining FROM lots WHERE lots.topup_id = topups.id), 0) AS unspent,
         (SELECT CAST(COALESCE(SUM(back.amount), 0) AS BIGINT) FROM refunds back
          WHERE back.topup_id = topups.id AND back.stage <> 'failed') AS refunded"
    };
}

statements! {
    TOPUP = concat!("SELECT ", topup_columns!(), " FROM topups WHERE id = ?");

    TOPUP_OF = concat!(
        "SELECT ", topup_columns!(), " FROM topups WHERE method = ? AND external_id = ?"
    );

    LAST_EMAIL = "
        SELECT email FROM topups WHERE user_id = ? AND email IS NOT NULL
        ORDER BY created_at DESC LIMIT 1";

    RETURNABLES = concat!(
        "SELECT ", topup_columns!(), ", ", spent_columns!(), " FROM topups
        WHERE user_id = ? AND state = 'succeeded' ORDER BY finished_at DESC, id DESC LIMIT ?"
    );

    RETURNABLE = concat!(
        "SELECT ", topup_columns!(), ", ", spent_columns!(), " FROM topups
        WHERE id = ? AND state = 'succeeded'"
    );

    // A notice of a refund waits for nothing to be credited.
    OLDEST_UNCREDITED = "
        SELECT MIN(waits.since) AS since FROM (
            SELECT MIN(received_at) AS since FROM notices
            WHERE method = ? AND finished_at IS NULL AND event NOT LIKE 'refund%'
            UNION ALL
            SELECT MIN(seen_at) FROM topups WHERE method = ? AND state = 'parked'
        ) waits";

    CREDITED = concat!(
        "SELECT ", topup_columns!(), " FROM topups
        WHERE method = ? AND state = 'succeeded' AND seen_created_at >= ? AND seen_created_at < ?
        ORDER BY seen_created_at, id"
    );
}

#[derive(QueryableByName)]
struct EmailRow {
    #[diesel(sql_type = Text)]
    email: String,
}

#[derive(QueryableByName)]
struct SinceRow {
    #[diesel(sql_type = Nullable<BigInt>)]
    since: Option<i64>,
}

pub(super) async fn topup(conn: &mut Conn, id: &TopupId) -> Result<Option<Topup>, StoreError> {
    let row = conn.optional::<TopupRow>(sql!(TOPUP, id.as_str())).await?;
    row.map(TopupRow::parse).transpose()
}

pub(super) async fn topup_of(
    conn: &mut Conn,
    method: &str,
    external: &str,
) -> Result<Option<Topup>, StoreError> {
    let row = conn
        .optional::<TopupRow>(sql!(TOPUP_OF, method, external))
        .await?;
    row.map(TopupRow::parse).transpose()
}

pub(super) async fn last_email(conn: &mut Conn, user: UserId) -> Result<Option<Email>, StoreError> {
    let row = conn.optional::<EmailRow>(sql!(LAST_EMAIL, user.0)).await?;
    Ok(row.map(|row| Email::stored(row.email)))
}

pub(super) async fn returnables(
    conn: &mut Conn,
    user: UserId,
    limit: u32,
) -> Result<Vec<Returnable>, StoreError> {
    let rows = conn
        .load::<ReturnableRow>(sql!(RETURNABLES, user.0, i64::from(limit)))
        .await?;
    rows.into_iter().map(ReturnableRow::parse).collect()
}

pub(super) async fn returnable(
    conn: &mut Conn,
    id: &TopupId,
) -> Result<Option<Returnable>, StoreError> {
    let row = conn
        .optional::<ReturnableRow>(sql!(RETURNABLE, id.as_str()))
        .await?;
    row.map(ReturnableRow::parse).transpose()
}

pub(super) async fn oldest_uncredited(
    conn: &mut Conn,
    method: &str,
) -> Result<Option<Moment>, StoreError> {
    let row: SinceRow = conn.one(sql!(OLDEST_UNCREDITED, method, method)).await?;
    Ok(row.since.map(Moment))
}

pub(super) async fn credited(
    conn: &mut Conn,
    method: &str,
    from: Moment,
    to: Moment,
) -> Result<Vec<Topup>, StoreError> {
    let rows = conn
        .load::<TopupRow>(sql!(CREDITED, method, from.0, to.0))
        .await?;
    rows.into_iter().map(TopupRow::parse).collect()
}
