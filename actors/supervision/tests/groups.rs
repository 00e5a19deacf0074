//! Groups: who is replaced with whom, and in which order.

use super::*;

type Log = Arc<Mutex<Vec<(&'static str, Instant)>>>;

/// Starts workers a, b and c in a group whose factory calls are logged.
fn spawn_three(tree: &Tree, strategy: Strategy) -> ([Gate<Worker>; 3], Log) {
    let log = Log::default();
    let group = tree.group(strategy);
    let gates = ["a", "b", "c"].map(|name| {
        let log = Arc::clone(&log);
        let worker = Worker::factory();
        group
            .spawn_child(name, &Arbiter::current(), ChildSpec::default(), move || {
                locked(&log).push((name, Instant::now()));
                worker()
            })
            .unwrap()
    });
    (gates, log)
}

fn names(log: &Log) -> Vec<&'static str> {
    locked(log).iter().map(|(name, _)| *name).collect()
}

#[test]
fn one_for_one_replaces_the_crashed_alone() {
    in_virtual_time(async {
        let (tree, _) = tree();
        let ([_, b, _], log) = spawn_three(&tree, Strategy::OneForOne);
        b.tell(Misbehave::Panic).unwrap();
        pass(Duration::from_secs(1)).await;
        assert_eq!(names(&log), ["a", "b", "c", "b"]);
    });
}

#[test]
fn rest_for_one_replaces_those_after_the_crashed_in_order() {
    in_virtual_time(async {
        let (tree, told) = tree();
        let ([a, b, c], log) = spawn_three(&tree, Strategy::RestForOne);
        pass(Duration::from_secs(1)).await;
        let crash = Instant::now();
        b.tell(Misbehave::Panic).unwrap();
        let waiting = c.ask(Who, LIMIT);
        assert_eq!(a.ask(Who, LIMIT).await, Ok((1, 0)));
        pass(Duration::from_secs(1)).await;
        assert_eq!(names(&log), ["a", "b", "c", "b", "c"]);
        // The dependent one waited for the back-off of the other.
        let (_, c_made) = *locked(&log).last().unwrap();
        assert!(c_made - crash >= Backoff::default().base);
        waiting.await.unwrap();
        assert_eq!(c.ask(Who, LIMIT).await.unwrap().0, 2);

        assert_eq!(observe(&tree, "a").restarts.total(), 0);
        assert_eq!(observe(&tree, "b").restarts.of(Cause::Panic), 1);
        assert_eq!(observe(&tree, "c").restarts.of(Cause::Group), 1);
        assert_eq!(observe(&tree, "c").last_error, None);
        assert!(locked(&told).is_empty());
    });
}

#[test]
fn restarts_with_the_group_are_not_held_against_a_child() {
    in_virtual_time(async {
        let (tree, told) = tree();
        let ([a, b, c], _) = spawn_three(&tree, Strategy::RestForOne);
        pass(Duration::from_secs(1)).await;
        for gate in [&a, &b] {
            for _ in 0..Intensity::default().restarts_max {
                gate.ask(Misbehave::Panic, LIMIT).await.unwrap_err();
                pass(Duration::from_secs(1)).await;
            }
        }
        assert_eq!(c.ask(Who, LIMIT).await, Ok((11, 0)));
        assert_eq!(observe(&tree, "c").restarts.of(Cause::Group), 10);
        assert!(locked(&told).is_empty());
    });
}

#[test]
fn an_admin_restart_takes_the_rest_along() {
    in_virtual_time(async {
        let (tree, _) = tree();
        let (_gates, log) = spawn_three(&tree, Strategy::RestForOne);
        pass(Duration::from_secs(1)).await;
        tree.directory().restart("a").unwrap();
        pass(Duration::from_secs(1)).await;
        assert_eq!(names(&log), ["a", "b", "c", "a", "b", "c"]);
    });
}

#[test]
fn dependents_wait_while_the_first_is_down_even_when_they_crash_themselves() {
    in_virtual_time(async {
        let (tree, _) = tree();
        let ([a, _b, c], log) = spawn_three(&tree, Strategy::RestForOne);
        pass(Duration::from_secs(1)).await;
        c.tell(Misbehave::Panic).unwrap();
        a.tell(Misbehave::Panic).unwrap();
        pass(Duration::from_secs(1)).await;
        let names = names(&log);
        assert_eq!(names[3..], ["a", "b", "c"]);
    });
}

#[test]
fn those_after_a_child_that_was_given_up_end_instead_of_waiting_for_ever() {
    in_virtual_time(async {
        let (tree, told) = tree();
        let ([a, b, c], _) = spawn_three(&tree, Strategy::RestForOne);
        for _ in 0..=Intensity::default().restarts_max {
            b.tell(Misbehave::Panic).unwrap();
        }
        let answer = c.ask(Who, LIMIT);
        pass(Duration::from_secs(5)).await;
        assert_eq!(locked(&told).len(), 1);
        assert_eq!(observe(&tree, "b").state, State::Escalated);
        assert_eq!(a.ask(Who, LIMIT).await, Ok((1, 0)));
        drop(answer);
        let begun = Instant::now();
        tree.shutdown(Duration::from_secs(60)).await;
        assert!(begun.elapsed() < Duration::from_secs(1));
        assert_eq!(c.ask(Who, LIMIT).await, Err(AskError::Closed));
    });
}
