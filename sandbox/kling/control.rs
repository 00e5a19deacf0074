//! The emulator's controls over HTTP; `README.md` beside this file lists them with examples.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{self, Bytes, Data, Path, ServiceConfig};
use serde::Deserialize;
use serde_json::{Value, json};

use super::faults::{Fault, MAGIC_WORDS};
use super::handle::Handle;
use super::task::{End, millis};
use crate::control::{ControlError, done, parse};
use crate::outbox::Proof;
use crate::patch::patched;

type Answer = Result<HttpResponse, ControlError>;

/// Adds the controls to a server.
pub fn configure(service: &mut ServiceConfig) {
    service.service(
        web::scope("/control/kling")
            .route("/account", web::get().to(account))
            .route("/account", web::patch().to(change_account))
            .route("/tasks", web::get().to(tasks))
            .route("/tasks/{id}", web::get().to(task))
            .route("/tasks/{id}/finish", web::post().to(finish))
            .route("/tasks/{id}/tell", web::post().to(tell))
            .route("/callbacks", web::get().to(callbacks))
            .route("/callbacks", web::patch().to(change_callbacks))
            .route("/callbacks/hold", web::post().to(hold))
            .route("/callbacks/release", web::post().to(release))
            .route("/deliveries", web::get().to(deliveries))
            .route("/deliveries", web::post().to(forge))
            .route("/deliveries/{number}/repeat", web::post().to(repeat))
            .route("/faults", web::get().to(faults))
            .route("/faults", web::post().to(push_fault))
            .route("/faults", web::delete().to(clear_faults))
            .route("/calls", web::get().to(calls))
            .route("/calls", web::delete().to(clear_calls))
            .route("/clock", web::get().to(clock))
            .route("/clock", web::post().to(advance_clock))
            .route("/words", web::get().to(words)),
    );
}

async fn account(handle: Data<Handle>) -> HttpResponse {
    HttpResponse::Ok().json(handle.account())
}

async fn change_account(handle: Data<Handle>, body: Bytes) -> Answer {
    let account = patched(&handle.account(), &parse(&body)?).map_err(ControlError::bad_request)?;
    handle
        .change_account(|now| *now = account)
        .map_err(ControlError::bad_request)?;
    Ok(HttpResponse::Ok().json(handle.account()))
}

async fn tasks(handle: Data<Handle>) -> HttpResponse {
    HttpResponse::Ok().json(handle.tasks())
}

async fn task(handle: Data<Handle>, id: Path<String>) -> Answer {
    let task = handle.task(&id);
    let task = task.ok_or_else(|| ControlError::not_found("there is no such task"))?;
    Ok(HttpResponse::Ok().json(task))
}

/// How an open task ends: well, without a message.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Finishing {
    failure: Option<String>,
}

async fn finish(handle: Data<Handle>, id: Path<String>, body: Bytes) -> Answer {
    let how: Finishing = parse(&body)?;
    let end = match how.failure {
        Some(message) => End::Fails { message },
        None => End::Succeeds,
    };
    if !handle.finish(&id, end) {
        return Err(ControlError::not_found("there is no such open task"));
    }
    task(handle, id).await
}

/// A callback beyond those that are due.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Telling {
    #[serde(default = "nothing")]
    patch: Value,
    #[serde(default)]
    proof: Proof,
}

fn nothing() -> Value {
    json!({})
}

async fn tell(handle: Data<Handle>, id: Path<String>, body: Bytes) -> Answer {
    let how: Telling = parse(&body)?;
    if !handle.tell(&id, &how.patch, how.proof) {
        return Err(ControlError::not_found(
            "there is no such task with a callback",
        ));
    }
    Ok(done())
}

async fn callbacks(handle: Data<Handle>) -> HttpResponse {
    HttpResponse::Ok().json(handle.callbacks())
}

async fn change_callbacks(handle: Data<Handle>, body: Bytes) -> Answer {
    let settings =
        patched(&handle.callbacks(), &parse(&body)?).map_err(ControlError::bad_request)?;
    handle.change_callbacks(|now| *now = settings);
    Ok(callbacks(handle).await)
}

async fn hold(handle: Data<Handle>) -> HttpResponse {
    handle.hold();
    done()
}

async fn release(handle: Data<Handle>) -> HttpResponse {
    handle.release();
    done()
}

async fn deliveries(handle: Data<Handle>) -> HttpResponse {
    HttpResponse::Ok().json(handle.deliveries())
}

/// Anything, told as if it were true.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Forgery {
    url: String,
    body: Value,
    #[serde(default)]
    proof: Proof,
}

async fn forge(handle: Data<Handle>, body: Bytes) -> Answer {
    let forgery: Forgery = parse(&body)?;
    handle.forge(&forgery.url, &forgery.body, forgery.proof);
    Ok(done())
}

async fn repeat(handle: Data<Handle>, number: Path<u64>) -> Answer {
    if !handle.repeat(*number) {
        return Err(ControlError::not_found("there is no such delivery"));
    }
    Ok(done())
}

async fn faults(handle: Data<Handle>) -> HttpResponse {
    HttpResponse::Ok().json(handle.faults())
}

async fn push_fault(handle: Data<Handle>, body: Bytes) -> Answer {
    let fault: Fault = parse(&body)?;
    handle.push_fault(fault);
    Ok(done())
}

async fn clear_faults(handle: Data<Handle>) -> HttpResponse {
    handle.clear_faults();
    done()
}

async fn calls(handle: Data<Handle>) -> HttpResponse {
    HttpResponse::Ok().json(handle.calls())
}

async fn clear_calls(handle: Data<Handle>) -> HttpResponse {
    handle.clear_calls();
    done()
}

async fn clock(handle: Data<Handle>) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "now_millis": millis(handle.now()) }))
}

/// How far time jumps.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_millis: u64,
}

async fn advance_clock(handle: Data<Handle>, body: Bytes) -> Answer {
    let advance: Advance = parse(&body)?;
    handle.advance_clock(Duration::from_millis(advance.advance_millis));
    Ok(clock(handle).await)
}

async fn words() -> HttpResponse {
    let words: Vec<Value> = MAGIC_WORDS
        .iter()
        .map(|(word, meaning)| json!({ "word": word, "meaning": meaning }))
        .collect();
    HttpResponse::Ok().json(words)
}
