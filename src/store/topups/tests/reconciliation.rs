//! The method's lists and the ledger are brought together, however often it is asked for.

use rei_actors::cashier::reconcile::{Reconciliation, reconcile};
use rei_actors::ports::clock::Clock;
use rei_actors::ports::payments::PaymentError;
use rei_actors::ports::topups::{DifferenceKind, Recorded, Repair};
use rei_domain::payment::PaymentState;
use rei_domain::refund::RefundStage;
use rei_domain::time::{Moment, Span};
use rei_domain::topup::TopupState;

use super::refunds::{hold, stage};
use super::*;

async fn run(office: &Office) -> Reconciliation {
    let (ports, settings) = (&office.ports, &office.settings);
    let to = office.clock.now() + Span::from_secs(60);
    reconcile(ports, settings, Moment(0), to).await.unwrap()
}

fn kinds(run: &Reconciliation) -> Vec<(DifferenceKind, Repair, Recorded, i64)> {
    let mut kinds: Vec<_> = run
        .differences
        .iter()
        .map(|(found, known)| (found.kind, found.repair, *known, found.amount.kopecks()))
        .collect();
    kinds.sort_by_key(|(kind, ..)| *kind);
    kinds
}

#[test]
fn books_that_agree_have_no_differences() {
    in_both(async |office| {
        for number in 0..5 {
            office.credited(&format!("t{number}"), ANN).await;
        }
        office.offered("t-open", ANN).await;
        hold_and_return(office).await;
        let found = run(office).await;
        assert_eq!((found.payments, found.refunds), (6, 1));
        assert_eq!(kinds(&found), []);
    });
}

async fn hold_and_return(office: &Office) {
    office.credited("t1", ANN).await;
    hold(office, "r1", Some(10_000)).await;
    office.work_refunds().await;
}

#[test]
fn a_missing_credit_and_a_missing_reversal_are_made_good_once() {
    in_both(async |office| {
        let lost = office.offered("t1", ANN).await;
        office.method.pay(&lost);
        let other = office.credited("t2", BOB).await;
        office.method.refund_by_hand("hand-1", &other, 15_000);
        let first = kinds(&run(office).await);
        let new = Recorded::New;
        assert_eq!(
            first,
            [
                (DifferenceKind::MissingCredit, Repair::Done, new, 50_000),
                (DifferenceKind::MissingReversal, Repair::Done, new, -15_000),
            ]
        );
        assert_eq!(available(office, ANN).await, 50_000);
        assert_eq!(available(office, BOB).await, 35_000);
        for _ in 0..3 {
            assert_eq!(kinds(&run(office).await), [], "nothing is left to repair");
        }
        assert_eq!(credits(office).await, 2);
    });
}

#[test]
fn what_no_rule_can_decide_is_written_down_once_and_left() {
    in_both(async |office| {
        // Money of nobody.
        let known = office.credited("t1", ANN).await;
        let mut stranger = office.method.memory().payments[&known].clone();
        stranger.external = "pay-x".to_owned();
        stranger.topup = None;
        let mut second = stranger.clone();
        second.external = "pay-y".to_owned();
        second.topup = Some(rei_domain::ids::TopupId::new("t1"));
        {
            let mut memory = office.method.memory();
            memory.payments.insert("pay-x".to_owned(), stranger);
            memory.payments.insert("pay-y".to_owned(), second);
        }
        // Another sum than was asked for.
        let wrong = office.offered("t2", ANN).await;
        office
            .method
            .change(&wrong, |payment| payment.due.amount = 1);
        office.method.pay(&wrong);
        // A credit whose payment the method does not call paid any more.
        let undone = office.credited("t3", ANN).await;
        office.method.change(&undone, |payment| {
            payment.state = PaymentState::Canceled { reason: None };
        });
        let found = run(office).await;
        let left = Repair::Left;
        let expected = |known| {
            [
                (DifferenceKind::Disagreement, left, known, 50_000),
                (DifferenceKind::UnknownPayment, left, known, 50_000),
                (DifferenceKind::SecondPayment, left, known, 50_000),
                (DifferenceKind::CreditWithoutPayment, left, known, -50_000),
            ]
        };
        // Strays were written down when they were looked at; the rest is new.
        let told: Vec<_> = kinds(&found).into_iter().map(|(kind, ..)| kind).collect();
        assert_eq!(told, expected(Recorded::Known).map(|(kind, ..)| kind));
        assert_eq!(kinds(&run(office).await), expected(Recorded::Known));
        assert_eq!(available(office, ANN).await, 100_000, "nothing was guessed");
    });
}

#[test]
fn what_was_parked_by_a_wrong_setting_is_credited_when_it_agrees() {
    in_both(async |office| {
        let external = office.offered("t1", ANN).await;
        office.method.change(&external, |payment| {
            payment.shop = rei_domain::payment::Shop::Another;
        });
        office.method.pay(&external);
        office.look_at(&external).await;
        assert_eq!(office.topup("t1").await.state, TopupState::Parked);
        let found = kinds(&run(office).await);
        assert_eq!(found[0].1, Repair::Left);
        office.method.change(&external, |payment| {
            payment.shop = rei_domain::payment::Shop::Ours;
        });
        let found = kinds(&run(office).await);
        let done = (
            DifferenceKind::Disagreement,
            Repair::Done,
            Recorded::Known,
            50_000,
        );
        assert_eq!(found, [done]);
        assert_eq!(
            (available(office, ANN).await, credits(office).await),
            (50_000, 1)
        );
    });
}

#[test]
fn a_refund_that_was_made_and_not_settled_is_settled() {
    in_both(async |office| {
        office.credited("t1", ANN).await;
        hold(office, "r1", Some(20_000)).await;
        let lost = PaymentError::Ambiguous { cause: "lost" };
        office.method.memory().errors.push_back(lost);
        office.work_refunds().await;
        assert_eq!(stage(office, "r1").await, RefundStage::Unknown);
        let found = kinds(&run(office).await);
        let done = (
            DifferenceKind::MissingSettlement,
            Repair::Done,
            Recorded::New,
            -20_000,
        );
        assert_eq!(found, [done]);
        assert_eq!(stage(office, "r1").await, RefundStage::Succeeded);
        assert_eq!(kinds(&run(office).await), []);
    });
}

#[test]
fn two_runs_at_once_repair_once() {
    in_both(async |office| {
        for number in 0..10 {
            let external = office.offered(&format!("t{number}"), ANN).await;
            office.method.pay(&external);
        }
        let (one, other) = futures_util::future::join(run(office), run(office)).await;
        let repaired = one.differences.len() + other.differences.len();
        assert!(repaired >= 10, "{repaired}");
        assert_eq!(
            (available(office, ANN).await, credits(office).await),
            (500_000, 10)
        );
    });
}
