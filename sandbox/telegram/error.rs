//! A refusal as the Bot API words it.

use serde_json::{Value, json};

/// What the Bot API answers instead of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// The HTTP status and the `error_code` alike.
    pub code: u16,
    /// With its class in front: `Bad Request: chat not found`.
    pub description: String,
    /// Seconds to wait, with code 429.
    pub retry_after: Option<u64>,
}

impl ApiError {
    fn new(code: u16, description: String) -> ApiError {
        ApiError {
            code,
            description,
            retry_after: None,
        }
    }

    /// 400, with what follows `Bad Request: `.
    pub fn bad_request(what: impl AsRef<str>) -> ApiError {
        ApiError::new(400, format!("Bad Request: {}", what.as_ref()))
    }

    /// 401: not this bot's token.
    pub fn unauthorized() -> ApiError {
        ApiError::new(401, "Unauthorized".to_owned())
    }

    /// 403, with what follows `Forbidden: `.
    pub fn forbidden(what: impl AsRef<str>) -> ApiError {
        ApiError::new(403, format!("Forbidden: {}", what.as_ref()))
    }

    /// 404: no such method.
    pub fn method_not_found() -> ApiError {
        ApiError::new(404, "Not Found: method not found".to_owned())
    }

    /// 404: no such file.
    pub fn not_found() -> ApiError {
        ApiError::new(404, "Not Found".to_owned())
    }

    /// 409, with what follows `Conflict: `.
    pub fn conflict(what: impl AsRef<str>) -> ApiError {
        ApiError::new(409, format!("Conflict: {}", what.as_ref()))
    }

    /// 413: a request or a file above what the server takes.
    pub fn too_large() -> ApiError {
        ApiError::new(413, "Request Entity Too Large".to_owned())
    }

    /// 429, to be repeated after so many seconds.
    pub fn too_many_requests(retry_after: u64) -> ApiError {
        let description = format!("Too Many Requests: retry after {retry_after}");
        ApiError {
            retry_after: Some(retry_after),
            ..ApiError::new(429, description)
        }
    }

    /// The failure envelope.
    pub fn envelope(&self) -> Value {
        let mut envelope = json!({
            "ok": false,
            "error_code": self.code,
            "description": self.description,
        });
        if let Some(seconds) = self.retry_after {
            envelope["parameters"] = json!({ "retry_after": seconds });
        }
        envelope
    }
}
