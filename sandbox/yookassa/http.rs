//! The API over HTTP: credentials, bodies, idempotence keys, and the record of calls.

use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE};
use actix_web::web::{self, Bytes, BytesMut, Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt;
use serde_json::Value;

use super::calls::{Answered, Call};
use super::handle::Handle;
use super::idempotence::{Answer, Keys};
use super::operation::{Asked, Effect, Operation};
use super::refusal::Refusal;
use super::shop::Shop;
use super::spoil::{spoil_after, spoil_before};
use super::state::State;

/// The largest request in bytes; a payment with 100 items of a receipt is far below.
const REQUEST_BYTES_MAX: usize = 256 * 1024;

/// Adds the API to a server.
pub fn configure(service: &mut ServiceConfig) {
    service.route("/yookassa/v3/{path:.*}", web::route().to(api));
}

/// One call of the API.
async fn api(
    handle: Data<Handle>,
    path: web::Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    let path = path.into_inner();
    let body = read(payload).await;
    let operation = Operation::parse(request.method(), &path);
    let number = begin(&handle, &request, &path, operation.as_ref(), body.as_ref());
    let shop = handle.shop();
    let checked = authorise(&request, &shop).and(operation);
    let operation = match checked {
        Ok(operation) => operation,
        Err(refusal) => return refused(&handle, number, &refusal),
    };
    let fault = handle
        .shared()
        .update(|state| state.faults.take(operation.name()));
    if let Some(answer) = spoil_before(fault.as_ref()).await {
        return answer;
    }
    let asked = body.and_then(|body| understand(&request, &operation, &body));
    let (answer, answered) = match asked {
        Ok((key, asked)) => handle
            .shared()
            .update(|state| act(state, &operation, key.as_deref(), &asked)),
        Err(refusal) => {
            let answered = Answered::refused(&refusal);
            (Err(refusal), answered)
        }
    };
    handle
        .shared()
        .update(|state| state.calls.end(number, answered));
    spoil_after(fault, answer).await
}

/// Notes the call as it came.
fn begin(
    handle: &Handle,
    request: &HttpRequest,
    path: &str,
    operation: Result<&Operation, &Refusal>,
    body: Result<&Bytes, &Refusal>,
) -> u64 {
    let (name, object_id) = match operation {
        Ok(operation) => (
            operation.name().to_owned(),
            operation.object_id().map(str::to_owned),
        ),
        Err(_) => (format!("{} {path}", request.method()), None),
    };
    let body = body
        .ok()
        .and_then(|body| serde_json::from_slice(body).ok())
        .unwrap_or(Value::Null);
    handle.shared().update(|state| {
        let at = state.clock.now().as_micros();
        state.calls.begin(Call {
            number: 0,
            operation: name,
            object_id,
            query: request.query_string().to_owned(),
            idempotence_key: header(request, "Idempotence-Key"),
            body,
            at,
            answered: Answered::Not,
        })
    })
}

fn refused(handle: &Handle, number: u64, refusal: &Refusal) -> HttpResponse {
    let answered = Answered::refused(refusal);
    handle
        .shared()
        .update(|state| state.calls.end(number, answered));
    render(&Err(refusal.clone()))
}

fn header(request: &HttpRequest, name: &str) -> Option<String> {
    let value = request.headers().get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// Basic authentication of the one shop there is.
fn authorise(request: &HttpRequest, shop: &Shop) -> Result<(), Refusal> {
    let expected = STANDARD.encode(format!("{}:{}", shop.account_id, shop.secret_key));
    let given = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"));
    match given {
        Some((_, given)) if given.trim() == expected => Ok(()),
        Some(_) | None => Err(Refusal::invalid_credentials()),
    }
}

async fn read(mut payload: Payload) -> Result<Bytes, Refusal> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let broken = |_| Refusal::new(400, "invalid_request", "The request body broke off");
        let chunk = chunk.map_err(broken)?;
        if body.len() + chunk.len() > REQUEST_BYTES_MAX {
            let what = "The request body is too large";
            return Err(Refusal::new(413, "invalid_request", what));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// The key of a change, and what is asked.
fn understand(
    request: &HttpRequest,
    operation: &Operation,
    body: &Bytes,
) -> Result<(Option<String>, Asked), Refusal> {
    let query = web::Query::<Vec<(String, String)>>::from_query(request.query_string())
        .map_err(|_| Refusal::new(400, "invalid_request", "The query is malformed"))?
        .into_inner();
    let connection = request.connection_info();
    let mut asked = Asked {
        query,
        body: Value::Null,
        site: format!("{}://{}", connection.scheme(), connection.host()),
    };
    match operation.effect() {
        Effect::Reads => Ok((None, asked)),
        Effect::Changes => {
            if !body.is_empty() {
                let json = header(request, CONTENT_TYPE.as_str()).is_some_and(|content_type| {
                    let essence = content_type.split(';').next().unwrap_or_default();
                    essence.trim().eq_ignore_ascii_case("application/json")
                });
                if !json {
                    let what = "Content-Type must be application/json";
                    return Err(Refusal::new(415, "unsupported_media_type", what));
                }
                let malformed =
                    |_| Refusal::new(400, "invalid_request", "The request body is not JSON");
                asked.body = serde_json::from_slice(body).map_err(malformed)?;
            }
            let key = header(request, "Idempotence-Key");
            let key = Keys::check(key.as_deref())?.to_owned();
            Ok((Some(key), asked))
        }
    }
}

/// Does a call, or gives the first answer of its key again.
fn act(
    state: &mut State,
    operation: &Operation,
    key: Option<&str>,
    asked: &Asked,
) -> (Answer, Answered) {
    let Some(key) = key else {
        let answer = operation.act(state, asked);
        let answered = Answered::of(&answer);
        return (answer, answered);
    };
    let now = state.clock.now();
    let what = format!(
        "{} {}",
        operation.name(),
        operation.object_id().unwrap_or_default()
    );
    if let Some(answer) = state.keys.answered(key, &what, &asked.body, now) {
        let status = answer
            .as_ref()
            .map_or_else(|refusal| refusal.status, |_| 200);
        return (answer, Answered::Repeated { status });
    }
    let answer = operation.act(state, asked);
    state.keys.keep(key, &what, &asked.body, &answer, now);
    let answered = Answered::of(&answer);
    (answer, answered)
}

/// An answer or a refusal as the wire has it.
pub fn render(answer: &Answer) -> HttpResponse {
    match answer {
        Ok(object) => HttpResponse::Ok().json(object),
        Err(refusal) => {
            let status = StatusCode::from_u16(refusal.status);
            HttpResponse::build(status.unwrap_or(StatusCode::BAD_REQUEST)).json(refusal.render())
        }
    }
}
