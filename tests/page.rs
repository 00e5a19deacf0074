//! A person at the chat page, in a real browser: from Start to the picture.
//!
//! Chromium is driven through its driver by plain WebDriver calls
//! (<https://www.w3.org/TR/webdriver2/>). The picture of the page at the end is kept in
//! `target/tmp/chat-page.png`.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use serde_json::{Value, json};

use crate::support::house::{Engine, PATIENCE, TestHouse};

/// Flags that keep the browser from calling home.
const FLAGS: [&str; 10] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--window-size=1280,900",
];

/// The name of an element in WebDriver's answers.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser on one page.
pub struct Browser {
    driver: Child,
    client: reqwest::Client,
    session: String,
}

impl Browser {
    pub async fn open(url: &str) -> Browser {
        let port = free_port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is installed: scripts/install-test-tools installs it");
        let client = reqwest::Client::new();
        let mut browser = Browser {
            driver,
            client,
            session: format!("http://127.0.0.1:{port}"),
        };
        let options = json!({ "binary": "/usr/bin/chromium", "args": FLAGS });
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome", "pageLoadStrategy": "eager", "goog:chromeOptions": options,
        } } });
        let opened = browser
            .until("a browser", async |browser| {
                browser.call("POST", "/session", &wanted).await
            })
            .await;
        let id = opened["sessionId"]
            .as_str()
            .expect("a session has an id")
            .to_owned();
        browser.session = format!("{}/session/{id}", browser.session);
        let address = json!({ "url": url });
        browser
            .call("POST", "/url", &address)
            .await
            .expect("the page opens");
        browser
    }

    /// A WebDriver call; `None` when the driver says no.
    async fn call(&self, method: &str, path: &str, body: &Value) -> Option<Value> {
        let method = method.parse().expect("a method");
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.session));
        if !body.is_null() {
            request = request.json(body);
        }
        let answer = request.send().await.ok()?;
        if !answer.status().is_success() {
            return None;
        }
        let answer: Value = answer.json().await.ok()?;
        Some(answer["value"].clone())
    }

    /// Asks until there is an answer.
    async fn until<T>(&self, what: &str, ask: impl AsyncFn(&Browser) -> Option<T>) -> T {
        let asked = async {
            loop {
                if let Some(answer) = ask(self).await {
                    return answer;
                }
                tokio::task::yield_now().await;
            }
        };
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(answer) => answer,
            Err(_) => panic!("{what} did not come to the page"),
        }
    }

    pub async fn element(&self, selector: &str) -> String {
        let query = json!({ "using": "css selector", "value": selector });
        self.until(selector, async |browser| {
            let found = browser.call("POST", "/element", &query).await?;
            found[ELEMENT].as_str().map(str::to_owned)
        })
        .await
    }

    pub async fn click(&self, selector: &str) {
        self.until(selector, async |browser| {
            let element = browser.element(selector).await;
            let path = format!("/element/{element}/click");
            browser.call("POST", &path, &json!({})).await
        })
        .await;
    }

    pub async fn write(&self, selector: &str, text: &str) {
        let element = self.element(selector).await;
        let path = format!("/element/{element}/value");
        let typed = self.call("POST", &path, &json!({ "text": text })).await;
        typed.expect("the field takes text");
    }

    /// Runs a script that returns something truthy once the page is as wanted.
    pub async fn sees(&self, what: &str, script: &str) -> Value {
        let body = json!({ "script": script, "args": [] });
        self.until(what, async |browser| {
            let value = browser.call("POST", "/execute/sync", &body).await?;
            let is_there = !matches!(value, Value::Null | Value::Bool(false));
            is_there.then_some(value)
        })
        .await
    }

    /// Keeps a picture of the page for people to look at.
    pub async fn keep_picture(&self, name: &str) {
        let taken = self.call("GET", "/screenshot", &Value::Null).await;
        let taken = taken.expect("the page can be pictured");
        let text = taken.as_str().expect("a screenshot is text");
        let picture = base64::engine::general_purpose::STANDARD
            .decode(text)
            .expect("a screenshot is base64");
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::write(kept, picture).expect("the target's folder can be written");
    }

    /// Ends the browser; a driver that is only killed leaves it behind.
    pub async fn close(self) {
        let ended = self.call("DELETE", "", &Value::Null).await;
        ended.expect("the browser can be ended");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // A driver that is gone needs no killing.
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("it is bound").port()
}

#[actix_rt::test]
async fn a_person_at_the_page_gets_a_picture() {
    let house = TestHouse::start(Engine::Sqlite).await;
    let address = format!("http://{}/", house.sandbox.addr());
    let browser = Browser::open(&address).await;
    browser.click("[data-chat='1'] [data-start]").await;
    browser.sees("the greeting", "return document.querySelector(\"[data-chat='1'] [data-from=bot]\")?.textContent.includes('500')").await;
    browser
        .write("[data-chat='1'] [data-input]", "Кот в сапогах на закате")
        .await;
    browser.click("[data-chat='1'] [data-send]").await;
    browser
        .click("[data-chat='1'] [data-callback*='.ok.']")
        .await;
    browser.sees("the picture", "const p = document.querySelector(\"[data-chat='1'] [data-from=bot] img\"); return p && p.complete && p.naturalWidth === 1024").await;
    browser.sees("the new balance", "return [...document.querySelectorAll(\"[data-chat='1'] [data-from=bot]\")].at(-1).textContent.includes('475')").await;

    // The other person's chat is a chat of its own.
    browser.click("[data-chat='2'] [data-start]").await;
    browser.sees("Bob's greeting", "return document.querySelector(\"[data-chat='2'] [data-from=bot]\")?.textContent.includes('Hi!')").await;
    browser
        .sees(
            "nothing of Ann's",
            "return !document.querySelector(\"[data-chat='2'] [data-from=bot] img\")",
        )
        .await;

    browser.keep_picture("chat-page.png").await;
    browser.close().await;
    // Ann's last messages may still be on their way when the browser is gone.
    house.settled_jobs(1).await;
    house.finish().await;
}
