//! Promises of the batcher: a model for any order of events, and an actor that embeds it.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use actix::prelude::{Actor, Arbiter, AsyncContext, Handler, Message};
use actix::{ActorFutureExt, ResponseFuture, WrapFuture};
use futures_util::FutureExt;
use proptest::prelude::*;
use tokio::runtime::Handle;

use super::*;
use crate::gate::{Gate, Gated};
use crate::supervision::tests::in_virtual_time;
use crate::supervision::{Child, ChildSpec, Context as ActorContext, Tree};

type Numbers = Batcher<u32, u32, &'static str>;

fn batcher(batch_max: usize, waiting_max: usize) -> Numbers {
    Batcher::new(BatchLimits {
        batch_max,
        waiting_max,
    })
}

fn result(answer: &mut Answer<u32, &'static str>) -> Option<Result<u32, BatchError<&'static str>>> {
    answer.now_or_never()
}

#[test]
fn an_idle_batcher_lets_a_single_operation_go_at_once() {
    let mut batcher = batcher(512, 1_000);
    assert!(batcher.next_batch().is_none());
    let mut answer = batcher.push(7).unwrap();
    let batch = batcher.next_batch().unwrap();
    assert_eq!(batch.operations, [7]);
    assert_eq!(result(&mut answer), None);
    batch.receipt.settle(Ok(vec![70]));
    assert_eq!(result(&mut answer), Some(Ok(70)));
}

#[test]
fn what_comes_during_a_flush_goes_together_afterwards() {
    let mut batcher = batcher(512, 1_000);
    let first = batcher.push(0).unwrap();
    let batch = batcher.next_batch().unwrap();
    let later: Vec<_> = (1..100).map(|nth| batcher.push(nth).unwrap()).collect();
    assert!(batcher.next_batch().is_none());
    batch.receipt.settle(Ok(vec![0]));
    let second = batcher.next_batch().unwrap();
    assert_eq!(second.operations, (1..100).collect::<Vec<_>>());
    drop((first, later, second));
}

#[test]
fn a_batch_is_never_larger_than_its_limit() {
    let mut batcher = batcher(3, 1_000);
    let _answers: Vec<_> = (0..7).map(|nth| batcher.push(nth).unwrap()).collect();
    let mut sizes = Vec::new();
    while let Some(batch) = batcher.next_batch() {
        sizes.push(batch.operations.len());
        batch.receipt.settle(Ok(batch.operations));
    }
    assert_eq!(sizes, [3, 3, 1]);
}

#[test]
fn a_full_queue_gives_the_operation_back() {
    let mut batcher = batcher(1, 2);
    let _answers = [batcher.push(1).unwrap(), batcher.push(2).unwrap()];
    assert_eq!(batcher.push(3).unwrap_err(), Overfull(3));
    let _in_flight = batcher.next_batch().unwrap();
    assert!(batcher.push(3).is_ok());
}

#[test]
fn a_failed_flush_tells_each_operation_of_its_batch_and_no_other() {
    let mut batcher = batcher(2, 10);
    let mut answers: Vec<_> = (0..3).map(|nth| batcher.push(nth).unwrap()).collect();
    batcher
        .next_batch()
        .unwrap()
        .receipt
        .settle(Err("disk full"));
    for answer in &mut answers[..2] {
        assert_eq!(result(answer), Some(Err(BatchError::Failed("disk full"))));
    }
    assert_eq!(result(&mut answers[2]), None);
    assert_eq!(batcher.next_batch().unwrap().operations, [2]);
}

#[test]
fn a_dropped_flush_loses_its_batch_and_the_next_goes_on() {
    let mut batcher = batcher(1, 10);
    let mut lost = batcher.push(1).unwrap();
    let mut next = batcher.push(2).unwrap();
    drop(batcher.next_batch().unwrap());
    assert_eq!(result(&mut lost), Some(Err(BatchError::Lost)));
    batcher.next_batch().unwrap().receipt.settle(Ok(vec![2]));
    assert_eq!(result(&mut next), Some(Ok(2)));
}

#[test]
fn results_of_another_number_than_the_operations_answer_nobody() {
    let mut batcher = batcher(2, 10);
    let mut answers: Vec<_> = (0..2).map(|nth| batcher.push(nth).unwrap()).collect();
    batcher.next_batch().unwrap().receipt.settle(Ok(vec![0]));
    for answer in &mut answers {
        assert_eq!(result(answer), Some(Err(BatchError::Lost)));
    }
}

#[test]
fn a_dropped_batcher_loses_what_waits_but_not_what_is_in_flight() {
    let mut batcher = batcher(1, 10);
    let mut in_flight = batcher.push(1).unwrap();
    let mut waiting = batcher.push(2).unwrap();
    let batch = batcher.next_batch().unwrap();
    drop(batcher);
    assert_eq!(result(&mut waiting), Some(Err(BatchError::Lost)));
    batch.receipt.settle(Ok(vec![10]));
    assert_eq!(result(&mut in_flight), Some(Ok(10)));
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Push,
    Depart,
    Land,
    Fail,
    Vanish,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        6 => Just(Event::Push),
        3 => Just(Event::Depart),
        3 => Just(Event::Land),
        1 => Just(Event::Fail),
        1 => Just(Event::Vanish),
    ];
    prop::collection::vec(event, 0..400)
}

