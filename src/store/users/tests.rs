use rei_actors::ports::outbox::{OutboxStore, Sent};
use rei_actors::ports::users::{Met, Reachable, UserStore};
use rei_domain::conversation::{Balance, Language};
use rei_domain::ids::{ChatId, UserId};
use rei_domain::money::Money;
use rei_domain::time::Moment;

use super::UserRows;
use crate::store::OutboxRows;
use crate::store::fixtures::{for_both, for_both_twice, say, set_balance};

const USER: UserId = UserId(7);
const CHAT: ChatId = ChatId(7);

#[test]
fn a_user_is_met_once_and_keeps_the_first_language() {
    for_both(async |db| {
        let users = UserRows::new(db);
        let (first, met) = users
            .meet(USER, CHAT, Language::English, Moment(1))
            .await
            .unwrap();
        assert_eq!(met, Met::FirstTime);
        assert_eq!(first.language, Language::English);
        assert_eq!(first.reachable, Reachable::Yes);

        let (again, met) = users
            .meet(USER, CHAT, Language::Russian, Moment(2))
            .await
            .unwrap();
        assert_eq!((again, met), (first.clone(), Met::Before));
        assert_eq!(users.by_chat(CHAT).await.unwrap(), Some(first));
        assert_eq!(users.by_chat(ChatId(8)).await.unwrap(), None);
    });
}

#[test]
fn of_many_first_meetings_at_once_one_is_the_first() {
    for_both_twice(async |one, other| {
        let mut meetings = Vec::new();
        for n in 0..32 {
            let users = UserRows::new(if n % 2 == 0 {
                one.clone()
            } else {
                other.clone()
            });
            meetings.push(tokio::spawn(async move {
                users.meet(USER, CHAT, Language::Russian, Moment(n)).await
            }));
        }
        let mut firsts = 0;
        for meeting in meetings {
            let (user, met) = meeting.await.unwrap().unwrap();
            assert_eq!(user.id, USER);
            if met == Met::FirstTime {
                firsts += 1;
            }
        }
        assert_eq!(firsts, 1);
    });
}

#[test]
fn what_could_not_be_delivered_is_due_again_when_the_user_is_back() {
    for_both(async |db| {
        let (users, outbox) = (UserRows::new(db.clone()), OutboxRows::new(db.clone()));
        users
            .meet(USER, CHAT, Language::Russian, Moment(1))
            .await
            .unwrap();
        say(&db, "mine", CHAT, Moment(1)).await;
        say(&db, "done", CHAT, Moment(1)).await;
        say(&db, "another's", ChatId(8), Moment(1)).await;
        let rows = outbox.due(Moment(2), 10).await.unwrap();
        let sents = [
            Sent::Unreachable,
            Sent::Dead {
                cause: "refused".to_owned(),
            },
            Sent::Unreachable,
        ];
        for (row, sent) in rows.iter().zip(&sents) {
            outbox.postpone(row.seq, Moment(2)).await.unwrap();
            outbox.finish(row.seq, sent, Moment(3)).await.unwrap();
        }
        for _ in 0..2 {
            users
                .set_reachable(USER, Reachable::Blocked, Moment(4))
                .await
                .unwrap();
        }
        assert_eq!(outbox.due(Moment(9), 10).await.unwrap(), []);
        let user = users.by_chat(CHAT).await.unwrap().unwrap();
        assert_eq!(user.reachable, Reachable::Blocked);

        for _ in 0..2 {
            users
                .set_reachable(USER, Reachable::Yes, Moment(5))
                .await
                .unwrap();
        }
        let due = outbox.due(Moment(5), 10).await.unwrap();
        assert_eq!(due.len(), 1);
        assert_eq!((due[0].seq, due[0].attempts), (rows[0].seq, 0));
        let user = users.by_chat(CHAT).await.unwrap().unwrap();
        assert_eq!(user.reachable, Reachable::Yes);
    });
}

#[test]
fn a_balance_is_what_the_cache_says_and_zero_without_a_row() {
    for_both(async |db| {
        let users = UserRows::new(db.clone());
        assert_eq!(users.balance(USER).await.unwrap(), Balance::default());
        set_balance(&db, USER, 500, 70).await;
        set_balance(&db, UserId(8), 1, 2).await;
        let expected = Balance {
            available: Money::from_kopecks(500),
            held: Money::from_kopecks(70),
        };
        assert_eq!(users.balance(USER).await.unwrap(), expected);
    });
}
