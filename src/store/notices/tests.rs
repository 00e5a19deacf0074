use std::time::Duration;

use rei_actors::ports::StoreError;
use rei_actors::ports::notices::{
    Notice, NoticeEnd, NoticeId, NoticeSource, NoticeStore, StoredNotice, Storing,
};
use rei_domain::time::Moment;

use super::{NoticeRows, finish};
use crate::store::fixtures::{for_both, for_both_twice};
use crate::store::{Conn, Db, DbConfig};

fn listed(event: &str, object: &str) -> Notice {
    Notice {
        method: "yookassa".to_owned(),
        event: event.to_owned(),
        object: object.to_owned(),
        body: format!("{{\"event\":\"{event}\",\"object\":{{\"id\":\"{object}\"}}}}"),
        source: NoticeSource::Listed,
        received_at: Moment(10),
    }
}

fn signed(id: &str, event: &str, object: &str) -> Notice {
    Notice {
        source: NoticeSource::Signed { id: id.to_owned() },
        ..listed(event, object)
    }
}

async fn waiting(rows: &NoticeRows, now: i64) -> Vec<StoredNotice> {
    rows.waiting(Moment(now), 100).await.unwrap()
}

/// The objects of what waits, in order.
async fn objects(rows: &NoticeRows, now: i64) -> Vec<String> {
    let notices = waiting(rows, now).await.into_iter();
    notices.map(|stored| stored.notice.object).collect()
}

#[test]
fn a_listed_notice_is_known_by_what_it_says() {
    for_both(async |db| {
        let rows = NoticeRows::new(db);
        let paid = listed("payment.succeeded", "p1");
        assert_eq!(rows.store(paid.clone()).await.unwrap(), Storing::Stored);
        let later = Notice {
            received_at: Moment(99),
            body: "another body".to_owned(),
            ..paid.clone()
        };
        assert_eq!(rows.store(later).await.unwrap(), Storing::Duplicate);
        for other in [
            listed("payment.canceled", "p1"),
            listed("payment.succeeded", "p2"),
            Notice {
                method: "stars".to_owned(),
                ..paid.clone()
            },
            signed("evt_1", "payment.succeeded", "p1"),
        ] {
            assert_eq!(rows.store(other).await.unwrap(), Storing::Stored);
        }
        let stored = waiting(&rows, 10).await;
        assert_eq!((stored.len(), &stored[0].notice), (5, &paid));
    });
}

#[test]
fn a_signed_notice_is_known_by_its_id() {
    for_both(async |db| {
        let rows = NoticeRows::new(db);
        let first = signed("evt_1", "payment.succeeded", "p1");
        assert_eq!(rows.store(first.clone()).await.unwrap(), Storing::Stored);
        assert_eq!(rows.store(first.clone()).await.unwrap(), Storing::Duplicate);
        let again = signed("evt_2", "payment.succeeded", "p1");
        assert_eq!(rows.store(again).await.unwrap(), Storing::Stored);
        for other in [
            signed("evt_1", "payment.succeeded", "p2"),
            signed("evt_1", "payment.canceled", "p1"),
        ] {
            assert_eq!(rows.store(other).await.unwrap(), Storing::IdReused);
        }
        let stored = waiting(&rows, 10).await;
        assert_eq!((stored.len(), &stored[0].notice), (2, &first));
    });
}

#[test]
fn a_body_comes_back_as_it_came() {
    let bodies = [
        r#"{"description":"кот \"?\" \\ \u0000 \ud83d\ude00 ' $1 -- 😀"}"#,
        "",
        "line\nbreak\ttab\u{7f}\u{85}\u{2028}",
    ];
    for_both(async |db| {
        let rows = NoticeRows::new(db);
        for (number, body) in bodies.into_iter().enumerate() {
            let mut notice = listed("payment.succeeded", &format!("p{number}"));
            notice.body = body.to_owned();
            assert_eq!(rows.store(notice).await.unwrap(), Storing::Stored);
        }
        let stored = waiting(&rows, 10).await;
        let came: Vec<&str> = stored.iter().map(|row| row.notice.body.as_str()).collect();
        assert_eq!(came, bodies);
    });
}

#[test]
fn no_body_stands_in_a_notices_debug_form() {
    let mut notice = listed("payment.succeeded", "p1");
    notice.body = "canary".to_owned();
    let text = format!("{notice:?}");
    assert!(text.contains("p1") && !text.contains("canary"), "{text}");
}

#[test]
fn what_is_due_longest_comes_first_and_what_is_postponed_later() {
    for_both(async |db| {
        let rows = NoticeRows::new(db);
        for (object, at) in [("late", 30), ("early", 10), ("also_early", 10), ("mid", 20)] {
            let notice = Notice {
                received_at: Moment(at),
                ..listed("payment.succeeded", object)
            };
            rows.store(notice).await.unwrap();
        }
        assert_eq!(objects(&rows, 9).await, [""; 0]);
        assert_eq!(objects(&rows, 20).await, ["early", "also_early", "mid"]);
        let first = waiting(&rows, 20).await.remove(0);
        assert_eq!(first.attempts, 0);
        rows.postpone(first.id, Moment(25)).await.unwrap();
        assert_eq!(objects(&rows, 20).await, ["also_early", "mid"]);
        let all = ["also_early", "mid", "early", "late"];
        assert_eq!(objects(&rows, 30).await, all);
        assert_eq!(waiting(&rows, 30).await[2].attempts, 1);
        assert_eq!(rows.waiting(Moment(30), 1).await.unwrap().len(), 1);
    });
}

