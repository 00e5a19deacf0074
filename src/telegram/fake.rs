//! A Telegram that answers from a script and remembers what it was asked. Tests only: it
//! checks nothing itself, the sandbox does that.

use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::runtime::Handle;

use super::BotApi;
pub use crate::loopback::Reply;
use crate::loopback::{Asked, Loopback, Seen};

/// The token of the tests; it must never be seen outside an address.
pub const TOKEN: &str = "42:canary-token";

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
}

/// The fake, listening on loopback.
pub struct Telegram(Loopback);

impl Telegram {
    /// Answers one request after the other with these replies; hangs up when there are no more.
    pub async fn start(script: impl IntoIterator<Item = Reply>) -> Telegram {
        Telegram(Loopback::start(script).await)
    }

    /// A client of this fake, on the test's own runtime.
    pub fn api(&self) -> BotApi {
        let url = format!("{}/telegram", self.0.address());
        BotApi::try_new(&url, SecretString::from(TOKEN), Handle::current()).unwrap()
    }

    /// What was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.0.asked()
    }

    /// Waits until something happened; it must be soon, long before any limit of a call.
    pub async fn until(&self, happened: impl Fn(&Seen) -> bool) {
        self.0.until(happened).await;
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
