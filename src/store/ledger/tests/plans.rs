//! How SQLite runs a batch when its statistics are of a quiet hour: nothing was open then, and
//! the index of what is open looks cheaper than a key.

use diesel::QueryableByName;
use diesel::sql_types::Text;

use super::*;
use crate::store::fixtures::for_both;
use crate::store::fixtures::shop::cancel;
use crate::store::ledger::{lots, reads, riders, spending, writes};
use crate::store::stmt::{Bind, Stmt};
use crate::store::{Conn, Engine};

#[derive(QueryableByName)]
struct StepRow {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// How the writer of SQLite would run a statement; it knows its own statistics at once.
async fn plan(db: &Db, text: &str) -> Vec<String> {
    let text: &'static str = Box::leak(format!("EXPLAIN QUERY PLAN {text}").into_boxed_str());
    let steps: Result<Vec<StepRow>, StoreError> = db
        .write(async move |conn: &mut Conn| {
            let values = text.matches('?').map(|_| Bind::Text("[]")).collect();
            conn.load(Stmt::new(text, values)).await
        })
        .await;
    let steps = steps.unwrap().into_iter();
    steps.map(|step| step.detail).collect()
}

#[test]
fn no_batch_goes_through_what_is_open_because_nothing_was() {
    for_both(async |db| {
        // PostgreSQL keeps its statistics up to date by itself.
        if db.engine() == Engine::Postgres {
            return;
        }
        let shop = Shop::new(db);
        for user in (1..=100).map(UserId) {
            shop.grant(user, 10).await;
            let job = shop.order(user, &format!("job-{user}"), 10).await;
            shop.post_new(&cancel(&job, shop.now())).await;
        }
        let analyzed: Result<(), StoreError> = shop
            .db
            .write(async |conn: &mut Conn| conn.batch("ANALYZE").await)
            .await;
        analyzed.unwrap();
        let files = [
            lots::STATEMENTS,
            reads::STATEMENTS,
            riders::jobs::STATEMENTS,
            riders::submit::STATEMENTS,
            spending::STATEMENTS,
            writes::STATEMENTS,
        ];
        for text in files.concat() {
            for step in plan(&shop.db, text).await {
                // A table of a few pages may be read as a whole; an index never may.
                let goes_through = step.starts_with("SCAN") && step.contains("USING INDEX");
                assert!(!goes_through, "{step}: {text}");
            }
        }
    });
}
