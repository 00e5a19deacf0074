//! Questions that a test asks the database itself.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use rei_bot::store::{Conn, Db, Stmt};

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Jobs whose hold was captured.
pub async fn charged_jobs(db: &Db) -> i64 {
    count(
        db,
        "SELECT COUNT(*) AS count FROM jobs WHERE state IN ('settled', 'delivered')",
    )
    .await
}

/// The one number a question gives.
pub async fn count(db: &Db, question: &'static str) -> i64 {
    let row = db
        .read(async move |conn: &mut Conn| conn.one::<Count>(Stmt::new(question, Vec::new())).await)
        .await;
    row.expect("the question is right").count
}

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    text: String,
}

/// The one text a question gives.
pub async fn text(db: &Db, question: &'static str) -> String {
    let row = db
        .read(async move |conn: &mut Conn| conn.one::<Word>(Stmt::new(question, Vec::new())).await)
        .await;
    row.expect("the question is right").text
}
