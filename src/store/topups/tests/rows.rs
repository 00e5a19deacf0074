//! The rows keep what they are told, and give work out to one cashier at a time.

use rei_actors::ports::clock::Clock;
use rei_actors::ports::drafts::{DraftStore, FormChange, TurnCommit};
use rei_actors::ports::topups::{Question, TopupForm, TopupStore};
use rei_domain::conversation::Language;
use rei_domain::ids::{ChatId, DraftId};
use rei_domain::money::Money;
use rei_domain::time::{Moment, Span};
use rei_domain::topup::Email;

use super::*;
use crate::store::DraftRows;
use crate::store::fixtures::till::{METHOD, new_topup};

#[test]
fn a_top_up_reads_back_as_it_was_asked_for() {
    in_both(async |office| {
        let mut asked = new_topup("t1", ANN, office.clock.now());
        asked.language = Language::Russian;
        asked.email = Email::parse("ann@mail.ru");
        asked.draft = Some(DraftId::new("d1"));
        let turn = TurnCommit {
            topups: vec![asked.clone()],
            ..TurnCommit::default()
        };
        let drafts = DraftRows::new(office.db.clone());
        for _ in 0..2 {
            drafts.commit(turn.clone(), Moment(1)).await.unwrap();
        }
        assert_eq!(office.topup("t1").await.order, asked);
        let last = office.topups.last_email(UserId(ANN)).await.unwrap();
        assert_eq!(last, asked.email);
        assert_eq!(office.topups.last_email(UserId(BOB)).await.unwrap(), None);
    });
}

#[test]
fn work_is_given_out_once_until_its_time_is_over() {
    in_both(async |office| {
        for number in 0..5 {
            office.asked(&format!("t{number}"), ANN).await;
        }
        let now = office.clock.now();
        let until = now + Span::from_secs(60);
        let take = |limit| office.topups.take_topups(METHOD, now, until, limit);
        assert_eq!(take(3).await.unwrap().len(), 3);
        assert_eq!(take(10).await.unwrap().len(), 2);
        assert_eq!(take(10).await.unwrap().len(), 0);
        let later = office.topups.take_topups(METHOD, until, until, 10).await;
        assert_eq!(later.unwrap().len(), 5, "whoever died over them left them");
        let other = office.topups.take_topups("another", until, until, 10).await;
        assert_eq!(other.unwrap().len(), 0);
    });
}

#[test]
fn a_question_is_kept_until_it_is_answered_or_too_old() {
    in_both(async |office| {
        let (chat, drafts) = (ChatId(ANN), DraftRows::new(office.db.clone()));
        let set = async |form| {
            let turn = TurnCommit {
                form: Some(form),
                ..TurnCommit::default()
            };
            drafts.commit(turn, Moment(1)).await.unwrap();
        };
        let questions = [
            Question::Amount,
            Question::Email {
                method: METHOD.to_owned(),
                amount: Money::from_kopecks(500),
            },
        ];
        for question in questions {
            let form = TopupForm {
                question,
                draft: Some(DraftId::new("d1")),
                asked_at: Moment(100),
            };
            set(FormChange::Ask(chat, form.clone())).await;
            let kept = office.topups.form(chat, Moment(100)).await.unwrap();
            assert_eq!(kept, Some(form));
            assert_eq!(office.topups.form(chat, Moment(101)).await.unwrap(), None);
        }
        set(FormChange::Forget(chat)).await;
        assert_eq!(office.topups.form(chat, Moment(0)).await.unwrap(), None);
    });
}
