//! Money on its way in and back, through a cashier over the real stores, on both databases.

mod crashes;
mod payments;
mod reconciliation;
mod refunds;
mod rows;
mod storm;

use rei_domain::ids::UserId;

use crate::store::Db;
use crate::store::fixtures::for_both;
use crate::store::fixtures::till::Office;

const ANN: i64 = 7;
const BOB: i64 = 8;

/// Runs a story in an office on each database, then audits it.
fn in_both(story: impl AsyncFn(&Office)) {
    for_both(async |db: Db| {
        let office = Office::open(db).await;
        story(&office).await;
        office.audit().await;
    });
}

async fn available(office: &Office, user: i64) -> i64 {
    office.balance(user).await.available.kopecks()
}

/// How often the journal credits a top-up.
async fn credits(office: &Office) -> i64 {
    use crate::store::Conn;
    use crate::store::stmt::sql;
    use diesel::QueryableByName;
    use diesel::sql_types::BigInt;

    #[derive(QueryableByName)]
    struct Credits {
        #[diesel(sql_type = BigInt)]
        credits: i64,
    }

    let row: Credits = office
        .db
        .read(async move |conn: &mut Conn| {
            conn.one(sql!(
                "SELECT COUNT(*) AS credits FROM ledger WHERE kind = 'payment'"
            ))
            .await
        })
        .await
        .unwrap();
    row.credits
}

/// What a user spends on a picture.
async fn spend(office: &Office, user: i64, draft: &str, kopecks: i64) {
    let shop = crate::store::fixtures::shop::Shop::new(office.db.clone());
    let now = rei_actors::ports::clock::Clock::now(office.clock.as_ref());
    shop.wait(now - shop.now());
    shop.order(UserId(user), draft, kopecks).await;
}
