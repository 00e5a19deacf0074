//! The API over HTTP: credentials, faults, and the two generations side by side.

use std::time::Duration;

use actix_web::http::Method;
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::{self, Bytes, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::stream;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::fault::{FaultKind, Step};
use super::refusal::{Refusal, status_of};
use super::rules::Way;
use super::task::{Generation, Order, Task};
use super::{Handle, clip, newer, older};
use crate::video::probe;

/// Ids in one query; one more is refused (contract, measured).
const IDS_MAX: usize = 20;

/// Requests carry pictures in base64.
const REQUEST_BYTES_MAX: usize = 64 * 1024 * 1024;

pub(super) fn configure(service: &mut ServiceConfig) {
    let api = web::resource("/kling/{path:.*}")
        .app_data(web::PayloadConfig::new(REQUEST_BYTES_MAX))
        .to(api);
    service
        .service(api)
        .route("/kling-results/{id}.mp4", web::get().to(result));
}

async fn api(
    handle: Data<Handle>,
    path: web::Path<String>,
    request: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    let path = path.into_inner();
    let is_older = path.starts_with("v1/");
    if let Err(refusal) = authorise(&handle, &request, is_older) {
        return refusal.answer();
    }
    let base = base_of(&request);
    let parts: Vec<&str> = path.split('/').collect();
    match (request.method(), parts.as_slice()) {
        (&Method::POST, [way @ ("text-to-video" | "image-to-video"), model]) => {
            let way = if *way == "text-to-video" {
                Way::Text
            } else {
                Way::Image
            };
            create(&handle, &base, &body, |body| {
                newer::order(way, path.clone(), model, body)
            })
            .await
        }
        (&Method::POST, ["omni-video", model]) => {
            create(&handle, &base, &body, |body| {
                newer::order(Way::Omni, path.clone(), model, body)
            })
            .await
        }
        (&Method::POST, ["motion-control", model]) => {
            create(&handle, &base, &body, |body| {
                newer::order(Way::Motion, path.clone(), model, body)
            })
            .await
        }
        (&Method::POST, ["v1", "videos", way]) => {
            create(&handle, &base, &body, |body| older::order(way, body)).await
        }
        (&Method::GET, ["tasks"]) => query(&handle, &base, request.query_string()).await,
        (&Method::POST, ["tasks"]) => list(&handle, &base, &body),
        (&Method::GET, ["v1", "videos", way, id]) => look_up_older(&handle, &base, way, id).await,
        (&Method::GET, ["account", "costs"]) => costs(&handle),
        _ => Refusal::plain(1202).answer(),
    }
}

async fn create(
    handle: &Handle,
    base: &str,
    body: &[u8],
    order: impl FnOnce(&Value) -> Result<Order, Refusal>,
) -> HttpResponse {
    let body = serde_json::from_slice(body).map_err(|_| Refusal::plain(1200));
    let order = match body.and_then(|body: Value| order(&body)) {
        Ok(order) => order,
        Err(refusal) => return refusal.answer(),
    };
    handle.count_create();
    let fault = handle.take_fault(Step::Create);
    if let Some(answer) = spoil(fault.as_ref()).await {
        return answer;
    }
    let order = match with_clip(order).await {
        Ok(order) => order,
        Err(refusal) => return refusal.answer(),
    };
    let task = match handle.create(order) {
        Ok(task) => task,
        Err(refusal) => return refusal.answer(),
    };
    match fault {
        Some(FaultKind::DropAfter) => drop_connection(),
        Some(FaultKind::Malformed) => malformed(),
        Some(FaultKind::Endless) => endless(),
        _ => answer(shown(&task, base)),
    }
}

/// Fetches the input clip, as Kling does, and lets it decide over the video's length and shape.
async fn with_clip(mut order: Order) -> Result<Order, Refusal> {
    let Some((address, millis)) = &order.clip else {
        return Ok(order);
    };
    let unreachable = || Refusal::value("the video cannot be fetched");
    let answer = reqwest::Client::new().get(address).send().await;
    let answer = answer.map_err(|_| unreachable())?;
    if !answer.status().is_success() {
        return Err(unreachable());
    }
    let bytes = answer.bytes().await.map_err(|_| unreachable())?;
    let clip = probe(&bytes).map_err(|_| Refusal::value("the video cannot be read"))?;
    let length = u32::try_from(clip.length.as_millis()).unwrap_or(u32::MAX);
    if !millis.contains(&length) {
        return Err(Refusal::value("the video's length"));
    }
    order.seconds = (length + 500) / 1_000;
    order.shape = f64::from(clip.width) / f64::from(clip.height.max(1));
    Ok(order)
}

async fn query(handle: &Handle, base: &str, query: &str) -> HttpResponse {
    let fault = handle.take_fault(Step::Query);
    if let Some(answer) = spoil(fault.as_ref()).await {
        return answer;
    }
    match fault {
        Some(FaultKind::DropAfter) => return drop_connection(),
        Some(FaultKind::Malformed) => return malformed(),
        Some(FaultKind::Endless) => return endless(),
        _ => {}
    }
    let Ok(pairs) = web::Query::<Vec<(String, String)>>::from_query(query) else {
        return Refusal::plain(1200).answer();
    };
    let [(name, ids)] = pairs.as_slice() else {
        return Refusal::value("task_ids or external_task_ids").answer();
    };
    let ids: Vec<&str> = ids.split(',').filter(|id| !id.is_empty()).collect();
    if ids.is_empty() || ids.len() > IDS_MAX {
        return Refusal::value("1 to 20 ids").answer();
    }
    let find = |id: &&str| match name.as_str() {
        "task_ids" => Ok(handle.by_id(id)),
        "external_task_ids" => Ok(handle.by_reference(id)),
        _ => Err(Refusal::value("task_ids or external_task_ids")),
    };
    let found: Result<Vec<Option<Task>>, Refusal> = ids.iter().map(find).collect();
    match found {
        Ok(tasks) => {
            let tasks = tasks.iter().flatten();
            answer(tasks.map(|task| newer::shown(task, base)).collect())
        }
        Err(refusal) => refusal.answer(),
    }
}

/// The list, newest first, by page.
fn list(handle: &Handle, base: &str, body: &[u8]) -> HttpResponse {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let limit = body.get("limit").map_or(Some(100), Value::as_u64);
    let Some(limit @ 1..=500) = limit else {
        return Refusal::value("limit").answer();
    };
    let limit = usize::try_from(limit).unwrap_or(100);
    let cursor = body.get("cursor").and_then(Value::as_str).unwrap_or("0");
    let Ok(from) = cursor.parse::<usize>() else {
        return Refusal::value("cursor").answer();
    };
    let tasks = handle.tasks();
    let page = tasks.iter().rev().skip(from).take(limit);
    let page: Vec<Value> = page.map(|task| newer::shown(task, base)).collect();
    let next = from + page.len();
    answer(json!({
        "count": page.len(),
        "result": page,
        "next_cursor": next.to_string(),
        "has_more": next < tasks.len(),
    }))
}

async fn look_up_older(handle: &Handle, base: &str, way: &str, id: &str) -> HttpResponse {
    let fault = handle.take_fault(Step::Query);
    if let Some(answer) = spoil(fault.as_ref()).await {
        return answer;
    }
    let path = format!("v1/videos/{way}");
    let found = handle.by_id(id).or_else(|| handle.by_reference(id));
    match found.filter(|task| task.path == path) {
        Some(task) => answer(older::shown(&task, base)),
        None => Refusal::value("task not found").answer(),
    }
}

fn costs(handle: &Handle) -> HttpResponse {
    let quantity = if handle.account().has_money { 1_000 } else { 0 };
    answer(json!({
        "code": 0,
        "resource_pack_subscribe_infos": [{
            "resource_pack_name": "sandbox",
            "total_quantity": 1_000,
            "remaining_quantity": quantity,
            "status": if quantity > 0 { "online" } else { "runOut" },
        }],
    }))
}

async fn result(handle: Data<Handle>, id: web::Path<String>) -> HttpResponse {
    let fault = handle.take_fault(Step::Result);
    if let Some(answer) = spoil(fault.as_ref()).await {
        return answer;
    }
    match fault {
        Some(FaultKind::NoClip) => return HttpResponse::Ok().body("no clip"),
        Some(FaultKind::DropAfter) => return drop_connection(),
        Some(FaultKind::Endless) => return endless(),
        _ => {}
    }
    let task = handle.by_id(&id);
    match task.filter(|task| task.status == super::Status::Succeeded) {
        Some(task) => HttpResponse::Ok()
            .content_type("video/mp4")
            .body(clip::of(task.seconds, task.shape)),
        None => HttpResponse::NotFound().finish(),
    }
}

/// What a fault does before the call is served.
async fn spoil(fault: Option<&FaultKind>) -> Option<HttpResponse> {
    match fault? {
        FaultKind::Code { code } => Some(Refusal::plain(*code).answer()),
        FaultKind::Html { status } => {
            let status = actix_web::http::StatusCode::from_u16(*status).ok()?;
            Some(
                HttpResponse::build(status)
                    .content_type("text/html")
                    .body("<html></html>"),
            )
        }
        FaultKind::DropBefore => Some(drop_connection()),
        FaultKind::Slow { ms } => {
            tokio::time::sleep(Duration::from_millis(*ms)).await;
            None
        }
        FaultKind::DropAfter
        | FaultKind::Malformed
        | FaultKind::Endless
        | FaultKind::Fail { .. }
        | FaultKind::NeverEnds
        | FaultKind::NoClip => None,
    }
}

fn answer(data: Value) -> HttpResponse {
    HttpResponse::Ok().json(json!({
        "code": 0,
        "message": "",
        "request_id": uuid::Uuid::now_v7(),
        "data": data,
    }))
}

/// A task as the generation that made it shows it.
pub(super) fn shown(task: &Task, base: &str) -> Value {
    match task.generation {
        Generation::Newer => newer::shown(task, base),
        Generation::Older => older::shown(task, base),
    }
}

fn malformed() -> HttpResponse {
    HttpResponse::Ok().body("{\"code\": 0, \"data\": {")
}

/// A body that breaks off at once: the connection closes without an answer that can be read.
fn drop_connection() -> HttpResponse {
    let broken = stream::once(async { Err::<Bytes, _>(std::io::Error::other("dropped")) });
    HttpResponse::Ok().streaming(broken)
}

fn endless() -> HttpResponse {
    let spaces =
        stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 65_536])));
    HttpResponse::Ok().streaming(spaces)
}

