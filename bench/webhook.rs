//! Telegram's side of a webhook: updates posted over kept connections, and how fast the 200 came.
//!
//! One thread and as little work for a request as possible: it shares the machine with what it
//! measures.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures_util::future::try_join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::latency::Latencies;

/// The secret of every server that is measured.
pub const SECRET: &str = "bench-secret";

/// Chats that the updates come from.
const CHATS: i64 = 4_096;
/// Every so many updates one is delivered a second time.
const REPEATED_EVERY: i64 = 100;
/// The largest head of an answer that is read.
const HEAD_BYTES_MAX: usize = 4_096;

/// How a load was served.
#[derive(Clone, Copy, Debug)]
pub struct Served {
    pub per_second: f64,
    pub p50: Duration,
    pub p99: Duration,
}

/// The updates of one server: each number is given once.
#[derive(Clone, Default)]
pub struct Numbers(Rc<RefCell<i64>>);

impl Numbers {
    fn next(&self) -> i64 {
        let mut last = self.0.borrow_mut();
        *last += 1;
        *last
    }
}

/// Posts updates over `connections` at once, each waiting for its answer, for `warm_up` and then
/// for `length`; only the latter counts.
pub async fn run(
    addr: SocketAddr,
    numbers: &Numbers,
    connections: usize,
    warm_up: Duration,
    length: Duration,
) -> anyhow::Result<Served> {
    let mut streams = Vec::with_capacity(connections);
    for _ in 0..connections {
        streams.push(Line::connect(addr).await?);
    }
    let from = Instant::now() + warm_up;
    let until = from + length;
    let lines = streams
        .into_iter()
        .map(|line| post_until(line, numbers.clone(), from, until));
    let mut latencies = Latencies::default();
    for line in try_join_all(lines).await? {
        latencies.add(line);
    }
    let count = u32::try_from(latencies.len())?;
    Ok(Served {
        per_second: f64::from(count) / length.as_secs_f64(),
        p50: latencies.at(50)?,
        p99: latencies.at(99)?,
    })
}

async fn post_until(
    mut line: Line,
    numbers: Numbers,
    from: Instant,
    until: Instant,
) -> anyhow::Result<Latencies> {
    let mut latencies = Latencies::default();
    loop {
        let number = numbers.next();
        let repeated = number % REPEATED_EVERY == 0;
        let request = request(&message(if repeated { number - 1 } else { number }));
        let asked = Instant::now();
        line.ask(&request).await?;
        let answered = Instant::now();
        if answered >= until {
            return Ok(latencies);
        }
        if answered >= from {
            latencies.push(answered - asked);
        }
    }
}

/// A message of a person, as Telegram writes one.
fn message(number: i64) -> String {
    let chat = number % CHATS + 1;
    format!(
        "{{\"update_id\":{number},\"message\":{{\"message_id\":{number},\"from\":{{\"id\":{chat},\
         \"is_bot\":false,\"first_name\":\"Анна\",\"last_name\":\"Петрова\",\"username\":\"anna{chat}\",\
         \"language_code\":\"ru\"}},\"chat\":{{\"id\":{chat},\"first_name\":\"Анна\",\
         \"last_name\":\"Петрова\",\"username\":\"anna{chat}\",\"type\":\"private\"}},\
         \"date\":1790000000,\"text\":\"рыжий кот в скафандре на фоне Земли, плёночное фото\"}}}}"
    )
}

/// A delivery with this body.
pub fn request(body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST /webhook/telegram HTTP/1.1\r\nHost: bot.example.org\r\nAccept-Encoding: gzip, deflate\r\n\
         Content-Type: application/json\r\nX-Telegram-Bot-Api-Secret-Token: {SECRET}\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// A kept connection.
pub struct Line {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Line {
    pub async fn connect(addr: SocketAddr) -> anyhow::Result<Line> {
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        Ok(Line {
            stream,
            answer: Vec::with_capacity(HEAD_BYTES_MAX),
        })
    }

    /// Sends a request and reads the whole answer, which must be a 200.
    pub async fn ask(&mut self, request: &[u8]) -> anyhow::Result<()> {
        self.stream.write_all(request).await?;
        self.answer.clear();
        loop {
            let read = self.stream.read_buf(&mut self.answer).await?;
            ensure!(read > 0, "the server closed a connection");
            if let Some(length) = whole_length(&self.answer)?
                && self.answer.len() >= length
            {
                return Ok(());
            }
            ensure!(self.answer.len() < HEAD_BYTES_MAX, "an answer is too long");
        }
    }
}

/// How long the whole answer is, once its head is there.
fn whole_length(answer: &[u8]) -> anyhow::Result<Option<usize>> {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&answer[..end]).context("a head that is no text")?;
    ensure!(head.starts_with("HTTP/1.1 200"), "an answer was: {head}");
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>())
    });
    let length = length.context("an answer without a length")??;
    Ok(Some(end + 4 + length))
}
