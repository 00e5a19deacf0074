//! Money goes back once, and never more of it than came in and is left.

use futures_util::future::join_all;
use rei_actors::cashier::refunds::{PlannedRefund, RefundDenied, RefundRequest, plan_refund};
use rei_actors::ports::clock::Clock;
use rei_actors::ports::ledger::{CommandRefusal, LedgerOutcome};
use rei_actors::ports::payments::PaymentError;
use rei_actors::ports::topups::{AskedBy, TopupStore};
use rei_domain::ids::{RefundId, TopupId};
use rei_domain::ledger::Refusal;
use rei_domain::money::Money;
use rei_domain::payment::{RefundState, Refunds};
use rei_domain::refund::{RefundRefusal, RefundStage};
use rei_domain::time::Span;

use super::*;

fn request(id: &str, amount: Option<i64>) -> RefundRequest {
    RefundRequest {
        refund: RefundId::new(id),
        topup: TopupId::new("t1"),
        amount: amount.map(Money::from_kopecks),
        asked_by: AskedBy::User,
        within: Some(Span::from_secs(14 * 86_400)),
    }
}

pub(super) async fn plan(
    office: &Office,
    id: &str,
    amount: Option<i64>,
) -> Result<PlannedRefund, RefundDenied> {
    let now = office.clock.now();
    plan_refund(&office.topups, &office.tills(), &request(id, amount), now)
        .await
        .unwrap()
}

pub(super) async fn hold(office: &Office, id: &str, amount: Option<i64>) -> LedgerOutcome {
    let planned = plan(office, id, amount).await.unwrap();
    office.ports.poster.post(planned.command).await.unwrap()
}

pub(super) async fn stage(office: &Office, id: &str) -> RefundStage {
    let refund = office.topups.refund(&RefundId::new(id)).await;
    refund.unwrap().unwrap().stage
}

#[test]
fn what_is_not_spent_goes_back_and_what_is_spent_does_not() {
    in_both(async |office| {
        office.credited("t1", ANN).await;
        spend(office, ANN, "d1", 12_000).await;
        let planned = plan(office, "r1", None).await.unwrap();
        assert_eq!(planned.amount.kopecks(), 38_000);
        let left = Money::from_kopecks(38_000);
        let more = plan(office, "r1", Some(38_001)).await.unwrap_err();
        let refusal = RefundRefusal::MoreThanLeft { left };
        assert_eq!(more, RefundDenied::Refused(refusal));
        hold(office, "r1", None).await;
        assert_eq!(available(office, ANN).await, 0);
        office.work_refunds().await;
        assert_eq!(stage(office, "r1").await, RefundStage::Succeeded);
        let memory = office.method.memory();
        assert_eq!(memory.payments["pay-0"].refunded, 38_000);
    });
}

#[test]
fn bonus_money_does_not_go_back_and_is_spent_first() {
    in_both(async |office| {
        let shop = crate::store::fixtures::shop::Shop::new(office.db.clone());
        shop.grant(rei_domain::ids::UserId(ANN), 10_000).await;
        office.credited("t1", ANN).await;
        spend(office, ANN, "d1", 10_000).await;
        // The bonus paid for it: the whole payment is left.
        let planned = plan(office, "r1", None).await.unwrap();
        assert_eq!(planned.amount.kopecks(), 50_000);
        hold(office, "r1", None).await;
        office.work_refunds().await;
        let nothing = plan(office, "r2", None).await.unwrap_err();
        assert_eq!(nothing, RefundDenied::Refused(RefundRefusal::NothingLeft));
    });
}

#[test]
fn refunds_at_once_are_never_more_than_is_left() {
    in_both(async |office| {
        office.credited("t1", ANN).await;
        let mut plans = Vec::new();
        for number in 0..20 {
            plans.push(
                plan(office, &format!("r{number}"), Some(4_000))
                    .await
                    .unwrap(),
            );
        }
        let posts = plans
            .into_iter()
            .map(|plan| office.ports.poster.post(plan.command));
        let outcomes = join_all(posts).await;
        let mut applied = 0;
        for outcome in outcomes {
            match outcome.unwrap() {
                LedgerOutcome::Applied { .. } => applied += 1,
                LedgerOutcome::Refused(
                    CommandRefusal::MoreThanPaid { .. }
                    | CommandRefusal::Money(
                        Refusal::MoreThanLeft { .. } | Refusal::InsufficientFunds { .. },
                    ),
                ) => {}
                LedgerOutcome::Refused(other) => panic!("{other}"),
            }
        }
        assert_eq!(applied, 12, "twelve times 4 000 of 50 000");
        office.work_refunds().await;
        assert_eq!(office.method.memory().payments["pay-0"].refunded, 48_000);
        assert_eq!(available(office, ANN).await, 2_000);
    });
}

