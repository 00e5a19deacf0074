//! The Bot API's routes: `/telegram/bot<token>/<method>` and its files.

use actix_web::error::Error;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::faults::FaultKind;
use super::methods::{self, Refusal};
use super::params::Params;
use super::state::Call;
use super::{Handle, control, updates};
use crate::server::broken_off;

/// Adds the Bot API and the control routes.
pub fn configure(cfg: &mut web::ServiceConfig, handle: &Handle) {
    cfg.app_data(web::Data::new(handle.clone()))
        .route("/telegram/file/{tail:.*}", web::get().to(download))
        .route("/telegram/{tail:.*}", web::route().to(call));
    control::configure(cfg);
}

/// Delivers webhooks while the server runs.
pub(crate) async fn deliver_webhooks(handle: Handle) {
    updates::deliver_for_ever(handle).await;
}

fn refused(refusal: &Refusal) -> HttpResponse {
    let status = StatusCode::from_u16(refusal.code).unwrap_or(StatusCode::BAD_REQUEST);
    let mut body = json!({
        "ok": false, "error_code": refusal.code, "description": refusal.description,
    });
    let mut answer = HttpResponse::build(status);
    if let Some(seconds) = refusal.retry_after {
        body["parameters"] = json!({ "retry_after": seconds });
        answer.insert_header(("Retry-After", seconds.to_string()));
    }
    answer.json(body)
}

/// `bot<token>/<method>`, percent-decoded.
fn split(tail: &str) -> Option<(String, String)> {
    let (token, method) = tail.strip_prefix("bot")?.split_once('/')?;
    Some((
        token.replace("%3A", ":").replace("%3a", ":"),
        method.to_owned(),
    ))
}

async fn call(
    handle: web::Data<Handle>,
    tail: web::Path<String>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Error> {
    let Some((token, method)) = split(&tail) else {
        return Ok(refused(&Refusal::new(404, "Not Found")));
    };
    if token != handle.state().token {
        return Ok(refused(&Refusal::new(401, "Unauthorized")));
    }
    let params = match Params::read(&request, payload).await {
        Ok(params) => params,
        Err(error) if error.as_response_error().status_code() == 413 => {
            return Ok(refused(&Refusal::new(413, "Request Entity Too Large")));
        }
        Err(_) => return Ok(refused(&Refusal::bad("can't parse the request"))),
    };
    record(&handle, &method, &params);
    let fault = handle.state().faults.take(&method);
    match before(fault.as_ref()).await {
        Some(Before::Answer(refusal)) => return Ok(refused(&refusal)),
        Some(Before::Page(status)) => return Ok(gateway_page(status)),
        Some(Before::Drop) => return Ok(broken_off()),
        None => {}
    }
    let answer = answer(&handle, &method, &params).await;
    match fault {
        Some(FaultKind::DropAfter) => Ok(broken_off()),
        Some(FaultKind::Malformed) => Ok(HttpResponse::Ok()
            .content_type("application/json")
            .body("{\"ok\":true,\"result\":{\"mess")),
        _ => Ok(match answer {
            Ok(result) => HttpResponse::Ok().json(json!({ "ok": true, "result": result })),
            Err(refusal) => refused(&refusal),
        }),
    }
}

fn record(handle: &Handle, method: &str, params: &Params) {
    let chat_id = params.int("chat_id");
    let values = Value::Object(params.values.clone());
    let call = Call {
        method: method.to_owned(),
        chat_id,
        params: values,
    };
    handle.state().calls.push(call);
}

async fn answer(handle: &Handle, method: &str, params: &Params) -> Result<Value, Refusal> {
    match method.to_ascii_lowercase().as_str() {
        "getupdates" => updates::poll(handle, params).await,
        "setwebhook" => updates::set_webhook(handle, params),
        "deletewebhook" => {
            let mut without_url = Params {
                values: params.values.clone(),
                ..Params::default()
            };
            without_url.values.remove("url");
            updates::set_webhook(handle, &without_url)
        }
        _ => {
            let done = handle.change(|state| methods::run(state, method, params));
            done.unwrap_or_else(|| Err(Refusal::new(404, "Not Found: method not found")))
        }
    }
}

/// What a fault does instead of the call.
enum Before {
    Answer(Refusal),
    Page(u16),
    Drop,
}

async fn before(fault: Option<&FaultKind>) -> Option<Before> {
    match fault? {
        FaultKind::Latency { ms } => {
            tokio::time::sleep(std::time::Duration::from_millis(*ms)).await;
            None
        }
        FaultKind::TooManyRequests { retry_after } => {
            Some(Before::Answer(Refusal::flood(*retry_after)))
        }
        FaultKind::ServerError { status } => Some(Before::Page(*status)),
        FaultKind::DropBefore => Some(Before::Drop),
        FaultKind::Hang => std::future::pending().await,
        FaultKind::DropAfter | FaultKind::Malformed => None,
    }
}

fn gateway_page(status: u16) -> HttpResponse {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    HttpResponse::build(status)
        .content_type("text/html")
        .body("<html><head><title>Bad Gateway</title></head><body>nginx</body></html>")
}

async fn download(handle: web::Data<Handle>, tail: web::Path<String>) -> HttpResponse {
    let Some((token, path)) = split(&tail) else {
        return refused(&Refusal::new(404, "Not Found"));
    };
    let state = handle.state();
    if token != state.token {
        return refused(&Refusal::new(401, "Unauthorized"));
    }
    let path = path.replace("%2F", "/").replace("%2f", "/");
    match state.files.values().find(|file| file.path == path) {
        Some(file) => HttpResponse::Ok()
            .content_type(file.mime.clone())
            .body(file.bytes.clone()),
        None => refused(&Refusal::new(404, "Not Found")),
    }
}
