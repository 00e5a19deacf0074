use rei_actors::ports::jobs::JobStore;
use rei_actors::ports::outbox::{NewOutbox, OutboxBody, OutboxRow, OutboxStore, Sent};
use rei_domain::conversation::SentResult;
use rei_domain::ids::{AssetId, ChatId, JobId, MessageId};
use rei_domain::job::{JobEvent, JobState, step};
use rei_domain::spec::{Input, Media, Still, StillKind};
use rei_domain::time::Moment;

use super::OutboxRows;
use crate::store::fixtures::{for_both, insert_job, message, say, say_all};
use crate::store::{Db, JobRows};

const CHAT: ChatId = ChatId(7);

async fn due(db: &Db, now: i64) -> Vec<OutboxRow> {
    let outbox = OutboxRows::new(db.clone());
    outbox.due(Moment(now), 100).await.unwrap()
}

async fn chats_due(db: &Db, now: i64) -> Vec<i64> {
    due(db, now).await.iter().map(|row| row.chat.0).collect()
}

fn in_slot(key: &str, slot: &str) -> NewOutbox {
    NewOutbox {
        slot: Some(slot.to_owned()),
        ..message(key, CHAT, Moment(1))
    }
}

fn delivered(message: i64) -> Sent {
    Sent::Delivered {
        message: MessageId(message),
    }
}

#[test]
fn messages_come_in_the_order_they_were_written_and_each_key_once() {
    for_both(async |db| {
        let words: Vec<NewOutbox> = (0..20)
            .map(|n| message(&format!("k{n}"), ChatId(n % 4), Moment(1)))
            .collect();
        say_all(&db, words.clone()).await;
        say_all(&db, words.clone()).await;
        let rows = due(&db, 1).await;
        assert_eq!(rows.len(), 20);
        assert!(rows.is_sorted_by_key(|row| row.seq));
        for (row, word) in rows.iter().zip(&words) {
            assert_eq!((row.chat, &row.body), (word.chat, &word.body));
            assert_eq!((row.attempts, &row.slot), (0, &None));
        }
        assert_eq!(due(&db, 0).await, []);
    });
}

#[test]
fn nothing_overtakes_inside_a_chat() {
    for_both(async |db| {
        let outbox = OutboxRows::new(db.clone());
        for (key, chat) in [("a", 1), ("b", 2), ("c", 1), ("d", 2)] {
            say(&db, key, ChatId(chat), Moment(1)).await;
        }
        let rows = due(&db, 1).await;
        outbox.postpone(rows[0].seq, Moment(50)).await.unwrap();
        assert_eq!(chats_due(&db, 1).await, [2, 2]);
        outbox.postpone(rows[3].seq, Moment(60)).await.unwrap();
        assert_eq!(chats_due(&db, 49).await, [2]);
        assert_eq!(chats_due(&db, 50).await, [1, 2, 1]);
        assert_eq!(chats_due(&db, 60).await, [1, 2, 1, 2]);
    });
}

#[test]
fn a_talkative_chat_does_not_hide_the_others() {
    for_both(async |db| {
        for n in 0..30 {
            say(&db, &format!("k{n}"), ChatId(1), Moment(1)).await;
        }
        say(&db, "other", ChatId(2), Moment(1)).await;
        let outbox = OutboxRows::new(db.clone());
        let rows = outbox.due(Moment(1), 20).await.unwrap();
        assert_eq!(rows.last().unwrap().chat, ChatId(2));
        let first: Vec<i64> = due(&db, 1).await.iter().map(|row| row.seq).collect();
        assert!(first.is_sorted());
        assert_eq!(outbox.due(Moment(1), 3).await.unwrap().len(), 3);
    });
}

#[test]
fn a_try_is_counted_once_for_each_moment_it_is_put_off_to() {
    for_both(async |db| {
        let outbox = OutboxRows::new(db.clone());
        say(&db, "a", CHAT, Moment(1)).await;
        let seq = due(&db, 1).await[0].seq;
        for _ in 0..2 {
            outbox.postpone(seq, Moment(5)).await.unwrap();
        }
        assert_eq!(due(&db, 5).await[0].attempts, 1);
        outbox.postpone(seq, Moment(9)).await.unwrap();
        assert_eq!(due(&db, 9).await[0].attempts, 2);
    });
}

#[test]
fn a_delivered_message_stands_in_its_slot() {
    for_both(async |db| {
        let outbox = OutboxRows::new(db.clone());
        say_all(&db, vec![in_slot("a", "card"), in_slot("b", "card")]).await;
        assert_eq!(outbox.slot(CHAT, "card").await.unwrap(), None);
        let rows = due(&db, 1).await;
        outbox
            .finish(rows[0].seq, &delivered(101), Moment(2))
            .await
            .unwrap();

        let rows = due(&db, 2).await;
        assert_eq!(rows.len(), 1);
        assert_eq!(
            outbox.slot(CHAT, "card").await.unwrap(),
            Some(MessageId(101))
        );
        assert_eq!(outbox.slot(ChatId(8), "card").await.unwrap(), None);
        assert_eq!(outbox.slot(CHAT, "other").await.unwrap(), None);

        // The message was gone and a new one was sent in its place.
        outbox
            .finish(rows[0].seq, &delivered(102), Moment(3))
            .await
            .unwrap();
        assert_eq!(
            outbox.slot(CHAT, "card").await.unwrap(),
            Some(MessageId(102))
        );
    });
}

