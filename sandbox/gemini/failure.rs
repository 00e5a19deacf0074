//! Google's error envelope, as the real API sends it.
//!
//! Only the fields a client can rely on are here: `code`, `message`, `status` and the three standard
//! detail types. The texts follow the real ones closely enough to be recognised in a log.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde_json::{Value, json};

/// An answer other than 200.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// The HTTP status, repeated in the body.
    pub code: u16,
    /// Google's name of the class, such as `INVALID_ARGUMENT`.
    pub status: &'static str,
    /// One sentence for a developer.
    pub message: String,
    /// `google.rpc` details, possibly none.
    pub details: Vec<Value>,
}

impl Failure {
    /// A failure of this class without details.
    pub fn new(code: u16, status: &'static str, message: impl Into<String>) -> Failure {
        Failure {
            code,
            status,
            message: message.into(),
            details: Vec::new(),
        }
    }

    /// The request is wrong and will stay wrong.
    pub fn invalid(message: impl Into<String>) -> Failure {
        Failure::new(400, "INVALID_ARGUMENT", message)
    }

    /// A field of the request is wrong; `field` is its path in the proto's spelling.
    pub fn field(field: &str, message: impl Into<String>) -> Failure {
        let message = message.into();
        let violations = json!([{ "field": field, "description": message }]);
        Failure::invalid(message).with(json!({
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": violations,
        }))
    }

    /// The key is unknown. The real API says 400 here, not 401.
    pub fn api_key_invalid() -> Failure {
        Failure::invalid("API key not valid. Please pass a valid API key.").with(json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "API_KEY_INVALID",
            "domain": "googleapis.com",
            "metadata": { "service": "generativelanguage.googleapis.com" },
        }))
    }

    /// There is no key at all.
    pub fn api_key_missing() -> Failure {
        Failure::new(
            403,
            "PERMISSION_DENIED",
            "Method doesn't allow unregistered callers (callers without established identity). \
             Please use API Key or other form of API consumer identity to call this API.",
        )
    }

    /// The key is known but may not do this.
    pub fn permission_denied() -> Failure {
        Failure::new(
            403,
            "PERMISSION_DENIED",
            "Your API key does not have permission to use this model.",
        )
    }

    /// The project has no billing, or the region is not served.
    pub fn failed_precondition() -> Failure {
        Failure::new(
            400,
            "FAILED_PRECONDITION",
            "User location is not supported for the API use.",
        )
    }

    /// The model is retired or misspelt.
    pub fn model_not_found(model: &str) -> Failure {
        Failure::new(
            404,
            "NOT_FOUND",
            format!(
                "models/{model} is not found for API version v1beta, or is not supported for \
                 generateContent. Call ListModels to see the list of available models and their \
                 supported methods."
            ),
        )
    }

    /// A quota is used up; `retry_after` is in seconds and absent when Google would not say.
    pub fn too_many_requests(retry_after: Option<u64>) -> Failure {
        let failure = Failure::new(
            429,
            "RESOURCE_EXHAUSTED",
            "You exceeded your current quota, please check your plan and billing details.",
        )
        .with(json!({
            "@type": "type.googleapis.com/google.rpc.QuotaFailure",
            "violations": [{
                "quotaMetric": "generativelanguage.googleapis.com/generate_requests_per_model",
                "quotaId": "GenerateRequestsPerMinutePerProjectPerModel",
            }],
        }));
        match retry_after {
            Some(seconds) => failure.with(json!({
                "@type": "type.googleapis.com/google.rpc.RetryInfo",
                "retryDelay": format!("{seconds}s"),
            })),
            None => failure,
        }
    }

    /// The service itself fails with this status; statuses beyond the known three say `UNKNOWN`.
    pub fn server_error(code: u16) -> Failure {
        match code {
            500 => Failure::new(500, "INTERNAL", "An internal error has occurred."),
            503 => Failure::new(
                503,
                "UNAVAILABLE",
                "The model is overloaded. Please try again later.",
            ),
            504 => Failure::new(
                504,
                "DEADLINE_EXCEEDED",
                "Deadline expired before operation could complete.",
            ),
            other => Failure::new(other, "UNKNOWN", "The service failed."),
        }
    }

    fn with(mut self, detail: Value) -> Failure {
        self.details.push(detail);
        self
    }

    /// The envelope on the wire.
    pub fn render(&self) -> HttpResponse {
        let mut error = json!({
            "code": self.code,
            "message": self.message,
            "status": self.status,
        });
        if !self.details.is_empty() {
            error["details"] = Value::Array(self.details.clone());
        }
        let status = StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        HttpResponse::build(status).json(json!({ "error": error }))
    }
}
