//! The Kling emulator: what a caller and its tests can count on.

mod tasks;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use rei_sandbox::kling::{API_KEY, Handle};
use rei_sandbox::video::{Clip, Sound};
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};

use crate::support::{House, house, png};

/// A caller with the key of the account.
pub struct Caller {
    pub house: House,
    pub kling: Handle,
}

/// An answer of the API.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Answer {
    /// The data of a good answer.
    pub fn good(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        assert_eq!(self.body["code"], 0, "{}", self.body);
        assert!(self.body["request_id"].is_string(), "{}", self.body);
        self.body["data"].clone()
    }

    /// Status and code of a refusal.
    pub fn refusal(&self) -> (u16, u64) {
        assert!(self.body["message"].is_string(), "{}", self.body);
        (self.status, self.body["code"].as_u64().unwrap())
    }
}

/// A caller of an account whose tasks take a minute of the sandbox's clock: 20 s until they
/// start and 40 s of work.
pub async fn caller() -> Caller {
    let house = house().await;
    let kling = house.sandbox.kling.clone();
    kling
        .change_account(|account| {
            account.wait_millis = 20_000;
            account.work_millis = 40_000;
        })
        .unwrap();
    Caller { house, kling }
}

impl Caller {
    pub fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.house.sandbox.url("kling"))
    }

    pub fn get_request(&self, path: &str) -> RequestBuilder {
        self.house.client.get(self.url(path)).bearer_auth(API_KEY)
    }

    pub fn post_request(&self, path: &str, body: &Value) -> RequestBuilder {
        let request = self.house.client.post(self.url(path));
        request.bearer_auth(API_KEY).json(body)
    }

    pub async fn get(&self, path: &str) -> Answer {
        answer(self.get_request(path).send().await.unwrap()).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        answer(self.post_request(path, body).send().await.unwrap()).await
    }

    /// The id of a task that must be accepted.
    pub async fn create(&self, path: &str, body: &Value) -> String {
        let task = self.post(path, body).await.good();
        task["id"].as_str().unwrap().to_owned()
    }

    /// The task of an id, asked for as a caller does.
    pub async fn task(&self, id: &str) -> Value {
        let tasks = self.get(&format!("tasks?task_ids={id}")).await.good();
        assert_eq!(tasks.as_array().unwrap().len(), 1, "{tasks}");
        tasks[0].clone()
    }

    /// The task after all its time.
    pub async fn ended(&self, id: &str) -> Value {
        self.kling.advance_clock(MINUTE);
        self.task(id).await
    }

    pub async fn download(&self, url: &str) -> (u16, Vec<u8>) {
        let response = self.house.client.get(url).send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.bytes().await.unwrap().to_vec())
    }
}

pub const MINUTE: Duration = Duration::from_secs(60);

pub async fn answer(response: Response) -> Answer {
    Answer {
        status: response.status().as_u16(),
        body: response.json().await.unwrap(),
    }
}

/// A body of `POST /text-to-video/kling-3.0`.
pub fn text(prompt: &str) -> Value {
    json!({
        "prompt": prompt,
        "settings": { "multi_shot": false, "audio": "off", "resolution": "720p",
            "aspect_ratio": "16:9", "duration": 5 },
    })
}

/// A body with a value at a path such as `settings.duration` changed; `null` takes it away.
pub fn with(mut body: Value, path: &str, value: Value) -> Value {
    let mut place = &mut body;
    for name in path.split('.') {
        place = &mut place[name];
    }
    *place = value;
    body
}

/// Files by their names.
type Shelf = Arc<Mutex<Vec<(String, Bytes)>>>;

/// Files under loopback addresses, for orders that name them.
#[derive(Clone)]
pub struct Files {
    url: String,
    files: Shelf,
}

impl Files {
    /// A server that listens until the test's system ends.
    pub fn start() -> Files {
        let files: Shelf = Arc::default();
        let data = Data::new(Arc::clone(&files));
        let server = HttpServer::new(move || {
            let app = App::new().app_data(data.clone());
            app.route("/{name}", web::get().to(serve))
        })
        .workers(1)
        .disable_signals()
        .bind("127.0.0.1:0")
        .unwrap();
        let url = format!("http://{}", server.addrs()[0]);
        actix_web::rt::spawn(server.run());
        Files { url, files }
    }

    /// The address of some bytes.
    pub fn put(&self, bytes: impl Into<Bytes>) -> String {
        let mut files = self.files.lock().unwrap();
        let name = format!("file-{}", files.len());
        files.push((name.clone(), bytes.into()));
        format!("{}/{name}", self.url)
    }

    pub fn png(&self, width: u32, height: u32) -> String {
        self.put(png(width, height))
    }

    /// A video of so many milliseconds.
    pub fn video(&self, width: u32, height: u32, millis: u64) -> String {
        let clip = Clip {
            sound: Sound::Silence,
            ..Clip::new(width, height, Duration::from_millis(millis))
        };
        self.put(clip.render())
    }
}

async fn serve(files: Data<Shelf>, request: HttpRequest) -> HttpResponse {
    let name = request.path().trim_start_matches('/');
    let files = files.lock().unwrap();
    match files.iter().find(|(known, _)| known == name) {
        Some((_, bytes)) => HttpResponse::Ok().body(bytes.clone()),
        None => HttpResponse::NotFound().finish(),
    }
}
