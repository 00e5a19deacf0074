//! The emulator's controls over HTTP, for people and for tests in other languages.
//!
//! `POST /control/kling/faults` takes `{"step":"create","kind":{"type":"code","code":1303}}`,
//! `DELETE` forgets them; `GET …/tasks` is the bill; `POST …/service` takes
//! `{"queued_ms":N,"running_ms":N}`; `POST …/clock` takes `{"ms":N}`; `POST …/account` takes
//! `has_money`, `parallel_max`, `runs_retired` and `webhook_secret`.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

use super::Handle;
use super::fault::{Fault, FaultKind};
use super::serve::is_code;

pub(super) fn configure(service: &mut web::ServiceConfig) {
    service.service(
        web::scope("/control/kling")
            .route("/faults", web::post().to(push_fault))
            .route("/faults", web::delete().to(clear_faults))
            .route("/tasks", web::get().to(tasks))
            .route("/service", web::post().to(set_service_time))
            .route("/clock", web::post().to(advance))
            .route("/account", web::post().to(change_account)),
    );
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceTime {
    queued_ms: u64,
    running_ms: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    ms: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    has_money: Option<bool>,
    parallel_max: Option<usize>,
    runs_retired: Option<bool>,
    webhook_secret: Option<String>,
}

async fn push_fault(handle: web::Data<Handle>, fault: web::Json<Fault>) -> HttpResponse {
    if let FaultKind::Code { code } = fault.kind
        && !is_code(code)
    {
        let error = json!({ "error": format!("{code} is no code of the table") });
        return HttpResponse::BadRequest().json(error);
    }
    handle.push_fault(fault.into_inner());
    HttpResponse::NoContent().finish()
}

async fn clear_faults(handle: web::Data<Handle>) -> HttpResponse {
    handle.clear_faults();
    HttpResponse::NoContent().finish()
}

async fn tasks(handle: web::Data<Handle>) -> HttpResponse {
    let tasks = handle.tasks().into_iter().map(|task| {
        json!({
            "id": task.id,
            "path": task.path,
            "model": task.model,
            "prompt": task.prompt,
            "settings": task.settings,
            "external_id": task.reference,
            "inputs": task.inputs,
            "status": task.status.word(),
        })
    });
    HttpResponse::Ok().json(tasks.collect::<Vec<_>>())
}

async fn set_service_time(handle: web::Data<Handle>, time: web::Json<ServiceTime>) -> HttpResponse {
    let (queued, running) = (time.queued_ms, time.running_ms);
    handle.set_service_time(
        Duration::from_millis(queued),
        Duration::from_millis(running),
    );
    HttpResponse::NoContent().finish()
}

async fn advance(handle: web::Data<Handle>, by: web::Json<Advance>) -> HttpResponse {
    handle.advance_clock(Duration::from_millis(by.ms));
    HttpResponse::NoContent().finish()
}

async fn change_account(handle: web::Data<Handle>, change: web::Json<Change>) -> HttpResponse {
    let change = change.into_inner();
    handle.change_account(|account| {
        account.has_money = change.has_money.unwrap_or(account.has_money);
        account.parallel_max = change.parallel_max.unwrap_or(account.parallel_max);
        account.runs_retired = change.runs_retired.unwrap_or(account.runs_retired);
        if let Some(secret) = change.webhook_secret {
            account.webhook_secret = (!secret.is_empty()).then_some(secret);
        }
    });
    HttpResponse::NoContent().finish()
}
