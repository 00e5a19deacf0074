//! A Redis that holds, or says, what makes no sense.

use std::io::{Read, Write};
use std::net::TcpListener;

use super::*;

/// Whoever connects gets these bytes for whatever he says.
fn liar(bytes: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                let mut said = [0; 4_096];
                while stream.read(&mut said).is_ok_and(|length| length > 0) {
                    if stream.write_all(bytes).is_err() {
                        return;
                    }
                }
            });
        }
    });
    url
}

#[test]
fn a_cell_that_is_no_moment_counts_as_whole_and_is_written_anew() {
    run(async {
        let redis = RedisServer::start();
        let node = Node::on(&redis);
        let key = "rei:rate:requests:7";
        for nonsense in [
            vec!["SET", key, "tomorrow"],
            vec!["SET", key, ""],
            vec!["SET", key, "-5"],
            vec!["SET", key, "nan"],
            vec!["SET", key, "0x7fffffffffffffff"],
            vec!["SET", key, "1e400"],
            vec!["RPUSH", key, "a", "list"],
            vec!["HSET", key, "a", "hash"],
        ] {
            redis.ask(&["DEL", key]);
            redis.ask(&nonsense);
            assert_eq!(node.allowed(ANN, 10).await, BURST, "{nonsense:?}");
            let life: i64 = redis.ask(&["PTTL", key]).parse().unwrap();
            assert!(life > 0, "{nonsense:?} stays for ever");
            redis.ask(&["DEL", key]);
            redis.ask(&nonsense);
            node.rates.give_back(ANN, Taking::REQUEST, NOW).await;
            assert_eq!(redis.ask(&["EXISTS", key]), "0", "{nonsense:?}");
        }
        assert_eq!(node.meters.alone_total(), 0, "redis decided all the time");
    });
}

#[test]
fn a_cell_from_a_clock_far_ahead_shuts_nobody_out() {
    run(async {
        let redis = RedisServer::start();
        let node = Node::on(&redis);
        let key = "rei:rate:requests:7";
        for ahead in ["9000000000000000", "99999999999999999999999999999999"] {
            redis.ask(&["SET", key, ahead]);
            let Verdict::Blocked { until, .. } = node.request(ANN).await else {
                panic!("a second burst");
            };
            let interval = Span::from_secs(8_640);
            assert!(until - NOW <= interval, "{until:?}");
            let kept: i64 = redis.ask(&["GET", key]).parse().unwrap();
            assert!(kept < 9_000_000_000_000_000, "the cell is within reach now");
            let life: i64 = redis.ask(&["PTTL", key]).parse().unwrap();
            assert!(life > 0, "it goes by itself");
        }
    });
}

#[test]
fn whoever_answers_nonsense_is_as_good_as_gone() {
    run(async {
        for bytes in [
            &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
            b"\0\xff\xfe\r\n",
            b"+OK\r\n+OK\r\n+OK\r\n",
            b":7\r\n:7\r\n:7\r\n",
            b"*1\r\n:-1\r\n",
            b"*1\r\n:9223372036854775807\r\n",
            b"$-1\r\n",
            b"-\r\n",
            b"-secret words of a stranger\r\n",
            b"*1000000000\r\n",
        ] {
            let node = Node::at(&liar(bytes), Duration::from_millis(300));
            assert_eq!(node.allowed(ANN, 10).await, BURST, "{bytes:?}");
            assert_eq!(node.meters.alone_total(), 10, "{bytes:?}");
            assert_eq!(node.meters.changes_total(), (1, 0), "{bytes:?}");
        }
    });
}
