//! What YooKassa says when it does not do something: status, code, words, parameter.
//!
//! The codes are those of the documentation's table; the descriptions are in its manner, and no
//! caller should read them.

use std::fmt;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

/// A request that is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The documented code, such as `invalid_request`.
    pub code: String,
    /// Words for a developer.
    pub description: String,
    /// The field that is wrong, as a path with dots.
    pub parameter: Option<String>,
    /// In milliseconds.
    pub retry_after: Option<u64>,
}

impl Refusal {
    /// A refusal without a parameter.
    pub fn new(status: u16, code: &str, description: impl Into<String>) -> Refusal {
        Refusal {
            status,
            code: code.to_owned(),
            description: description.into(),
            parameter: None,
            retry_after: None,
        }
    }

    /// 400 for a field that is there and wrong.
    pub fn invalid(parameter: &str, description: impl Into<String>) -> Refusal {
        let mut refusal = Refusal::new(400, "invalid_request", description);
        refusal.parameter = Some(parameter.to_owned());
        refusal
    }

    /// 400 for a field that has to be there.
    pub fn missing(parameter: &str) -> Refusal {
        Refusal::invalid(parameter, "Missing required parameter")
    }

    /// 400 for a step the object's state does not allow.
    pub fn wrong_state(description: impl Into<String>) -> Refusal {
        Refusal::new(400, "invalid_request", description)
    }

    /// 404 for an object that this shop does not have.
    pub fn not_found(parameter: &str, noun: &str) -> Refusal {
        let description = format!("{noun} doesn't exist or access denied");
        let mut refusal = Refusal::new(404, "not_found", description);
        refusal.parameter = Some(parameter.to_owned());
        refusal
    }

    /// 401 for a wrong shop, a wrong key or none.
    pub fn invalid_credentials() -> Refusal {
        Refusal::new(
            401,
            "invalid_credentials",
            "Error in shopId or secret key. Check their validity",
        )
    }

    /// 429 with the wait YooKassa names, in milliseconds.
    pub fn too_many_requests(retry_after: Option<u64>) -> Refusal {
        let mut refusal = Refusal::new(429, "too_many_requests", "Too many requests");
        refusal.retry_after = retry_after;
        refusal
    }

    /// The body; every answer has an id of its own.
    pub fn render(&self) -> Value {
        let mut body = json!({
            "type": "error",
            "id": Uuid::now_v7().to_string(),
            "code": self.code,
            "description": self.description,
        });
        if let Some(parameter) = &self.parameter {
            body["parameter"] = json!(parameter);
        }
        if let Some(retry_after) = self.retry_after {
            body["retry_after"] = json!(retry_after);
        }
        body
    }

    /// The same for the control API: `{"error": "…"}`.
    pub fn control(&self) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        HttpResponse::build(status).json(json!({ "error": self.to_string() }))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.description)?;
        match &self.parameter {
            Some(parameter) => write!(formatter, " ({parameter})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Refusal {}
