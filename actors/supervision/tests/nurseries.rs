//! Actors on demand: one per key, passivated when idle, shut out when poisoned.

use super::*;

pub(super) fn spec() -> NurserySpec {
    NurserySpec {
        intensity: Intensity::default(),
        backoff: Backoff::default(),
        heartbeat: Some(Heartbeat::default()),
        capacity: 16,
        children_max: 100,
        quarantine: Duration::from_secs(300),
    }
}

pub(super) fn spawn(tree: &Tree, spec: NurserySpec) -> Nursery<u32, Worker> {
    let worker = Worker::factory();
    tree.spawn_nursery("sessions", vec![Arbiter::current()], spec, move |_| {
        worker()
    })
    .unwrap()
}

#[test]
fn each_key_has_one_actor_that_remembers() {
    in_virtual_time(async {
        let (tree, _) = tree();
        let nursery = spawn(&tree, spec());
        assert_eq!(nursery.ask(&1, Who, LIMIT).await, Ok((1, 0)));
        assert_eq!(nursery.ask(&2, Who, LIMIT).await, Ok((2, 0)));
        assert_eq!(nursery.ask(&1, Who, LIMIT).await, Ok((1, 1)));
        let seen = observe(&tree, "sessions");
        assert_eq!(seen.instances, 2);
        assert_eq!(seen.mailbox.capacity, 32);
        assert_eq!(
            tree.directory().restart("sessions"),
            Err(RestartError::Nursery)
        );
    });
}

#[test]
fn a_poisoned_key_is_shut_out_for_a_while_and_the_others_live() {
    in_virtual_time(async {
        let (tree, told) = tree();
        let nursery = spawn(&tree, spec());
        nursery.ask(&1, Who, LIMIT).await.unwrap();
        let mut crashes = 0;
        let refusal = loop {
            match nursery.ask(&666, Misbehave::Panic, LIMIT).await {
                Err(NurseryError::Gate(AskError::Lost)) => crashes += 1,
                other => break other,
            }
        };
        assert_eq!(refusal, Err(NurseryError::Quarantined));
        assert_eq!(crashes, Intensity::default().restarts_max + 1);
        assert_eq!(nursery.ask(&1, Who, LIMIT).await, Ok((1, 1)));
        let seen = observe(&tree, "sessions");
        assert_eq!(seen.quarantined, 1);
        assert_eq!(seen.instances, 1);
        assert_eq!(seen.restarts.of(Cause::Panic), 5);
        assert!(locked(&told).is_empty());

        pass(Duration::from_secs(301)).await;
        assert!(nursery.ask(&666, Who, LIMIT).await.is_ok());
        assert_eq!(observe(&tree, "sessions").quarantined, 0);
    });
}

#[test]
fn those_queued_behind_the_last_straw_are_told_at_once() {
    in_virtual_time(async {
        let (tree, _) = tree();
        let nursery = spawn(&tree, spec());
        for _ in 0..=Intensity::default().restarts_max {
            nursery.tell(&666, Misbehave::Panic).unwrap();
        }
        let begun = Instant::now();
        let answer = nursery.ask(&666, Who, LIMIT).await;
        assert_eq!(answer, Err(NurseryError::Gate(AskError::Lost)));
        assert!(begun.elapsed() < Duration::from_secs(2));
    });
}

#[test]
fn a_crashed_session_answers_its_queue() {
    in_virtual_time(async {
        let (tree, _) = tree();
        let nursery = spawn(&tree, spec());
        nursery.tell(&1, Misbehave::Panic).unwrap();
        assert_eq!(nursery.ask(&1, Who, LIMIT).await, Ok((2, 0)));
    });
}

#[test]
fn a_frozen_session_is_replaced_within_five_seconds_of_its_next_message() {
    in_virtual_time(async {
        let (tree, _) = tree();
        let nursery = spawn(&tree, spec());
        nursery.tell(&1, Misbehave::Freeze).unwrap();
        let begun = Instant::now();
        assert_eq!(nursery.ask(&1, Who, LIMIT).await, Ok((2, 0)));
        assert!(begun.elapsed() <= Duration::from_secs(5));
        assert_eq!(observe(&tree, "sessions").restarts.of(Cause::Hang), 1);
    });
}

