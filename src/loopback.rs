//! An HTTP server that answers from a script and remembers what it was asked. Tests of the
//! adapters only: it checks nothing itself, the sandbox does that.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

const SOON: Duration = Duration::from_secs(10);

/// What the server does with one request.
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
    CutOff { status: u16, body: Vec<u8> },
    /// Reads the request and answers nothing until the client goes away.
    Silence,
}

impl Reply {
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
    /// The request line and the headers.
    pub head: String,
    pub body: Vec<u8>,
}

impl Asked {
    /// The value of a header, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.head.lines().filter_map(|line| line.split_once(": "));
        let header = headers.find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(header.1)
    }
}

/// The server, listening on loopback.
pub struct Loopback {
    address: String,
    seen: watch::Sender<Seen>,
}

/// What happened so far.
#[derive(Debug, Default)]
pub struct Seen {
    pub asked: Vec<Asked>,
    /// Requests whose client went away during [`Reply::Silence`].
    pub abandoned: usize,
}

impl Loopback {
    /// Answers one request after the other with these replies; hangs up when there are no more.
    pub async fn start(script: impl IntoIterator<Item = Reply>) -> Loopback {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let loopback = Loopback {
            address: format!("http://{}", listener.local_addr().unwrap()),
            seen: watch::Sender::new(Seen::default()),
        };
        let seen = loopback.seen.clone();
        let script: VecDeque<Reply> = script.into_iter().collect();
        let script = Arc::new(Mutex::new(script));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, seen.clone(), script.clone()));
            }
        });
        loopback
    }

    /// Its address, without a closing slash.
    pub fn address(&self) -> &str {
        &self.address
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
        Reply::CutOff { status, body } => http(status, "", body.len() + 10, &body),
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
    Some(Asked { path, head, body })
}
