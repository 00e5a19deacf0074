//! What faults make of a call: an answer instead of the deed, or another answer after it.

use std::time::Duration;

use actix_web::HttpResponse;
use futures_util::future;
use serde_json::{Value, json};

use super::faults::FaultKind;
use super::http::render;
use super::idempotence::Answer;
use super::refusal::Refusal;
use crate::broken::{dropped, html};
use crate::patch::merge;

/// The answer of a call that a fault keeps from being done.
pub async fn spoil_before(fault: Option<&FaultKind>) -> Option<HttpResponse> {
    match fault? {
        FaultKind::TooManyRequests { retry_after } => {
            Some(render(&Err(Refusal::too_many_requests(*retry_after))))
        }
        FaultKind::ServerErrorBefore => Some(server_error()),
        FaultKind::Html { status } => Some(html(*status)),
        FaultKind::Refusal {
            status,
            code,
            description,
        } => Some(render(&Err(Refusal::new(*status, code, description)))),
        FaultKind::DropBefore => Some(dropped()),
        FaultKind::Hang => future::pending().await,
        FaultKind::Latency { .. }
        | FaultKind::ServerErrorAfter
        | FaultKind::Processing { .. }
        | FaultKind::DropAfter
        | FaultKind::Malformed
        | FaultKind::Altered { .. } => None,
    }
}

/// The answer of a call that was done, spoilt if a fault asks for it.
pub async fn spoil_after(fault: Option<FaultKind>, answer: Answer) -> HttpResponse {
    let Some(fault) = fault else {
        return render(&answer);
    };
    match fault {
        FaultKind::Latency { millis } => {
            tokio::time::sleep(Duration::from_millis(millis)).await;
            render(&answer)
        }
        FaultKind::ServerErrorAfter => server_error(),
        FaultKind::Processing { retry_after } => HttpResponse::Accepted().json(json!({
            "type": "processing",
            "description": "Request accepted, but not processed yet. \
                Retry again with the same Idempotence-Key",
            "retry_after": retry_after,
        })),
        FaultKind::DropAfter => dropped(),
        FaultKind::Malformed => HttpResponse::Ok()
            .content_type("application/json")
            .body(r#"{"id":"22e12f66-000f-5000-8000-18db3"#),
        FaultKind::Altered { patch } => render(&answer.map(|object| altered(object, &patch))),
        FaultKind::TooManyRequests { .. }
        | FaultKind::ServerErrorBefore
        | FaultKind::Html { .. }
        | FaultKind::Refusal { .. }
        | FaultKind::DropBefore
        | FaultKind::Hang => render(&answer),
    }
}

fn altered(mut object: Value, patch: &Value) -> Value {
    match object.get_mut("items").and_then(Value::as_array_mut) {
        Some(items) => {
            for item in items {
                merge(item, patch);
            }
        }
        None => merge(&mut object, patch),
    }
    object
}

fn server_error() -> HttpResponse {
    let what = "Internal server error";
    render(&Err(Refusal::new(500, "internal_server_error", what)))
}
