//! The promises of the shared rates, on a real Redis.

mod nonsense;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rei_actors::metrics::RateMeters;
use rei_actors::ports::rates::{Rates, Verdict};
use rei_domain::ids::UserId;
use rei_domain::money::Money;
use rei_domain::rates::{Rate, RateRules, RateScope, Taking, decide_all};
use rei_domain::time::{Moment, Span};
use secrecy::SecretString;
use tokio::runtime::{Handle, Runtime};

use super::fixtures::RedisServer;
use super::{LocalRates, NotAnAddress, RedisRates, RedisSettings, SharedRates, is_address};

const ANN: UserId = UserId(7);
const BOB: UserId = UserId(8);
const NOW: Moment = Moment(1_800_000_000_000_000);
const DAY: Span = Span::from_secs(86_400);
const BURST: u64 = 5;

/// Longer than any test waits for something that must happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// Slow enough that nothing is earned while a test runs.
fn rules() -> RateRules {
    RateRules {
        requests: Some(Rate::new(10, DAY, BURST)),
        cost: Some(Rate::new(100_000, DAY, 10_000).with_heaviest(100_000)),
    }
}

fn order(kopecks: i64) -> Taking {
    Taking::order(Money::from_kopecks(kopecks))
}

fn settings(url: &str, answer_within: Duration) -> RedisSettings {
    RedisSettings {
        url: SecretString::from(url),
        prefix: "rei".to_owned(),
        connections_max: 8,
        answer_within,
        retry_after: Duration::from_millis(20),
    }
}

/// One node, with what it counts.
#[derive(Clone)]
struct Node {
    rates: Arc<SharedRates>,
    meters: RateMeters,
}

impl Node {
    /// A node that gives Redis all the time it wants.
    fn on(redis: &RedisServer) -> Node {
        Node::at(&redis.url(), PATIENCE)
    }

    fn at(url: &str, answer_within: Duration) -> Node {
        let settings = settings(url, answer_within);
        let retry_after = settings.retry_after;
        let cells = RedisRates::try_new(settings, Handle::current()).unwrap();
        let (local, meters) = (LocalRates::new(rules()), RateMeters::unregistered());
        let rates = SharedRates::new(rules(), cells, local, retry_after, meters.clone());
        let rates = Arc::new(rates);
        Node { rates, meters }
    }

    async fn take(&self, user: UserId, taking: Taking) -> Verdict {
        self.rates.take(user, taking, NOW).await
    }

    async fn request(&self, user: UserId) -> Verdict {
        self.take(user, Taking::REQUEST).await
    }

    /// How many of so many requests are allowed.
    async fn allowed(&self, user: UserId, tries: u64) -> u64 {
        let mut allowed = 0;
        for _ in 0..tries {
            if self.request(user).await == Verdict::Taken {
                allowed += 1;
            }
        }
        allowed
    }