#[test]
fn a_passivated_session_is_forgotten_and_made_again() {
    in_virtual_time(async {
        let (tree, _) = tree();
        let nursery = spawn(&tree, spec());
        assert_eq!(nursery.ask(&1, Who, LIMIT).await, Ok((1, 0)));
        nursery.tell(&1, Misbehave::Passivate).unwrap();
        pass(Duration::from_millis(1)).await;
        assert_eq!(nursery.population(), 0);
        assert_eq!(nursery.ask(&1, Who, LIMIT).await, Ok((2, 0)));
        assert_eq!(observe(&tree, "sessions").restarts.total(), 0);
    });
}

#[test]
fn a_message_that_meets_a_passivation_is_answered_by_a_fresh_session() {
    in_virtual_time(async {
        let (tree, _) = tree();
        let nursery = spawn(&tree, spec());
        assert_eq!(nursery.ask(&1, Who, LIMIT).await, Ok((1, 0)));
        // Both are in the mailbox before the session takes the first.
        nursery.tell(&1, Misbehave::Passivate).unwrap();
        assert_eq!(nursery.ask(&1, Who, LIMIT).await, Ok((2, 0)));
        let seen = observe(&tree, "sessions");
        assert_eq!(seen.restarts.total(), 0);
        assert_eq!(seen.instances, 1);
    });
}

#[test]
fn no_message_is_lost_while_sessions_come_and_go_on_two_threads() {
    const ASKERS: usize = 8;
    const QUESTIONS: usize = 1_000;
    let system = System::new();
    system.block_on(async {
        let (tree, told) = tree();
        let arbiters = [Arbiter::new(), Arbiter::new()];
        let worker = Worker::factory();
        let nursery: Nursery<u32, Worker> = tree
            .spawn_nursery(
                "sessions",
                arbiters.iter().map(Arbiter::handle).collect(),
                NurserySpec {
                    heartbeat: None,
                    capacity: 4,
                    ..spec()
                },
                move |_| worker(),
            )
            .unwrap();
        let askers = (0..ASKERS).map(|asker| {
            let nursery = nursery.clone();
            let (done, answered) = tokio::sync::oneshot::channel();
            let on = &arbiters[asker % 2];
            on.spawn(async move {
                let mut answers = 0;
                for question in 0..QUESTIONS {
                    let key = (question % 3) as u32;
                    if question % 2 == asker % 2 {
                        // A full gate just means that one passivation fewer is asked for.
                        let _ = nursery.tell(&key, Misbehave::Passivate);
                    }
                    nursery.ask(&key, Who, LIMIT).await.unwrap();
                    answers += 1;
                }
                done.send(answers).unwrap();
            });
            answered
        });
        let answers = futures_util::future::try_join_all(askers);
        let answers = tokio::time::timeout(LIMIT, answers).await.unwrap().unwrap();
        assert_eq!(answers, [QUESTIONS; ASKERS]);
        assert_eq!(observe(&tree, "sessions").restarts.total(), 0);
        assert!(locked(&told).is_empty());
        tree.shutdown(LIMIT).await;
        for arbiter in arbiters {
            arbiter.stop();
            arbiter.join().unwrap();
        }
    });
}

#[test]
fn a_full_nursery_refuses_new_keys_and_serves_the_old() {
    in_virtual_time(async {
        let (tree, _) = tree();
        let nursery = spawn(
            &tree,
            NurserySpec {
                children_max: 2,
                ..spec()
            },
        );
        nursery.ask(&1, Who, LIMIT).await.unwrap();
        nursery.ask(&2, Who, LIMIT).await.unwrap();
        assert_eq!(
            nursery.ask(&3, Who, LIMIT).await,
            Err(NurseryError::Crowded)
        );
        assert_eq!(nursery.ask(&1, Who, LIMIT).await, Ok((1, 1)));
        nursery.tell(&2, Misbehave::Passivate).unwrap();
        pass(Duration::from_millis(1)).await;
        assert!(nursery.ask(&3, Who, LIMIT).await.is_ok());
    });
}
