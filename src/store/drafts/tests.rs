use rei_actors::ports::drafts::{DraftStore, TurnCommit};
use rei_actors::ports::inbox::{InboxStore, RawUpdate};
use rei_actors::ports::outbox::OutboxStore;
use rei_actors::ports::users::UserStore;
use rei_domain::conversation::Language;
use rei_domain::draft::{Draft, DraftState};
use rei_domain::ids::{AssetId, ChatId, DraftId, JobId, ModelId, Nonce, UserId};
use rei_domain::money::Money;
use rei_domain::spec::{
    Aspect, ClipUse, ImageLook, ImageModel, Input, Output, Quality, Size, Sound, Spec, VideoLook,
};
use rei_domain::time::Moment;

use super::DraftRows;
use crate::store::fixtures::{confirm, for_both, for_both_twice, message};
use crate::store::{Db, InboxRows, OutboxRows, UserRows};

const USER: UserId = UserId(7);
const CHAT: ChatId = ChatId(7);

async fn arrive(db: &Db, update_ids: std::ops::RangeInclusive<i64>) {
    UserRows::new(db.clone())
        .meet(USER, CHAT, Language::Russian, Moment(0))
        .await
        .unwrap();
    let updates = update_ids.map(|update_id| RawUpdate {
        update_id,
        chat: CHAT,
        body: "{}".to_owned(),
        received_at: Moment(update_id),
    });
    InboxRows::new(db.clone())
        .store(updates.collect())
        .await
        .unwrap();
}

fn draft(id: &str, state: DraftState, created_at: i64) -> Draft {
    Draft {
        id: DraftId::new(id),
        user: USER,
        chat: CHAT,
        state,
        spec: Spec {
            prompt: "кот \"в\" сапогах? 😀\nи \\шляпе".to_owned(),
            output: Output::Image(ImageLook {
                model: ImageModel::Two,
                aspect: Aspect::Landscape16x9,
                size: Size::TwoK,
            }),
            inputs: vec![
                Input::sent_picture("AgAD\"?", Some(9)),
                Input::stored_picture(AssetId::new("0a")),
            ],
        },
        price: Money::from_kopecks(2_500),
        nonce: Nonce::new("0123456789abcdef"),
        created_at: Moment(created_at),
        expires_at: Moment(created_at + 100),
    }
}

fn turn(update_ids: &[i64], drafts: Vec<Draft>) -> TurnCommit {
    TurnCommit {
        update_ids: update_ids.to_vec(),
        drafts,
        ..TurnCommit::default()
    }
}

async fn messages(db: &Db) -> usize {
    let outbox = OutboxRows::new(db.clone());
    outbox.due(Moment(i64::MAX), 100).await.unwrap().len()
}

#[test]
fn a_turn_is_written_whole() {
    for_both(async |db| {
        arrive(&db, 1..=3).await;
        let (drafts, users) = (DraftRows::new(db.clone()), UserRows::new(db.clone()));
        let mut asking = draft("d2", DraftState::Asking, 2);
        asking.spec.inputs.clear();
        asking.spec.prompt.clear();
        let written = [draft("d1", DraftState::Open, 1), asking];
        let commit = TurnCommit {
            language: Some((USER, Language::English)),
            outbox: vec![
                message("k1", CHAT, Moment(5)),
                message("k2", CHAT, Moment(5)),
            ],
            ..turn(&[1, 2], written.to_vec())
        };
        drafts.commit(commit, Moment(5)).await.unwrap();

        for draft in &written {
            let read = drafts.draft(&draft.id).await.unwrap();
            assert_eq!(read.as_ref(), Some(draft));
        }
        let left = InboxRows::new(db.clone()).waiting(CHAT, 10).await.unwrap();
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].update.update_id, 3);
        let user = users.by_chat(CHAT).await.unwrap().unwrap();
        assert_eq!(user.language, Language::English);
        assert_eq!(messages(&db).await, 2);
        assert_eq!(drafts.draft(&DraftId::new("d9")).await.unwrap(), None);
    });
}

#[test]
fn a_turn_processed_twice_is_written_once() {
    for_both(async |db| {
        arrive(&db, 1..=1).await;
        let drafts = DraftRows::new(db.clone());
        let first = TurnCommit {
            outbox: vec![message("k1", CHAT, Moment(5))],
            ..turn(&[1], vec![draft("d1", DraftState::Open, 1)])
        };
        drafts.commit(first.clone(), Moment(5)).await.unwrap();
        drafts.commit(first, Moment(6)).await.unwrap();
        let second = TurnCommit {
            outbox: vec![message("k2", CHAT, Moment(5))],
            language: Some((USER, Language::English)),
            ..turn(
                &[1],
                vec![
                    draft("d1", DraftState::Cancelled, 1),
                    draft("d2", DraftState::Open, 1),
                ],
            )
        };
        drafts.commit(second, Moment(6)).await.unwrap();

        assert_eq!(messages(&db).await, 1);
        let unfinished = drafts.unfinished(CHAT, 10).await.unwrap();
        assert_eq!(unfinished, [draft("d1", DraftState::Open, 1)]);
        let user = UserRows::new(db).by_chat(CHAT).await.unwrap().unwrap();
        assert_eq!(user.language, Language::Russian);
    });
}

