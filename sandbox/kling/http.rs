//! The API over HTTP: who may call, what is called, and the record of calls.

use actix_web::http::Method;
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::{self, Bytes, BytesMut, Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::StreamExt;
use serde_json::{Value, json};

use super::account::EditDuration;
use super::faults::{FaultKind, asked_for};
use super::film::{self, Generation};
use super::handle::Handle;
use super::model::{Model, Way};
use super::order::{Order, Role};
use super::refusal::Refusal;
use super::spoil::{spoil_after, spoil_before};
use super::{create, legacy, lists};
use crate::calls::{Answered, Call};

/// The largest request in bytes: a picture of 50 MB in base64, and room for the rest.
const REQUEST_BYTES_MAX: usize = 72 * 1024 * 1024;

/// The data of a good answer, or why there is none.
pub type Answer = Result<Value, Refusal>;

/// Adds the API to a server.
pub fn configure(service: &mut ServiceConfig) {
    service.route("/kling/{path:.*}", web::route().to(api));
}

/// What is asked.
enum Operation {
    Create(Way, Model),
    Query,
    List,
    Costs,
    LegacyCreate(Way),
    LegacyQuery(Way, String),
    LegacyList(Way),
}

impl Operation {
    fn parse(method: &Method, path: &str) -> Result<Operation, Refusal> {
        let parts: Vec<&str> = path.trim_end_matches('/').split('/').collect();
        let (get, post) = (method == Method::GET, method == Method::POST);
        let no_such_method = || Refusal::of(1202);
        match parts[..] {
            ["tasks"] if get => Ok(Operation::Query),
            ["tasks"] if post => Ok(Operation::List),
            ["account", "costs"] if get => Ok(Operation::Costs),
            ["v1", "videos", kind] => {
                let way = Way::of_legacy_path(kind).ok_or_else(no_such_method)?;
                match (get, post) {
                    (_, true) => Ok(Operation::LegacyCreate(way)),
                    (true, _) => Ok(Operation::LegacyList(way)),
                    (false, false) => Err(no_such_method()),
                }
            }
            ["v1", "videos", kind, id] if get => {
                let way = Way::of_legacy_path(kind).ok_or_else(no_such_method)?;
                Ok(Operation::LegacyQuery(way, id.to_owned()))
            }
            [way, model] if post => {
                let way = Way::of_path(way).ok_or_else(no_such_method)?;
                let model = Model::of_path(model).filter(|model| model.has(way));
                let model = model.ok_or_else(|| Refusal::of(1203))?;
                Ok(Operation::Create(way, model))
            }
            _ => Err(no_such_method()),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Operation::Create(..) | Operation::LegacyCreate(_) => "create",
            Operation::Query | Operation::LegacyQuery(..) => "query",
            Operation::List | Operation::LegacyList(_) => "list",
            Operation::Costs => "costs",
        }
    }
}

/// Which rules hold for a path.
fn generation(path: &str) -> Generation {
    if path.starts_with("v1/") {
        Generation::Legacy
    } else {
        Generation::New
    }
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
    let json = body.as_ref().ok().map(parse);
    let json = json.unwrap_or(Ok(Value::Null));
    let number = begin(&handle, &request, &path, operation.as_ref().ok(), &json);

    let header = request.headers().get(AUTHORIZATION);
    let header = header.and_then(|value| value.to_str().ok());
    let account = handle.account();
    let allowed = super::token::authorise(header, &account, generation(&path));
    let operation = match allowed.and(operation) {
        Ok(operation) => operation,
        Err(refusal) => {
            handle.end_call(number, Answered::Refused { code: refusal.code }, None);
            return refusal.render();
        }
    };
    let fault = handle.take_fault(operation.name()).or_else(|| {
        let prompt = json.as_ref().map(prompts).unwrap_or_default();
        (operation.name() == "create")
            .then(|| asked_for(&prompt))
            .flatten()
    });
    if let Some(answer) = spoil_before(fault.as_ref()).await {
        return answer;
    }
    let asked = body.and(json);
    let connection = request.connection_info().clone();
    let site = format!("{}://{}", connection.scheme(), connection.host());
    let query = web::Query::<Vec<(String, String)>>::from_query(request.query_string());
    let query = query.map(web::Query::into_inner).unwrap_or_default();
    let answer = match asked {
        Ok(body) => act(&handle, operation, body, &query, fault.as_ref(), &site).await,
        Err(refusal) => Err(refusal),
    };
    let (answered, task_id) = match &answer {
        Ok(data) => {
            let id = data["id"].as_str().or_else(|| data["task_id"].as_str());
            (Answered::Done, id.map(str::to_owned))
        }
        Err(refusal) => (Answered::Refused { code: refusal.code }, None),
    };
    handle.end_call(number, answered, task_id);
    spoil_after(fault, answer).await
}

fn begin(
    handle: &Handle,
    request: &HttpRequest,
    path: &str,
    operation: Option<&Operation>,
    body: &Result<Value, Refusal>,
) -> u64 {
    let operation = operation.map_or_else(
        || format!("{} {path}", request.method()),
        |operation| operation.name().to_owned(),
    );
    handle.begin_call(Call {
        number: 0,
        operation,
        path: path.to_owned(),
        query: request.query_string().to_owned(),
        body: body.as_ref().cloned().unwrap_or_default(),
        at: handle.now(),
        id: None,
        answered: Answered::Not,
    })
}

async fn read(mut payload: Payload) -> Result<Bytes, Refusal> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let broken = |_| Refusal::parameter("the body broke off");
        let chunk = chunk.map_err(broken)?;
        if body.len() + chunk.len() > REQUEST_BYTES_MAX {
            return Err(Refusal::parameter("the body is too large"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn parse(body: &Bytes) -> Result<Value, Refusal> {
    if body.is_empty() {
        return Ok(json!({}));
    }
    serde_json::from_slice(body).map_err(|_| Refusal::parameter("the body is not JSON"))
}

/// The words of a create, wherever they stand.
fn prompts(body: &Value) -> String {
    let contents = body["contents"].as_array();
    let texts = contents.into_iter().flatten().map(|it| &it["text"]);
    let all = texts.chain([&body["prompt"]]);
    all.filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
}

async fn act(
    handle: &Handle,
    operation: Operation,
    body: Value,
    query: &[(String, String)],
    fault: Option<&FaultKind>,
    site: &str,
) -> Answer {
    match operation {
        Operation::Create(way, model) => {
            let order = create::read(way, model, body)?;
            accept(handle, order, Generation::New, fault, site).await
        }
        Operation::LegacyCreate(way) => {
            let order = legacy::read(way, body, &handle.account())?;
            accept(handle, order, Generation::Legacy, fault, site).await
        }
        Operation::Query => handle.read(|state| lists::query(state, query)),
        Operation::List => handle.read(|state| lists::list(state, body)),
        Operation::Costs => handle.update(|state| lists::costs(state, query)),
        Operation::LegacyQuery(way, id) => {
            handle.read(|state| lists::legacy_query(state, way, &id))
        }
        Operation::LegacyList(way) => handle.read(|state| lists::legacy_list(state, way, query)),
    }
}

/// Checks an order and its files, and makes a task of it.
async fn accept(
    handle: &Handle,
    order: Order,
    generation: Generation,
    fault: Option<&FaultKind>,
    site: &str,
) -> Answer {
    let account = handle.account();
    let name = order.model.name();
    if account.models_denied.iter().any(|denied| denied == name) {
        return Err(Refusal::of(1103));
    }
    let edit_with_duration = order.has(Role::BaseVideo) && order.seconds.is_some();
    if edit_with_duration && account.edit_duration == EditDuration::Refused {
        return Err(Refusal::value("base_video excludes duration"));
    }
    order.check(&account.video_elements)?;
    let film = film::plan(&order, generation).await?;
    handle.update(|state| {
        let task = state.create(order, film, generation, fault, site)?;
        Ok(task.receipt())
    })
}
