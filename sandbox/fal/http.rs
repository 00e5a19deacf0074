//! The queue over HTTP: who may call, what is called, and the record of calls.

use std::time::Duration;

use actix_web::http::header::AUTHORIZATION;
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Bytes, BytesMut, Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::StreamExt;
use serde_json::{Value, json};

use super::account::{Account, Kling15};
use super::banana::{self, Banana};
use super::failure::Failure;
use super::faults::{FaultKind, asked_for};
use super::handle::Handle;
use super::kling::{self, Kling, Version};
use super::plan::Plan;
use super::request::{Priority, Request, Status};
use super::spoil::{Answer, Good, spoil_after, spoil_before};
use super::state::{Cancelled, Submission};
use crate::calls::{Answered, Call};

/// The largest request in bytes: some pictures as `data:` addresses.
const REQUEST_BYTES_MAX: usize = 72 * 1024 * 1024;

/// Adds the queue to a server.
pub fn configure(service: &mut ServiceConfig) {
    service
        .route("/fal/.well-known/jwks.json", web::get().to(keys))
        .route("/fal/{path:.*}", web::route().to(api));
}

/// The public keys of webhooks, for anybody.
async fn keys(handle: Data<Handle>) -> HttpResponse {
    let fault = handle.take_fault("keys");
    if let Some(answer) = spoil_before(fault.as_ref()).await {
        return answer;
    }
    let keys = handle.public_keys();
    spoil_after(fault, Ok(Good::new(StatusCode::OK, keys))).await
}

/// A model that can be asked.
#[derive(Clone, Copy, Debug)]
enum Model {
    Banana(Banana),
    Kling(Kling),
}

impl Model {
    fn of_path(path: &str, account: &Account) -> Option<Model> {
        let name = path.strip_prefix("fal-ai/")?;
        let Some(kling) = name.strip_prefix("kling-video/") else {
            return Banana::of_path(name).map(Model::Banana);
        };
        Kling::of_path(kling)
            .filter(|kling| kling.version != Version::V15 || account.kling_15 != Kling15::NotFound)
            .map(Model::Kling)
    }
}

/// What is asked.
enum Operation {
    Submit(Model, String),
    Status(String),
    Result(String),
    Cancel(String),
}

impl Operation {
    fn parse(method: &Method, path: &str, handle: &Handle) -> Result<Operation, Failure> {
        let parts: Vec<&str> = path.trim_end_matches('/').split('/').collect();
        let found = |owner: &str, alias: &str, id: &str| {
            let app = format!("{owner}/{alias}");
            let of_app = |request: &Request| request.app() == app;
            let is_there = handle.read(|state| state.find(id).is_some_and(of_app));
            let missing = || Failure::plain(404, "Request not found");
            is_there.then(|| id.to_owned()).ok_or_else(missing)
        };
        match (method, &parts[..]) {
            (&Method::GET, [owner, alias, "requests", id, "status"]) => {
                Ok(Operation::Status(found(owner, alias, id)?))
            }
            (&Method::GET, [owner, alias, "requests", id]) => {
                Ok(Operation::Result(found(owner, alias, id)?))
            }
            // A cancel says itself what it does not find.
            (&Method::PUT, [_, _, "requests", id, "cancel"]) => {
                Ok(Operation::Cancel((*id).to_owned()))
            }
            (&Method::POST, _) => Model::of_path(path, &handle.account())
                .map(|model| Operation::Submit(model, path.to_owned()))
                .ok_or_else(|| Failure::plain(404, format!("Application {path:?} not found"))),
            _ => Err(Failure::plain(404, "Path not found")),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Operation::Submit(..) => "submit",
            Operation::Status(_) => "status",
            Operation::Result(_) => "result",
            Operation::Cancel(_) => "cancel",
        }
    }

    fn id(&self) -> Option<String> {
        match self {
            Operation::Submit(..) => None,
            Operation::Status(id) | Operation::Result(id) | Operation::Cancel(id) => {
                Some(id.clone())
            }
        }
    }
}

/// One call of the queue.
async fn api(
    handle: Data<Handle>,
    path: web::Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    let path = path.into_inner();
    let body = read(payload).await.and_then(|body| parse(&body));
    let operation = Operation::parse(request.method(), &path, &handle);
    let name = operation.as_ref().map_or_else(
        |_| format!("{} {path}", request.method()),
        |operation| operation.name().to_owned(),
    );
    let number = handle.begin_call(Call {
        number: 0,
        operation: name,
        path,
        query: request.query_string().to_owned(),
        body: body.as_ref().cloned().unwrap_or_default(),
        at: handle.now(),
        id: operation.as_ref().ok().and_then(Operation::id),
        answered: Answered::Not,
    });
    let refused = |failure: Failure| {
        let code = u32::from(failure.status);
        handle.end_call(number, Answered::Refused { code }, None);
        failure.render()
    };
    if let Err(failure) = authorise(&request, &handle.account()) {
        return refused(failure);
    }
    let operation = match operation {
        Ok(operation) => operation,
        Err(failure) => return refused(failure),
    };
    let fault = handle.take_fault(operation.name()).or_else(|| {
        let prompt = body.as_ref().ok().and_then(|body| body["prompt"].as_str());
        (operation.name() == "submit")
            .then(|| asked_for(prompt.unwrap_or_default()))
            .flatten()
    });
    if let Some(answer) = spoil_before(fault.as_ref()).await {
        return answer;
    }
    let answer = match body {
        Ok(body) => act(&handle, operation, body, &request, fault.as_ref()).await,
        Err(failure) => Err(failure),
    };
    let (answered, id) = match &answer {
        Ok(good) => {
            let id = good.body["request_id"].as_str().map(str::to_owned);
            (Answered::Done, id)
        }
        Err(failure) => {
            let code = u32::from(failure.status);
            (Answered::Refused { code }, None)
        }
    };
    handle.end_call(number, answered, id);
    spoil_after(fault, answer).await
}