#[test]
fn one_button_pressed_twice_is_one_refund() {
    in_both(async |office| {
        office.credited("t1", ANN).await;
        let planned = plan(office, "r1", Some(10_000)).await.unwrap();
        for _ in 0..3 {
            let outcome = office.ports.poster.post(planned.command.clone()).await;
            let applied = matches!(outcome.unwrap(), LedgerOutcome::Applied { .. });
            assert!(applied, "a repeat is applied already");
        }
        office.work_refunds().await;
        office.work_refunds().await;
        assert_eq!(office.method.memory().refunds.len(), 1);
        assert_eq!(available(office, ANN).await, 40_000);
    });
}

#[test]
fn a_refund_that_fails_gives_the_money_back_to_the_user() {
    in_both(async |office| {
        office.credited("t1", ANN).await;
        hold(office, "r1", None).await;
        let reason = "general_decline".to_owned();
        office
            .method
            .memory()
            .errors
            .push_back(PaymentError::Refused { reason });
        office.work_refunds().await;
        assert_eq!(stage(office, "r1").await, RefundStage::Failed);
        assert_eq!(available(office, ANN).await, 50_000);
        // And it can be tried again.
        hold(office, "r2", None).await;
        office.work_refunds().await;
        assert_eq!(stage(office, "r2").await, RefundStage::Succeeded);
    });
}

#[test]
fn a_refund_that_fails_later_is_seen_by_asking() {
    in_both(async |office| {
        office.credited("t1", ANN).await;
        office.method.memory().refund_state = Some(RefundState::Pending);
        hold(office, "r1", None).await;
        office.work_refunds().await;
        assert_eq!(stage(office, "r1").await, RefundStage::Pending);
        {
            let mut memory = office.method.memory();
            let refund = memory.refunds.get_mut("back-0").unwrap();
            let reason = Some("rejected_by_payee".to_owned());
            refund.state = RefundState::Canceled { reason };
            memory.payments.get_mut("pay-0").unwrap().refunded = 0;
        }
        // No notice of it ever comes.
        office.clock.advance(Span::from_secs(3_600));
        office.work_refunds().await;
        assert_eq!(stage(office, "r1").await, RefundStage::Failed);
        assert_eq!(available(office, ANN).await, 50_000);
    });
}

#[test]
fn a_lost_answer_is_asked_for_again_under_its_key_within_the_day() {
    in_both(async |office| {
        office.credited("t1", ANN).await;
        hold(office, "r1", None).await;
        for cause in ["lost", "lost again"] {
            let lost = PaymentError::Ambiguous { cause };
            office.method.memory().errors.push_back(lost);
            office.work_refunds().await;
            assert_eq!(stage(office, "r1").await, RefundStage::Unknown);
            office.clock.advance(Span::from_secs(60));
        }
        office.work_refunds().await;
        assert_eq!(stage(office, "r1").await, RefundStage::Succeeded);
        assert_eq!(office.method.memory().refunds.len(), 1, "it went back once");
    });
}

#[test]
fn after_a_day_a_lost_refund_is_looked_up_before_it_is_asked_for_again() {
    in_both(async |office| {
        for done in [true, false] {
            let (topup, refund) = if done { ("t1", "r1") } else { ("t2", "r2") };
            let external = office.credited(topup, ANN).await;
            let mut wish = request(refund, None);
            wish.topup = TopupId::new(topup);
            let now = office.clock.now();
            let planned = plan_refund(&office.topups, &office.tills(), &wish, now).await;
            let command = planned.unwrap().unwrap().command;
            office.ports.poster.post(command).await.unwrap();
            let error = if done {
                PaymentError::Ambiguous { cause: "lost" }
            } else {
                let (after, cause) = (None, "away");
                PaymentError::Retryable { after, cause }
            };
            office.method.memory().errors.push_back(error);
            office.work_refunds().await;
            // The method has forgotten the key by now: a blind repeat would pay twice.
            office.clock.advance(Span::from_secs(25 * 3_600));
            office.method.memory().refund_keys.clear();
            office.work_refunds().await;
            assert_eq!(stage(office, refund).await, RefundStage::Succeeded);
            let memory = office.method.memory();
            assert_eq!(memory.payments[&external].refunded, 50_000);
            let made = memory.refunds.values().filter(|it| it.payment == external);
            assert_eq!(made.count(), 1, "it went back once");
        }
    });
}

#[test]
fn a_refund_made_without_us_is_taken_from_the_user_and_the_rest_is_owed() {
    in_both(async |office| {
        let external = office.credited("t1", ANN).await;
        spend(office, ANN, "d1", 30_000).await;
        office.method.refund_by_hand("hand-1", &external, 50_000);
        for _ in 0..3 {
            office.notified("refund.succeeded", "hand-1").await;
            office.work_notices().await;
        }
        assert_eq!(available(office, ANN).await, 0);
        let nothing = plan(office, "r1", None).await.unwrap_err();
        assert_eq!(nothing, RefundDenied::Refused(RefundRefusal::NothingLeft));
        // What he owes is paid from what he pays in next.
        office.credited("t2", ANN).await;
        assert_eq!(available(office, ANN).await, 20_000);
    });
}

