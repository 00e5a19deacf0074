//! Done, but told that it failed; and failed in the middle.

use async_trait::async_trait;
use rei_actors::ports::jobs::AttemptEnd;
use rei_domain::billing::Ending;
use rei_domain::ids::ShardId;

use rei_domain::ledger::caps::CapRules;

use super::*;
use crate::store::fixtures::for_both;
use crate::store::fixtures::shop::{cancel, finish, grant, retry_lost, submit};

/// A ledger whose every commit succeeds and whose every answer is lost.
struct Unheard(LedgerRows);

#[async_trait]
impl LedgerStore for Unheard {
    async fn shards(&self) -> Result<u32, StoreError> {
        self.0.shards().await
    }

    async fn apply(
        &self,
        shard: ShardId,
        commands: &[LedgerCommand],
        now: Moment,
    ) -> Result<Vec<LedgerOutcome>, StoreError> {
        self.0.apply(shard, commands, now).await?;
        Err(StoreError::Retryable("the answer was lost".to_owned()))
    }
}

/// Sends a command whose answer is lost, then sends it again.
async fn post_twice(shop: &Shop, command: &LedgerCommand) {
    let unheard = Unheard(LedgerRows::new(shop.db.clone()));
    let shard = shard_of(command.posting.user, unheard.shards().await.unwrap());
    let commands = std::slice::from_ref(command);
    let lost = unheard.apply(shard, commands, shop.now()).await;
    assert!(matches!(lost, Err(StoreError::Retryable(_))), "{lost:?}");
    let before = audited(shop).await;
    let again = shop.post(command).await;
    assert_eq!(applied(&again), Ok(Applied::Before), "{command:?}");
    assert_eq!(audited(shop).await, before, "a repeat wrote something");
}

#[test]
fn every_command_whose_answer_was_lost_is_applied_once() {
    for_both(async |db| {
        let shop = Shop::new(db);
        post_twice(&shop, &grant(USER, "bonus", 1_000)).await;

        let draft = shop.draft(USER, "delivered", 100).await;
        post_twice(&shop, &submit(&draft, shop.now())).await;
        let lost = shop.begin("delivered").await;
        post_twice(&shop, &retry_lost(&lost, shop.now())).await;
        let rendered = shop.render("delivered").await;
        let settle = finish(&rendered, Ending::Delivered, None, shop.now());
        post_twice(&shop, &settle).await;
        shop.deliver(rendered.chat).await;
        assert_eq!(applied(&shop.post(&settle).await), Ok(Applied::Before));

        shop.order(USER, "failed", 100).await;
        let begun = shop.begin("failed").await;
        let rejected = Some(AttemptEnd::rejected("HTTP 503"));
        let fail = finish(&begun, Ending::ProviderFailed, rejected, shop.now());
        post_twice(&shop, &fail).await;

        let waiting = shop.order(USER, "cancelled", 100).await;
        post_twice(&shop, &cancel(&waiting, shop.now())).await;
    });
}

#[test]
fn a_repeat_is_recognised_long_after_its_guard_would_refuse_it() {
    for_both(async |db| {
        let shop = Shop::new(db);
        shop.grant(USER, 100).await;
        let draft = shop.draft(USER, "job", 100).await;
        let confirm = submit(&draft, shop.now());
        shop.post_new(&confirm).await;
        let lost = shop.begin("job").await;
        let retry = retry_lost(&lost, shop.now());
        shop.post_new(&retry).await;
        shop.settle("job").await;
        for command in [&confirm, &retry] {
            assert_eq!(applied(&shop.post(command).await), Ok(Applied::Before));
        }
        audited(&shop).await;
    });
}

#[test]
fn a_batch_that_fails_before_its_commit_leaves_nothing() {
    for_both(async |db| {
        let shop = Shop::new(db);
        shop.grant(USER, 200).await;
        let job = shop.order(USER, "first", 100).await;
        let draft = shop.draft(USER, "second", 100).await;
        let commands = [
            cancel(&job, shop.now()),
            submit(&draft, shop.now()),
            grant(USER, "more", 5),
        ];
        let before = audited(&shop).await;
        let ledger = LedgerRows::new(shop.db.clone());
        let shard = shard_of(USER, ledger.shards().await.unwrap());
        let (batch, now) = (commands.to_vec(), shop.now());
        let failed: Result<(), StoreError> = shop
            .db
            .tx(async move |conn: &mut Conn| {
                let outcomes =
                    crate::store::ledger::apply(conn, shard, &batch, now, &CapRules::default())
                        .await?;
                let applied_now = |outcome| applied(outcome) == Ok(Applied::Now);
                assert!(outcomes.iter().all(applied_now), "{outcomes:?}");
                Err(StoreError::Retryable("the disk is full".to_owned()))
            })
            .await;
        assert!(failed.is_err());
        assert_eq!(audited(&shop).await, before);
        for outcome in apply(&shop.db, &commands, shop.now()).await.unwrap() {
            assert_eq!(applied(&outcome), Ok(Applied::Now));
        }
        audited(&shop).await;
    });
}
