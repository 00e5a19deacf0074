//! Payments and refunds, tampered with by hand.

use rei_actors::cashier::refunds::{RefundRequest, plan_refund};
use rei_actors::ports::clock::Clock;
use rei_actors::ports::topups::AskedBy;
use rei_domain::ids::{RefundId, TopupId};
use rei_domain::money::Money;
use rei_domain::payment::RefundState;

use super::*;
use crate::store::fixtures::till::Office;

/// An invariant, its sentence, and a way to break it.
pub(super) const TAMPERINGS: &[(&str, &str, &str)] = &[
    (
        "I5",
        CREDITED,
        "UPDATE topups SET state = 'canceled' WHERE id = 'paid'",
    ),
    (
        "I5",
        CREDITED,
        "UPDATE topups SET amount = 1 WHERE id = 'paid'",
    ),
    (
        "I5",
        CREDITED,
        "UPDATE topups SET user_id = 8 WHERE id = 'paid'",
    ),
    (
        "I5",
        "every credited payment has its top-up",
        "UPDATE topups SET id = 'renamed' WHERE id = 'paid'",
    ),
    (
        "I8",
        "the refunds of a payment are at most what it brought in",
        "UPDATE refunds SET amount = 60000 WHERE id = 'returned'",
    ),
    (
        "I8",
        STANDS,
        "UPDATE refunds SET stage = 'failed' WHERE id = 'returned'",
    ),
    (
        "I8",
        STANDS,
        "UPDATE holds SET amount = 2 WHERE id = 'under way'",
    ),
    (
        "I8",
        STANDS,
        "UPDATE refunds SET amount = 1 WHERE asked_by = 'method'",
    ),
    (
        "I8",
        "a hold or a reversal of a payment has its refund",
        "DELETE FROM refunds WHERE id = 'returned'",
    ),
    (
        "I8",
        "a hold or a reversal of a payment has its refund",
        "DELETE FROM refunds WHERE asked_by = 'method'",
    ),
];

const CREDITED: &str =
    "a top-up is credited exactly when it succeeded, once, to its user, with its sum";

const STANDS: &str = "a refund stands as its hold or its reversal does";

/// A payment that nothing happened to, and one with every kind of refund.
async fn office(db: Db) -> Office {
    let office = Office::open(db).await;
    office.credited("paid", 7).await;
    let external = office.credited("back", 8).await;
    refund(&office, "returned", 10_000).await;
    office.work_refunds().await;
    office.method.memory().refund_state = Some(RefundState::Pending);
    refund(&office, "under way", 5_000).await;
    office.work_refunds().await;
    office.method.refund_by_hand("hand", &external, 20_000);
    office.notified("refund.succeeded", "hand").await;
    office.work_notices().await;
    office
}

async fn refund(office: &Office, id: &str, kopecks: i64) {
    let request = RefundRequest {
        refund: RefundId::new(id),
        topup: TopupId::new("back"),
        amount: Some(Money::from_kopecks(kopecks)),
        asked_by: AskedBy::User,
        within: None,
    };
    let now = office.clock.now();
    let planned = plan_refund(&office.topups, &office.tills(), &request, now).await;
    let command = planned.unwrap().unwrap().command;
    office.ports.poster.post(command).await.unwrap();
}

#[test]
fn every_tampering_with_payments_is_named() {
    for_both(async |db| {
        let office = office(db).await;
        office.audit().await;
        let shop = Shop::new(office.db.clone());
        for (invariant, sentence, tampering) in TAMPERINGS {
            assert_named(&shop, tampering, invariant, sentence).await;
        }
        office.audit().await;
    });
}

#[test]
fn a_credit_whose_evidence_does_not_agree_is_named() {
    for_both(async |db| {
        // SQLite cannot drop the CHECK, so nobody can break it there either.
        if db.engine() == Engine::Sqlite {
            return;
        }
        let office = office(db).await;
        let shop = Shop::new(office.db.clone());
        let tampering = "
            ALTER TABLE topups DROP CONSTRAINT topups_check1;
            UPDATE topups SET seen_at = finished_at + 1 WHERE id = 'paid'";
        let sentence = "a credit has evidence that agrees and is not younger than it";
        assert_named(&shop, tampering, "I7", sentence).await;
    });
}

#[test]
fn refunds_and_parked_payments_that_wait_too_long_are_overdue() {
    for_both(async |db| {
        let office = office(db).await;
        let external = office.offered("wrong", 7).await;
        office
            .method
            .change(&external, |payment| payment.due.amount = 1);
        office.method.pay(&external);
        office.look_at(&external).await;
        office.clock.advance(Span::from_secs(8 * 86_400));
        let report = audit(&office.db, office.clock.now()).await.unwrap();
        let mut overdue: Vec<&str> = report
            .findings
            .iter()
            .filter(|finding| finding.weight == Weight::Overdue)
            .map(|finding| finding.invariant)
            .collect();
        overdue.sort_unstable();
        // Nobody made checkpoints here.
        assert_eq!(overdue, ["I34", "I6", "I9"], "{report}");
        assert!(report.is_sound());
    });
}
