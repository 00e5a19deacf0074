//! A sandbox of its own for each test, and a bot that speaks to it.

use std::io::Cursor;
use std::time::Duration;

use rei_sandbox::telegram::{FloodLimits, Player};
use rei_sandbox::{Config, Exposure, Sandbox};
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};

pub const TOKEN: &str = "12345:sandbox";

/// Long enough for a busy machine; nothing ever waits for it to pass.
pub const SOON: Duration = Duration::from_secs(10);

pub struct House {
    pub sandbox: Sandbox,
    pub client: reqwest::Client,
}

/// A sandbox without flood limits.
pub async fn house() -> House {
    let config = Config {
        addr: ([127, 0, 0, 1], 0).into(),
        bot_token: TOKEN.to_owned(),
        gemini_key: "key".to_owned(),
        exposure: Exposure::Loopback,
    };
    let sandbox = Sandbox::start(config).await.expect("the sandbox starts");
    sandbox.telegram.set_flood_limits(FloodLimits::off());
    // An error says that another test was first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    House {
        sandbox,
        client: reqwest::Client::builder().no_proxy().build().unwrap(),
    }
}

impl House {
    /// Anna, who has started the bot.
    pub fn anna(&self) -> Player {
        let anna = self.sandbox.telegram.player(7, "Анна", "ru");
        anna.text("/start");
        anna
    }

    pub fn request(&self, method: &str) -> RequestBuilder {
        let url = format!("{}/bot{TOKEN}/{method}", self.sandbox.url("telegram"));
        self.client.post(url)
    }

    pub async fn raw(&self, method: &str, params: Value) -> reqwest::Result<Response> {
        self.request(method).json(&params).send().await
    }

    /// The result of a call that must be done.
    pub async fn call(&self, method: &str, params: Value) -> Value {
        let answer: Value = self
            .raw(method, params)
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        assert_eq!(answer["ok"], json!(true), "{method}: {answer}");
        answer["result"].clone()
    }

    /// The code and description of a call that must be refused.
    pub async fn refusal(&self, method: &str, params: Value) -> String {
        let answer = self.raw(method, params).await.unwrap();
        let status = answer.status().as_u16();
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer["error_code"], json!(status), "{method}: {answer}");
        format!("{status} {}", answer["description"].as_str().unwrap())
    }

    pub async fn control(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/{path}", self.sandbox.url("control"));
        let answer = self.client.post(url).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap()
    }
}

/// A message's parameters with one row of buttons, each its own data.
pub fn with_buttons(text: &str, data: &[&str]) -> Value {
    let row: Vec<Value> = data
        .iter()
        .map(|data| json!({ "text": data, "callback_data": data }))
        .collect();
    json!({ "chat_id": 7, "text": text, "reply_markup": { "inline_keyboard": [row] } })
}

/// A grey picture.
pub fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let picture = image::GrayImage::new(width, height);
    picture
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

/// A multipart body: texts, and files under a part's name and a file name.
pub fn multipart(texts: &[(&str, &str)], files: &[(&str, &str, &[u8])]) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for (name, text) in texts {
        let head = format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(text.as_bytes());
        body.extend_from_slice(b"\r\n");
    }
    for (name, file_name, bytes) in files {
        let head = format!(
            "--edge\r\ncontent-disposition: form-data; name=\"{name}\"; \
             filename=\"{file_name}\"\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--edge--\r\n");
    ("multipart/form-data; boundary=edge".to_owned(), body)
}

impl House {
    /// A call with files.
    pub async fn upload(
        &self,
        method: &str,
        texts: &[(&str, &str)],
        files: &[(&str, &str, &[u8])],
    ) -> Value {
        let (content_type, body) = multipart(texts, files);
        let request = self
            .request(method)
            .header("content-type", content_type)
            .body(body);
        request.send().await.unwrap().json().await.unwrap()
    }
}
