//! What faults make of a call: an answer instead of the deed, or another answer after it.

use std::io;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use bytes::Bytes;
use futures_util::{future, stream};
use serde_json::{Value, json};

use super::faults::{FaultKind, merge};
use super::http::render;
use super::idempotence::Answer;
use super::refusal::Refusal;

/// The body of a proxy's error page.
const HTML_ERROR: &str = "<html>\r\n<head><title>Error</title></head>\r\n\
    <body><center><h1>The server is not available</h1></center></body>\r\n</html>\r\n";

/// The answer of a call that a fault keeps from being done.
pub async fn spoil_before(fault: Option<&FaultKind>) -> Option<HttpResponse> {
    match fault? {
        FaultKind::TooManyRequests { retry_after } => {
            Some(render(&Err(Refusal::too_many_requests(*retry_after))))
        }
        FaultKind::ServerErrorBefore => Some(server_error()),
        FaultKind::Html { status } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_GATEWAY);
            let page = HttpResponse::build(status)
                .content_type("text/html")
                .body(HTML_ERROR);
            Some(page)
        }
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

/// A body that fails at once: the server closes the connection before the head is written.
fn dropped() -> HttpResponse {
    let cut = io::Error::new(
        io::ErrorKind::ConnectionAborted,
        "cut by a fault on request",
    );
    HttpResponse::Ok().streaming(stream::once(async { Err::<Bytes, io::Error>(cut) }))
}
