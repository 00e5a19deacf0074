use async_trait::async_trait;
use rei_actors::ports::StoreError;
use rei_actors::ports::checkpoints::{CheckpointStore, Closed, Receipt};
use rei_domain::ids::{ShardId, UserId};
use rei_domain::money::Money;
use rei_domain::receipt::{Checkpoint, Day};
use rei_domain::statement::Proving;
use rei_domain::time::Moment;

use super::*;

/// One checkpoint, of 1970-01-02.
pub(super) struct OneDay;

fn checkpoint() -> Checkpoint {
    Checkpoint {
        shard: ShardId(0),
        number: 1,
        day: Day(1),
        first: 1,
        last: 5,
        root: Checkpoint::NONE_BEFORE,
        head: Checkpoint::NONE_BEFORE,
        previous: Checkpoint::NONE_BEFORE,
    }
}

#[async_trait]
impl CheckpointStore for OneDay {
    async fn close_days(&self, _: Moment) -> Result<Closed, StoreError> {
        Ok(Closed::Made(0))
    }

    async fn close_shard_of(&self, _: UserId, _: Moment) -> Result<Closed, StoreError> {
        Ok(Closed::Made(0))
    }

    async fn receipt(&self, _: UserId, _: &Proving) -> Result<Receipt, StoreError> {
        Ok(Receipt::default())
    }

    async fn newest(&self, _: u32) -> Result<Vec<Checkpoint>, StoreError> {
        Ok(vec![checkpoint()])
    }

    async fn of_day(&self, day: Day, _: u32) -> Result<Vec<Checkpoint>, StoreError> {
        match day {
            Day(1) => Ok(vec![checkpoint()]),
            Day(_) => Err(StoreError::Retryable("away".to_owned())),
        }
    }

    async fn imbalance(&self) -> Result<Money, StoreError> {
        Ok(Money::ZERO)
    }
}

#[actix_web::test]
async fn checkpoints_are_public_and_show_no_row() {
    let house = TestHouse::new();
    for address in ["/checkpoints", "/checkpoints/1970-01-02"] {
        let request = TestRequest::get().uri(address);
        let answer = house.call_on(Surface::Public, request).await;
        assert_eq!(answer.status, StatusCode::OK);
        let list = answer.json()["checkpoints"].clone();
        assert_eq!(list.as_array().unwrap().len(), 1);
        assert_eq!(list[0]["day"], "1970-01-02");
        assert_eq!(list[0]["hash"], checkpoint().hash().render());
    }
    let answer = house
        .call_on(Surface::Admin, TestRequest::get().uri("/checkpoints"))
        .await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[actix_web::test]
async fn what_is_no_day_is_refused_and_a_store_that_is_away_says_so() {
    let house = TestHouse::new();
    for (address, status) in [
        ("/checkpoints/yesterday", StatusCode::BAD_REQUEST),
        ("/checkpoints/2026-02-30", StatusCode::BAD_REQUEST),
        ("/checkpoints/2026-02-28", StatusCode::SERVICE_UNAVAILABLE),
    ] {
        let answer = house.call(TestRequest::get().uri(address)).await;
        assert_eq!(answer.status, status, "{address}");
    }
}

#[actix_web::test]
async fn the_page_may_load_nothing_and_talk_to_nobody_else() {
    let house = TestHouse::new();
    let answer = house.call(TestRequest::get().uri("/verify")).await;
    assert_eq!(answer.status, StatusCode::OK);
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"));
    let page = include_str!("../verify.html");
    for outside in ["http:", "https:", "src=", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
}