#[test]
fn a_message_ends_once_whatever_is_told_later() {
    for_both(async |db| {
        let outbox = OutboxRows::new(db.clone());
        let ends = [
            delivered(101),
            Sent::Superseded,
            Sent::Dead {
                cause: "too long".to_owned(),
            },
            Sent::Unreachable,
        ];
        for (n, end) in ends.iter().enumerate() {
            say_all(&db, vec![in_slot(&format!("k{n}"), &format!("s{n}"))]).await;
            let seq = due(&db, 9).await[0].seq;
            for _ in 0..2 {
                outbox.finish(seq, end, Moment(2)).await.unwrap();
            }
            for later in &ends {
                let later = match later {
                    Sent::Delivered { .. } => delivered(999),
                    Sent::Superseded | Sent::Dead { .. } | Sent::Unreachable => later.clone(),
                };
                outbox.finish(seq, &later, Moment(3)).await.unwrap();
            }
            outbox.postpone(seq, Moment(4)).await.unwrap();
            assert_eq!(due(&db, 9).await, []);
            let slot = outbox.slot(CHAT, &format!("s{n}")).await.unwrap();
            let expected = (n == 0).then_some(MessageId(101));
            assert_eq!(slot, expected, "{end:?}");
        }
    });
}

#[test]
fn an_ended_message_no_longer_holds_back_what_follows() {
    for_both(async |db| {
        let outbox = OutboxRows::new(db.clone());
        for key in ["a", "b", "c"] {
            say(&db, key, CHAT, Moment(1)).await;
        }
        let rows = due(&db, 1).await;
        outbox.postpone(rows[0].seq, Moment(50)).await.unwrap();
        assert_eq!(due(&db, 1).await, []);
        outbox
            .finish(rows[0].seq, &Sent::Superseded, Moment(2))
            .await
            .unwrap();
        assert_eq!(due(&db, 2).await.len(), 2);
    });
}

#[test]
fn a_delivered_result_ends_its_job_and_is_known_by_its_message() {
    for_both(async |db| {
        let (outbox, jobs) = (OutboxRows::new(db.clone()), JobRows::new(db.clone()));
        let job = JobId::new("j1");
        insert_job(&db, "j1", JobState::Settled).await;
        say_all(
            &db,
            vec![NewOutbox {
                body: OutboxBody::result(&job),
                ..message("r", CHAT, Moment(1))
            }],
        )
        .await;
        let seq = due(&db, 1).await[0].seq;
        for message in [101, 101, 102] {
            outbox
                .finish(seq, &delivered(message), Moment(2))
                .await
                .unwrap();
        }
        let row = jobs.job(&job).await.unwrap().unwrap();
        assert_eq!(row.state, JobState::Delivered);
        let picture = SentResult {
            job,
            input: Input {
                media: Media::Picture(Some(Still {
                    kind: StillKind::Png,
                    width: 1,
                    height: 1,
                })),
                ..Input::stored_picture(AssetId::new("j1-result"))
            },
        };
        let sent = jobs.sent_result(CHAT, MessageId(101)).await.unwrap();
        assert_eq!(sent, Some(picture));
        assert_eq!(jobs.sent_result(CHAT, MessageId(102)).await.unwrap(), None);
        assert_eq!(
            jobs.sent_result(ChatId(8), MessageId(101)).await.unwrap(),
            None
        );
    });
}

#[test]
fn a_delivery_moves_a_job_only_as_the_domain_allows() {
    for_both(async |db| {
        let (outbox, jobs) = (OutboxRows::new(db.clone()), JobRows::new(db.clone()));
        for state in JobState::ALL {
            let job = JobId::new(state.as_str());
            insert_job(&db, job.as_str(), state).await;
            say_all(
                &db,
                vec![NewOutbox {
                    body: OutboxBody::result(&job),
                    ..message(job.as_str(), CHAT, Moment(1))
                }],
            )
            .await;
            let seq = due(&db, 1).await[0].seq;
            outbox.finish(seq, &delivered(1), Moment(2)).await.unwrap();
            let row = jobs.job(&job).await.unwrap().unwrap();
            let expected = step(state, JobEvent::Deliver).unwrap_or(state);
            assert_eq!(row.state, expected);
        }
    });
}

#[test]
fn every_kind_of_body_comes_back() {
    for_both(async |db| {
        let job = JobId::new("j1");
        insert_job(&db, "j1", JobState::Settled).await;
        let bodies = [
            message("a", CHAT, Moment(1)).body,
            OutboxBody::progress(&job),
            OutboxBody::result(&job),
            OutboxBody::file(&job, &AssetId::new("j1-result")),
        ];
        let rows = bodies.iter().enumerate().map(|(n, body)| NewOutbox {
            body: body.clone(),
            ..message(&format!("k{n}"), CHAT, Moment(1))
        });
        say_all(&db, rows.collect()).await;
        let read: Vec<OutboxBody> = due(&db, 1).await.into_iter().map(|row| row.body).collect();
        assert_eq!(read, bodies);
    });
}
