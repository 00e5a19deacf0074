//! What acts do beside money: bans and caps. Written with the act's last step.

use diesel::QueryableByName;
use diesel::sql_types::BigInt;
use rei_actors::ports::StoreError;
use rei_actors::ports::ledger::shard_of;
use rei_domain::admin::{Act, Order};
use rei_domain::ids::UserId;
use rei_domain::ledger::caps::Caps;
use rei_domain::money::Money;
use rei_domain::time::Moment;

use crate::store::codec::{parse_count, storable};
use crate::store::conn::Conn;
use crate::store::ledger::reads;
use crate::store::stmt::{sql, statements};

statements! {
    SHARDS = "SELECT COUNT(*) AS shards FROM ledger_shards";

    BAN = "
        INSERT INTO bans (user_id, since, until, reason, act_id) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (user_id) DO UPDATE SET
            since = excluded.since, until = excluded.until, reason = excluded.reason,
            act_id = excluded.act_id";

    UNBAN = "DELETE FROM bans WHERE user_id = ?";

    SET_CAPS = "
        INSERT INTO user_caps (user_id, setter, hour, day, set_at) VALUES (?, 'admin', ?, ?, ?)
        ON CONFLICT (user_id, setter) DO UPDATE SET
            hour = excluded.hour, day = excluded.day, set_at = excluded.set_at";

    FORGET_CAPS = "DELETE FROM user_caps WHERE user_id = ? AND setter = 'admin'";
}

#[derive(QueryableByName)]
struct Shards {
    #[diesel(sql_type = BigInt)]
    shards: i64,
}

/// Waits for the user's shard: whatever he orders is written before or decided after.
pub(super) async fn lock_user(conn: &mut Conn, user: UserId) -> Result<(), StoreError> {
    let row: Shards = conn.one(sql!(SHARDS)).await?;
    let shards = parse_count("shards", row.shards)?;
    reads::lock_head(conn, shard_of(user, shards)).await?;
    Ok(())
}

/// Writes what an act does beside money.
pub(super) async fn write(conn: &mut Conn, act: &Act, at: Moment) -> Result<(), StoreError> {
    let (user, reason) = (act.user.0, storable(&act.reason));
    let statement = match &act.order {
        Order::Ban { until } => sql!(
            BAN,
            user,
            at.0,
            until.map(|until| until.0),
            &*reason,
            act.id.as_str()
        ),
        Order::Unban => sql!(UNBAN, user),
        Order::SetCaps { caps } if *caps == Caps::default() => sql!(FORGET_CAPS, user),
        Order::SetCaps { caps } => sql!(
            SET_CAPS,
            user,
            caps.hour.map(Money::kopecks),
            caps.day.map(Money::kopecks),
            at.0
        ),
        Order::Credit { .. }
        | Order::Debit { .. }
        | Order::RefundJob { .. }
        | Order::RefundPayment { .. }
        | Order::CancelJob { .. } => {
            let what = "an act that moves money ends with its posting";
            return Err(StoreError::Broken(what.to_owned()));
        }
    };
    conn.execute(statement).await?;
    Ok(())
}