fn authorise(request: &HttpRequest, account: &Account) -> Result<(), Failure> {
    let header = request.headers().get(AUTHORIZATION);
    let given = header
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("key"));
    match given {
        Some((_, key)) if key.trim() == account.api_key => Ok(()),
        Some(_) | None => {
            let words = "No user found for Key ID and Secret";
            Err(Failure::plain(401, words))
        }
    }
}

async fn read(mut payload: Payload) -> Result<Bytes, Failure> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let broken = |_| Failure::request(400, "bad_request", "The body broke off");
        let chunk = chunk.map_err(broken)?;
        if body.len() + chunk.len() > REQUEST_BYTES_MAX {
            return Err(Failure::request(
                413,
                "bad_request",
                "The body is too large",
            ));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn parse(body: &Bytes) -> Result<Value, Failure> {
    if body.is_empty() {
        return Ok(json!({}));
    }
    serde_json::from_slice(body)
        .map_err(|_| Failure::request(400, "bad_request", "The body is not JSON"))
}

async fn act(
    handle: &Handle,
    operation: Operation,
    body: Value,
    request: &HttpRequest,
    fault: Option<&FaultKind>,
) -> Answer {
    match operation {
        Operation::Submit(model, path) => submit(handle, model, path, body, request, fault).await,
        Operation::Status(id) => handle.read(|state| {
            let request = state.find(&id).ok_or_else(not_found)?;
            let status = match request.status {
                Status::InQueue | Status::InProgress => StatusCode::ACCEPTED,
                Status::Completed(_) => StatusCode::OK,
            };
            Ok(Good::new(status, request.render(state.position(request))))
        }),
        Operation::Result(id) => {
            let request = handle.read(|state| state.find(&id).cloned());
            result(request.ok_or_else(not_found)?).await
        }
        Operation::Cancel(id) => {
            let (status, word) = match handle.update(|state| state.cancel(&id)) {
                Cancelled::Requested => (StatusCode::ACCEPTED, "CANCELLATION_REQUESTED"),
                Cancelled::AlreadyCompleted => (StatusCode::BAD_REQUEST, "ALREADY_COMPLETED"),
                Cancelled::NotFound => (StatusCode::NOT_FOUND, "NOT_FOUND"),
            };
            Ok(Good::new(status, json!({ "status": word })))
        }
    }
}

fn not_found() -> Failure {
    Failure::plain(404, "Request not found")
}

/// Takes a request in. What is wrong with its input shows when the model looks at it.
async fn submit(
    handle: &Handle,
    model: Model,
    path: String,
    body: Value,
    request: &HttpRequest,
    fault: Option<&FaultKind>,
) -> Answer {
    let header = |name: &str| request.headers().get(name)?.to_str().ok();
    let priority = match header("x-fal-queue-priority") {
        None | Some("normal") => Priority::Normal,
        Some("low") => Priority::Low,
        Some(_) => {
            let words = "X-Fal-Queue-Priority must be normal or low";
            return Err(Failure::request(400, "bad_request", words));
        }
    };
    let start_within = header("x-fal-request-timeout")
        .and_then(|text| text.parse().ok())
        .and_then(|secs| Duration::try_from_secs_f64(secs).ok());
    let query = web::Query::<Vec<(String, String)>>::from_query(request.query_string());
    let query = query.map(web::Query::into_inner).unwrap_or_default();
    let webhook = query.into_iter().find(|(name, _)| name == "fal_webhook");

    let plan = planned(handle, model, body).await;
    let cost = plan.as_ref().map_or(0, |plan| plan.cost_micros);
    if handle.account().balance_micros < cost {
        return Err(Failure::locked());
    }
    let connection = request.connection_info().clone();
    let submission = Submission {
        model: path,
        plan,
        priority,
        webhook: webhook.map(|(_, url)| url),
        start_within,
        site: format!("{}://{}", connection.scheme(), connection.host()),
    };
    handle.update(|state| {
        let id = state.submit(submission, fault).id.clone();
        let request = state.find(&id).ok_or_else(not_found)?;
        let mut body = request.render(state.position(request));
        body["gateway_request_id"] = json!(id);
        let mut good = Good::new(StatusCode::OK, body);
        good.headers.push(("x-fal-request-id", id));
        Ok(good)
    })
}

async fn planned(handle: &Handle, model: Model, body: Value) -> Result<Plan, Failure> {
    match model {
        Model::Banana(model) => banana::plan(model, body, handle.turn()).await,
        Model::Kling(model) => {
            let gone = model.version == Version::V15 && handle.account().kling_15 == Kling15::Fails;
            if gone {
                let words = "The downstream service refused the model";
                return Err(Failure::model(500, "downstream_service_error", words));
            }
            kling::plan(model, body).await
        }
    }
}

/// What a request made, or how it failed.
async fn result(request: Request) -> Answer {
    match &request.status {
        Status::InQueue | Status::InProgress => Err(Failure::request(
            400,
            "bad_request",
            "Request is still in progress",
        )),
        Status::Completed(Err(failure)) => Err(failure.clone()),
        Status::Completed(Ok(())) => {
            let units = request.plan.as_ref().map_or(0.0, |plan| plan.units);
            let id = request.id.clone();
            let body = web::block(move || request.output())
                .await
                .map_err(|_| Failure::request(500, "internal_error", "Internal error"))?;
            let mut good = Good::new(StatusCode::OK, body);
            good.headers.push(("x-fal-request-id", id));
            good.headers
                .push(("x-fal-billable-units", units.to_string()));
            Ok(good)
        }
    }
}
