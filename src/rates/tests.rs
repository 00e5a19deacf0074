//! The promises of the shared limits, on a real Redis.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use rei_actors::ports::rates::{RateLimits, Taking};
use rei_domain::ids::UserId;
use rei_domain::rates::{Rate, RateRules, RateScope};
use rei_domain::time::{Moment, Span};
use secrecy::SecretString;
use tokio::runtime::{Handle, Runtime};

use super::fixtures::RedisServer;
use super::{LocalRates, NotAnAddress, RedisRates, RedisSettings, SharedRates};

const ANN: UserId = UserId(7);
const BOB: UserId = UserId(8);
const NOW: Moment = Moment(1_800_000_000_000_000);
const BURST: u64 = 5;

/// Longer than any test waits for something that must happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// Slow enough that nothing is earned while a test runs.
fn rules() -> RateRules {
    let day = Span::from_secs(86_400);
    RateRules {
        requests: Some(Rate::new(10, day, BURST)),
        cost: Some(Rate::new(100_000, day, 10_000)),
    }
}

fn settings(redis: &RedisServer, answer_within: Duration) -> RedisSettings {
    RedisSettings {
        url: SecretString::from(redis.url()),
        prefix: "rei".to_owned(),
        connections_max: 8,
        answer_within,
        retry_after: Duration::from_millis(20),
    }
}

fn node_within(redis: &RedisServer, answer_within: Duration) -> Arc<SharedRates> {
    let settings = settings(redis, answer_within);
    let retry_after = settings.retry_after;
    let cells = RedisRates::try_new(settings, Handle::current()).unwrap();
    let local = LocalRates::new(rules());
    Arc::new(SharedRates::new(rules(), cells, local, retry_after))
}

/// A node that gives Redis all the time it wants.
fn node(redis: &RedisServer) -> Arc<SharedRates> {
    node_within(redis, PATIENCE)
}

fn run(test: impl Future<Output = ()>) {
    Runtime::new().unwrap().block_on(test);
}

async fn request(node: &SharedRates, user: UserId) -> Taking {
    node.take(RateScope::Requests, user, 1, NOW).await
}

/// How many of so many requests are allowed.
async fn allowed(node: &SharedRates, user: UserId, tries: u64) -> u64 {
    let mut allowed = 0;
    for _ in 0..tries {
        if request(node, user).await == Taking::Taken {
            allowed += 1;
        }
    }
    allowed
}

