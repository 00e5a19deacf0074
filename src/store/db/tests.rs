use std::sync::Arc;

use diesel::QueryableByName;
use diesel::sql_types::BigInt;
use tokio::runtime::Runtime;
use tokio::sync::Notify;

use super::*;
use crate::store::fixtures::{connect, for_both};
use crate::store::stmt::sql;

const COUNT: &str = "SELECT COUNT(*) AS users FROM users";
const INSERT: &str = "
    INSERT INTO users (id, chat_id, language, reachable, created_at)
    VALUES (?, 1, 'ru', 'yes', 1)";

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = BigInt)]
    users: i64,
}

async fn users(db: &Db) -> i64 {
    let rows: Result<Vec<CountRow>, StoreError> = db
        .read(async |conn: &mut Conn| conn.load(sql!(COUNT)).await)
        .await;
    rows.unwrap()[0].users
}

fn refusal(url: &str) -> String {
    let config = DbConfig {
        url: url.to_owned(),
        connections_max: 1,
        wait_max: Duration::from_secs(1),
        statement_max: Duration::from_secs(1),
        busy_max: Duration::from_secs(5),
    };
    let refusal = Db::try_new(&config).err();
    refusal.expect(url).to_string()
}

#[test]
fn a_url_that_names_no_lasting_database_is_refused_in_one_sentence() {
    assert!(refusal("mysql://root:hunter2@db/rei").contains("sqlite:// or postgres://"));
    assert!(!refusal("mysql://root:hunter2@db/rei").contains("hunter2"));
    for url in [
        "sqlite://",
        "sqlite://:memory:",
        "sqlite://file:rei?mode=memory",
    ] {
        assert!(refusal(url).contains("names no file"), "{url}");
    }
}

#[test]
fn a_database_that_is_away_may_be_back_later_and_its_password_stays_secret() {
    Runtime::new().unwrap().block_on(async {
        for url in [
            "postgres://rei:hunter2@127.0.0.1:1/rei",
            "sqlite:///no/such/folder/rei.db",
        ] {
            let db = connect(url);
            let answer = db.read(async |conn: &mut Conn| conn.batch("SELECT 1").await);
            let refusal: StoreError = answer.await.unwrap_err();
            assert!(matches!(refusal, StoreError::Retryable(_)), "{refusal}");
            assert!(!refusal.to_string().contains("hunter2"));
        }
    });
}

#[test]
fn a_transaction_that_fails_or_panics_leaves_nothing_and_frees_its_connection() {
    for_both(async |db| {
        let failed: Result<(), StoreError> = db
            .tx(async |conn: &mut Conn| {
                conn.execute(sql!(INSERT, 1i64)).await?;
                conn.execute(sql!(INSERT, 1i64)).await?;
                Ok(())
            })
            .await;
        assert!(matches!(failed, Err(StoreError::Broken(_))), "{failed:?}");

        for _ in 0..9 {
            let other = db.clone();
            let panicked = tokio::spawn(async move {
                other
                    .tx(async |conn: &mut Conn| {
                        conn.execute(sql!(INSERT, 2i64)).await?;
                        assert!(conn.batch("SELECT 1").await.is_err(), "on purpose");
                        Ok::<(), StoreError>(())
                    })
                    .await
            });
            assert!(panicked.await.unwrap_err().is_panic());
        }
        assert_eq!(users(&db).await, 0);
        let done: Result<usize, StoreError> = db
            .tx(async |conn: &mut Conn| conn.execute(sql!(INSERT, 3i64)).await)
            .await;
        assert_eq!(done.unwrap(), 1);
        assert_eq!(users(&db).await, 1);
    });
}

#[test]
fn a_caller_that_goes_away_does_not_drop_its_transaction() {
    for_both(async |db| {
        let (begun, go_on, done) = (
            Arc::new(Notify::new()),
            Arc::new(Notify::new()),
            Arc::new(Notify::new()),
        );
        let caller = tokio::spawn({
            let (db, begun, go_on) = (db.clone(), Arc::clone(&begun), Arc::clone(&go_on));
            let done = Arc::clone(&done);
            async move {
                db.tx(async move |conn: &mut Conn| {
                    conn.execute(sql!(INSERT, 1i64)).await?;
                    begun.notify_one();
                    go_on.notified().await;
                    conn.execute(sql!(INSERT, 2i64)).await?;
                    done.notify_one();
                    Ok::<(), StoreError>(())
                })
                .await
            }
        });
        begun.notified().await;
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
        go_on.notify_one();
        done.notified().await;
        // The next writer on SQLite waits for the commit; elsewhere the rows' own locks do.
        let second: Result<usize, StoreError> = db
            .write(async |conn: &mut Conn| conn.execute(sql!(INSERT, 2i64)).await)
            .await;
        assert!(second.is_err());
        assert_eq!(users(&db).await, 2);
    });
}

#[test]
fn a_connection_that_the_server_ends_is_replaced() {
    for_both(async |db| {
        let ended: Result<bool, StoreError> = db
            .tx(async |conn: &mut Conn| {
                conn.execute(sql!(INSERT, 1i64)).await?;
                match conn {
                    Conn::Pg(_) => conn
                        .batch("SELECT pg_terminate_backend(pg_backend_pid())")
                        .await
                        .map(|()| true),
                    // There is no server that could.
                    Conn::Lite(_) => Ok(false),
                }
            })
            .await;
        let kept = match ended {
            Ok(ended) => {
                assert!(!ended);
                1
            }
            Err(error) => {
                assert!(matches!(error, StoreError::Retryable(_)), "{error}");
                0
            }
        };
        assert_eq!(users(&db).await, kept);
        let again: Result<usize, StoreError> = db
            .tx(async |conn: &mut Conn| conn.execute(sql!(INSERT, 2i64)).await)
            .await;
        assert_eq!(again.unwrap(), 1);
    });
}

#[test]
fn a_file_that_cannot_be_written_answers_questions_and_says_why_it_takes_no_writes() {
    Runtime::new().unwrap().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rei.db");
        let db = connect(&format!("sqlite://{}", path.display()));
        db.migrate().await.unwrap();
        db.check_writes().await.unwrap();
        let read_only = connect(&format!("sqlite://file:{}?mode=ro", path.display()));
        assert_eq!(users(&read_only).await, 0);
        for _ in 0..2 {
            let refusal = read_only.check_writes().await.unwrap_err();
            assert!(matches!(refusal, StoreError::Retryable(_)), "{refusal}");
            assert!(refusal.to_string().contains("is read-only"), "{refusal}");
        }
    });
}

#[test]
fn a_server_that_went_read_only_takes_no_writes() {
    for_both(async |db| {
        db.check_writes().await.unwrap();
        if db.engine() == Engine::Sqlite {
            return;
        }
        // Every connection from now on, as on a server that became a replica.
        let url = format!("{}?options=-cdefault_transaction_read_only=on", db.url());
        let refusal = connect(&url).check_writes().await.unwrap_err();
        assert!(matches!(refusal, StoreError::Retryable(_)), "{refusal}");
    });
}
