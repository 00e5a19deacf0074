//! A Telegram that answers from a script and remembers what it was asked. Tests only: it
//! checks nothing itself, the sandbox does that.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::BotApi;

/// The token of the tests; it must never be seen outside an address.
pub const TOKEN: &str = "42:canary-token";

const SOON: Duration = Duration::from_secs(10);

/// What the fake does with one request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Answers.
    Http {
        status: u16,
        headers: String,
        body: Vec<u8>,
    },
    /// Reads the request and closes the connection.
    HangUp,
    /// Sends a body without saying how long it is.
    Unmeasured { body: Vec<u8> },
    /// Announces more bytes than it sends.
    CutOff { body: Vec<u8> },
    /// Reads the request and answers nothing until the client goes away.
    Silence,
}

impl Reply {
    /// A result.
    pub fn ok(result: Value) -> Reply {
        Reply::raw(200, json!({"ok": true, "result": result}).to_string())
    }

    /// A refusal.
    pub fn error(code: u16, description: &str) -> Reply {
        let body = json!({"ok": false, "error_code": code, "description": description});
        Reply::raw(code, body.to_string())
    }

    /// Any answer.
    pub fn raw(status: u16, body: impl Into<Vec<u8>>) -> Reply {
        Reply::Http {
            status,
            headers: String::new(),
            body: body.into(),
        }
    }
}

/// One request as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    pub path: String,
    pub body: Vec<u8>,
}

/// The fake, listening on loopback.
pub struct Telegram {
    address: String,
    seen: watch::Sender<Seen>,
    script: Arc<Mutex<VecDeque<Reply>>>,
}

/// What happened so far.
#[derive(Debug, Default)]
pub struct Seen {
    pub asked: Vec<Asked>,
    /// Requests whose client went away during [`Reply::Silence`].
    pub abandoned: usize,
}

impl Telegram {
    /// Answers one request after the other with these replies; hangs up when there are no more.
    pub async fn start(script: impl IntoIterator<Item = Reply>) -> Telegram {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let telegram = Telegram {
            address: format!("http://{}", listener.local_addr().unwrap()),
            seen: watch::Sender::new(Seen::default()),
            script: Arc::new(Mutex::new(script.into_iter().collect())),
        };
        let (seen, script) = (telegram.seen.clone(), telegram.script.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, seen.clone(), script.clone()));
            }
        });
        telegram
    }

    /// A client of this fake, on the test's own runtime.
    pub fn api(&self) -> BotApi {
        let url = format!("{}/telegram", self.address);
        BotApi::try_new(&url, SecretString::from(TOKEN), Handle::current()).unwrap()
    }

    /// What was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.seen.borrow().asked.clone()
    }

    /// Waits until something happened; it must be soon, long before any limit of a call.
    pub async fn until(&self, happened: impl Fn(&Seen) -> bool) {
        let mut seen = self.seen.subscribe();
        let waited = tokio::time::timeout(SOON, seen.wait_for(happened)).await;
        waited.expect("it did not happen soon").unwrap();
    }

    /// Methods and JSON arguments so far.
    pub fn taken(&self) -> Vec<(String, Value)> {
        let asked = self.asked().into_iter();
        asked
            .map(|asked| {
                let path = asked.path.strip_prefix("/telegram/bot42:canary-token/");
                let method = path.expect("the path of a call").to_owned();
                (method, serde_json::from_slice(&asked.body).unwrap())
            })
            .collect()
    }
}

/// One request a connection, so that the script is followed in order.
async fn serve(
    mut stream: TcpStream,
    seen: watch::Sender<Seen>,
    script: Arc<Mutex<VecDeque<Reply>>>,
) {
    let Some(request) = read_request(&mut stream).await else {
        return;
    };
    seen.send_modify(|seen| seen.asked.push(request));
    let reply = script.lock().unwrap().pop_front().unwrap_or(Reply::HangUp);
    let answer = match reply {
        Reply::HangUp => return,
        Reply::Silence => {
            // Nothing more is sent on this connection: its next event is its end.
            let _ = stream.read(&mut [0; 1]).await;
            seen.send_modify(|seen| seen.abandoned += 1);
            return;
        }
        Reply::Http {
            status,
            headers,
            body,
        } => http(status, &headers, body.len(), &body),
        Reply::Unmeasured { body } => [UNMEASURED, &body].concat(),
        Reply::CutOff { body } => http(200, "", body.len() + 10, &body),
    };
    // The client may be gone already; then nobody misses the answer.
    let _ = stream.write_all(&answer).await;
    let _ = stream.shutdown().await;
}

const UNMEASURED: &[u8] = b"HTTP/1.1 200 Told\r\nconnection: close\r\n\r\n";

fn http(status: u16, headers: &str, length: usize, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status} Told\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n"
    );
    [head.as_bytes(), body].concat()
}

async fn read_request(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).ok()?;
    let length = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, value)| value.parse().unwrap());
    while bytes.len() < head_end + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let path = head.split(' ').nth(1)?.to_owned();
    let body = bytes[head_end..].to_vec();
    Some(Asked { path, body })
}
