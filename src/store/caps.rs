//! Caps' rows, for those who look at them and set their own.

use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use rei_actors::ports::StoreError;
use rei_actors::ports::caps::CapStore;
use rei_domain::conversation::LimitsShown;
use rei_domain::ids::UserId;
use rei_domain::ledger::caps::{CapRules, Caps, Period};
use rei_domain::money::Money;
use rei_domain::time::Moment;

use crate::store::conn::Conn;
use crate::store::db::Db;
use crate::store::stmt::{sql, statements};

statements! {
    CAPS = "SELECT setter, hour, day FROM user_caps WHERE user_id = ?";

    SPENT = "
        SELECT spent FROM spending
        WHERE scope = 'user' AND owner = ? AND period = ? AND window_start = ?";

    SET_OWN = "
        INSERT INTO user_caps (user_id, setter, hour, day, set_at) VALUES (?, 'user', ?, ?, ?)
        ON CONFLICT (user_id, setter) DO UPDATE SET
            hour = excluded.hour, day = excluded.day, set_at = excluded.set_at";
}

/// The rows of caps.
#[derive(Clone)]
pub struct CapRows {
    db: Db,
    rules: CapRules,
}

impl CapRows {
    /// The rows of a database, under the house's rules.
    pub fn new(db: Db, rules: CapRules) -> Self {
        Self { db, rules }
    }
}

#[derive(QueryableByName)]
struct CapsRow {
    #[diesel(sql_type = Text)]
    setter: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    hour: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    day: Option<i64>,
}

#[derive(QueryableByName)]
struct SpentRow {
    #[diesel(sql_type = BigInt)]
    spent: i64,
}

async fn spent(
    conn: &mut Conn,
    user: UserId,
    period: Period,
    now: Moment,
) -> Result<Money, StoreError> {
    let stmt = sql!(SPENT, user.0, period.as_str(), period.window(now).0);
    let row = conn.optional::<SpentRow>(stmt).await?;
    Ok(Money::from_kopecks(row.map_or(0, |row| row.spent)))
}

#[async_trait]
impl CapStore for CapRows {
    async fn limits(&self, user: UserId, now: Moment) -> Result<LimitsShown, StoreError> {
        let default = self.rules.user;
        self.db
            .read(async move |conn: &mut Conn| {
                let rows = conn.load::<CapsRow>(sql!(CAPS, user.0)).await?;
                let of = |setter: &str| {
                    let row = rows.iter().find(|row| row.setter == setter);
                    row.map_or_else(Caps::default, |row| Caps {
                        hour: row.hour.map(Money::from_kopecks),
                        day: row.day.map(Money::from_kopecks),
                    })
                };
                Ok(LimitsShown {
                    caps: Caps::effective(default, of("admin"), of("user")),
                    allowed: Caps::effective(default, of("admin"), Caps::default()),
                    own: of("user"),
                    spent_hour: spent(conn, user, Period::Hour, now).await?,
                    spent_day: spent(conn, user, Period::Day, now).await?,
                    hour_frees_at: Period::Hour.frees_at(now),
                    day_frees_at: Period::Day.frees_at(now),
                })
            })
            .await
    }

    async fn set_own(&self, user: UserId, own: Caps, now: Moment) -> Result<(), StoreError> {
        self.db
            .write(async move |conn: &mut Conn| {
                let (hour, day) = (own.hour.map(Money::kopecks), own.day.map(Money::kopecks));
                conn.execute(sql!(SET_OWN, user.0, hour, day, now.0))
                    .await
                    .map(|_| ())
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use rei_actors::ports::ledger::{LedgerOutcome, LedgerStore, shard_of};
    use rei_domain::ledger::Refusal;

    use super::*;
    use crate::store::LedgerRows;
    use crate::store::fixtures::for_both;
    use crate::store::fixtures::shop::{Shop, submit};
    use rei_actors::ports::ledger::CommandRefusal;

    const USER: UserId = UserId(7);

    fn roubles(roubles: i64) -> Option<Money> {
        Some(Money::from_kopecks(roubles * 100))
    }

    #[test]
    fn a_user_sees_what_the_ledger_holds_him_to() {
        for_both(async |db| {
            let rules = CapRules {
                user: Caps {
                    hour: roubles(10),
                    day: None,
                },
                platform: Caps::default(),
            };
            let caps = CapRows::new(db.clone(), rules);
            let ledger = LedgerRows::with_caps(db.clone(), rules);
            let shop = Shop::new(db);
            shop.grant(USER, 10_000).await;
            shop.order(USER, "job", 300).await;
            let seen = caps.limits(USER, shop.now()).await.unwrap();
            assert_eq!((seen.caps.hour, seen.caps.day), (roubles(10), None));
            assert_eq!(
                (seen.spent_hour.kopecks(), seen.spent_day.kopecks()),
                (300, 300)
            );

            // Lower holds, higher does not.
            for (own, holds) in [(5, 5), (50, 10)] {
                let own = Caps {
                    hour: roubles(own),
                    day: roubles(900),
                };
                caps.set_own(USER, own, shop.now()).await.unwrap();
                let seen = caps.limits(USER, shop.now()).await.unwrap();
                assert_eq!((seen.own, seen.caps.hour), (own, roubles(holds)));
                let draft = shop.draft(USER, &format!("own-{holds}"), 2_000).await;
                let shard = shard_of(USER, ledger.shards().await.unwrap());
                let command = submit(&draft, shop.now());
                let outcomes = ledger.apply(shard, &[command], shop.now()).await.unwrap();
                let LedgerOutcome::Refused(CommandRefusal::Money(Refusal::CapReached {
                    limit,
                    ..
                })) = &outcomes[0]
                else {
                    panic!("{outcomes:?}");
                };
                assert_eq!(Some(*limit), roubles(holds));
            }
            caps.set_own(USER, Caps::default(), shop.now())
                .await
                .unwrap();
            let seen = caps.limits(USER, shop.now()).await.unwrap();
            assert_eq!((seen.own, seen.caps.hour), (Caps::default(), roubles(10)));
        });
    }
}
