//! Differences between a method's lists and the ledger. A row for each, written once.

use diesel::QueryableByName;
use diesel::sql_types::Text;
use rei_actors::ports::StoreError;
use rei_actors::ports::topups::{Difference, Recorded, Repair};
use rei_domain::time::Moment;

use crate::store::conn::Conn;
use crate::store::stmt::{sql, statements};

statements! {
    RECORD = "
        INSERT INTO reconciliations (method, kind, object, topup_id, amount, repair, found_at,
                                     repaired_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (method, kind, object) DO NOTHING
        RETURNING object";

    MARK_REPAIRED = "
        UPDATE reconciliations SET repair = 'done', repaired_at = ?
        WHERE method = ? AND kind = ? AND object = ? AND repair = 'left'";
}

#[derive(QueryableByName)]
struct ObjectRow {
    #[diesel(sql_type = Text)]
    #[diesel(column_name = object)]
    _object: String,
}

pub(super) async fn record(
    conn: &mut Conn,
    difference: &Difference,
    at: Moment,
) -> Result<Recorded, StoreError> {
    let (method, kind) = (difference.method.as_str(), difference.kind.as_str());
    let object = difference.object.as_str();
    let repaired_at = match difference.repair {
        Repair::Done => Some(at.0),
        Repair::Left => None,
    };
    let record = sql!(
        RECORD,
        method,
        kind,
        object,
        difference.topup.as_ref().map(|topup| topup.as_str()),
        difference.amount.kopecks(),
        difference.repair.as_str(),
        at.0,
        repaired_at
    );
    if conn.optional::<ObjectRow>(record).await?.is_some() {
        return Ok(Recorded::New);
    }
    match difference.repair {
        Repair::Done => {
            conn.execute(sql!(MARK_REPAIRED, at.0, method, kind, object))
                .await?;
        }
        Repair::Left => {}
    }
    Ok(Recorded::Known)
}