#[test]
fn a_notice_ends_once_and_stays_as_it_ended() {
    for_both(async |db| {
        let rows = NoticeRows::new(db.clone());
        for object in ["p1", "p2"] {
            rows.store(listed("payment.succeeded", object))
                .await
                .unwrap();
        }
        let ids: Vec<NoticeId> = waiting(&rows, 10).await.iter().map(|row| row.id).collect();
        let cause = "nobody's payment".to_owned();
        let aside = NoticeEnd::SetAside { cause };
        for (id, how) in [(ids[0], NoticeEnd::Processed), (ids[1], aside.clone())] {
            rows.finish(id, how, Moment(50)).await.unwrap();
        }
        // None of these changes anything.
        rows.finish(ids[0], aside, Moment(60)).await.unwrap();
        rows.finish(ids[1], NoticeEnd::Processed, Moment(60))
            .await
            .unwrap();
        rows.postpone(ids[0], Moment(70)).await.unwrap();
        rows.finish(NoticeId(999), NoticeEnd::Processed, Moment(60))
            .await
            .unwrap();
        assert_eq!(objects(&rows, 100).await, [""; 0]);
        assert_eq!(ends(&db, 50, "nobody's payment").await, 2);
        let again = listed("payment.succeeded", "p1");
        assert_eq!(rows.store(again).await.unwrap(), Storing::Duplicate);
    });
}

const ENDS: &str = "
    SELECT COUNT(*) AS ended FROM notices
    WHERE finished_at = ? AND attempts = 0
      AND (set_aside_cause IS NULL OR set_aside_cause = ?)";

#[derive(diesel::QueryableByName)]
struct EndedRow {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    ended: i64,
}

async fn ends(db: &Db, at: i64, cause: &'static str) -> i64 {
    db.read(async move |conn: &mut Conn| {
        let row: EndedRow = conn.one(crate::store::stmt::sql!(ENDS, at, cause)).await?;
        Ok::<i64, StoreError>(row.ended)
    })
    .await
    .unwrap()
}

#[test]
fn an_end_is_undone_with_the_transaction_it_is_part_of() {
    for_both(async |db| {
        let rows = NoticeRows::new(db.clone());
        rows.store(listed("payment.succeeded", "p1")).await.unwrap();
        let id = waiting(&rows, 10).await[0].id;
        let undone: Result<(), StoreError> = db
            .tx(async move |conn: &mut Conn| {
                finish(conn, id, &NoticeEnd::Processed, Moment(20)).await?;
                Err(StoreError::Retryable(
                    "the credit did not commit".to_owned(),
                ))
            })
            .await;
        assert!(undone.is_err());
        assert_eq!(objects(&rows, 30).await, ["p1"]);
        db.tx(async move |conn: &mut Conn| {
            finish(conn, id, &NoticeEnd::Processed, Moment(20)).await
        })
        .await
        .unwrap();
        assert_eq!(objects(&rows, 30).await, [""; 0]);
    });
}

#[test]
fn the_same_notice_stored_by_two_nodes_at_once_is_one_row() {
    for_both_twice(async |one, other| {
        let mut stores = Vec::new();
        for n in 0..60 {
            let rows = NoticeRows::new(if n % 2 == 0 {
                one.clone()
            } else {
                other.clone()
            });
            let object = format!("p{}", n % 5);
            let notice = if n % 3 == 0 {
                signed(&format!("evt_{object}"), "payment.succeeded", &object)
            } else {
                listed("payment.succeeded", &object)
            };
            stores.push(tokio::spawn(
                async move { rows.store(notice).await.unwrap() },
            ));
        }
        let mut new = 0;
        for store in stores {
            match store.await.unwrap() {
                Storing::Stored => new += 1,
                Storing::Duplicate => {}
                Storing::IdReused => panic!("the same id said the same"),
            }
        }
        assert_eq!(new, 10);
        assert_eq!(waiting(&NoticeRows::new(one), 10).await.len(), 10);
    });
}

#[test]
fn a_database_that_is_away_is_to_be_asked_again() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let away = Db::try_new(&DbConfig {
            url: "postgres://rei@127.0.0.1:1/rei".to_owned(),
            connections_max: 2,
            wait_max: Duration::from_millis(200),
            statement_max: Duration::from_secs(1),
            busy_max: Duration::from_secs(1),
        })
        .unwrap();
        let rows = NoticeRows::new(away);
        let answer = rows.store(listed("payment.succeeded", "p1")).await;
        assert!(
            matches!(answer, Err(StoreError::Retryable(_))),
            "{answer:?}"
        );
    });
}