#[test]
fn a_refund_of_a_payment_that_was_never_credited_shows_both_in_the_books() {
    in_both(async |office| {
        let external = office.offered("t1", ANN).await;
        office.method.pay(&external);
        office.method.refund_by_hand("hand-1", &external, 20_000);
        office.notified("refund.succeeded", "hand-1").await;
        office.work_notices().await;
        assert_eq!(
            (available(office, ANN).await, credits(office).await),
            (30_000, 1)
        );
    });
}

#[test]
fn our_own_refund_told_by_a_notice_is_settled_once() {
    in_both(async |office| {
        office.credited("t1", ANN).await;
        office.method.memory().refund_state = Some(RefundState::Pending);
        hold(office, "r1", Some(20_000)).await;
        office.work_refunds().await;
        office
            .method
            .memory()
            .refunds
            .get_mut("back-0")
            .unwrap()
            .state = RefundState::Succeeded;
        office.notified("refund.succeeded", "back-0").await;
        office.work_notices().await;
        office.clock.advance(Span::from_secs(3_600));
        office.work_refunds().await;
        assert_eq!(stage(office, "r1").await, RefundStage::Succeeded);
        assert_eq!(available(office, ANN).await, 30_000);
        assert!(office.waiting().await.is_empty());
    });
}

#[test]
fn a_method_that_gives_back_the_whole_gives_back_no_rest() {
    for_both(async |db| {
        let office = Office::open_with(db, Refunds::WholeOnly).await;
        office.credited("t1", ANN).await;
        assert_eq!(
            plan(&office, "r1", None).await.unwrap().amount.kopecks(),
            50_000
        );
        spend(&office, ANN, "d1", 100).await;
        let whole = Money::from_kopecks(50_000);
        let refused = plan(&office, "r1", None).await.unwrap_err();
        let spent = Money::from_kopecks(100);
        let refusal = RefundRefusal::WholeOnly { whole, spent };
        assert_eq!(refused, RefundDenied::Refused(refusal));
        office.audit().await;
    });
}

/// What a method without ids for refunds says of one: it names the payment alone.
fn without_id(office: &Office, refund: &str) {
    let mut memory = office.method.memory();
    memory.refunds.get_mut(refund).unwrap().refund = None;
}

#[test]
fn our_own_refund_told_before_its_answer_is_not_taken_for_another_one() {
    for_both(async |db| {
        let office = Office::open_with(db, Refunds::WholeOnly).await;
        office.credited("t1", ANN).await;
        hold(&office, "r1", None).await;
        let lost = PaymentError::Ambiguous { cause: "cut" };
        office.method.memory().errors.push_back(lost);
        office.work_refunds().await;
        assert_eq!(stage(&office, "r1").await, RefundStage::Unknown);
        without_id(&office, "back-0");
        office.notified("refund.succeeded", "back-0").await;
        office.work_notices().await;
        assert_eq!(stage(&office, "r1").await, RefundStage::Succeeded);
        assert_eq!(available(&office, ANN).await, 0);
        // Told again, and asked for again: nothing more goes back.
        office.notified("refund.succeeded", "back-0").await;
        office.work_notices().await;
        office.clock.advance(Span::from_secs(3_600));
        office.work_refunds().await;
        assert_eq!(available(&office, ANN).await, 0);
        assert_eq!(office.method.memory().refunds.len(), 1);
        assert!(office.waiting().await.is_empty());
        office.audit().await;
    });
}

#[test]
fn a_whole_payment_that_went_back_without_us_is_reversed_though_a_refund_of_ours_failed() {
    for_both(async |db| {
        let office = Office::open_with(db, Refunds::WholeOnly).await;
        let payment = office.credited("t1", ANN).await;
        hold(&office, "r1", None).await;
        let reason = "not now".to_owned();
        let refused = PaymentError::Refused { reason };
        office.method.memory().errors.push_back(refused);
        office.work_refunds().await;
        assert_eq!(stage(&office, "r1").await, RefundStage::Failed);
        assert_eq!(available(&office, ANN).await, 50_000);
        office.method.refund_by_hand("cabinet", &payment, 50_000);
        office.notified("refund.succeeded", "cabinet").await;
        office.work_notices().await;
        assert_eq!(available(&office, ANN).await, 0);
        office.audit().await;
    });
}

#[test]
fn the_term_is_over_for_the_user_and_not_for_an_admin() {
    in_both(async |office| {
        office.credited("t1", ANN).await;
        office.clock.advance(Span::from_secs(15 * 86_400));
        let late = plan(office, "r1", None).await.unwrap_err();
        assert_eq!(late, RefundDenied::Refused(RefundRefusal::TooOld));
        let mut wish = request("r1", Some(10_000));
        wish.asked_by = AskedBy::Admin(UserId(1));
        wish.within = None;
        let now = office.clock.now();
        let planned = plan_refund(&office.topups, &office.tills(), &wish, now).await;
        office
            .ports
            .poster
            .post(planned.unwrap().unwrap().command)
            .await
            .unwrap();
        office.work_refunds().await;
        let refund = office
            .topups
            .refund(&RefundId::new("r1"))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(refund.order.asked_by, AskedBy::Admin(UserId(1)));
        assert_eq!(refund.stage, RefundStage::Succeeded);
    });
}
