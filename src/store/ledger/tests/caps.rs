//! Caps on the real stores: however many confirm at once, from however many nodes, no window
//! passes its cap by a kopeck.

use futures_util::future::join_all;
use rei_domain::ledger::Refusal;
use rei_domain::ledger::caps::{CapRules, Caps, Period, Scope};
use rei_domain::money::Money;

use super::*;
use crate::store::fixtures::shop::{COST, cancel, submit};
use crate::store::fixtures::{for_both, for_both_twice};

const TAPS: usize = 500;
const PRICE: i64 = 100;

fn kopecks(amount: i64) -> Option<Money> {
    Some(Money::from_kopecks(amount))
}

async fn post_all(
    nodes: &[LedgerRows; 2],
    shards: u32,
    commands: &[LedgerCommand],
    now: Moment,
) -> Vec<LedgerOutcome> {
    let posts = commands.iter().enumerate().map(async |(number, command)| {
        let shard = shard_of(command.posting.user, shards);
        let batch = std::slice::from_ref(command);
        let outcomes = nodes[number % 2].apply(shard, batch, now).await;
        outcomes.unwrap().remove(0)
    });
    join_all(posts).await
}

/// How many were accepted; every other one must be refused by this cap.
fn accepted(outcomes: &[LedgerOutcome], scope_of_refusals: fn(Scope) -> bool) -> usize {
    let mut accepted = 0;
    for outcome in outcomes {
        match applied(outcome) {
            Ok(Applied::Now) => accepted += 1,
            Err(CommandRefusal::Money(Refusal::CapReached { scope, .. }))
                if scope_of_refusals(scope) => {}
            other => panic!("{other:?}"),
        }
    }
    accepted
}

#[test]
fn five_hundred_confirms_at_once_never_pass_a_users_cap() {
    for_both_twice(async |one, other| {
        let rules = CapRules {
            user: Caps {
                hour: kopecks(7 * PRICE + PRICE - 1),
                day: None,
            },
            platform: Caps::default(),
        };
        let nodes = [one.clone(), other].map(|db| LedgerRows::with_caps(db, rules));
        let shop = Shop::new(one);
        shop.grant(USER, 1_000_000).await;
        let mut commands = Vec::with_capacity(TAPS);
        for number in 0..TAPS {
            let draft = shop.draft(USER, &format!("draft-{number}"), PRICE).await;
            commands.push(submit(&draft, shop.now()));
        }
        let shards = nodes[0].shards().await.unwrap();
        let outcomes = post_all(&nodes, shards, &commands, shop.now()).await;
        assert_eq!(
            accepted(&outcomes, |scope| matches!(scope, Scope::User(_))),
            7
        );
        assert_eq!(audited(&shop).await.jobs, 7);
    });
}

#[test]
fn the_platforms_cap_holds_over_all_users_shards_and_nodes() {
    for_both_twice(async |one, other| {
        let rules = CapRules {
            user: Caps::default(),
            platform: Caps {
                hour: None,
                day: kopecks(COST.kopecks() * 9),
            },
        };
        let nodes = [one.clone(), other].map(|db| LedgerRows::with_caps(db, rules));
        let shop = Shop::new(one);
        let mut commands = Vec::new();
        for number in 0..60 {
            let user = UserId(100 + number);
            shop.grant(user, PRICE).await;
            let draft = shop.draft(user, &format!("draft-{number}"), PRICE).await;
            commands.push(submit(&draft, shop.now()));
        }
        let shards = nodes[0].shards().await.unwrap();
        let outcomes = post_all(&nodes, shards, &commands, shop.now()).await;
        assert_eq!(accepted(&outcomes, |scope| scope == Scope::Platform), 9);
        assert_eq!(audited(&shop).await.jobs, 9);
    });
}

#[test]
fn a_month_of_days_each_has_its_cap_and_what_comes_back_makes_room() {
    for_both(async |db| {
        let rules = CapRules {
            user: Caps {
                hour: None,
                day: kopecks(2 * PRICE),
            },
            platform: Caps::default(),
        };
        let ledger = LedgerRows::with_caps(db.clone(), rules);
        let shop = Shop::new(db);
        shop.grant(USER, 1_000_000).await;
        let shard = shard_of(USER, ledger.shards().await.unwrap());
        let order = async |id: &str| {
            let draft = shop.draft(USER, id, PRICE).await;
            let command = submit(&draft, shop.now());
            let outcomes = ledger.apply(shard, &[command], shop.now()).await;
            applied(&outcomes.unwrap()[0])
        };
        for day in 0..30 {
            for number in 0..2 {
                let id = format!("day-{day}-{number}");
                assert_eq!(order(&id).await, Ok(Applied::Now), "{id}");
            }
            let refused = order(&format!("day-{day}-full")).await;
            let Err(CommandRefusal::Money(Refusal::CapReached {
                period, frees_at, ..
            })) = refused
            else {
                panic!("{refused:?}");
            };
            assert_eq!(period, Period::Day);
            // A job that is withdrawn makes room in the day it was counted in.
            let job = shop.job(&format!("day-{day}-0")).await;
            shop.post_new(&cancel(&job, shop.now())).await;
            assert_eq!(order(&format!("day-{day}-again")).await, Ok(Applied::Now));
            shop.wait(frees_at - shop.now());
        }
        // The jobs wait far past their deadlines here; the books are sound all the same.
        let report = audit(&shop.db, shop.now()).await.unwrap();
        assert!(report.is_sound(), "{report}");
    });
}

#[test]
fn the_cap_of_an_admin_stands_in_place_of_the_default_and_the_users_own_is_lower() {
    const ADMINS: &str = "INSERT INTO user_caps (user_id, setter, hour, day, set_at)
         VALUES (7, 'admin', 300, NULL, 1)";
    const OWN: &str = "INSERT INTO user_caps (user_id, setter, hour, day, set_at)
         VALUES (7, 'user', 200, NULL, 1)";
    for_both(async |db| {
        let rules = CapRules {
            user: Caps {
                hour: kopecks(PRICE),
                day: None,
            },
            platform: Caps::default(),
        };
        let ledger = LedgerRows::with_caps(db.clone(), rules);
        let shop = Shop::new(db);
        shop.grant(USER, 1_000_000).await;
        let shard = shard_of(USER, ledger.shards().await.unwrap());
        let limit_at = async |id: &str| {
            let draft = shop.draft(USER, id, 301).await;
            let command = submit(&draft, shop.now());
            let outcomes = ledger.apply(shard, &[command], shop.now()).await.unwrap();
            match applied(&outcomes[0]) {
                Err(CommandRefusal::Money(Refusal::CapReached { limit, .. })) => limit.kopecks(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(limit_at("default").await, PRICE);
        for (row, limit) in [(ADMINS, 300), (OWN, 200)] {
            let written: Result<(), StoreError> = shop
                .db
                .write(async move |conn: &mut Conn| conn.batch(row).await)
                .await;
            written.unwrap();
            assert_eq!(limit_at(&format!("limit-{limit}")).await, limit);
        }
    });
}
