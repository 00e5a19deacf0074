use rei_actors::ports::inbox::{InboxStore, RawUpdate};
use rei_domain::ids::ChatId;
use rei_domain::time::Moment;

use super::InboxRows;
use crate::store::fixtures::{for_both, for_both_twice};

fn update(update_id: i64, chat: i64) -> RawUpdate {
    RawUpdate {
        update_id,
        chat: ChatId(chat),
        body: format!("{{\"update_id\":{update_id}}}"),
        received_at: Moment(update_id * 10),
    }
}

#[test]
fn an_update_is_new_once() {
    for_both(async |db| {
        let inbox = InboxRows::new(db);
        let batch = vec![update(3, 1), update(1, 1), update(3, 1)];
        assert_eq!(inbox.store(batch.clone()).await.unwrap(), [1, 3]);
        assert_eq!(inbox.store(batch).await.unwrap(), [0i64; 0]);
        let more = vec![update(3, 1), update(4, 2)];
        assert_eq!(inbox.store(more).await.unwrap(), [4]);
        assert_eq!(inbox.store(Vec::new()).await.unwrap(), [0i64; 0]);
    });
}

#[test]
fn a_body_comes_back_as_it_came() {
    let bodies = [
        r#"{"text":"кот \"?\" \\ \u0000 \ud83d\ude00 ' $1 -- 😀"}"#,
        "",
        "no json at all ?",
        "line\nbreak\ttab\u{7f}\u{85}\u{2028}",
    ];
    for_both(async |db| {
        let inbox = InboxRows::new(db);
        for (id, body) in (1..).zip(bodies) {
            let mut update = update(id, 1);
            update.body = body.to_owned();
            assert_eq!(inbox.store(vec![update]).await.unwrap(), [id]);
        }
        let stored = inbox.waiting(ChatId(1), 10).await.unwrap();
        for (row, body) in stored.iter().zip(bodies) {
            assert_eq!(row.update.body, body);
        }
        assert_eq!(stored.len(), bodies.len());
    });
}

#[test]
fn a_character_that_no_text_can_hold_does_not_refuse_its_batch() {
    for_both(async |db| {
        let inbox = InboxRows::new(db);
        let mut odd = update(1, 1);
        odd.body = "a\0b".to_owned();
        assert_eq!(inbox.store(vec![odd, update(2, 1)]).await.unwrap(), [1, 2]);
        let stored = inbox.waiting(ChatId(1), 1).await.unwrap();
        assert_eq!(stored[0].update.body, "ab");
    });
}

#[test]
fn updates_of_a_chat_come_in_order_and_count_how_often_they_were_begun() {
    for_both(async |db| {
        let inbox = InboxRows::new(db);
        let batch = vec![update(9, 1), update(2, 1), update(5, 1), update(1, 2)];
        inbox.store(batch).await.unwrap();
        for attempts in 0..3 {
            let taken = inbox.waiting(ChatId(1), 2).await.unwrap();
            assert_eq!(taken[0].update, update(2, 1));
            assert_eq!(taken[1].update, update(5, 1));
            assert_eq!((taken[0].attempts, taken[1].attempts), (attempts, 0));
            assert_eq!(taken.len(), 2);
            inbox.begin(&[2]).await.unwrap();
        }
        assert_eq!(inbox.waiting(ChatId(3), 2).await.unwrap(), []);
    });
}

#[test]
fn what_is_set_aside_is_not_taken_again() {
    for_both(async |db| {
        let inbox = InboxRows::new(db);
        let batch = vec![update(1, 1), update(2, 1), update(3, 1)];
        inbox.store(batch).await.unwrap();
        for _ in 0..2 {
            inbox
                .set_aside(&[1, 3, 77], "it failed 5 times", Moment(100))
                .await
                .unwrap();
        }
        let left = inbox.waiting(ChatId(1), 10).await.unwrap();
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].update.update_id, 2);
        inbox.set_aside(&[], "nothing", Moment(100)).await.unwrap();
    });
}

#[test]
fn chats_that_wait_longest_come_first() {
    for_both(async |db| {
        let inbox = InboxRows::new(db);
        let batch = vec![update(1, 30), update(2, 10), update(3, 20), update(4, 10)];
        inbox.store(batch).await.unwrap();
        inbox.set_aside(&[1], "done", Moment(100)).await.unwrap();
        assert_eq!(
            inbox.waiting_chats(10).await.unwrap(),
            [ChatId(10), ChatId(20)]
        );
        assert_eq!(inbox.waiting_chats(1).await.unwrap(), [ChatId(10)]);
    });
}

#[test]
fn the_same_updates_stored_by_two_nodes_at_once_are_new_once_each() {
    for_both_twice(async |one, other| {
        let mut stores = Vec::new();
        for n in 0..16 {
            let inbox = InboxRows::new(if n % 2 == 0 {
                one.clone()
            } else {
                other.clone()
            });
            stores.push(tokio::spawn(async move {
                let mut batch: Vec<RawUpdate> = (0..50).map(|id| update(id, id % 5)).collect();
                if n % 3 == 0 {
                    batch.reverse();
                }
                inbox.store(batch).await.unwrap()
            }));
        }
        let mut new = Vec::new();
        for store in stores {
            new.extend(store.await.unwrap());
        }
        new.sort_unstable();
        assert_eq!(new, (0..50).collect::<Vec<i64>>());
    });
}
