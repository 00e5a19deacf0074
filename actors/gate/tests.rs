//! Promises of the gate, kept in front of actors that do not move.

use std::collections::VecDeque;

use actix::prelude::{Arbiter, AsyncContext, Handler, Message};
use actix::{MessageResult, WrapFuture};
use tokio::runtime::Handle;

use super::*;
use crate::supervision::tests::in_virtual_time;
use crate::supervision::{ChildSpec, Context, Tree};

const LIMIT: Duration = Duration::from_secs(30);

/// Holds its mailbox still on request, and keeps what it is told to keep together with its permit.
#[derive(Default)]
struct Clerk {
    kept: VecDeque<Permit>,
}

impl Actor for Clerk {
    type Context = Context<Self>;
}

impl Child for Clerk {}

/// Takes no message for this long.
#[derive(Message)]
#[rtype(result = "()")]
struct Pause(Duration);

impl Handler<Pause> for Clerk {
    type Result = ();

    fn handle(&mut self, Pause(time): Pause, ctx: &mut Context<Self>) {
        ctx.wait(tokio::time::sleep(time).into_actor(self));
    }
}

#[derive(Message)]
#[rtype(result = "u32")]
struct Echo(u32);

impl Handler<Gated<Echo>> for Clerk {
    type Result = MessageResult<Gated<Echo>>;

    fn handle(&mut self, echo: Gated<Echo>, _: &mut Context<Self>) -> Self::Result {
        MessageResult(echo.open().0)
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Keep;

impl Handler<Gated<Keep>> for Clerk {
    type Result = ();

    fn handle(&mut self, keep: Gated<Keep>, _: &mut Context<Self>) {
        let (Keep, permit) = keep.split();
        self.kept.push_back(permit);
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct DropOne;

impl Handler<DropOne> for Clerk {
    type Result = ();

    fn handle(&mut self, _: DropOne, _: &mut Context<Self>) {
        self.kept.pop_front();
    }
}

/// A clerk behind a gate with this many places.
fn clerk(capacity: usize) -> (Tree, Gate<Clerk>) {
    let tree = Tree::new(Handle::current(), |escalation| panic!("{escalation}"));
    let spec = ChildSpec {
        capacity,
        heartbeat: None,
        ..ChildSpec::default()
    };
    let gate = tree
        .spawn_child("clerk", &Arbiter::current(), spec, Clerk::default)
        .unwrap();
    (tree, gate)
}

/// Makes the clerk's mailbox stand still.
async fn pause(gate: &Gate<Clerk>, seconds: u64) {
    let time = Duration::from_secs(seconds);
    gate.addr().send(Pause(time)).await.unwrap();
}

#[test]
fn clones_share_the_places_of_a_gate() {
    in_virtual_time(async {
        let (_tree, gate) = clerk(16);
        pause(&gate, 60).await;
        let accepted = (0..1_000)
            .filter(|_| gate.clone().tell(Echo(0)).is_ok())
            .count();
        assert_eq!(accepted, 16);
        assert_eq!(gate.depth(), 16);
        assert_eq!(gate.tell(Echo(0)), Err(TellError::Full));
    });
}

#[test]
fn a_thousand_waiting_callers_are_never_deeper_than_the_capacity_and_all_are_answered() {
    in_virtual_time(async {
        let (tree, gate) = clerk(16);
        pause(&gate, 10).await;
        let callers = (0..1_000).map(|nth| {
            let gate = gate.clone();
            async move { gate.ask(Echo(nth), LIMIT).await }
        });
        let mut answers = std::pin::pin!(futures_util::future::join_all(callers));
        let peek = futures_util::poll!(&mut answers);
        assert!(peek.is_pending());
        let load = tree.directory().observations()[0].mailbox;
        assert_eq!((load.messages, load.capacity), (16, 16));
        let answers = answers.await;
        let expected: Vec<_> = (0..1_000).map(Ok).collect();
        assert_eq!(answers, expected);
        assert_eq!(tree.directory().observations()[0].mailbox.messages, 0);
    });
}

#[test]
fn a_refusal_says_whether_the_message_was_sent() {
    in_virtual_time(async {
        let (tree, gate) = clerk(1);
        pause(&gate, 60).await;
        let short = Duration::from_secs(1);
        let sent = gate.ask(Echo(1), short);
        let mut sent = std::pin::pin!(sent);
        assert!(futures_util::poll!(&mut sent).is_pending());
        assert_eq!(gate.ask(Echo(2), short / 2).await, Err(AskError::Full));
        assert_eq!(sent.await, Err(AskError::TimedOut));
        tree.shutdown(Duration::ZERO).await;
        assert_eq!(gate.ask(Echo(3), short).await, Err(AskError::Closed));
        assert_eq!(gate.tell(Echo(3)), Err(TellError::Closed));
    });
}

#[test]
fn a_permit_that_is_kept_keeps_its_place() {
    in_virtual_time(async {
        let (_tree, gate) = clerk(2);
        gate.ask(Keep, LIMIT).await.unwrap();
        gate.ask(Keep, LIMIT).await.unwrap();
        assert_eq!(gate.tell(Keep), Err(TellError::Full));
        gate.addr().send(DropOne).await.unwrap();
        assert_eq!(gate.tell(Keep), Ok(()));
    });
}

#[test]
fn gates_side_by_side_fill_apart() {
    in_virtual_time(async {
        let (tree, high) = clerk(2);
        let low = high.beside(3);
        pause(&high, 60).await;
        while high.tell(Echo(0)).is_ok() {}
        assert_eq!((high.depth(), low.depth()), (2, 0));
        while low.tell(Echo(0)).is_ok() {}
        assert_eq!((high.depth(), low.depth()), (2, 3));
        let load = tree.directory().observations()[0].mailbox;
        assert_eq!((load.messages, load.capacity), (5, 5));
        drop(low);
        assert_eq!(tree.directory().observations()[0].mailbox.capacity, 2);
    });
}

#[test]
fn a_closed_gate_admits_nobody_and_an_occupied_one_does_not_close() {
    in_virtual_time(async {
        let (_tree, gate) = clerk(2);
        gate.ask(Keep, LIMIT).await.unwrap();
        assert!(gate.close_if_idle().is_err());
        gate.addr().send(DropOne).await.unwrap();
        assert!(gate.close_if_idle().is_ok());
        assert_eq!(gate.ask(Keep, LIMIT).await, Err(AskError::Closed));
    });
}
