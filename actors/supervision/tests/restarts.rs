//! Every way to crash leaves the address valid and the queue answered.

use super::*;

/// Sends a misbehaviour and five questions behind it; all are answered, and a fresh instance takes over.
///
/// `behind` says who answers them: a handler takes effect before the next message, a future only after them.
fn check(misbehaviour: Misbehave, behind: [(u32, u32); 5], cause: Cause, last_error: &str) {
    in_virtual_time(async move {
        let (tree, told) = tree();
        let gate = spawn_worker(&tree, ChildSpec::default());
        assert_eq!(gate.ask(Who, LIMIT).await, Ok((1, 0)));

        gate.tell(misbehaviour).unwrap();
        let questions = (0..5).map(|_| gate.ask(Who, LIMIT));
        let answers = futures_util::future::join_all(questions).await;
        assert_eq!(answers, behind.map(Ok));
        pass(Duration::from_secs(1)).await;
        assert_eq!(gate.ask(Who, LIMIT).await.unwrap().0, 2);

        let seen = observe(&tree, "worker");
        assert_eq!(seen.state, State::Running);
        assert_eq!(seen.restarts.of(cause), 1);
        assert_eq!(seen.restarts.total(), 1);
        let error = seen.last_error.unwrap();
        assert!(error.starts_with(last_error), "{error}");
        assert_eq!(seen.mailbox.messages, 0);
        assert_eq!(seen.mailbox.capacity, 1_024);
        assert!(locked(&told).is_empty());
    });
}

const BY_FRESH: [(u32, u32); 5] = [(2, 0), (2, 1), (2, 2), (2, 3), (2, 4)];
const BY_FORMER: [(u32, u32); 5] = [(1, 1), (1, 2), (1, 3), (1, 4), (1, 5)];

#[test]
fn a_panic_in_a_handler_leaves_the_queue_answered() {
    check(Misbehave::Panic, BY_FRESH, Cause::Panic, "panic at ");
}

#[test]
fn a_panic_in_an_actor_future_leaves_the_queue_answered() {
    check(
        Misbehave::PanicInActorFuture,
        BY_FORMER,
        Cause::Panic,
        "panic at ",
    );
}

#[test]
fn a_panic_in_a_spawned_future_leaves_the_queue_answered() {
    check(
        Misbehave::PanicInSpawnedFuture,
        BY_FORMER,
        Cause::Panic,
        "panic at ",
    );
}

#[test]
fn a_stop_leaves_the_queue_answered() {
    check(Misbehave::Stop, BY_FRESH, Cause::Stop, "stopped itself");
}

#[test]
fn passivation_of_a_named_child_is_a_stop() {
    check(
        Misbehave::Passivate,
        BY_FRESH,
        Cause::Stop,
        "stopped itself",
    );
}

#[test]
fn a_reported_failure_leaves_the_queue_answered() {
    check(Misbehave::Fail, BY_FRESH, Cause::Error, "out_of_order");
}

#[test]
fn a_frozen_actor_is_replaced_and_answers_its_queue() {
    check(
        Misbehave::Freeze,
        BY_FRESH,
        Cause::Hang,
        "missed its heartbeats",
    );
}

#[test]
fn an_admin_restart_takes_the_path_of_a_crash() {
    in_virtual_time(async {
        let (tree, told) = tree();
        let gate = spawn_worker(&tree, ChildSpec::default());
        assert_eq!(gate.ask(Who, LIMIT).await, Ok((1, 0)));
        tree.directory().restart("worker").unwrap();
        let questions = (0..5).map(|_| gate.ask(Who, LIMIT));
        let answers = futures_util::future::join_all(questions).await;
        assert_eq!(answers, (0..5).map(|nth| Ok((2, nth))).collect::<Vec<_>>());
        let seen = observe(&tree, "worker");
        assert_eq!(seen.restarts.of(Cause::Admin), 1);
        assert_eq!(seen.last_error, None);
        assert!(seen.last_restart.is_some());
        assert!(locked(&told).is_empty());
    });
}

