//! A planned end: what was accepted is finished, in reverse order, within a deadline.

use super::*;

/// An actor with work under way when it is told to drain.
struct Finisher {
    name: &'static str,
    takes: Duration,
    log: Arc<Mutex<Vec<String>>>,
}

impl Actor for Finisher {
    type Context = Context<Self>;

    fn stopped(&mut self, _: &mut Context<Self>) {
        locked(&self.log).push(format!("{} stopped", self.name));
    }
}

impl Child for Finisher {
    fn drain(&mut self, _: &mut Context<Self>) -> ResponseActFuture<Self, ()> {
        locked(&self.log).push(format!("{} drains", self.name));
        let work = tokio::time::sleep(self.takes);
        Box::pin(work.into_actor(self).map(|(), actor, _| {
            locked(&actor.log).push(format!("{} finished", actor.name));
        }))
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Work;

impl Handler<Gated<Work>> for Finisher {
    type Result = ();

    fn handle(&mut self, _: Gated<Work>, _: &mut Context<Self>) {
        locked(&self.log).push(format!("{} works", self.name));
    }
}

fn spawn(
    tree: &Tree,
    name: &'static str,
    takes: Duration,
    log: &Arc<Mutex<Vec<String>>>,
) -> Gate<Finisher> {
    let log = Arc::clone(log);
    let make = move || Finisher {
        name,
        takes,
        log: Arc::clone(&log),
    };
    tree.spawn_child(name, &Arbiter::current(), ChildSpec::default(), make)
        .unwrap()
}

fn farewells(tree_end: &[Farewell]) -> Vec<(&str, Departure)> {
    tree_end
        .iter()
        .map(|farewell| (&*farewell.actor, farewell.departure))
        .collect()
}

#[test]
fn members_drain_in_reverse_order_after_their_mail_is_handled() {
    in_virtual_time(async {
        let (tree, told) = tree();
        let log = Arc::default();
        let base = spawn(&tree, "base", Duration::from_secs(1), &log);
        let top = spawn(&tree, "top", Duration::from_secs(2), &log);
        base.tell(Work).unwrap();
        top.tell(Work).unwrap();
        top.tell(Work).unwrap();
        let end = tree.shutdown(Duration::from_secs(60)).await;
        assert_eq!(
            farewells(&end),
            [("top", Departure::Drained), ("base", Departure::Drained)]
        );
        let log = locked(&log).clone();
        let of_top: Vec<_> = log.iter().filter(|line| line.starts_with("top")).collect();
        assert_eq!(
            of_top,
            [
                "top works",
                "top works",
                "top drains",
                "top finished",
                "top stopped"
            ]
        );
        let place = |line: &str| log.iter().position(|logged| logged == line).unwrap();
        assert!(place("top stopped") < place("base drains"));
        assert_eq!(log.last().unwrap(), "base stopped");
        assert_eq!(top.tell(Work), Err(TellError::Closed));
        assert!(locked(&told).is_empty());
    });
}

#[test]
fn a_member_that_does_not_finish_is_cut_at_the_deadline() {
    in_virtual_time(async {
        let (tree, _) = tree();
        let log = Arc::default();
        let _quick = spawn(&tree, "quick", Duration::ZERO, &log);
        let _slow = spawn(&tree, "slow", Duration::from_secs(3_600), &log);
        let begun = Instant::now();
        let end = tree.shutdown(Duration::from_secs(10)).await;
        assert!(begun.elapsed() < Duration::from_secs(11));
        assert_eq!(
            farewells(&end),
            [("slow", Departure::Cut), ("quick", Departure::Cut)]
        );
        assert!(locked(&log).contains(&"slow stopped".to_owned()));
    });
}

#[test]
fn a_frozen_actor_does_not_hold_up_the_end() {
    in_virtual_time(async {
        let (tree, _) = tree();
        let spec = ChildSpec {
            heartbeat: None,
            ..ChildSpec::default()
        };
        let gate = spawn_worker(&tree, spec);
        gate.tell(Misbehave::Freeze).unwrap();
        let end = tree.shutdown(Duration::from_secs(10)).await;
        assert_eq!(farewells(&end), [("worker", Departure::Cut)]);
    });
}

#[test]
fn a_crash_while_draining_still_gets_the_queue_answered() {
    in_virtual_time(async {
        let (tree, _) = tree();
        let gate = spawn_worker(&tree, ChildSpec::default());
        gate.tell(Misbehave::Panic).unwrap();
        let asked = gate.clone();
        let answer = actix_rt::spawn(async move { asked.ask(Who, LIMIT).await });
        pass(Duration::from_millis(1)).await;
        let end = tree.shutdown(Duration::from_secs(10)).await;
        assert_eq!(farewells(&end), [("worker", Departure::Drained)]);
        assert_eq!(answer.await.unwrap(), Ok((2, 0)));
    });
}

#[test]
fn a_drain_cuts_a_back_off_short() {
    in_virtual_time(async {
        let (tree, _) = tree();
        let minute = Duration::from_secs(60);
        let spec = ChildSpec {
            backoff: Backoff {
                base: minute,
                max: minute,
            },
            ..ChildSpec::default()
        };
        let gate = spawn_worker(&tree, spec);
        gate.tell(Misbehave::Panic).unwrap();
        let asked = gate.clone();
        let answer = actix_rt::spawn(async move { asked.ask(Who, LIMIT).await });
        pass(Duration::from_secs(1)).await;
        let end = tree.shutdown(Duration::from_secs(10)).await;
        assert_eq!(farewells(&end), [("worker", Departure::Drained)]);
        assert_eq!(answer.await.unwrap(), Ok((2, 0)));
    });
}

/// Panics even in its last hook.
struct SoreLoser;

impl Actor for SoreLoser {
    type Context = Context<Self>;

    fn stopped(&mut self, _: &mut Context<Self>) {
        panic!("as designed");
    }
}

impl Child for SoreLoser {
    fn drain(&mut self, _: &mut Context<Self>) -> ResponseActFuture<Self, ()> {
        Box::pin(std::future::pending().into_actor(self))
    }
}

#[test]
fn a_panic_in_the_last_hook_does_not_bring_a_stopped_actor_back() {
    in_virtual_time(async {
        let (tree, _) = tree();
        let directory = tree.directory();
        tree.spawn_child("loser", &Arbiter::current(), ChildSpec::default(), || {
            SoreLoser
        })
        .unwrap();
        let end = tree.shutdown(Duration::from_secs(10)).await;
        assert_eq!(farewells(&end), [("loser", Departure::Cut)]);
        assert!(directory.observations().is_empty());
    });
}

/// Its first instance does not survive its own drain.
struct Clumsy {
    first: bool,
    drained: Arc<AtomicUsize>,
}

impl Actor for Clumsy {
    type Context = Context<Self>;
}

impl Child for Clumsy {
    fn drain(&mut self, _: &mut Context<Self>) -> ResponseActFuture<Self, ()> {
        let work = tokio::time::sleep(Duration::from_secs(1));
        Box::pin(work.into_actor(self).map(|(), actor, _| {
            assert!(!actor.first, "as designed");
            actor.drained.fetch_add(1, SeqCst);
        }))
    }
}

#[test]
fn a_drain_that_crashes_is_begun_anew_by_the_next_instance() {
    in_virtual_time(async {
        let (tree, _) = tree();
        let drained = Arc::<AtomicUsize>::default();
        let counter = Arc::clone(&drained);
        let made = AtomicU32::new(0);
        tree.spawn_child(
            "clumsy",
            &Arbiter::current(),
            ChildSpec::default(),
            move || Clumsy {
                first: made.fetch_add(1, SeqCst) == 0,
                drained: Arc::clone(&counter),
            },
        )
        .unwrap();
        let end = tree.shutdown(Duration::from_secs(10)).await;
        assert_eq!(farewells(&end), [("clumsy", Departure::Drained)]);
        assert_eq!(drained.load(SeqCst), 1);
    });
}

#[test]
fn a_nursery_drains_all_its_actors_and_admits_no_more() {
    in_virtual_time(async {
        let (tree, _) = tree();
        let spec = nurseries::spec();
        let nursery: Nursery<u32, Worker> = nurseries::spawn(&tree, spec);
        for key in 0..20 {
            nursery.ask(&key, Who, LIMIT).await.unwrap();
        }
        let end = tree.shutdown(Duration::from_secs(10)).await;
        assert_eq!(farewells(&end), [("sessions", Departure::Drained)]);
        assert_eq!(nursery.population(), 0);
        assert_eq!(nursery.ask(&1, Who, LIMIT).await, Err(NurseryError::Closed));
    });
}