    /// Takes until Redis decides again.
    async fn until_shared(&self) {
        let shared = async {
            loop {
                let before = self.meters.alone_total();
                self.take(UserId(99), order(1)).await;
                if self.meters.alone_total() == before {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, shared).await;
        in_time.expect("redis is used again");
    }
}

fn run(test: impl Future<Output = ()>) {
    Runtime::new().unwrap().block_on(test);
}

#[test]
fn two_nodes_share_one_limit() {
    run(async {
        let redis = RedisServer::start();
        let (one, other) = (Node::on(&redis), Node::on(&redis));
        assert_eq!(one.allowed(ANN, 3).await, 3);
        assert_eq!(other.allowed(ANN, 10).await, BURST - 3);
        assert_eq!(one.allowed(ANN, 10).await, 0);
        assert_eq!(one.allowed(BOB, 1).await, 1, "each user has his own");
    });
}

#[test]
fn a_thousand_takings_at_once_on_two_nodes_never_pass_the_burst() {
    run(async {
        let redis = RedisServer::start();
        let nodes = [Node::on(&redis), Node::on(&redis)];
        let takings = (0..1_000).map(|number| {
            let node = nodes[number % 2].clone();
            tokio::spawn(async move { node.take(ANN, order(2_500)).await })
        });
        let mut taken = 0;
        for taking in join_all(takings).await {
            if taking.unwrap() == Verdict::Taken {
                taken += 1;
            }
        }
        // The cost allows four of them, the count five.
        assert_eq!(taken, 4);
        let alone = nodes.each_ref().map(|node| node.meters.alone_total());
        assert_eq!(alone, [0, 0]);
    });
}

#[test]
fn an_order_that_one_limit_refuses_costs_nothing_at_the_other() {
    run(async {
        let redis = RedisServer::start();
        let node = Node::on(&redis);
        assert_eq!(node.take(ANN, order(9_000)).await, Verdict::Taken);
        for _ in 0..20 {
            let refused = node.take(ANN, order(9_000)).await;
            let by_cost = matches!(
                refused,
                Verdict::Blocked {
                    scope: RateScope::Cost,
                    ..
                }
            );
            assert!(by_cost, "{refused:?}");
        }
        assert_eq!(node.allowed(ANN, 10).await, BURST - 1);
        let refused = node.take(ANN, order(100)).await;
        let by_count = matches!(
            refused,
            Verdict::Blocked {
                scope: RateScope::Requests,
                ..
            }
        );
        assert!(by_count, "{refused:?}");
    });
}

#[test]
fn a_blocked_one_learns_how_long_to_wait_by_his_own_nodes_clock() {
    run(async {
        let redis = RedisServer::start();
        let node = Node::on(&redis);
        assert_eq!(node.take(ANN, order(10_000)).await, Verdict::Taken);
        let Verdict::Blocked { until, .. } = node.take(ANN, order(2_500)).await else {
            panic!("the burst is used up");
        };
        // 2 500 of 100 000 a day are earned in 36 minutes, less what the test took.
        let wait = (until - NOW).whole_secs();
        assert!((36 * 60 - 120..=36 * 60).contains(&wait), "{wait} s");
    });
}

#[test]
fn a_nodes_clock_that_steps_back_a_day_changes_nothing() {
    run(async {
        let redis = RedisServer::start();
        let node = Node::on(&redis);
        let yesterday = Moment(NOW.0 - DAY.0);
        let mut taken = 0;
        for now in [NOW, yesterday].into_iter().cycle().take(40) {
            if node.rates.take(ANN, Taking::REQUEST, now).await == Verdict::Taken {
                taken += 1;
            }
        }
        assert_eq!(taken, BURST);
    });
}

#[test]
fn a_key_holds_a_moment_alone_and_goes_when_the_allowance_is_whole() {
    run(async {
        let redis = RedisServer::start();
        let node = Node::on(&redis);
        assert_eq!(node.allowed(ANN, 1).await, 1);
        assert_eq!(redis.ask(&["KEYS", "*"]), "rei:rate:requests:7");
        let moment = redis.ask(&["GET", "rei:rate:requests:7"]);
        assert_eq!(moment.len(), 16, "{moment}");
        let life: i64 = redis.ask(&["PTTL", "rei:rate:requests:7"]).parse().unwrap();
        assert!((8_500_000..=8_640_000).contains(&life), "{life} ms");
        node.rates.give_back(ANN, Taking::REQUEST, NOW).await;
        assert_eq!(redis.ask(&["DBSIZE"]), "0");
    });
}

#[test]
fn what_is_given_back_can_be_taken_on_another_node() {
    run(async {
        let redis = RedisServer::start();
        let (one, other) = (Node::on(&redis), Node::on(&redis));
        assert_eq!(one.take(ANN, order(10_000)).await, Verdict::Taken);
        one.rates.give_back(ANN, order(10_000), NOW).await;
        assert_eq!(other.take(ANN, order(10_000)).await, Verdict::Taken);
        assert_eq!(other.allowed(ANN, 10).await, BURST - 1);
    });
}

#[test]
fn without_redis_a_node_goes_on_with_its_own_limits_and_comes_back() {
    run(async {
        let mut redis = RedisServer::start();
        let node = Node::on(&redis);
        assert_eq!(node.allowed(ANN, 3).await, 3);
        redis.stop();
        // The node remembers what it allowed while the limits were shared.
        assert_eq!(node.allowed(ANN, 10).await, BURST - 3);
        assert_eq!(node.allowed(BOB, 10).await, BURST);
        assert_eq!(node.meters.alone_total(), 20);
        assert_eq!(node.meters.changes_total(), (1, 0), "told once");
        redis.start_again();
        node.until_shared().await;
        assert_eq!(node.meters.changes_total(), (1, 1));
        let before = node.meters.alone_total();
        assert_eq!(node.allowed(UserId(9), 10).await, BURST);
        assert_eq!(node.meters.alone_total(), before, "redis decides again");
    });
}

#[test]
fn a_node_that_starts_without_redis_works() {
    run(async {
        let mut redis = RedisServer::start();
        redis.stop();
        let node = Node::on(&redis);
        assert_eq!(node.allowed(ANN, 10).await, BURST);
        redis.start_again();
        node.until_shared().await;
    });
}

#[test]
fn an_emptied_redis_stops_nobody_and_goes_on_counting() {
    run(async {
        let redis = RedisServer::start();
        let node = Node::on(&redis);
        assert_eq!(node.allowed(ANN, 10).await, BURST);
        redis.ask(&["FLUSHALL"]);
        redis.ask(&["SCRIPT", "FLUSH"]);
        assert_eq!(node.allowed(ANN, 10).await, BURST);
        assert_eq!(node.meters.alone_total(), 0, "redis decided all the time");
    });
}

#[test]
fn a_redis_that_hangs_holds_up_one_request_at_a_time() {
    run(async {
        let redis = RedisServer::start();
        let node = Node::at(&redis.url(), Duration::from_millis(200));
        node.until_shared().await;
        let before = node.meters.alone_total();
        redis.freeze();
        assert_eq!(node.allowed(ANN, 100).await, BURST);
        assert_eq!(node.meters.alone_total() - before, 100);
        redis.thaw();
        node.until_shared().await;
    });
}

#[test]
fn a_redis_that_is_full_or_a_replica_is_as_good_as_gone() {
    run(async {
        let redis = RedisServer::start();
        let node = Node::on(&redis);
        redis.ask(&["CONFIG", "SET", "maxmemory", "1"]);
        assert_eq!(node.allowed(ANN, 10).await, BURST);
        redis.ask(&["CONFIG", "SET", "maxmemory", "0"]);
        node.until_shared().await;
        redis.ask(&["REPLICAOF", "127.0.0.1", "1"]);
        assert_eq!(node.allowed(BOB, 10).await, BURST);
        redis.ask(&["REPLICAOF", "NO", "ONE"]);
        node.until_shared().await;
        assert_eq!(node.meters.changes_total(), (2, 2));
    });
}

#[test]
fn the_script_decides_as_the_domain_does() {
    // A unit of weight is an hour, so that no time that a test takes decides anything.
    let rate =
        (1u64..10, 1i64..10, 1u64..20, 0u64..60).prop_map(|(amount, units, burst, heavy)| {
            let span = Span(3_600_000_000 * units * i64::try_from(amount).unwrap());
            Rate::new(amount, span, burst).with_heaviest(heavy)
        });
    let step = (proptest::option::weighted(0.8, 0i64..60), any::<bool>());
    let histories = (rate.clone(), rate, proptest::collection::vec(step, 1..30));
    run(async {
        let redis = RedisServer::start();
        let cells = RedisRates::try_new(settings(&redis.url(), PATIENCE), Handle::current());
        let cells = Arc::new(cells.unwrap());
        let runtime = Handle::current();
        let compare = move || {
            let mut runner = TestRunner::new(Config::with_cases(64));
            let users = std::cell::Cell::new(0);
            runner.run(&histories, |(requests, cost, steps)| {
                // A history of its own for each: users share nothing.
                users.set(users.get() + 1);
                let rules = RateRules {
                    requests: Some(requests),
                    cost: Some(cost),
                };
                let history = one_history(&cells, UserId(users.get()), rules, &steps);
                runtime.block_on(history)
            })
        };
        let compared = tokio::task::spawn_blocking(compare).await;
        compared.unwrap().unwrap();
    });
}

/// Takes, and now and then gives back, here and there; both must say the same.
async fn one_history(
    cells: &RedisRates,
    user: UserId,
    rules: RateRules,
    steps: &[(Option<i64>, bool)],
) -> Result<(), TestCaseError> {
    /// More than a history takes, much less than the unit.
    const ELAPSED_MAX: Span = Span::from_secs(600);
    let mut known = std::collections::HashMap::new();
    for (weight, returns) in steps {
        let taking = weight.map_or(Taking::REQUEST, order);
        let draws = rules.draws(taking);
        let with_cells: Vec<_> = draws
            .iter()
            .map(|draw| (*draw, known.get(&draw.scope).copied()))
            .collect();
        let joint = decide_all(&with_cells, NOW);
        for (draw, tat) in draws.iter().zip(&joint.tats) {
            known.insert(draw.scope, *tat);
        }
        let there = cells.take(user, &draws).await.unwrap();
        match (joint.blocked, there) {
            (None, None) => {}
            (Some((scope, until)), Some((scope_there, wait))) => {
                // Where both block for equally long, either may be told.
                let late = (until - NOW).0 - wait.0;
                prop_assert!(
                    (0..ELAPSED_MAX.0).contains(&late),
                    "{scope:?} {scope_there:?}"
                );
            }
            (here, there) => prop_assert!(false, "{here:?} but {there:?}"),
        }
        if *returns && joint.blocked.is_none() {
            cells.give_back(user, &draws).await.unwrap();
            for draw in &draws {
                let tat = known.get(&draw.scope).copied();
                let back = rei_domain::rates::give_back(&draw.rate, tat, NOW, draw.weight);
                known.insert(draw.scope, back);
            }
        }
    }
    Ok(())
}

#[test]
fn a_wrong_address_is_refused_without_repeating_it() {
    run(async {
        for wrong in [
            "redis:/a-password@nowhere",
            "rediss://a-password@nowhere",
            "redis://nowhere/a-password",
            "http://a-password@nowhere",
            "unix:///a-password",
            "a-password",
            "",
        ] {
            let settings = settings(wrong, PATIENCE);
            assert!(!format!("{settings:?}").contains("a-password"));
            assert!(!is_address(&settings.url), "{wrong}");
            let refused = RedisRates::try_new(settings, Handle::current()).err();
            let refused: NotAnAddress = refused.unwrap();
            assert!(!refused.to_string().contains("a-password"));
        }
        for right in ["redis://user:a-password@host:6379/3", "redis://[::1]:1"] {
            assert!(is_address(&SecretString::from(right)), "{right}");
        }
    });
}
