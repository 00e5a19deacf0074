//! What faults make of a call: an answer instead of the deed, or another answer after it.

use std::time::Duration;

use actix_web::HttpResponse;
use futures_util::future;
use serde_json::{Value, json};
use uuid::Uuid;

use super::faults::FaultKind;
use super::http::Answer;
use super::refusal::Refusal;
use crate::broken::{dropped, endless, html, malformed, truncated};
use crate::patch::merge;

/// The answer of a call that a fault keeps from being done.
pub async fn spoil_before(fault: Option<&FaultKind>) -> Option<HttpResponse> {
    match fault? {
        FaultKind::Code { code } => Some(Refusal::of(*code).render()),
        FaultKind::Html { status } => Some(html(*status)),
        FaultKind::DropBefore => Some(dropped()),
        FaultKind::Hang => future::pending().await,
        FaultKind::Latency { .. }
        | FaultKind::CodeAfter { .. }
        | FaultKind::HtmlAfter { .. }
        | FaultKind::DropAfter
        | FaultKind::Malformed
        | FaultKind::Huge
        | FaultKind::Truncated
        | FaultKind::Altered { .. }
        | FaultKind::NeverFinishes
        | FaultKind::Takes { .. }
        | FaultKind::Fails { .. }
        | FaultKind::RiskControl
        | FaultKind::NoOutputs => None,
    }
}

/// The answer of a call that was done, spoilt if a fault asks for it.
pub async fn spoil_after(fault: Option<FaultKind>, answer: Answer) -> HttpResponse {
    match fault {
        Some(FaultKind::Latency { millis }) => {
            tokio::time::sleep(Duration::from_millis(millis)).await;
            render(answer)
        }
        Some(FaultKind::CodeAfter { code }) => Refusal::of(code).render(),
        Some(FaultKind::HtmlAfter { status }) => html(status),
        Some(FaultKind::DropAfter) => dropped(),
        Some(FaultKind::Malformed) => malformed(),
        Some(FaultKind::Huge) => endless("application/json", br#"{"code":0,"message":""#),
        Some(FaultKind::Truncated) => match answer {
            Ok(data) => truncated("application/json", envelope(&data).to_string().as_bytes()),
            Err(refusal) => refusal.render(),
        },
        Some(FaultKind::Altered { patch }) => render(answer.map(|data| altered(data, &patch))),
        Some(
            FaultKind::Code { .. }
            | FaultKind::Html { .. }
            | FaultKind::DropBefore
            | FaultKind::Hang
            | FaultKind::NeverFinishes
            | FaultKind::Takes { .. }
            | FaultKind::Fails { .. }
            | FaultKind::RiskControl
            | FaultKind::NoOutputs,
        )
        | None => render(answer),
    }
}

fn altered(mut data: Value, patch: &Value) -> Value {
    let items = match &mut data {
        Value::Array(items) => Some(items),
        data => data.get_mut("result").and_then(Value::as_array_mut),
    };
    match items {
        Some(items) => {
            for item in items {
                merge(item, patch);
            }
        }
        None => merge(&mut data, patch),
    }
    data
}

fn envelope(data: &Value) -> Value {
    json!({
        "code": 0,
        "message": "",
        "request_id": Uuid::now_v7().to_string(),
        "data": data,
    })
}

fn render(answer: Answer) -> HttpResponse {
    match answer {
        Ok(data) => HttpResponse::Ok().json(envelope(&data)),
        Err(refusal) => refusal.render(),
    }
}