fn base_of(request: &HttpRequest) -> String {
    let connection = request.connection_info();
    format!("{}://{}", connection.scheme(), connection.host())
}

/// A key for both generations; a token for the older one only.
fn authorise(handle: &Handle, request: &HttpRequest, is_older: bool) -> Result<(), Refusal> {
    let header = request.headers().get(AUTHORIZATION);
    let bearer = header.and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|value| value.strip_prefix("Bearer "));
    let bearer = bearer.ok_or(Refusal::plain(1001))?;
    let account = handle.account();
    if bearer == account.api_key {
        return Ok(());
    }
    if !is_older {
        return Err(Refusal::plain(1000));
    }
    let now = handle.state().clock.unix_secs();
    check_token(bearer, &account.access_key, &account.secret_key, now)
}

/// A token as the contract describes it: HS256, `iss`, `exp`, `nbf`.
fn check_token(token: &str, access: &str, secret: &str, now: i64) -> Result<(), Refusal> {
    let invalid = Refusal::plain(1002);
    let parts: Vec<&str> = token.split('.').collect();
    let [head, claims, signature] = parts.as_slice() else {
        return Err(invalid);
    };
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes());
    let mut mac = mac.map_err(|_| invalid.clone())?;
    mac.update(format!("{head}.{claims}").as_bytes());
    let signature = URL_SAFE_NO_PAD
        .decode(signature)
        .map_err(|_| invalid.clone())?;
    mac.verify_slice(&signature).map_err(|_| invalid.clone())?;
    let claims = URL_SAFE_NO_PAD
        .decode(claims)
        .map_err(|_| invalid.clone())?;
    let claims: Value = serde_json::from_slice(&claims).map_err(|_| invalid.clone())?;
    if claims["iss"] != access {
        return Err(invalid);
    }
    if claims["nbf"].as_i64().is_none_or(|nbf| now < nbf) {
        return Err(Refusal::plain(1003));
    }
    if claims["exp"].as_i64().is_none_or(|exp| exp <= now) {
        return Err(Refusal::plain(1004));
    }
    Ok(())
}

/// Whether a code is one that can be ordered as a fault.
pub(super) fn is_code(code: i64) -> bool {
    code != 0 && (code == 1200 || status_of(code) != 400 || matches!(code, 1201 | 1300 | 1301))
}
