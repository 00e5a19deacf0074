//! What rides along stands under a guard: a refused command changes nothing.

use rei_actors::ports::jobs::AttemptEnd;
use rei_actors::ports::ledger::Rider;
use rei_domain::billing::Ending;
use rei_domain::draft::{ConfirmRefusal, Draft, DraftState};
use rei_domain::ids::{DraftId, Fence, Nonce};
use rei_domain::job::JobState;
use rei_domain::ledger::{Movement, Refusal};
use rei_domain::money::Money;

use super::*;
use crate::store::fixtures::for_both;
use crate::store::fixtures::shop::{PRICE_LOCK, cancel, finish, retry_lost, submit};

/// Sends a command that must be refused like this and change nothing.
async fn refused(shop: &Shop, command: &LedgerCommand, refusal: CommandRefusal) {
    let before = audited(shop).await;
    let outcome = shop.post(command).await;
    assert_eq!(applied(&outcome), Err(refusal), "{command:?}");
    assert_eq!(audited(shop).await, before);
}

fn draft_refused(refusal: ConfirmRefusal) -> CommandRefusal {
    CommandRefusal::Draft(refusal)
}

fn job_moved(state: JobState) -> CommandRefusal {
    CommandRefusal::JobMoved { state: Some(state) }
}

#[test]
fn what_was_not_shown_is_not_sold() {
    for_both(async |db| {
        let shop = Shop::new(db);
        shop.grant(USER, 1_000).await;
        let draft = shop.draft(USER, "draft", 100).await;
        let confirm = submit(&draft, shop.now());

        let mut other_nonce = confirm.clone();
        if let Rider::Submit { nonce, .. } = &mut other_nonce.rider {
            *nonce = Nonce::new("older");
        }
        let mut other_price = confirm.clone();
        if let Rider::Submit { job, .. } = &mut other_price.rider {
            job.price = Money::from_kopecks(1);
        }
        let mut other_words = confirm.clone();
        if let Rider::Submit { job, .. } = &mut other_words.rider {
            job.spec.prompt = "two cats".to_owned();
        }
        let mut other_hold = confirm.clone();
        if let Movement::PlaceHold { amount, .. } = &mut other_hold.posting.operations[0].movement {
            *amount = Money::from_kopecks(1);
        }
        let repriced = Draft {
            price: Money::from_kopecks(101),
            ..draft.clone()
        };
        for command in [other_nonce, other_price, other_words, other_hold] {
            refused(&shop, &command, draft_refused(ConfirmRefusal::Outdated)).await;
        }
        shop.save(repriced).await;
        refused(&shop, &confirm, draft_refused(ConfirmRefusal::Outdated)).await;
        shop.save(draft).await;
        shop.post_new(&confirm).await;
    });
}

#[test]
fn a_draft_is_confirmed_by_its_user_in_time_or_not_at_all() {
    for_both(async |db| {
        let shop = Shop::new(db);
        shop.grant(USER, 1_000).await;
        shop.grant(UserId(9), 1_000).await;
        let draft = shop.draft(USER, "draft", 100).await;

        let mut strangers = submit(&draft, shop.now());
        strangers.posting.user = UserId(9);
        refused(&shop, &strangers, CommandRefusal::DraftNotFound).await;

        let mut missing = submit(&draft, shop.now());
        if let Rider::Submit { draft, .. } = &mut missing.rider {
            *draft = DraftId::new("missing");
        }
        refused(&shop, &missing, CommandRefusal::DraftNotFound).await;

        for (state, refusal) in [
            (DraftState::Asking, ConfirmRefusal::Incomplete),
            (DraftState::Cancelled, ConfirmRefusal::Cancelled),
        ] {
            let draft = Draft {
                id: DraftId::new(format!("{state:?}")),
                state,
                ..draft.clone()
            };
            shop.save(draft.clone()).await;
            let confirm = submit(&draft, shop.now());
            refused(&shop, &confirm, draft_refused(refusal)).await;
        }

        shop.wait(PRICE_LOCK);
        let late = submit(&draft, shop.now());
        refused(&shop, &late, draft_refused(ConfirmRefusal::Expired)).await;
    });
}

