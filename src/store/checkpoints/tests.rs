use rei_domain::job::JobState;
use rei_domain::time::Span;

use super::*;
use crate::receipts;
use crate::store::fixtures::shop::Shop;
use crate::store::fixtures::{for_both, for_both_twice};
use crate::store::verify::audit;

const ANN: UserId = UserId(7);
/// In Ann's shard, whatever their number.
const BOB: UserId = UserId(9);
const DAY: Span = Span::from_secs(86_400);

async fn busy_days(shop: &Shop, days: usize) {
    for day in 0..days {
        shop.grant_once(ANN, day).await;
        shop.order_in(ANN, &format!("ann-{day}"), 100, JobState::Delivered)
            .await;
        shop.order_in(BOB, &format!("bob-{day}"), 100, JobState::Delivered)
            .await;
        shop.wait(DAY);
    }
}

impl Shop {
    /// Money for both on the first day.
    async fn grant_once(&self, user: UserId, day: usize) {
        if day == 0 {
            self.grant(user, 10_000).await;
            self.grant(BOB, 10_000).await;
        }
    }
}

async fn count(db: &Db) -> usize {
    let checkpoints = CheckpointRows::new(db.clone());
    checkpoints.newest(1_000).await.unwrap().len()
}

fn whole() -> Proving {
    Proving::Rows {
        from: 1,
        to: i64::MAX,
    }
}

#[test]
fn each_day_that_is_over_is_covered_once_by_however_many_notaries() {
    for_both_twice(async |one, other| {
        let shop = Shop::new(one.clone());
        busy_days(&shop, 3).await;
        shop.order_in(ANN, "today", 100, JobState::Delivered).await;
        let now = shop.now();
        let (one, other) = (CheckpointRows::new(one), CheckpointRows::new(other));
        let (a, b) = futures_util::join!(one.close_days(now), other.close_days(now));
        let made = |closed| match closed {
            Closed::Made(count) => count,
            Closed::Broken { .. } => panic!("{closed:?}"),
        };
        assert_eq!(made(a.unwrap()) + made(b.unwrap()), 3);
        assert_eq!(count(&shop.db).await, 3, "today is not over");
        assert_eq!(one.close_days(now).await.unwrap(), Closed::Made(0));
        let report = audit(&shop.db, shop.now()).await.unwrap();
        assert_eq!(report.findings, [], "{report}");
    });
}

#[test]
fn a_receipt_proves_own_rows_and_no_others() {
    for_both(async |db| {
        let shop = Shop::new(db.clone());
        busy_days(&shop, 3).await;
        let checkpoints = CheckpointRows::new(db);
        checkpoints.close_days(shop.now()).await.unwrap();
        let receipt = checkpoints.receipt(ANN, &whole()).await.unwrap();
        assert_eq!((receipt.rows.len(), receipt.checkpoints.len()), (7, 3));
        let file = receipts::render(&receipt);
        assert!(!file.contains("user:9:"), "{file}");
        let proven = receipts::verify(&file, None).unwrap();
        assert_eq!(proven.rows.len(), 7);
        // Bob with Ann's numbers gets his own rows, and of her key nothing.
        let bobs = checkpoints.receipt(BOB, &whole()).await.unwrap();
        assert!(!receipts::render(&bobs).contains("user:7:"));
        let topup = Proving::Topup(rei_domain::ids::TopupId::new("t1"));
        let none = checkpoints.receipt(BOB, &topup).await.unwrap();
        assert_eq!(none, Receipt::default());
    });
}

#[test]
fn a_receipt_of_today_gets_a_checkpoint_of_now_and_the_day_goes_on_after_it() {
    for_both(async |db| {
        let shop = Shop::new(db.clone());
        shop.grant(ANN, 1_000).await;
        let checkpoints = CheckpointRows::new(db.clone());
        let none = checkpoints.receipt(ANN, &whole()).await.unwrap();
        assert!(none.rows.is_empty(), "nothing is covered yet");
        let made = checkpoints.close_shard_of(ANN, shop.now()).await.unwrap();
        assert_eq!(made, Closed::Made(1));
        let again = checkpoints.close_shard_of(ANN, shop.now()).await.unwrap();
        assert_eq!(again, Closed::Made(0), "one is enough");
        let receipt = checkpoints.receipt(ANN, &whole()).await.unwrap();
        assert_eq!(receipt.rows.len(), 1);

        shop.order_in(ANN, "later", 100, JobState::Delivered).await;
        shop.wait(DAY);
        checkpoints.close_days(shop.now()).await.unwrap();
        let day = receipt.checkpoints[0].day;
        let list = checkpoints.of_day(day, 100).await.unwrap();
        assert_eq!(list.len(), 2);
        assert_eq!(list[1].previous, list[0].hash(), "they are chained");
        assert_eq!(list[1].first, list[0].last + 1);
        let list = receipts::PublishedList {
            checkpoints: list.iter().map(receipts::Published::of).collect(),
        };
        let list = serde_json::to_string(&list).unwrap();
        let file = receipts::render(&receipt);
        receipts::verify(&file, Some(&list)).expect("what was given holds for ever");
    });
}

#[test]
fn a_broken_chain_is_not_vouched_for() {
    for_both(async |db| {
        let shop = Shop::new(db.clone());
        busy_days(&shop, 1).await;
        let tampering = async |conn: &mut Conn| {
            conn.batch("UPDATE ledger SET reference = 'other' WHERE seq = 3")
                .await
        };
        let tampered: Result<(), StoreError> = db.write(tampering).await;
        tampered.unwrap();
        let checkpoints = CheckpointRows::new(db.clone());
        let closed = checkpoints.close_days(shop.now()).await.unwrap();
        assert!(
            matches!(closed, Closed::Broken { seq: 3, .. }),
            "{closed:?}"
        );
        assert_eq!(count(&db).await, 0);
    });
}

#[test]
fn the_books_weigh_nothing_until_a_hand_changes_them() {
    for_both(async |db| {
        let shop = Shop::new(db.clone());
        busy_days(&shop, 1).await;
        let checkpoints = CheckpointRows::new(db.clone());
        assert_eq!(checkpoints.imbalance().await.unwrap(), Money::ZERO);
        let tampering = async |conn: &mut Conn| {
            let text = "UPDATE user_balance_cache SET balance = balance + 5
                        WHERE account = 'user:7:available'";
            conn.batch(text).await
        };
        let tampered: Result<(), StoreError> = db.write(tampering).await;
        tampered.unwrap();
        assert_eq!(checkpoints.imbalance().await.unwrap().kopecks(), 5);
    });
}
