//! The errors of the contract's table.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde_json::json;

/// A code with its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub code: i64,
    pub message: String,
}

impl Refusal {
    pub const NO_MODEL: Refusal = Refusal::plain(1203);
    pub const NO_MONEY: Refusal = Refusal::plain(1102);
    pub const FULL: Refusal = Refusal::plain(1303);
    pub const REFERENCE_TAKEN: Refusal = Refusal::plain(1201);

    pub const fn plain(code: i64) -> Refusal {
        Refusal {
            code,
            message: String::new(),
        }
    }

    /// A value that is wrong, by its field.
    pub fn value(message: impl Into<String>) -> Refusal {
        Refusal {
            code: 1201,
            message: message.into(),
        }
    }

    pub fn answer(&self) -> HttpResponse {
        let status = StatusCode::from_u16(status_of(self.code));
        let message = if self.message.is_empty() {
            text_of(self.code).to_owned()
        } else {
            self.message.clone()
        };
        HttpResponse::build(status.unwrap_or(StatusCode::BAD_REQUEST)).json(json!({
            "code": self.code,
            "message": message,
            "request_id": uuid::Uuid::now_v7(),
        }))
    }
}

/// The status that belongs to a code (contract, *Errors*).
pub(super) fn status_of(code: i64) -> u16 {
    match code {
        1000..=1004 => 401,
        1100..=1102 | 1302..=1304 => 429,
        1103 => 403,
        1202 | 1203 => 404,
        5000 => 500,
        5001 => 503,
        5002 => 504,
        _ => 400,
    }
}

fn text_of(code: i64) -> &'static str {
    match code {
        1000..=1002 => "Auth failed",
        1003 => "Auth is not active yet",
        1004 => "Auth expired",
        1100 => "Account abnormal",
        1101 => "Account in arrears",
        1102 => "Account balance not enough",
        1103 => "No right to this model",
        1201 => "external_task_id already exists",
        1203 => "Resource does not exist",
        1300 => "Policy",
        1301 => "Content safety",
        1302 => "Too fast",
        1303 => "parallel task over resource pack limit",
        1304 => "IP is not on the allow list",
        5000 => "Internal error",
        5001 => "Maintenance",
        5002 => "Timeout",
        _ => "Bad parameter",
    }
}
