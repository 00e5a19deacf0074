//! The HTTP side from outside: what a caller sends, what comes back.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::middleware::from_fn;
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, web};
use async_trait::async_trait;
use rei_actors::ports::StoreError;
use rei_actors::ports::audit::{AuditLog, AuditQuery};
use rei_actors::ports::clock::{Clock, Ids};
use rei_actors::ports::inbox::RawUpdate;
use rei_actors::ports::intake::{Accepted, Intake, IntakeError};
use rei_actors::supervision::{self as actor, MailboxLoad, Observation, RestartError, Restarts};
use rei_domain::audit::{AuditEntry, AuditLink};
use rei_domain::ids::ChatId;
use rei_domain::time::Moment;

use super::*;

mod admin;
mod assets;
mod checkpoints;
mod ops;
mod sockets;
mod webhook;
mod yookassa;

const SECRET: &str = "webhook-secret";
const TOKEN: &str = "0123456789abcdef";

/// The clock stands.
struct Noon;

impl Clock for Noon {
    fn now(&self) -> Moment {
        Moment(1_700_000_000_000_000)
    }
}

/// What the fake intake does next.
#[derive(Clone, Debug)]
enum Mood {
    Stores,
    Knows,
    Fails(IntakeError),
    Hangs,
    Panics,
}

/// An intake that remembers what it was given.
struct FakeIntake {
    mood: Mutex<Mood>,
    taken: Mutex<Vec<RawUpdate>>,
    /// Told when an update arrives.
    entered: tokio::sync::Notify,
}

#[async_trait]
impl Intake for FakeIntake {
    async fn accept(&self, update: RawUpdate) -> Result<Accepted, IntakeError> {
        self.entered.notify_one();
        let mood = self.mood.lock().unwrap().clone();
        match mood {
            Mood::Stores => {
                self.taken.lock().unwrap().push(update);
                Ok(Accepted::New)
            }
            Mood::Knows => Ok(Accepted::Known),
            Mood::Fails(error) => Err(error),
            Mood::Hangs => std::future::pending().await,
            Mood::Panics => panic!("the intake fell over"),
        }
    }
}

/// A tree of one actor, called `ledger`.
#[derive(Default)]
struct FakeTree {
    restarts: Mutex<Vec<String>>,
}

impl ActorControl for FakeTree {
    fn observations(&self) -> Vec<Observation> {
        vec![Observation {
            name: "ledger".into(),
            state: actor::State::BackingOff,
            mailbox: MailboxLoad {
                messages: 2,
                capacity: 64,
            },
            restarts: Restarts::default(),
            uptime: Duration::ZERO,
            last_restart: Some(Duration::from_millis(1_500)),
            last_error: Some("actors/ledger.rs:7".to_owned()),
            instances: 0,
            quarantined: 0,
        }]
    }

    fn restart(&self, name: &str) -> Result<(), RestartError> {
        match name {
            "ledger" => {
                self.restarts.lock().unwrap().push(name.to_owned());
                Ok(())
            }
            "hot" => Err(RestartError::RateLimited),
            "leaving" => Err(RestartError::NotRunning),
            "sessions" => Err(RestartError::Nursery),
            _ => Err(RestartError::Unknown),
        }
    }
}

/// A check that holds, fails or never answers.
struct FakeCheck {
    name: &'static str,
    held: Option<Result<(), NotReady>>,
}

#[async_trait]
impl ReadinessCheck for FakeCheck {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn check(&self) -> Result<(), NotReady> {
        match self.held {
            Some(held) => held,
            None => std::future::pending().await,
        }
    }
}

/// An audit log on paper.
#[derive(Default)]
struct Paper(Mutex<Vec<AuditEntry>>);

#[async_trait]
impl AuditLog for Paper {
    async fn append(&self, entries: Vec<AuditEntry>) -> Result<(), StoreError> {
        self.0.lock().unwrap().extend(entries);
        Ok(())
    }

    async fn newest(&self, _: AuditQuery, _: u32) -> Result<Vec<AuditLink>, StoreError> {
        Ok(Vec::new())
    }
}

/// Ids that are all the same.
struct OneId;

impl Ids for OneId {
    fn id(&self) -> String {
        "0a".to_owned()
    }

    fn nonce(&self) -> String {
        "0b".to_owned()
    }
}