proptest! {
    #[test]
    fn every_operation_is_answered_once_in_order_and_in_bounds(
        events in events(),
        batch_max in 1_usize..8,
        waiting_max in 1_usize..20,
    ) {
        let mut batcher = batcher(batch_max, waiting_max);
        let mut answers = Vec::new();
        let mut expected = HashMap::new();
        let mut flown = Vec::new();
        let mut in_flight: Option<Batch<u32, u32, &'static str>> = None;
        let mut next = 0;
        for event in events {
            match event {
                Event::Push => match batcher.push(next) {
                    Ok(answer) => {
                        answers.push((next, answer));
                        next += 1;
                    }
                    Err(Overfull(back)) => {
                        prop_assert_eq!(back, next);
                        prop_assert_eq!(batcher.waiting(), waiting_max);
                    }
                },
                Event::Depart => {
                    let waited = batcher.waiting();
                    match batcher.next_batch() {
                        Some(batch) => {
                            prop_assert!(in_flight.is_none());
                            prop_assert_eq!(batch.operations.len(), waited.min(batch_max));
                            flown.extend(batch.operations.iter().copied());
                            in_flight = Some(batch);
                        }
                        None => prop_assert!(in_flight.is_some() || waited == 0),
                    }
                }
                Event::Land | Event::Fail | Event::Vanish => {
                    let Some(Batch { operations, receipt }) = in_flight.take() else {
                        continue;
                    };
                    for operation in &operations {
                        let outcome = match event {
                            Event::Land => Ok(operation * 10),
                            Event::Fail => Err(BatchError::Failed("no")),
                            Event::Push | Event::Depart | Event::Vanish => Err(BatchError::Lost),
                        };
                        prop_assert!(expected.insert(*operation, outcome).is_none());
                    }
                    match event {
                        Event::Land => receipt.settle(Ok(operations.iter().map(|o| o * 10).collect())),
                        Event::Fail => receipt.settle(Err("no")),
                        Event::Push | Event::Depart | Event::Vanish => drop(receipt),
                    }
                }
            }
        }
        prop_assert_eq!(&flown, &(0..flown.len() as u32).collect::<Vec<_>>());
        for (operation, answer) in &mut answers {
            prop_assert_eq!(result(answer), expected.remove(operation));
        }
        drop((batcher, in_flight));
        for (operation, answer) in answers {
            if !flown.contains(&operation) {
                prop_assert_eq!(answer.now_or_never(), Some(Err(BatchError::Lost)));
            }
        }
    }
}

