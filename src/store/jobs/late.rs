//! Results that come after their job's time ran out.

use rei_actors::ports::StoreError;
use rei_actors::ports::outbox::NewOutbox;
use rei_domain::ids::{AssetId, JobId};

use crate::store::conn::Conn;
use crate::store::outbox::insert_outbox;
use crate::store::stmt::{sql, statements};

statements! {
    KEEP = "
        UPDATE jobs SET result = ?
        WHERE id = ? AND state = 'failed' AND ending = 'timeout' AND result IS NULL";
}

/// The result and the message that brings it, or neither.
pub async fn keep(
    conn: &mut Conn,
    id: &JobId,
    result: &AssetId,
    message: &NewOutbox,
) -> Result<bool, StoreError> {
    let kept = conn
        .execute(sql!(KEEP, result.as_str(), id.as_str()))
        .await?;
    if kept == 0 {
        return Ok(false);
    }
    insert_outbox(conn, std::slice::from_ref(message)).await?;
    Ok(true)
}