/// Takes until Redis decides again, which leaves a key behind.
async fn until_shared(node: &SharedRates, redis: &RedisServer) {
    let seen = async {
        while redis.ask(&["EXISTS", "rei:rate:cost:99"]) != "1" {
            node.take(RateScope::Cost, UserId(99), 1, NOW).await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, seen).await;
    in_time.expect("redis is used again");
}

#[test]
fn two_nodes_share_one_limit() {
    run(async {
        let redis = RedisServer::start();
        let (one, other) = (node(&redis), node(&redis));
        assert_eq!(allowed(&one, ANN, 3).await, 3);
        assert_eq!(allowed(&other, ANN, 10).await, BURST - 3);
        assert_eq!(allowed(&one, ANN, 10).await, 0);
        assert_eq!(allowed(&one, BOB, 1).await, 1, "each user has his own");
    });
}

#[test]
fn a_thousand_takings_at_once_on_two_nodes_never_pass_the_burst() {
    run(async {
        let redis = RedisServer::start();
        let nodes = [node(&redis), node(&redis)];
        let takings = (0..1_000).map(|number| {
            let node = nodes[number % 2].clone();
            tokio::spawn(async move { request(&node, ANN).await })
        });
        let mut taken = 0;
        for taking in join_all(takings).await {
            if taking.unwrap() == Taking::Taken {
                taken += 1;
            }
        }
        assert_eq!(taken, BURST);
        assert_eq!(nodes[0].alone() + nodes[1].alone(), 0);
    });
}

#[test]
fn a_blocked_one_learns_how_long_to_wait_by_his_own_nodes_clock() {
    run(async {
        let redis = RedisServer::start();
        let node = node(&redis);
        let take = async |weight, now| node.take(RateScope::Cost, ANN, weight, now).await;
        assert_eq!(take(10_000, NOW).await, Taking::Taken);
        let Taking::Blocked { until } = take(2_500, NOW).await else {
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
        let node = node(&redis);
        let yesterday = Moment(NOW.0 - 86_400_000_000);
        let mut taken = 0;
        for now in [NOW, yesterday].into_iter().cycle().take(40) {
            if node.take(RateScope::Requests, ANN, 1, now).await == Taking::Taken {
                taken += 1;
            }
        }
        assert_eq!(taken, BURST);
    });
}

#[test]
fn a_cell_from_a_clock_far_ahead_shuts_nobody_out() {
    run(async {
        let redis = RedisServer::start();
        let node = node(&redis);
        redis.ask(&["SET", "rei:rate:requests:7", "9000000000000000"]);
        let Taking::Blocked { until } = request(&node, ANN).await else {
            panic!("a second burst");
        };
        let interval = Span::from_secs(8_640);
        assert!(until - NOW <= interval, "{until:?}");
        let kept: i64 = redis.ask(&["GET", "rei:rate:requests:7"]).parse().unwrap();
        assert!(kept < 9_000_000_000_000_000, "the cell is within reach now");
    });
}

#[test]
fn a_key_holds_a_moment_alone_and_goes_when_the_allowance_is_whole() {
    run(async {
        let redis = RedisServer::start();
        let node = node(&redis);
        assert_eq!(allowed(&node, ANN, 1).await, 1);
        assert_eq!(redis.ask(&["KEYS", "*"]), "rei:rate:requests:7");
        let moment = redis.ask(&["GET", "rei:rate:requests:7"]);
        assert_eq!(moment.len(), 16, "{moment}");
        let life: i64 = redis.ask(&["PTTL", "rei:rate:requests:7"]).parse().unwrap();
        assert!((8_500_000..=8_640_000).contains(&life), "{life} ms");
        node.give_back(RateScope::Requests, ANN, 1, NOW).await;
        assert_eq!(redis.ask(&["DBSIZE"]), "0");
    });
}

#[test]
fn what_is_given_back_can_be_taken_on_another_node() {
    run(async {
        let redis = RedisServer::start();
        let (one, other) = (node(&redis), node(&redis));
        assert_eq!(allowed(&one, ANN, 10).await, BURST);
        one.give_back(RateScope::Requests, ANN, 2, NOW).await;
        assert_eq!(allowed(&other, ANN, 10).await, 2);
    });
}

#[test]
fn without_redis_a_node_goes_on_with_its_own_limits_and_comes_back() {
    run(async {
        let mut redis = RedisServer::start();
        let node = node(&redis);
        assert_eq!(allowed(&node, ANN, 3).await, 3);
        redis.stop();
        // The node remembers what it allowed while the limits were shared.
        assert_eq!(allowed(&node, ANN, 10).await, BURST - 3);
        assert_eq!(allowed(&node, BOB, 10).await, BURST);
        assert_eq!(node.alone(), 20);
        redis.start_again();
        until_shared(&node, &redis).await;
        let before = node.alone();
        assert_eq!(allowed(&node, UserId(9), 10).await, BURST);
        assert_eq!(node.alone(), before, "redis decides again");
    });
}

#[test]
fn a_node_that_starts_without_redis_works() {
    run(async {
        let mut redis = RedisServer::start();
        redis.stop();
        let node = node(&redis);
        assert_eq!(allowed(&node, ANN, 10).await, BURST);
    });
}

#[test]
fn an_emptied_redis_stops_nobody_and_goes_on_counting() {
    run(async {
        let redis = RedisServer::start();
        let node = node(&redis);
        assert_eq!(allowed(&node, ANN, 10).await, BURST);
        redis.ask(&["FLUSHALL"]);
        redis.ask(&["SCRIPT", "FLUSH"]);
        assert_eq!(allowed(&node, ANN, 10).await, BURST);
        assert_eq!(node.alone(), 0, "redis decided all the time");
    });
}

#[test]
fn a_redis_that_hangs_holds_up_one_request_at_a_time() {
    run(async {
        let redis = RedisServer::start();
        let node = node_within(&redis, Duration::from_millis(200));
        until_shared(&node, &redis).await;
        redis.freeze();
        assert_eq!(allowed(&node, ANN, 100).await, BURST);
        assert!(node.alone() >= 100);
        redis.thaw();
        redis.ask(&["DEL", "rei:rate:cost:99"]);
        until_shared(&node, &redis).await;
    });
}

#[test]
fn a_redis_that_is_full_or_a_replica_is_as_good_as_gone() {
    run(async {
        let redis = RedisServer::start();
        let node = node(&redis);
        redis.ask(&["CONFIG", "SET", "maxmemory", "1"]);
        assert_eq!(allowed(&node, ANN, 10).await, BURST);
        redis.ask(&["CONFIG", "SET", "maxmemory", "0"]);
        until_shared(&node, &redis).await;
        redis.ask(&["REPLICAOF", "127.0.0.1", "1"]);
        assert_eq!(allowed(&node, BOB, 10).await, BURST);
        redis.ask(&["REPLICAOF", "NO", "ONE"]);
        redis.ask(&["DEL", "rei:rate:cost:99"]);
        until_shared(&node, &redis).await;
    });
}

#[test]
fn a_wrong_address_is_refused_without_repeating_it() {
    run(async {
        let redis = RedisServer::start();
        let mut settings = settings(&redis, PATIENCE);
        settings.url = SecretString::from("redis:/a-password@nowhere");
        let refused = RedisRates::try_new(settings, Handle::current()).err();
        let refused: NotAnAddress = refused.unwrap();
        assert!(!refused.to_string().contains("a-password"));
    });
}
