//! Caps: nothing passes them, and what comes back makes room again.

use proptest::prelude::*;

use super::*;
use crate::ledger::caps::{Caps, Period, Scope};

const MINUTE: i64 = 60_000_000;

fn capped(hour: i64, day: i64, platform_hour: Option<i64>) -> CapRules {
    CapRules {
        user: Caps {
            hour: Some(Money::from_kopecks(hour)),
            day: Some(Money::from_kopecks(day)),
        },
        platform: Caps {
            hour: platform_hour.map(Money::from_kopecks),
            day: None,
        },
    }
}

/// Books of the same rows at a later time.
fn later(books: &Books, rules: CapRules, now: i64) -> Books {
    let mut next = Books::new(SHARD, books.head().clone(), Moment(now), rules);
    for user in [7, 8] {
        let user = UserId(user);
        for account in [Account::Available(user), Account::Held(user)] {
            next.read_balance(account, books.balance(account));
        }
        for scope in [Scope::User(user), Scope::Platform] {
            for at in [Moment(now), books.now()] {
                for window in Books::windows(scope, at) {
                    next.read_spending(window, books.spent(window));
                }
            }
        }
        for lot in books.opened_lots().chain(books.changed_lots()) {
            next.read_lot(lot.clone());
        }
    }
    for hold in books.placed_holds().chain(books.changed_holds()) {
        next.read_hold(hold.clone());
        for (lot, drawn) in books.draws_of(&hold.id) {
            next.read_draw(hold.id.clone(), lot, drawn);
        }
    }
    next
}

fn refusal(books: &mut Books, key: &str, movement: Movement) -> Option<(Period, i64, Moment)> {
    match books.post(&posting(7, &[(key, movement)])) {
        Err(Refusal::CapReached {
            period,
            spent,
            frees_at,
            ..
        }) => Some((period, spent.kopecks(), frees_at)),
        Ok(_) => None,
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn a_full_hour_says_when_it_frees_up_and_then_it_does() {
    let rules = capped(100, 150, None);
    let start = 10 * 60 * MINUTE;
    let mut books = Books::new(SHARD, ChainHead::genesis(), Moment(start), rules);
    books.post(&posting(7, &[("b", bonus(1_000))])).unwrap();
    assert_eq!(refusal(&mut books, "1", place("one", 100)), None);
    let full = refusal(&mut books, "2", place("two", 1));
    let next_hour = Moment(start + 60 * MINUTE);
    assert_eq!(full, Some((Period::Hour, 100, next_hour)));
    assert_eq!(user_balance(&books, 7), (900, 100));

    let mut books = later(&books, rules, next_hour.0);
    assert_eq!(refusal(&mut books, "2", place("two", 50)), None);
    let full = refusal(&mut books, "3", place("three", 1));
    assert_eq!(
        full.map(|(period, spent, _)| (period, spent)),
        Some((Period::Day, 150))
    );
    // What comes back leaves the window it was counted in: the day has room, and this hour too.
    books.post(&posting(7, &[("v", void("one"))])).unwrap();
    assert_eq!(refusal(&mut books, "3", place("three", 50)), None);
    assert!(refusal(&mut books, "4", place("four", 1)).is_some());
}

#[test]
fn the_platforms_cap_counts_all_shards_and_all_users() {
    let rules = capped(1_000, 1_000, Some(10));
    let mut books = Books::new(SHARD, ChainHead::genesis(), Moment(5), rules);
    for window in Books::windows(Scope::Platform, Moment(5)) {
        books.read_elsewhere(window, Money::from_kopecks(4));
    }
    for user in [7, 8] {
        let key = format!("b{user}");
        books.post(&posting(user, &[(&key, bonus(100))])).unwrap();
    }
    let costing = |hold: &str, cost| Movement::PlaceHold {
        hold: HoldId::new(hold),
        amount: Money::from_kopecks(1),
        expires_at: Moment(1_000),
        purpose: HoldPurpose::Job,
        platform_cost: Money::from_kopecks(cost),
    };
    books
        .post(&posting(8, &[("1", costing("one", 5))]))
        .unwrap();
    let full = books.post(&posting(7, &[("2", costing("two", 2))]));
    assert!(
        matches!(full, Err(Refusal::CapReached { scope: Scope::Platform, spent, .. })
            if spent.kopecks() == 9),
        "{full:?}"
    );
    books
        .post(&posting(7, &[("3", costing("three", 1))]))
        .unwrap();
}

proptest! {
    /// Whatever is held, returned and refunded in whatever order: no window passes its cap, and
    /// each counts what its holds kept.
    #[test]
    fn no_window_ever_passes_its_cap(
        acts in proptest::collection::vec((0u8..4, 0usize..8, 1i64..60), 1..120)
    ) {
        let rules = capped(100, 150, None);
        let mut books = Books::new(SHARD, ChainHead::genesis(), Moment(5), rules);
        books.post(&posting(7, &[("b", bonus(1_000_000))])).unwrap();
        for (number, (act, hold, kopecks)) in acts.into_iter().enumerate() {
            let hold = format!("hold-{hold}");
            let movement = match act {
                0 => place(&hold, kopecks),
                1 => capture(&hold),
                2 => void(&hold),
                _ => Movement::RefundCapture {
                    hold: HoldId::new(hold),
                    amount: Money::from_kopecks(kopecks),
                },
            };
            let before = books.links().len();
            let answer = books.post(&posting(7, &[(&format!("k{number}"), movement)]));
            prop_assert_eq!(answer.is_ok(), books.links().len() > before);
            let kept: i64 = books
                .placed_holds()
                .map(|hold| match hold.state {
                    HoldState::Open => hold.amount.kopecks(),
                    HoldState::Captured | HoldState::Voided => {
                        hold.captured.kopecks() - hold.refunded.kopecks()
                    }
                })
                .sum();
            for window in Books::windows(Scope::User(UserId(7)), Moment(5)) {
                prop_assert_eq!(books.spent(window).kopecks(), kept);
                prop_assert!(kept <= 100);
            }
        }
    }
}
