//! The one error of the request path, rendered as an RFC 9457 problem.

use std::fmt;
use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use uuid::Uuid;

/// The media type of a problem.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// What the caller is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    NotFound,
    /// `allow` lists the methods there are.
    MethodNotAllowed {
        allow: &'static str,
    },
    /// `challenge` says how to authenticate.
    Unauthorized {
        challenge: &'static str,
    },
    BadRequest(&'static str),
    /// The thing is not in a state for this.
    Conflict(&'static str),
    BodyTooLarge,
    BodyTooSlow,
    TooManyRequests {
        retry_after: Duration,
    },
    /// Not now; the same request may work after `retry_after`.
    Unavailable {
        retry_after: Duration,
    },
    NotReady,
    Internal,
}

impl Refusal {
    fn status(self) -> StatusCode {
        match self {
            Refusal::NotFound => StatusCode::NOT_FOUND,
            Refusal::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Refusal::Unauthorized { .. } => StatusCode::UNAUTHORIZED,
            Refusal::BadRequest(_) => StatusCode::BAD_REQUEST,
            Refusal::Conflict(_) => StatusCode::CONFLICT,
            Refusal::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Refusal::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            Refusal::Unavailable { .. } | Refusal::NotReady => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn detail(self) -> &'static str {
        match self {
            Refusal::NotFound => "there is nothing at this address",
            Refusal::MethodNotAllowed { .. } => "this address does not take this method",
            Refusal::Unauthorized { .. } => "the credentials are missing or wrong",
            Refusal::BadRequest(detail) | Refusal::Conflict(detail) => detail,
            Refusal::BodyTooLarge => "the body is larger than this address takes",
            Refusal::BodyTooSlow => "the body did not arrive in time",
            Refusal::TooManyRequests { .. } => "this was asked for too often",
            Refusal::Unavailable { .. } => "this cannot be done right now; try again",
            Refusal::NotReady => "the node is not ready",
            Refusal::Internal => "something went wrong here; the id finds it in the log",
        }
    }
}

/// A refused request with an id that also stands in the log, where there is a line about it.
#[derive(Debug)]
pub struct HttpError {
    refusal: Refusal,
    id: Uuid,
}

/// The members of a problem (RFC 9457 §3.1), and further ones of the kind.
#[derive(Serialize)]
struct Problem<'a, E: Serialize> {
    r#type: &'static str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    instance: String,
    #[serde(flatten)]
    further: E,
}

/// No members besides the standard ones.
#[derive(Serialize)]
struct Nothing {}

impl HttpError {
    /// An error with a new id.
    pub fn new(refusal: Refusal) -> Self {
        Self {
            refusal,
            id: Uuid::now_v7(),
        }
    }

    /// What the caller is told.
    pub fn refusal(&self) -> Refusal {
        self.refusal
    }

    /// The id in the answer and in the log.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// The answer, with members that only this kind of problem has.
    pub fn response_with<E: Serialize>(&self, further: E) -> HttpResponse {
        let status = self.refusal.status();
        let mut answer = HttpResponse::build(status);
        answer.insert_header((header::CACHE_CONTROL, "no-store"));
        answer.insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
        match self.refusal {
            Refusal::MethodNotAllowed { allow } => {
                answer.insert_header((header::ALLOW, allow));
            }
            Refusal::Unauthorized { challenge } => {
                answer.insert_header((header::WWW_AUTHENTICATE, challenge));
            }
            Refusal::TooManyRequests { retry_after } | Refusal::Unavailable { retry_after } => {
                let secs = retry_after.as_secs().max(1);
                answer.insert_header((header::RETRY_AFTER, secs.to_string()));
            }
            // What is left of the body would be read as the next request.
            Refusal::BodyTooLarge | Refusal::BodyTooSlow => {
                answer.force_close();
            }
            Refusal::NotFound
            | Refusal::BadRequest(_)
            | Refusal::Conflict(_)
            | Refusal::NotReady
            | Refusal::Internal => {}
        }
        let problem = Problem {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: self.refusal.detail(),
            instance: self.id.urn().to_string(),
            further,
        };
        let body = serde_json::to_vec(&problem).expect("a problem has text keys only");
        answer.content_type(PROBLEM_JSON).body(body)
    }
}

impl From<Refusal> for HttpError {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal)
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.refusal.detail())
    }
}

impl ResponseError for HttpError {
    fn status_code(&self) -> StatusCode {
        self.refusal.status()
    }

    fn error_response(&self) -> HttpResponse {
        self.response_with(Nothing {})
    }
}

/// An error of the framework (a path or query it could not read) as one of ours: its own text
/// may quote the request.
pub fn from_framework(error: &actix_web::Error) -> HttpError {
    let status = error.as_response_error().status_code();
    HttpError::new(match status {
        StatusCode::NOT_FOUND => Refusal::NotFound,
        StatusCode::PAYLOAD_TOO_LARGE => Refusal::BodyTooLarge,
        StatusCode::REQUEST_TIMEOUT => Refusal::BodyTooSlow,
        other if other.is_client_error() => Refusal::BadRequest("the request cannot be read"),
        _ => Refusal::Internal,
    })
}
