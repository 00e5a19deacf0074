//! Lots, refunds and debts, by example.

use super::*;
use crate::ids::{LotId, TopupId};

fn paid(topup: &str, kopecks: i64) -> Movement {
    Movement::CreditPayment {
        topup: TopupId::new(topup),
        amount: Money::from_kopecks(kopecks),
    }
}

fn refund(hold: &str, topup: &str, kopecks: i64) -> Movement {
    Movement::PlaceHold {
        hold: HoldId::new(hold),
        amount: Money::from_kopecks(kopecks),
        expires_at: Moment(1_000),
        purpose: HoldPurpose::Refund(TopupId::new(topup)),
        platform_cost: Money::ZERO,
    }
}

fn left(books: &Books, lot: &str) -> i64 {
    let lots = books.lots_of(UserId(7));
    lots.get(&LotId::new(lot))
        .map_or(-1, |lot| lot.remaining.kopecks())
}

fn post(books: &mut Books, key: &str, movement: Movement) -> Result<Applied, Refusal> {
    books.post(&posting(7, &[(key, movement)]))
}

/// Books of a user who was given 30 and paid 100 and 50.
fn with_three_lots() -> Books {
    let mut books = new_books();
    post(&mut books, "first", paid("a", 100)).unwrap();
    post(&mut books, "second", paid("b", 50)).unwrap();
    post(&mut books, "gift", bonus(30)).unwrap();
    books
}

#[test]
fn bonus_money_is_spent_first_and_payments_by_age() {
    let mut books = with_three_lots();
    post(&mut books, "h", place("one", 140)).unwrap();
    let lots = ["gift", "first", "second"];
    assert_eq!(lots.map(|lot| left(&books, lot)), [0, 0, 40]);
}

#[test]
fn money_that_comes_back_goes_where_it_came_from_the_paid_part_first() {
    let mut books = with_three_lots();
    post(&mut books, "h", place("one", 140)).unwrap();
    post(&mut books, "c", capture("one")).unwrap();
    let back = |kopecks| Movement::RefundCapture {
        hold: HoldId::new("one"),
        amount: Money::from_kopecks(kopecks),
    };
    post(&mut books, "r1", back(60)).unwrap();
    let lots = ["gift", "first", "second"];
    assert_eq!(lots.map(|lot| left(&books, lot)), [0, 50, 50]);
    let left_of_it = Money::from_kopecks(80);
    let too_much = Refusal::MoreThanLeft { left: left_of_it };
    assert_eq!(post(&mut books, "r2", back(81)), Err(too_much));
    post(&mut books, "r3", back(80)).unwrap();
    assert_eq!(lots.map(|lot| left(&books, lot)), [30, 100, 50]);
}

#[test]
fn a_refund_takes_its_own_payment_and_never_more_than_is_left_of_it() {
    let mut books = with_three_lots();
    post(&mut books, "h", place("one", 80)).unwrap();
    let fifty = Money::from_kopecks(50);
    let too_much = Refusal::MoreThanLeft { left: fifty };
    assert_eq!(
        post(&mut books, "r", refund("r1", "a", 51)),
        Err(too_much.clone())
    );
    let none = Refusal::MoreThanLeft { left: Money::ZERO };
    assert_eq!(post(&mut books, "r", refund("r1", "unknown", 1)), Err(none));
    post(&mut books, "r", refund("r1", "a", 50)).unwrap();
    assert_eq!(left(&books, "first"), 0);
    assert_eq!(left(&books, "second"), 50);

    // It can be taken by a refund only, once, or come back.
    assert_eq!(
        post(&mut books, "c", capture("r1")),
        Err(Refusal::HoldUnfit)
    );
    let done = Movement::CaptureRefund {
        hold: HoldId::new("r1"),
    };
    post(&mut books, "d", done.clone()).unwrap();
    let state = HoldState::Captured;
    assert_eq!(
        post(&mut books, "d2", done),
        Err(Refusal::HoldClosed { state })
    );
    let jobs = Movement::CaptureRefund {
        hold: HoldId::new("one"),
    };
    assert_eq!(post(&mut books, "d3", jobs), Err(Refusal::HoldUnfit));
}

#[test]
fn a_refund_that_failed_gives_the_payment_its_money_back() {
    let mut books = with_three_lots();
    post(&mut books, "r", refund("r1", "b", 50)).unwrap();
    post(&mut books, "v", void("r1")).unwrap();
    assert_eq!(left(&books, "second"), 50);
    assert_eq!(user_balance(&books, 7), (180, 0));
}

#[test]
fn what_is_owed_is_paid_from_whatever_comes_next() {
    let mut books = with_three_lots();
    let owe = Movement::AdminDebt {
        amount: Money::from_kopecks(200),
    };
    post(&mut books, "owe", owe.clone()).unwrap();
    let debt = Account::Debt(UserId(7));
    assert_eq!(user_balance(&books, 7), (0, 0));
    assert_eq!(books.balance(debt).kopecks(), -20);
    // Said twice, it is owed once.
    assert_eq!(post(&mut books, "owe", owe), Ok(Applied::Before));
    post(&mut books, "third", paid("c", 100)).unwrap();
    assert_eq!(user_balance(&books, 7), (80, 0));
    assert_eq!(books.balance(debt), Money::ZERO);
    assert_eq!(left(&books, "third"), 80);
}

#[test]
fn a_window_is_taken_in_parts_and_its_rest_comes_back() {
    let mut books = with_three_lots();
    post(&mut books, "h", place("w", 100)).unwrap();
    let part = |kopecks| Movement::CapturePart {
        hold: HoldId::new("w"),
        amount: Money::from_kopecks(kopecks),
    };
    post(&mut books, "p1", part(30)).unwrap();
    assert_eq!(post(&mut books, "c", capture("w")), Err(Refusal::HoldUnfit));
    let rest = Money::from_kopecks(70);
    assert_eq!(
        post(&mut books, "p2", part(71)),
        Err(Refusal::MoreThanLeft { left: rest })
    );
    post(&mut books, "v", void("w")).unwrap();
    assert_eq!(user_balance(&books, 7), (150, 0));
    // Said again after it was closed, each is known.
    for (key, movement) in [("h", place("w", 100)), ("p1", part(30)), ("v", void("w"))] {
        assert_eq!(post(&mut books, key, movement), Ok(Applied::Before));
    }
}
