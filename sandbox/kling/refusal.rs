//! What Kling says when it does not do something: one code of the documented table.
//!
//! The words are in the manner of the real ones, and no caller should read them.

use std::fmt;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde_json::json;
use uuid::Uuid;

/// A call that is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The code of the body.
    pub code: u32,
    /// Words for a developer.
    pub message: String,
}

impl Refusal {
    /// A refusal in words of its own.
    pub fn new(code: u32, message: impl Into<String>) -> Refusal {
        Refusal {
            code,
            message: message.into(),
        }
    }

    /// A refusal in the words of its code.
    pub fn of(code: u32) -> Refusal {
        Refusal::new(code, words(code))
    }

    /// 1200: a parameter that is missing, unknown or of the wrong kind.
    pub fn parameter(message: impl Into<String>) -> Refusal {
        Refusal::new(1200, message)
    }

    /// 1201: a parameter whose value may not be, alone or beside the others.
    pub fn value(message: impl Into<String>) -> Refusal {
        Refusal::new(1201, message)
    }

    /// The HTTP status that belongs to the code; 500 for a code that is in no table.
    pub fn status(&self) -> u16 {
        status(self.code)
    }

    /// The answer on the wire.
    pub fn render(&self) -> HttpResponse {
        let status = StatusCode::from_u16(self.status());
        HttpResponse::build(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)).json(json!({
            "code": self.code,
            "message": self.message,
            "request_id": Uuid::now_v7().to_string(),
        }))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.code, self.message)
    }
}

impl std::error::Error for Refusal {}

/// Every code of the table but 0.
pub const CODES: [u32; 21] = [
    1000, 1001, 1002, 1003, 1004, 1100, 1101, 1102, 1103, 1200, 1201, 1202, 1203, 1300, 1301, 1302,
    1303, 1304, 5000, 5001, 5002,
];

fn status(code: u32) -> u16 {
    match code {
        1000..=1004 => 401,
        1100..=1102 => 429,
        1103 => 403,
        1200 | 1201 | 1300 | 1301 => 400,
        1202 | 1203 => 404,
        1302..=1304 => 429,
        5001 => 503,
        5002 => 504,
        _ => 500,
    }
}

fn words(code: u32) -> &'static str {
    match code {
        1000 => "Authentication failed",
        1001 => "Authorization is empty",
        1002 => "Authorization is invalid",
        1003 => "Authorization is not yet valid",
        1004 => "Authorization has expired",
        1100 => "Account exception",
        1101 => "Account in arrears",
        1102 => "Account balance not enough",
        1103 => "No permission to access the requested resource",
        1200 => "Invalid request parameters",
        1201 => "Invalid parameter value",
        1202 => "The requested method is invalid",
        1203 => "The requested resource does not exist",
        1300 => "Trigger the platform strategy",
        1301 => "Failure to pass the content safety check",
        1302 => "The API request is too fast",
        1303 => "Parallel task over resource pack limit",
        1304 => "The IP address is not on the whitelist",
        5001 => "Server temporarily unavailable, under maintenance",
        5002 => "Server internal timeout",
        _ => "Server internal error",
    }
}
