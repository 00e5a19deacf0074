//! A request in the queue: what it will make, where it stands, and how that is written down.
//!
//! ```text
//! IN_QUEUE ──► IN_PROGRESS ──► COMPLETED     well, or with a failure
//!        └───────────────────► COMPLETED     cancelled, or not started in time
//! ```

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::failure::Failure;
use super::plan::{Output, Plan, words_of};

/// Where a request stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Status {
    InQueue,
    InProgress,
    Completed(Result<(), Failure>),
}

/// Which requests start first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    Normal,
    Low,
}

/// How far a request may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    ToTheEnd,
    NeverStarts,
    NeverFinishes,
}

/// What a cancel does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnCancel {
    Obeys,
    GoesOn,
}

/// What the webhook carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    Whole,
    Lost,
}

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
    pub id: String,
    /// The model's whole id.
    pub model: String,
    /// What it will make, or how the model will fail.
    pub plan: Result<Plan, Failure>,
    pub status: Status,
    pub priority: Priority,
    pub course: Course,
    pub on_cancel: OnCancel,
    pub payload: Payload,
    pub work: Duration,
    /// Since the Unix epoch, in the sandbox's time.
    pub submitted: Duration,
    pub started: Option<Duration>,
    pub ended: Option<Duration>,
    /// Not before this.
    pub ready: Duration,
    pub webhook: Option<String>,
    /// Scheme and host the caller reached the emulator by.
    pub site: String,
}

impl Request {
    /// The first two parts of the model's id.
    pub fn app(&self) -> &str {
        let mut slashes = self.model.match_indices('/').map(|(at, _)| at);
        match slashes.nth(1) {
            Some(at) => &self.model[..at],
            None => &self.model,
        }
    }

    fn address(&self) -> String {
        format!("{}/fal/{}/requests/{}", self.site, self.app(), self.id)
    }

    /// What a status says; `position` is that in the queue.
    pub fn render(&self, position: usize) -> Value {
        let mut status = json!({
            "request_id": self.id,
            "response_url": self.address(),
            "status_url": format!("{}/status", self.address()),
            "cancel_url": format!("{}/cancel", self.address()),
        });
        match &self.status {
            Status::InQueue => {
                status["status"] = json!("IN_QUEUE");
                status["queue_position"] = json!(position);
            }
            Status::InProgress => {
                status["status"] = json!("IN_PROGRESS");
                status["logs"] = Value::Null;
            }
            Status::Completed(outcome) => {
                status["status"] = json!("COMPLETED");
                status["logs"] = Value::Null;
                let worked = self.ended.unwrap_or_default();
                let worked = worked.saturating_sub(self.started.unwrap_or(worked));
                status["metrics"] = json!({ "inference_time": worked.as_secs_f64() });
                if let Err(failure) = outcome {
                    status["error"] = json!(failure.message);
                    status["error_type"] = json!(failure.error_type);
                }
            }
        }
        status
    }

    /// What the model made. Draws pictures that go inside the answer.
    pub fn output(&self) -> Value {
        let Ok(plan) = &self.plan else {
            return Value::Null;
        };
        let address = |name: &str| format!("{}/fal/files/{}/{name}", self.site, self.id);
        match &plan.output {
            Output::Film(_) => json!({ "video": {
                "url": address("output.mp4"),
                "content_type": "video/mp4",
                "file_name": "output.mp4",
                "file_size": null,
            } }),
            Output::Pictures {
                drawings,
                format,
                inline,
            } => {
                let (extension, mime) = words_of(*format);
                let mut images = Vec::new();
                for (at, drawing) in drawings.iter().enumerate() {
                    let name = format!("{at}.{extension}");
                    let url = match inline.then(|| drawing.render()) {
                        Some(Ok(picture)) => {
                            format!("data:{mime};base64,{}", STANDARD.encode(&picture.bytes))
                        }
                        Some(Err(_)) | None => address(&name),
                    };
                    let (width, height) = drawing.pixels();
                    images.push(json!({
                        "url": url,
                        "content_type": mime,
                        "file_name": name,
                        "file_size": null,
                        "width": width,
                        "height": height,
                    }));
                }
                json!({ "images": images, "description": "" })
            }
        }
    }

    /// The body of the webhook, once the request has ended.
    pub fn news(&self) -> Value {
        let mut news = json!({ "request_id": self.id, "gateway_request_id": self.id });
        match &self.status {
            Status::Completed(Err(failure)) => {
                news["status"] = json!("ERROR");
                news["error"] = json!(failure.message);
                news["payload"] = failure.body();
            }
            Status::Completed(Ok(())) | Status::InQueue | Status::InProgress => {
                news["status"] = json!("OK");
                match self.payload {
                    Payload::Whole => news["payload"] = self.output(),
                    Payload::Lost => {
                        news["payload"] = Value::Null;
                        news["payload_error"] = json!("Response payload is not JSON serializable");
                    }
                }
            }
        }
        news
    }
}
