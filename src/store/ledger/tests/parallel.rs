//! Many at once, from two nodes where there can be two.

use futures_util::future::join_all;
use rei_domain::draft::ConfirmRefusal;
use rei_domain::ids::{HoldId, IdempotencyKey, JobId};
use rei_domain::ledger::{Movement, Refusal};
use rei_domain::money::Money;

use rei_actors::ports::ledger::Rider;

use super::*;
use crate::store::fixtures::for_both_twice;
use crate::store::fixtures::shop::submit;

/// Taps at the same moment.
const TAPS: usize = 500;

/// Sends each command by itself, all at once, every other one through another node.
async fn post_all(nodes: [&Db; 2], commands: &[LedgerCommand], now: Moment) -> Vec<LedgerOutcome> {
    let posts = commands.iter().enumerate().map(async |(number, command)| {
        let outcomes = apply(nodes[number % 2], std::slice::from_ref(command), now).await;
        outcomes.unwrap().remove(0)
    });
    join_all(posts).await
}

fn count(outcomes: &[LedgerOutcome], wanted: &Result<Applied, CommandRefusal>) -> usize {
    let outcomes = outcomes.iter().map(applied);
    outcomes.filter(|outcome| outcome == wanted).count()
}

#[test]
fn money_for_one_becomes_one_job_however_many_drafts_are_confirmed_at_once() {
    for_both_twice(async |one, other| {
        let shop = Shop::new(one.clone());
        shop.grant(USER, 100).await;
        let mut commands = Vec::with_capacity(TAPS);
        for number in 0..TAPS {
            let draft = shop.draft(USER, &format!("draft-{number}"), 100).await;
            commands.push(submit(&draft, shop.now()));
        }
        let outcomes = post_all([&one, &other], &commands, shop.now()).await;
        let short = Err(CommandRefusal::Money(Refusal::InsufficientFunds {
            available: Money::ZERO,
            required: Money::from_kopecks(100),
        }));
        assert_eq!(count(&outcomes, &Ok(Applied::Now)), 1);
        assert_eq!(count(&outcomes, &short), TAPS - 1);
        let checked = audited(&shop).await;
        assert_eq!((checked.jobs, checked.holds, checked.messages), (1, 1, 1));
    });
}

#[test]
fn a_draft_becomes_one_job_however_often_it_is_confirmed_at_once() {
    for_both_twice(async |one, other| {
        let shop = Shop::new(one.clone());
        shop.grant(USER, 1_000_000).await;
        let draft = shop.draft(USER, "draft", 100).await;
        let commands = vec![submit(&draft, shop.now()); TAPS];
        let outcomes = post_all([&one, &other], &commands, shop.now()).await;
        assert_eq!(count(&outcomes, &Ok(Applied::Now)), 1);
        assert_eq!(count(&outcomes, &Ok(Applied::Before)), TAPS - 1);
        let checked = audited(&shop).await;
        assert_eq!((checked.jobs, checked.holds, checked.messages), (1, 1, 1));
    });
}

#[test]
fn in_one_batch_the_money_for_one_goes_to_the_first() {
    for_both_twice(async |one, _| {
        let shop = Shop::new(one.clone());
        shop.grant(USER, 100).await;
        let mut commands = Vec::with_capacity(TAPS);
        for number in 0..TAPS / 10 {
            let draft = shop.draft(USER, &format!("draft-{number}"), 100).await;
            let command = submit(&draft, shop.now());
            commands.extend(std::iter::repeat_n(command, 10));
        }
        let outcomes = apply(&one, &commands, shop.now()).await.unwrap();
        assert_eq!(applied(&outcomes[0]), Ok(Applied::Now));
        assert_eq!(count(&outcomes, &Ok(Applied::Now)), 1);
        assert_eq!(count(&outcomes, &Ok(Applied::Before)), 9);
        assert_eq!(audited(&shop).await.jobs, 1);
    });
}

#[test]
fn another_hold_for_the_same_draft_is_refused_in_the_batch_and_after_it() {
    for_both_twice(async |one, _| {
        let shop = Shop::new(one.clone());
        shop.grant(USER, 1_000).await;
        let draft = shop.draft(USER, "draft", 100).await;
        let first = submit(&draft, shop.now());
        let mut second = first.clone();
        second.posting.operations[0].key = IdempotencyKey::new("hold:second");
        let Movement::PlaceHold { hold, .. } = &mut second.posting.operations[0].movement else {
            panic!("a submit places a hold");
        };
        *hold = HoldId::new("second");
        let Rider::Submit { job, .. } = &mut second.rider else {
            panic!("a submit makes a job");
        };
        job.id = JobId::new("second");
        job.hold = HoldId::new("second");

        let outcomes = apply(&one, &[first, second.clone()], shop.now())
            .await
            .unwrap();
        let refused = Err(CommandRefusal::Draft(ConfirmRefusal::AlreadyConfirmed(
            JobId::new("draft"),
        )));
        assert_eq!(applied(&outcomes[0]), Ok(Applied::Now));
        assert_eq!(applied(&outcomes[1]), refused);
        assert_eq!(applied(&shop.post(&second).await), refused);
        assert_eq!(audited(&shop).await.jobs, 1);
    });
}