/// The HTTP side over fakes.
struct TestHouse {
    state: HttpState,
    paper: Arc<Paper>,
    intake: Arc<FakeIntake>,
    tree: Arc<FakeTree>,
}

/// What came back.
struct Answer {
    status: StatusCode,
    headers: Vec<(String, String)>,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The answer is a problem of this status with an id, and its text is one of ours.
    fn assert_problem(&self, status: u16) {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        let content_type = self.header("content-type");
        assert_eq!(content_type, Some("application/problem+json"));
        let problem = self.json();
        assert_eq!(problem["type"], "about:blank");
        assert_eq!(problem["status"], status);
        assert!(!problem["detail"].as_str().unwrap().is_empty());
        let instance = problem["instance"].as_str().unwrap();
        assert!(instance.starts_with("urn:uuid:"), "{instance}");
    }
}

/// The tests' own reading: `{"update_id": n, "chat": n}`.
fn identify(body: &[u8]) -> Option<(i64, ChatId)> {
    let update: serde_json::Value = serde_json::from_slice(body).ok()?;
    let chat = update["chat"].as_i64().unwrap_or(0);
    Some((update["update_id"].as_i64()?, ChatId(chat)))
}

impl TestHouse {
    fn new() -> Self {
        let intake = Arc::new(FakeIntake {
            mood: Mutex::new(Mood::Stores),
            taken: Mutex::default(),
            entered: tokio::sync::Notify::new(),
        });
        let tree = Arc::new(FakeTree::default());
        let paper = Arc::new(Paper::default());
        let registry = Registry::new();
        let metrics = HttpMetrics::try_new(&registry, BuildInfo::THIS, "0a1b2c").unwrap();
        let state = HttpState {
            limits: Limits {
                body_timeout: Duration::from_millis(100),
                answer_timeout: Duration::from_millis(100),
                readiness_timeout: Duration::from_millis(50),
                webhook_bytes_max: 1024,
            },
            webhook: Some(Webhook {
                secrets: WebhookSecrets::new(&[SECRET.into(), "older-secret".into()]),
                identify,
                intake: intake.clone(),
                clock: Arc::new(Noon),
            }),
            yookassa: None,
            kling: None,
            fal: None,
            readiness: Vec::new(),
            admin_token: Some(AdminToken::new(&TOKEN.into())),
            actors: tree.clone(),
            files: Some(Files {
                links: assets::links(),
                assets: Arc::new(assets::OneClip),
                clock: Arc::new(Noon),
            }),
            checkpoints: Arc::new(checkpoints::OneDay),
            auditor: Arc::new(Auditor::new(paper.clone(), Arc::new(Noon), Arc::new(OneId))),
            registry,
            metrics,
            build: BuildInfo::THIS,
        };
        Self {
            state,
            paper,
            intake,
            tree,
        }
    }

    fn set_mood(&self, mood: Mood) {
        *self.intake.mood.lock().unwrap() = mood;
    }

    fn taken(&self) -> Vec<RawUpdate> {
        self.intake.taken.lock().unwrap().clone()
    }

    async fn call(&self, request: TestRequest) -> Answer {
        self.call_on(Surface::Everything, request).await
    }

    async fn call_on(&self, surface: Surface, request: TestRequest) -> Answer {
        let state = self.state.clone();
        let app = App::new()
            .wrap(from_fn(edge::edge))
            .configure(|app: &mut web::ServiceConfig| configure(app, &state, surface));
        let app = init_service(app).await;
        // An error that reaches the outside is rendered by the server; here by hand.
        let response = match actix_web::dev::Service::call(&app, request.to_request()).await {
            Ok(response) => response.into_parts().1.map_into_boxed_body(),
            Err(error) => error.error_response(),
        };
        let status = response.status();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        let bytes = actix_web::body::to_bytes(response.into_body()).await;
        let bytes = bytes.unwrap_or_else(|_| panic!("a body cannot be read"));
        let body = String::from_utf8(bytes.to_vec()).unwrap();
        Answer {
            status,
            headers,
            body,
        }
    }

    async fn metrics(&self) -> String {
        self.call(TestRequest::get().uri("/metrics")).await.body
    }
}

/// A log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> tracing_subscriber::fmt::MakeWriter<'a> for Log {
    type Writer = Log;

    fn make_writer(&'a self) -> Log {
        self.clone()
    }
}
