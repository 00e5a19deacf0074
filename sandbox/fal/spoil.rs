//! What faults make of a call: an answer instead of the deed, or another answer after it.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use futures_util::future;
use serde_json::Value;

use super::failure::Failure;
use super::faults::FaultKind;
use crate::broken::{dropped, endless, html, malformed, truncated};
use crate::patch::merge;

/// A good answer, or why there is none.
pub type Answer = Result<Good, Failure>;

/// A good answer.
#[derive(Clone, Debug)]
pub struct Good {
    pub status: StatusCode,
    pub headers: Vec<(&'static str, String)>,
    pub body: Value,
}

impl Good {
    pub fn new(status: StatusCode, body: Value) -> Good {
        Good {
            status,
            headers: Vec::new(),
            body,
        }
    }
}

/// The answer of a call that a fault keeps from being done.
pub async fn spoil_before(fault: Option<&FaultKind>) -> Option<HttpResponse> {
    match fault? {
        FaultKind::Error { failure } => Some(failure.render()),
        FaultKind::Html { status } => Some(html(*status)),
        FaultKind::DropBefore => Some(dropped()),
        FaultKind::Hang => future::pending().await,
        FaultKind::Latency { .. }
        | FaultKind::ErrorAfter { .. }
        | FaultKind::HtmlAfter { .. }
        | FaultKind::DropAfter
        | FaultKind::Malformed
        | FaultKind::Huge
        | FaultKind::Truncated
        | FaultKind::Altered { .. }
        | FaultKind::NeverStarts
        | FaultKind::NeverFinishes
        | FaultKind::Takes { .. }
        | FaultKind::Refused
        | FaultKind::Ends { .. }
        | FaultKind::CancelIgnored
        | FaultKind::PayloadLost => None,
    }
}

/// The answer of a call that was done, spoilt if a fault asks for it.
pub async fn spoil_after(fault: Option<FaultKind>, answer: Answer) -> HttpResponse {
    match fault {
        Some(FaultKind::Latency { millis }) => {
            tokio::time::sleep(Duration::from_millis(millis)).await;
            render(answer)
        }
        Some(FaultKind::ErrorAfter { failure }) => failure.render(),
        Some(FaultKind::HtmlAfter { status }) => html(status),
        Some(FaultKind::DropAfter) => dropped(),
        Some(FaultKind::Malformed) => malformed(),
        Some(FaultKind::Huge) => endless("application/json", br#"{"status":""#),
        Some(FaultKind::Truncated) => match answer {
            Ok(good) => truncated("application/json", good.body.to_string().as_bytes()),
            Err(failure) => failure.render(),
        },
        Some(FaultKind::Altered { patch }) => render(answer.map(|mut good| {
            merge(&mut good.body, &patch);
            good
        })),
        Some(
            FaultKind::Error { .. }
            | FaultKind::Html { .. }
            | FaultKind::DropBefore
            | FaultKind::Hang
            | FaultKind::NeverStarts
            | FaultKind::NeverFinishes
            | FaultKind::Takes { .. }
            | FaultKind::Refused
            | FaultKind::Ends { .. }
            | FaultKind::CancelIgnored
            | FaultKind::PayloadLost,
        )
        | None => render(answer),
    }
}

fn render(answer: Answer) -> HttpResponse {
    match answer {
        Ok(good) => {
            let mut response = HttpResponse::build(good.status);
            for (name, value) in good.headers {
                response.insert_header((name, value));
            }
            response.json(good.body)
        }
        Err(failure) => failure.render(),
    }
}