#[test]
fn admin_restarts_are_limited_and_never_escalate() {
    in_virtual_time(async {
        let (tree, told) = tree();
        let gate = spawn_worker(&tree, ChildSpec::default());
        let directory = tree.directory();
        let mut refused = 0;
        for _ in 0..20 {
            gate.ask(Who, LIMIT).await.unwrap();
            match directory.restart("worker") {
                Ok(()) => pass(Duration::from_millis(50)).await,
                Err(error) => {
                    assert_eq!(error, RestartError::RateLimited);
                    refused += 1;
                }
            }
        }
        assert_eq!(refused, 15);
        assert_eq!(observe(&tree, "worker").restarts.of(Cause::Admin), 5);
        // What the administrator did is not held against the actor.
        gate.tell(Misbehave::Panic).unwrap();
        assert_eq!(gate.ask(Who, LIMIT).await, Ok((7, 0)));
        assert!(locked(&told).is_empty());

        assert_eq!(directory.restart("nobody"), Err(RestartError::Unknown));
    });
}

#[test]
fn the_caller_of_a_crashed_handler_learns_of_it_before_the_back_off() {
    in_virtual_time(async {
        let (tree, _) = tree();
        let spec = ChildSpec {
            backoff: Backoff {
                base: Duration::from_secs(60),
                max: Duration::from_secs(60),
            },
            ..ChildSpec::default()
        };
        let gate = spawn_worker(&tree, spec);
        let begun = Instant::now();
        assert_eq!(gate.ask(Misbehave::Panic, LIMIT).await, Err(AskError::Lost));
        assert_eq!(begun.elapsed(), Duration::ZERO);
        assert_eq!(observe(&tree, "worker").state, State::BackingOff);
        assert_eq!(observe(&tree, "worker").uptime, Duration::ZERO);
        assert_eq!(
            tree.directory().restart("worker"),
            Err(RestartError::NotRunning)
        );
    });
}

#[test]
fn pauses_double_within_the_window() {
    in_virtual_time(async {
        let (tree, _) = tree();
        let made = Arc::<Mutex<Vec<Instant>>>::default();
        let log = Arc::clone(&made);
        let worker = Worker::factory();
        let gate = tree
            .spawn_child(
                "worker",
                &Arbiter::current(),
                ChildSpec::default(),
                move || {
                    locked(&log).push(Instant::now());
                    worker()
                },
            )
            .unwrap();
        for _ in 0..5 {
            gate.tell(Misbehave::Panic).unwrap();
            pass(Duration::from_secs(1)).await;
        }
        assert_eq!(gate.ask(Who, LIMIT).await, Ok((6, 0)));
        let made = locked(&made).clone();
        let seconds = Duration::from_secs;
        let pauses: Vec<_> = made[1..]
            .iter()
            .enumerate()
            .map(|(nth, made_at)| (*made_at - made[0] - seconds(nth as u64)).as_millis())
            .collect();
        // Each crash came a second after the one before; timers are a millisecond coarse.
        for (pause, expected) in pauses.iter().zip([20, 40, 80, 160, 320]) {
            assert!((expected..expected + 10).contains(pause), "{pauses:?}");
        }
    });
}

/// An actor that cannot even start.
struct Stillborn;

impl Actor for Stillborn {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Context<Self>) {
        panic!("as designed");
    }
}

impl Child for Stillborn {}

impl Handler<Gated<Who>> for Stillborn {
    type Result = actix::MessageResult<Gated<Who>>;

    fn handle(&mut self, _: Gated<Who>, _: &mut Context<Self>) -> Self::Result {
        actix::MessageResult((0, 0))
    }
}

#[test]
fn a_restart_storm_escalates_once_and_is_no_hot_loop() {
    in_virtual_time(async {
        let (tree, told) = tree();
        let made = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&made);
        let gate = tree
            .spawn_child(
                "stillborn",
                &Arbiter::current(),
                ChildSpec::default(),
                move || {
                    counter.fetch_add(1, SeqCst);
                    Stillborn
                },
            )
            .unwrap();
        // Who waits for an answer is not left waiting.
        assert_eq!(gate.ask(Who, LIMIT).await, Err(AskError::Lost));
        pass(Duration::from_secs(600)).await;

        let restarts_max = Intensity::default().restarts_max as usize;
        assert_eq!(made.load(SeqCst), restarts_max + 1);
        let expected = Escalation {
            actor: "stillborn".into(),
            reason: EscalationReason::Intensity,
        };
        assert_eq!(*locked(&told), [expected]);
        let seen = observe(&tree, "stillborn");
        assert_eq!(seen.state, State::Escalated);
        assert_eq!(seen.restarts.of(Cause::Panic), restarts_max as u64);
        assert_eq!(gate.ask(Who, LIMIT).await, Err(AskError::Closed));
        assert_eq!(
            tree.directory().restart("stillborn"),
            Err(RestartError::NotRunning)
        );
    });
}

