//! Frozen actors and blocked threads.

use super::*;
use crate::supervision::pulse::{Finding, Misses, Part, Sign};

#[test]
fn a_frozen_actor_is_replaced_within_five_seconds() {
    in_virtual_time(async {
        let (tree, _) = tree();
        let gate = spawn_worker(&tree, ChildSpec::default());
        gate.ask(Who, LIMIT).await.unwrap();
        gate.tell(Misbehave::Freeze).unwrap();
        let begun = Instant::now();
        assert_eq!(gate.ask(Who, LIMIT).await, Ok((2, 0)));
        assert!(begun.elapsed() <= Duration::from_secs(5));
    });
}

#[test]
fn an_actor_that_always_freezes_escalates() {
    in_virtual_time(async {
        let (tree, told) = tree();
        let gate = spawn_worker(&tree, ChildSpec::default());
        for _ in 0..=Intensity::default().restarts_max {
            gate.tell(Misbehave::Freeze).unwrap();
        }
        pass(Duration::from_secs(60)).await;
        assert_eq!(locked(&told).len(), 1);
        assert_eq!(observe(&tree, "worker").restarts.of(Cause::Hang), 5);
    });
}

#[test]
fn an_idle_actor_is_left_in_peace() {
    in_virtual_time(async {
        let (tree, told) = tree();
        let gate = spawn_worker(&tree, ChildSpec::default());
        pass(Duration::from_secs(86_400)).await;
        assert_eq!(gate.ask(Who, LIMIT).await, Ok((1, 0)));
        assert!(observe(&tree, "worker").uptime >= Duration::from_secs(86_400));
        assert!(locked(&told).is_empty());
    });
}

#[test]
fn without_a_heartbeat_an_actor_may_wait_for_long() {
    in_virtual_time(async {
        let (tree, _) = tree();
        let spec = ChildSpec {
            heartbeat: None,
            ..ChildSpec::default()
        };
        let gate = spawn_worker(&tree, spec);
        gate.tell(Misbehave::Freeze).unwrap();
        assert_eq!(gate.ask(Who, LIMIT).await, Err(AskError::TimedOut));
        assert_eq!(observe(&tree, "worker").restarts.total(), 0);
    });
}

/// An actor whose handler holds its thread until the other end of the channel is dropped.
struct Blocker(std::sync::mpsc::Receiver<()>);

impl Actor for Blocker {
    type Context = Context<Self>;
}

impl Child for Blocker {}

impl Handler<Gated<Misbehave>> for Blocker {
    type Result = ();

    fn handle(&mut self, _: Gated<Misbehave>, _: &mut Context<Self>) {
        self.0.recv().unwrap_err();
    }
}

#[test]
fn a_blocked_thread_escalates_from_another_thread() {
    let system = System::new();
    system.block_on(async {
        let (escalated, mut escalations) = tokio::sync::mpsc::unbounded_channel();
        let tree = Tree::new(Handle::current(), move |escalation| {
            escalated.send(escalation).unwrap();
        });
        let arbiter = Arbiter::new();
        let (release, blocked) = std::sync::mpsc::channel();
        let blocked = Mutex::new(Some(blocked));
        let spec = ChildSpec {
            heartbeat: Some(Heartbeat {
                interval: Duration::from_millis(50),
                misses_max: 3,
            }),
            ..ChildSpec::default()
        };
        let gate = tree
            .spawn_child("blocker", &arbiter.handle(), spec, move || {
                Blocker(locked(&blocked).take().unwrap())
            })
            .unwrap();
        gate.tell(Misbehave::Freeze).unwrap();
        let escalation = tokio::time::timeout(LIMIT, escalations.recv())
            .await
            .expect("the watchdog sees the blocked thread");
        let expected = Escalation {
            actor: "blocker".into(),
            reason: EscalationReason::ThreadBlocked,
        };
        assert_eq!(escalation, Some(expected));
        drop(release);
        arbiter.stop();
        arbiter.join().unwrap();
    });
}

#[test]
fn signs_are_weighed_by_what_a_cure_costs() {
    let heartbeat = Heartbeat {
        interval: Duration::from_secs(1),
        misses_max: 3,
    };
    let misses_until = |sign: Sign, expected: Finding| {
        let mut misses = Misses::default();
        let mut asked = 1;
        while misses.weigh(sign, heartbeat) == Finding::Fine {
            asked += 1;
            assert!(asked < 100);
        }
        let mut again = Misses::default();
        for _ in 1..asked {
            assert_eq!(again.weigh(sign, heartbeat), Finding::Fine);
        }
        assert_eq!(again.weigh(sign, heartbeat), expected);
        asked
    };
    assert_eq!(misses_until(Sign::Frozen, Finding::Hang), 3);
    let culprit = Sign::Blocked(Part::Culprit);
    assert_eq!(misses_until(culprit, Finding::ThreadBlocked), 6);
    let bystander = Sign::Blocked(Part::Bystander);
    assert_eq!(misses_until(bystander, Finding::ThreadBlocked), 9);
}

#[test]
fn one_answer_forgives_all_misses() {
    let heartbeat = Heartbeat::default();
    let mut misses = Misses::default();
    for _ in 0..50 {
        assert_eq!(misses.weigh(Sign::Frozen, heartbeat), Finding::Fine);
        assert_eq!(misses.weigh(Sign::Frozen, heartbeat), Finding::Fine);
        assert_eq!(misses.weigh(Sign::Alive, heartbeat), Finding::Fine);
    }
}
