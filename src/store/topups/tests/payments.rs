//! A payment becomes a credit exactly once, or a named case for a person.

use rei_actors::cashier::begin::begin;
use rei_actors::cashier::payments::Fate;
use rei_actors::ports::clock::Clock;
use rei_actors::ports::drafts::DraftStore;
use rei_actors::ports::outbox::{OutboxBody, OutboxStore};
use rei_actors::ports::payments::PaymentError;
use rei_domain::ids::{DraftId, Nonce};
use rei_domain::payment::{Environment, PaymentReport, PaymentState, Shop};
use rei_domain::time::{Moment, Span};
use rei_domain::topup::{BEGIN_FOR, TopupState};

use super::*;
use crate::store::fixtures::till::{METHOD, new_topup};
use crate::store::{DraftRows, OutboxRows};

/// A disagreement by its name, and how a payment comes to it.
type Change = (&'static str, fn(&mut PaymentReport));

/// Bodies of the messages that were written, in order.
async fn messages(office: &Office) -> Vec<OutboxBody> {
    let outbox = OutboxRows::new(office.db.clone());
    let due = outbox.due(Moment(i64::MAX), 1_000).await.unwrap();
    due.into_iter().map(|row| row.body).collect()
}

#[test]
fn a_paid_top_up_is_credited_and_told_once() {
    in_both(async |office| {
        let external = office.offered("t1", ANN).await;
        assert_eq!(office.topup("t1").await.state, TopupState::Pending);
        office.method.pay(&external);
        office.notified("payment.succeeded", &external).await;
        office.work_notices().await;
        assert_eq!(available(office, ANN).await, 50_000);
        assert!(office.waiting().await.is_empty(), "the notice has ended");
        let news = messages(office).await;
        let credited = news
            .iter()
            .filter(|body| matches!(body, OutboxBody::Credited { .. }));
        assert_eq!(credited.count(), 1);
        // Looked at again, by whatever way.
        for _ in 0..3 {
            let fate = office.look_at(&external).await;
            assert!(matches!(fate, Fate::CreditedBefore(_)), "{fate:?}");
        }
        assert_eq!(messages(office).await.len(), news.len());
        assert_eq!(
            (available(office, ANN).await, credits(office).await),
            (50_000, 1)
        );
    });
}

#[test]
fn what_a_notice_says_is_not_believed() {
    in_both(async |office| {
        let external = office.offered("t1", ANN).await;
        // It says that it was paid, and it was not.
        office.notified("payment.succeeded", &external).await;
        office.notified("payment.succeeded", "made-up").await;
        for _ in 0..10 {
            office.work_notices().await;
        }
        assert_eq!(available(office, ANN).await, 0);
        assert!(office.waiting().await.is_empty(), "both are worked off");
        assert_eq!(office.topup("t1").await.state, TopupState::Pending);
    });
}

#[test]
fn notices_may_come_in_any_order_and_years_late() {
    in_both(async |office| {
        let external = office.offered("t1", ANN).await;
        office.method.change(&external, |payment| {
            payment.state = PaymentState::WaitingForCapture;
        });
        office.notified("payment.canceled", &external).await;
        office.notified("payment.succeeded", &external).await;
        office
            .notified("payment.waiting_for_capture", &external)
            .await;
        office.clock.advance(Span::from_secs(3 * 365 * 86_400));
        office.work_notices().await;
        assert_eq!(
            (available(office, ANN).await, credits(office).await),
            (50_000, 1)
        );
        assert!(office.waiting().await.is_empty());
    });
}

#[test]
fn an_unknown_event_is_set_aside_without_a_question() {
    in_both(async |office| {
        office.notified("payout.succeeded", "po-1").await;
        let calls = office.method.memory().calls;
        office.work_notices().await;
        assert!(office.waiting().await.is_empty());
        assert_eq!(office.method.memory().calls, calls);
    });
}

#[test]
fn a_payment_that_does_not_agree_is_parked_and_not_credited() {
    in_both(async |office| {
        let changes: [Change; 6] = [
            ("amount", |p| p.due.amount = 49_999),
            ("currency", |p| p.due.currency = "USD".to_owned()),
            ("shop", |p| p.shop = Shop::Another),
            ("environment", |p| p.environment = Environment::Live),
            ("user", |p| p.user = Some(rei_domain::ids::UserId(BOB))),
            ("metadata", |p| p.topup = None),
        ];
        for (reason, change) in changes {
            let external = office.offered(reason, ANN).await;
            office.method.change(&external, change);
            office.method.pay(&external);
            let fate = office.look_at(&external).await;
            assert!(matches!(fate, Fate::Parked(_)), "{reason}: {fate:?}");
            let topup = office.topup(reason).await;
            assert_eq!(topup.state, TopupState::Parked);
            assert_eq!(topup.cause.as_deref(), Some(reason));
        }
        assert_eq!(credits(office).await, 0);
        let oldest =
            rei_actors::ports::topups::TopupStore::oldest_uncredited(&office.topups, METHOD);
        assert!(oldest.await.unwrap().is_some(), "the gauge shows it");
    });
}

#[test]
fn a_payment_of_another_top_up_and_a_second_one_credit_nobody() {
    in_both(async |office| {
        let external = office.credited("t1", ANN).await;
        let second = office.method.memory().payments[&external].clone();
        office.method.memory().payments.insert("pay-x".to_owned(), {
            let mut second = second.clone();
            second.external = "pay-x".to_owned();
            second
        });
        let mut stranger = second;
        stranger.external = "pay-y".to_owned();
        stranger.topup = None;
        office
            .method
            .memory()
            .payments
            .insert("pay-y".to_owned(), stranger);
        office.notified("payment.succeeded", "pay-x").await;
        office.notified("payment.succeeded", "pay-y").await;
        office.work_notices().await;
        assert!(office.waiting().await.is_empty());
        assert_eq!(
            (available(office, ANN).await, credits(office).await),
            (50_000, 1)
        );
    });
}

#[test]
fn a_canceled_payment_is_told_and_a_late_one_credited_all_the_same() {
    in_both(async |office| {
        let external = office.offered("t1", ANN).await;
        office.method.change(&external, |payment| {
            let reason = Some("expired_on_confirmation".to_owned());
            payment.state = PaymentState::Canceled { reason };
        });
        office.look_at(&external).await;
        let topup = office.topup("t1").await;
        assert_eq!(topup.state, TopupState::Canceled);
        assert_eq!(topup.cause.as_deref(), Some("expired_on_confirmation"));
        office.method.pay(&external);
        office.look_at(&external).await;
        assert_eq!(office.topup("t1").await.state, TopupState::Succeeded);
        assert_eq!(
            (available(office, ANN).await, credits(office).await),
            (50_000, 1)
        );
    });
}

#[test]
fn a_payment_seen_before_its_create_call_returned_is_matched_by_our_id() {
    in_both(async |office| {
        let topup = office.asked("t1", ANN).await;
        let cause = "the answer was lost";
        office
            .method
            .memory()
            .errors
            .push_back(PaymentError::Ambiguous { cause });
        begin(&office.ports, &office.settings, &topup)
            .await
            .unwrap();
        assert_eq!(office.topup("t1").await.state, TopupState::Asked);
        office.method.pay("pay-0");
        office.notified("payment.succeeded", "pay-0").await;
        office.work_notices().await;
        assert_eq!(
            (available(office, ANN).await, credits(office).await),
            (50_000, 1)
        );
        // The order that is placed again changes nothing.
        begin(&office.ports, &office.settings, &topup)
            .await
            .unwrap();
        assert_eq!(office.method.memory().payments.len(), 1);
        assert_eq!(office.topup("t1").await.state, TopupState::Succeeded);
    });
}

#[test]
fn a_begin_that_is_repeated_places_one_payment() {
    in_both(async |office| {
        let topup = office.asked("t1", ANN).await;
        for cause in ["once", "twice"] {
            let lost = PaymentError::Ambiguous { cause };
            office.method.memory().errors.push_back(lost);
        }
        for _ in 0..3 {
            begin(&office.ports, &office.settings, &topup)
                .await
                .unwrap();
        }
        assert_eq!(office.method.memory().payments.len(), 1);
        let topup = office.topup("t1").await;
        assert_eq!(topup.state, TopupState::Pending);
        assert!(topup.pay_url.unwrap().contains("pay-0"));
    });
}

#[test]
fn a_method_that_stays_away_is_given_up_and_told_kindly() {
    in_both(async |office| {
        office.method.memory().outage = Some(PaymentError::Retryable {
            after: None,
            cause: "away",
        });
        let topup = office.asked("t1", ANN).await;
        begin(&office.ports, &office.settings, &topup)
            .await
            .unwrap();
        assert_eq!(office.topup("t1").await.state, TopupState::Asked);
        office.clock.advance(BEGIN_FOR);
        begin(&office.ports, &office.settings, &topup)
            .await
            .unwrap();
        let topup = office.topup("t1").await;
        assert_eq!(topup.state, TopupState::Canceled);
        assert_eq!(topup.cause.as_deref(), Some("unreachable"));
    });
}

#[test]
fn the_kept_draft_is_offered_again_at_todays_price() {
    in_both(async |office| {
        let shop = crate::store::fixtures::shop::Shop::new(office.db.clone());
        let draft = shop.draft(rei_domain::ids::UserId(ANN), "d1", 99).await;
        let mut topup = new_topup("t1", ANN, office.clock.now());
        topup.draft = Some(draft.id.clone());
        let turn = rei_actors::ports::drafts::TurnCommit {
            topups: vec![topup],
            ..Default::default()
        };
        let drafts = DraftRows::new(office.db.clone());
        drafts.commit(turn, office.clock.now()).await.unwrap();
        let topup = office.topup("t1").await;
        begin(&office.ports, &office.settings, &topup)
            .await
            .unwrap();
        office.method.pay("pay-0");
        office.look_at("pay-0").await;
        let offered = drafts.draft(&DraftId::new("d1")).await.unwrap().unwrap();
        assert_ne!(
            offered.nonce, draft.nonce,
            "the card of before is out of date"
        );
        assert_ne!(offered.nonce, Nonce::new(""));
        assert_eq!(offered.price.kopecks(), 2_500);
        assert!(offered.expires_at > office.clock.now());
        let news = messages(office)
            .await
            .into_iter()
            .find_map(|body| match body {
                OutboxBody::Credited { draft, .. } => Some(draft),
                _ => None,
            });
        assert_eq!(news, Some(Some("d1".to_owned())));
    });
}
