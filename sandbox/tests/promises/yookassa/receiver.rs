//! The shop's side of notifications: a small server that notes what comes.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use rei_sandbox::yookassa::Handle;
use serde_json::Value;

/// One notification as it came.
#[derive(Clone, Debug)]
pub struct Told {
    pub body: Bytes,
    pub headers: Vec<(String, String)>,
}

impl Told {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|(known, _)| known == name)?;
        Some(&header.1)
    }
}

#[derive(Clone, Default)]
pub struct Receiver {
    told: Arc<Mutex<Vec<Told>>>,
    statuses: Arc<Mutex<Vec<u16>>>,
}

impl Receiver {
    /// A receiver that listens until the test's system ends, as the shop of an emulator.
    pub fn start(yookassa: &Handle) -> Receiver {
        let receiver = Receiver::default();
        let data = Data::new(receiver.clone());
        let server = HttpServer::new(move || {
            let app = App::new().app_data(data.clone());
            app.route("/hook", web::post().to(take))
        })
        .workers(1)
        .disable_signals()
        .bind("127.0.0.1:0")
        .unwrap();
        let url = format!("http://{}/hook", server.addrs()[0]);
        actix_web::rt::spawn(server.run());
        yookassa
            .change_notifications(|settings| settings.url = Some(url))
            .unwrap();
        receiver
    }

    /// The statuses of the next answers; afterwards it is 200.
    pub fn will_answer(&self, statuses: &[u16]) {
        self.statuses.lock().unwrap().extend(statuses);
    }

    pub fn told(&self) -> Vec<Told> {
        self.told.lock().unwrap().clone()
    }

    /// What was told, as `event id`.
    pub fn events(&self) -> Vec<String> {
        let event = |told: &Told| {
            let body = told.json();
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            format!("{} {}", text(&body["event"]), text(&body["object"]["id"]))
        };
        self.told().iter().map(event).collect()
    }
}

async fn take(receiver: Data<Receiver>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let headers = request.headers().iter();
    let headers = headers
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    receiver.told.lock().unwrap().push(Told { body, headers });
    let mut statuses = receiver.statuses.lock().unwrap();
    let status = if statuses.is_empty() {
        200
    } else {
        statuses.remove(0)
    };
    HttpResponse::build(status.try_into().unwrap()).finish()
}

/// Long enough for a busy machine; nothing ever waits for it to pass.
pub const LONG: Duration = Duration::from_secs(60);