#[test]
fn a_panicking_factory_is_a_crash_too() {
    in_virtual_time(async {
        let (tree, told) = tree();
        let gate = tree
            .spawn_child(
                "worker",
                &Arbiter::current(),
                ChildSpec::default(),
                || -> Worker { panic!("as designed") },
            )
            .unwrap();
        pass(Duration::from_secs(600)).await;
        assert_eq!(locked(&told).len(), 1);
        assert_eq!(gate.tell(Misbehave::Stop), Err(TellError::Closed));
    });
}

#[test]
fn two_escalations_are_told_as_one() {
    in_virtual_time(async {
        let (tree, told) = tree();
        for name in ["first", "second"] {
            tree.spawn_child(name, &Arbiter::current(), ChildSpec::default(), || {
                Stillborn
            })
            .unwrap();
        }
        pass(Duration::from_secs(600)).await;
        assert_eq!(observe(&tree, "first").state, State::Escalated);
        assert_eq!(observe(&tree, "second").state, State::Escalated);
        assert_eq!(locked(&told).len(), 1);
    });
}

#[test]
fn crashes_further_apart_than_the_window_heal_for_ever() {
    in_virtual_time(async {
        let (tree, told) = tree();
        let gate = spawn_worker(&tree, ChildSpec::default());
        for nth in 1..=30 {
            assert_eq!(gate.ask(Who, LIMIT).await, Ok((nth, 0)));
            gate.tell(Misbehave::Panic).unwrap();
            pass(Duration::from_secs(13)).await;
        }
        assert!(locked(&told).is_empty());
    });
}

#[test]
fn a_name_is_given_once() {
    in_virtual_time(async {
        let (tree, _) = tree();
        spawn_worker(&tree, ChildSpec::default());
        let second = tree.spawn_child(
            "worker",
            &Arbiter::current(),
            ChildSpec::default(),
            Worker::factory(),
        );
        assert_eq!(second.err(), Some(SpawnError::NameTaken));
    });
}

/// Sends itself a message for each it gets, so its mailbox is never empty.
struct Restless;

impl Actor for Restless {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.address().try_send(Again).unwrap();
    }
}

impl Child for Restless {}

#[derive(Message)]
#[rtype(result = "()")]
struct Again;

impl Handler<Again> for Restless {
    type Result = ();

    fn handle(&mut self, _: Again, ctx: &mut Context<Self>) {
        ctx.address().try_send(Again).unwrap();
    }
}

#[test]
fn a_flooded_actor_leaves_its_neighbour_a_turn() {
    in_virtual_time(async {
        let (tree, _) = tree();
        tree.spawn_child(
            "restless",
            &Arbiter::current(),
            ChildSpec::default(),
            || Restless,
        )
        .unwrap();
        let gate = spawn_worker(&tree, ChildSpec::default());
        for nth in 0..100 {
            assert_eq!(gate.ask(Who, LIMIT).await, Ok((1, nth)));
        }
        assert_eq!(observe(&tree, "restless").state, State::Running);
    });
}

#[test]
fn every_series_of_an_actor_is_exported_from_its_first_moment() {
    in_virtual_time(async {
        let (tree, _) = tree();
        tree.spawn_child(
            "exported",
            &Arbiter::current(),
            ChildSpec::default(),
            Worker::factory(),
        )
        .unwrap();
        let families = crate::metrics::registry().gather();
        let series = |family: &str| {
            families
                .iter()
                .filter(|seen| seen.name() == family)
                .flat_map(|seen| seen.get_metric())
                .filter(|metric| {
                    metric
                        .get_label()
                        .iter()
                        .any(|label| label.value() == "exported")
                })
                .count()
        };
        assert_eq!(series("rei_actor_restarts_total"), Cause::ALL.len());
        assert_eq!(series("rei_actor_mailbox_messages"), 1);
        assert_eq!(series("rei_actor_message_duration_seconds"), 1);
        assert_eq!(series("rei_actor_up"), 1);
    });
}