#[test]
fn a_worker_that_lost_its_lease_moves_no_money() {
    for_both(async |db| {
        let shop = Shop::new(db);
        shop.grant(USER, 1_000).await;
        shop.order(USER, "job", 100).await;
        let mut job = shop.begin("job").await;
        let lost = Some(AttemptEnd::lost("its connection broke"));
        let fence = job.fence;
        for stale in [Fence(fence.0 - 1), Fence(fence.0 + 1)] {
            job.fence = stale;
            let moved = job_moved(JobState::Submitting);
            let fail = finish(&job, Ending::ProviderFailed, lost.clone(), shop.now());
            refused(&shop, &fail, moved.clone()).await;
            refused(&shop, &retry_lost(&job, shop.now()), moved).await;
        }
        job.fence = fence;
        job.user = UserId(9);
        let strangers = finish(&job, Ending::ProviderFailed, lost.clone(), shop.now());
        let not_theirs = CommandRefusal::JobMoved { state: None };
        refused(&shop, &strangers, not_theirs).await;
    });
}

#[test]
fn only_a_stored_picture_is_charged_for() {
    for_both(async |db| {
        let shop = Shop::new(db);
        shop.grant(USER, 10_000).await;
        for state in JobState::ALL {
            let id = state.as_str();
            let job = shop.order_in(USER, id, 100, state).await;
            let job = rei_actors::ports::jobs::Job {
                fence: shop.job(id).await.fence,
                ..job
            };
            let settle = finish(&job, Ending::Delivered, None, shop.now());
            match state {
                JobState::Rendered => shop.post_new(&settle).await,
                JobState::Settled | JobState::Delivered => {
                    assert_eq!(applied(&shop.post(&settle).await), Ok(Applied::Before));
                }
                JobState::Failed | JobState::Cancelled => {
                    let reused = Refusal::KeyReused { field: "kind" };
                    refused(&shop, &settle, CommandRefusal::Money(reused)).await;
                }
                JobState::Queued
                | JobState::Leased
                | JobState::Submitting
                | JobState::Running
                | JobState::Unknown => refused(&shop, &settle, job_moved(state)).await,
            }
        }
    });
}

#[test]
fn only_a_waiting_job_can_be_withdrawn() {
    for_both(async |db| {
        let shop = Shop::new(db);
        shop.grant(USER, 10_000).await;
        for state in JobState::ALL {
            let job = shop.order_in(USER, state.as_str(), 100, state).await;
            let cancel = cancel(&job, shop.now());
            match state {
                JobState::Queued => shop.post_new(&cancel).await,
                // The money is back already.
                JobState::Failed | JobState::Cancelled => {
                    assert_eq!(applied(&shop.post(&cancel).await), Ok(Applied::Before));
                }
                JobState::Settled | JobState::Delivered => {
                    let reused = Refusal::KeyReused { field: "kind" };
                    refused(&shop, &cancel, CommandRefusal::Money(reused)).await;
                }
                JobState::Leased
                | JobState::Submitting
                | JobState::Running
                | JobState::Rendered
                | JobState::Unknown => refused(&shop, &cancel, job_moved(state)).await,
            }
        }
    });
}

#[test]
fn a_job_may_be_put_back_and_withdrawn_in_one_batch() {
    for_both(async |db| {
        let shop = Shop::new(db);
        shop.grant(USER, 100).await;
        shop.order(USER, "job", 100).await;
        let job = shop.begin("job").await;
        let batch = [retry_lost(&job, shop.now()), cancel(&job, shop.now())];
        for outcome in apply(&shop.db, &batch, shop.now()).await.unwrap() {
            assert_eq!(applied(&outcome), Ok(Applied::Now));
        }
        assert_eq!(shop.job("job").await.state, JobState::Cancelled);
        audited(&shop).await;
    });
}