/// A store whose flush takes a second, and the sizes of the batches it was given.
type Store = Arc<Mutex<Vec<usize>>>;

struct Scribe {
    store: Store,
    batcher: Numbers,
}

impl Scribe {
    fn flush(&mut self, ctx: &mut ActorContext<Self>) {
        let Some(Batch {
            operations,
            receipt,
        }) = self.batcher.next_batch()
        else {
            return;
        };
        let store = Arc::clone(&self.store);
        let commit = async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert!(!operations.contains(&13), "as requested");
            store.lock().unwrap().push(operations.len());
            operations
        };
        let flushed = tokio::spawn(commit).into_actor(self);
        ctx.spawn(flushed.map(|outcome, scribe, ctx| {
            receipt.settle(outcome.map_err(|_panicked| "flush panicked"));
            scribe.flush(ctx);
        }));
    }
}

impl Actor for Scribe {
    type Context = ActorContext<Self>;
}

impl Child for Scribe {}

#[derive(Message)]
#[rtype(result = "Result<u32, BatchError<&'static str>>")]
struct Write(u32);

impl Handler<Gated<Write>> for Scribe {
    type Result = ResponseFuture<Result<u32, BatchError<&'static str>>>;

    fn handle(&mut self, write: Gated<Write>, ctx: &mut ActorContext<Self>) -> Self::Result {
        let (Write(number), permit) = write.split();
        assert_ne!(number, 666, "as requested");
        let answer = self.batcher.push(number).expect("the gate is smaller");
        self.flush(ctx);
        Box::pin(async move {
            let result = answer.await;
            drop(permit);
            result
        })
    }
}

fn scribe() -> (Tree, Gate<Scribe>, Store) {
    let tree = Tree::new(Handle::current(), |escalation| panic!("{escalation}"));
    let store = Store::default();
    let handle = Arc::clone(&store);
    let gate = tree
        .spawn_child(
            "scribe",
            &Arbiter::current(),
            ChildSpec::default(),
            move || Scribe {
                store: Arc::clone(&handle),
                batcher: batcher(512, 2_000),
            },
        )
        .unwrap();
    (tree, gate, store)
}

#[test]
fn a_thousand_writes_through_an_actor_take_a_handful_of_flushes() {
    in_virtual_time(async {
        let (_tree, gate, store) = scribe();
        let limit = Duration::from_secs(60);
        let writes = (1_000..2_000).map(|number| gate.ask(Write(number), limit));
        let results = futures_util::future::join_all(writes).await;
        let expected: Vec<_> = (1_000..2_000).map(|number| Ok(Ok(number))).collect();
        assert_eq!(results, expected);
        assert_eq!(*store.lock().unwrap(), [1, 512, 487]);
    });
}

#[test]
fn a_flush_that_panics_tells_its_batch_and_the_next_goes_on() {
    in_virtual_time(async {
        let (_tree, gate, _) = scribe();
        let limit = Duration::from_secs(60);
        let results =
            futures_util::future::join_all([13, 1, 2].map(|nth| gate.ask(Write(nth), limit))).await;
        let failed = Err(BatchError::Failed("flush panicked"));
        assert_eq!(results, [Ok(failed), Ok(Ok(1)), Ok(Ok(2))]);
    });
}

#[test]
fn waiters_of_a_crashed_actor_learn_that_the_outcome_is_unknown_while_the_flush_commits() {
    in_virtual_time(async {
        let (_tree, gate, store) = scribe();
        let limit = Duration::from_secs(60);
        let results =
            futures_util::future::join_all([1, 2, 666, 3].map(|nth| gate.ask(Write(nth), limit)))
                .await;
        let lost = || Ok(Err(BatchError::Lost));
        assert_eq!(results[0], lost());
        assert_eq!(results[1], lost());
        assert!(results[2].is_err());
        assert_eq!(results[3], Ok(Ok(3)));
        // The first flush was not undone by the crash of the one who asked for it.
        assert_eq!(*store.lock().unwrap(), [1, 1]);
    });
}
