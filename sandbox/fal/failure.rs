//! What fal says when it does not do something, in its two shapes.
//!
//! A model's error is a list under `detail`; a request's is a text beside `error_type`. Callers
//! decide by the type; the words are in the manner of the real ones.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A request that did not become what was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// The HTTP status.
    pub status: u16,
    pub shape: Shape,
    /// Such as `content_policy_violation`; none where fal names none.
    #[serde(default)]
    pub error_type: Option<String>,
    pub message: String,
    /// The field that is wrong; empty for the whole body.
    #[serde(default)]
    pub field: String,
    /// The hint of `X-Fal-Retryable`, if it is sent.
    #[serde(default)]
    pub retryable: Option<bool>,
}

/// How the body looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// `detail` is a list: the model speaks.
    Model,
    /// `detail` is a text: the gateway speaks.
    Request,
}

impl Failure {
    /// A model's error.
    pub fn model(status: u16, error_type: &str, message: impl Into<String>) -> Failure {
        Failure {
            status,
            shape: Shape::Model,
            error_type: Some(error_type.to_owned()),
            message: message.into(),
            field: String::new(),
            retryable: Some(false),
        }
    }

    /// 422 for a field of the input.
    pub fn input(field: &str, error_type: &str, message: impl Into<String>) -> Failure {
        Failure {
            field: field.to_owned(),
            ..Failure::model(422, error_type, message)
        }
    }

    /// 422 of the safety checks.
    pub fn content_policy() -> Failure {
        Failure::input(
            "prompt",
            "content_policy_violation",
            "The content could not be processed because it contained material flagged by a \
             content checker.",
        )
    }

    /// An error of the gateway.
    pub fn request(status: u16, error_type: &str, message: impl Into<String>) -> Failure {
        Failure {
            shape: Shape::Request,
            retryable: None,
            ..Failure::model(status, error_type, message)
        }
    }

    /// An error that has words alone.
    pub fn plain(status: u16, message: impl Into<String>) -> Failure {
        Failure {
            error_type: None,
            ..Failure::request(status, "", message)
        }
    }

    /// 403 of an account that is out of money.
    pub fn locked() -> Failure {
        Failure::plain(403, "User is locked. Reason: Exhausted balance.")
    }

    /// The body on the wire.
    pub fn body(&self) -> Value {
        match (self.shape, &self.error_type) {
            (Shape::Model, error_type) => {
                let mut loc = vec!["body"];
                loc.extend(Some(self.field.as_str()).filter(|field| !field.is_empty()));
                let kind = error_type.as_deref().unwrap_or_default();
                json!({ "detail": [{
                    "loc": loc,
                    "msg": self.message,
                    "type": kind,
                    "url": format!("https://docs.fal.ai/errors#{kind}"),
                }] })
            }
            (Shape::Request, Some(error_type)) => {
                json!({ "detail": self.message, "error_type": error_type })
            }
            (Shape::Request, None) => json!({ "detail": self.message }),
        }
    }

    /// The answer on the wire.
    pub fn render(&self) -> HttpResponse {
        let status = StatusCode::from_u16(self.status);
        let mut answer = HttpResponse::build(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
        if let Some(error_type) = &self.error_type {
            answer.insert_header(("x-fal-error-type", error_type.as_str()));
        }
        if let Some(retryable) = self.retryable {
            answer.insert_header(("x-fal-retryable", retryable.to_string()));
        }
        answer.json(self.body())
    }
}