#[test]
fn of_a_turn_committed_by_many_at_once_one_is_written() {
    for_both_twice(async |one, other| {
        arrive(&one, 1..=4).await;
        let mut commits = Vec::new();
        for n in 0..12 {
            let drafts = DraftRows::new(if n % 2 == 0 {
                one.clone()
            } else {
                other.clone()
            });
            commits.push(tokio::spawn(async move {
                let mut update_ids = vec![1, 2, 3, 4];
                if n % 3 == 0 {
                    update_ids.reverse();
                }
                let commit = TurnCommit {
                    outbox: vec![message(&format!("k{n}"), CHAT, Moment(5))],
                    ..turn(&update_ids, Vec::new())
                };
                drafts.commit(commit, Moment(5)).await.unwrap();
            }));
        }
        for commit in commits {
            commit.await.unwrap();
        }
        assert_eq!(messages(&one).await, 1);
    });
}

#[test]
fn a_turn_without_updates_is_written_and_its_messages_once() {
    for_both(async |db| {
        arrive(&db, 1..=1).await;
        let drafts = DraftRows::new(db.clone());
        for _ in 0..2 {
            let commit = TurnCommit {
                outbox: vec![message("k1", CHAT, Moment(5))],
                ..turn(&[], Vec::new())
            };
            drafts.commit(commit, Moment(5)).await.unwrap();
        }
        assert_eq!(messages(&db).await, 1);
    });
}

#[test]
fn a_turn_that_cannot_be_written_leaves_nothing() {
    for_both(async |db| {
        arrive(&db, 1..=1).await;
        let drafts = DraftRows::new(db.clone());
        let mut impossible = draft("d2", DraftState::Open, 1);
        impossible.price = Money::from_kopecks(-1);
        let commit = TurnCommit {
            outbox: vec![message("k1", CHAT, Moment(5))],
            ..turn(&[1], vec![draft("d1", DraftState::Open, 1), impossible])
        };
        let refusal = drafts.commit(commit, Moment(5)).await.unwrap_err();
        assert!(!refusal.to_string().contains("сапогах"), "{refusal}");
        assert_eq!(messages(&db).await, 0);
        assert_eq!(drafts.unfinished(CHAT, 10).await.unwrap(), []);
        let left = InboxRows::new(db).waiting(CHAT, 10).await.unwrap();
        assert_eq!(left.len(), 1);
    });
}

#[test]
fn a_draft_that_became_a_job_is_left_as_it_is() {
    for_both(async |db| {
        arrive(&db, 1..=3).await;
        let drafts = DraftRows::new(db.clone());
        let open = draft("d1", DraftState::Open, 1);
        drafts
            .commit(turn(&[1], vec![open.clone()]), Moment(5))
            .await
            .unwrap();
        confirm(&db, &open, "j1").await;

        let mut changed = draft("d1", DraftState::Cancelled, 1);
        changed.price = Money::from_kopecks(1);
        let mut claimed = open.clone();
        claimed.state = DraftState::Confirmed(JobId::new("j2"));
        drafts
            .commit(turn(&[2], vec![changed]), Moment(6))
            .await
            .unwrap();
        drafts
            .commit(turn(&[3], vec![claimed]), Moment(6))
            .await
            .unwrap();

        let mut confirmed = open;
        confirmed.state = DraftState::Confirmed(JobId::new("j1"));
        let read = drafts.draft(&confirmed.id).await.unwrap();
        assert_eq!(read, Some(confirmed));
    });
}

#[test]
fn a_draft_that_changed_twice_in_a_turn_is_as_it_was_last() {
    for_both(async |db| {
        arrive(&db, 1..=2).await;
        let drafts = DraftRows::new(db);
        let mut renewed = draft("d1", DraftState::Open, 1);
        renewed.nonce = Nonce::new("fedcba9876543210");
        renewed.expires_at = Moment(999);
        renewed.spec.output = Output::Video(VideoLook {
            model: ModelId::new("kling-3.0"),
            seconds: 10,
            quality: Quality::Professional,
            sound: Sound::On,
            aspect: Aspect::Square,
            clip_use: ClipUse::Edit,
        });
        let both = vec![draft("d1", DraftState::Asking, 1), renewed.clone()];
        drafts.commit(turn(&[1], both), Moment(5)).await.unwrap();
        let read = drafts.draft(&renewed.id).await.unwrap();
        assert_eq!(read, Some(renewed));
    });
}

#[test]
fn the_newest_question_and_the_newest_drafts_come_first() {
    for_both(async |db| {
        arrive(&db, 1..=1).await;
        let drafts = DraftRows::new(db);
        let all = vec![
            draft("d1", DraftState::Asking, 1),
            draft("d2", DraftState::Asking, 2),
            draft("d3", DraftState::Open, 3),
            draft("d4", DraftState::Cancelled, 4),
        ];
        drafts.commit(turn(&[1], all), Moment(5)).await.unwrap();

        let asking = drafts.asking(CHAT, Moment(0)).await.unwrap().unwrap();
        assert_eq!(asking.id, DraftId::new("d2"));
        assert_eq!(drafts.asking(CHAT, Moment(3)).await.unwrap(), None);
        assert_eq!(drafts.asking(ChatId(8), Moment(0)).await.unwrap(), None);

        let ids = async |limit| {
            let unfinished = drafts.unfinished(CHAT, limit).await.unwrap();
            let ids = unfinished.iter().map(|draft| draft.id.as_str().to_owned());
            ids.collect::<Vec<_>>()
        };
        assert_eq!(ids(10).await, ["d3", "d2", "d1"]);
        assert_eq!(ids(1).await, ["d3"]);
    });
}
