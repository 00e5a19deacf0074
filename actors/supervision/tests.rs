//! Promises of supervision, kept by real actors in virtual time.

mod groups;
mod heartbeats;
mod nurseries;
mod restarts;
mod shutdowns;

use std::future::Future;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix::prelude::{Actor, ActorContext, Arbiter, AsyncContext, Handler, Message, System};
use actix::{ActorFutureExt, ResponseActFuture, WrapFuture};
use tokio::runtime::Handle;
use tokio::time::Instant;

use super::*;
use crate::gate::{AskError, Gate, Gated, TellError};

const LIMIT: Duration = Duration::from_secs(30);

/// Runs a test on one arbiter whose clock moves only when nothing else can.
pub(crate) fn in_virtual_time(test: impl Future<Output = ()>) {
    System::with_tokio_rt(|| {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .expect("a runtime can be built")
    })
    .block_on(test);
}

/// A tree that watches from the test's own runtime, with the escalations it told.
fn tree() -> (Tree, Arc<Mutex<Vec<Escalation>>>) {
    let told = Arc::<Mutex<Vec<Escalation>>>::default();
    let listener = Arc::clone(&told);
    let tree = Tree::new(Handle::current(), move |escalation| {
        locked(&listener).push(escalation);
    });
    (tree, told)
}

fn observe(tree: &Tree, name: &str) -> Observation {
    let observations = tree.directory().observations();
    observations
        .into_iter()
        .find(|seen| &*seen.name == name)
        .expect("the actor is in the directory")
}

/// Lets everything happen that can happen within this time.
async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

/// An actor that misbehaves on request and counts what it was asked since it was made.
struct Worker {
    incarnation: u32,
    answered: u32,
}

impl Worker {
    /// A factory that numbers its workers from 1.
    fn factory() -> impl Fn() -> Self + Send + Sync + 'static {
        let made = AtomicU32::new(0);
        move || Self {
            incarnation: made.fetch_add(1, SeqCst) + 1,
            answered: 0,
        }
    }
}

/// The first worker of a tree, called `worker`.
fn spawn_worker(tree: &Tree, spec: ChildSpec) -> Gate<Worker> {
    tree.spawn_child("worker", &Arbiter::current(), spec, Worker::factory())
        .unwrap()
}

impl Actor for Worker {
    type Context = Context<Self>;
}

impl Child for Worker {}

#[derive(Message)]
#[rtype(result = "()")]
enum Misbehave {
    Panic,
    PanicInActorFuture,
    PanicInSpawnedFuture,
    Stop,
    Fail,
    Freeze,
    Passivate,
}

impl Handler<Gated<Misbehave>> for Worker {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, message: Gated<Misbehave>, ctx: &mut Context<Self>) -> Self::Result {
        match message.open() {
            Misbehave::Panic => panic!("as requested"),
            Misbehave::PanicInActorFuture => {
                return Box::pin(
                    async {}
                        .into_actor(self)
                        .map(|(), _, _| panic!("as requested")),
                );
            }
            Misbehave::PanicInSpawnedFuture => {
                ctx.spawn(
                    async {}
                        .into_actor(self)
                        .map(|(), _, _| panic!("as requested")),
                );
            }
            Misbehave::Stop => ctx.stop(),
            Misbehave::Fail => ctx.fail(Failure("out_of_order")),
            Misbehave::Freeze => ctx.wait(std::future::pending().into_actor(self)),
            Misbehave::Passivate => ctx.passivate(),
        }
        Box::pin(actix::fut::ready(()))
    }
}

/// Asks who answers: the number of the incarnation and how many it answered before.
#[derive(Message)]
#[rtype(result = "(u32, u32)")]
struct Who;

impl Handler<Gated<Who>> for Worker {
    type Result = actix::MessageResult<Gated<Who>>;

    fn handle(&mut self, _: Gated<Who>, _: &mut Context<Self>) -> Self::Result {
        self.answered += 1;
        actix::MessageResult((self.incarnation, self.answered - 1))
    }
}
