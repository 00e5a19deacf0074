//! The emulator's controls over HTTP; `README.md` beside this file lists them with examples.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{self, Bytes, Data, Path, ServiceConfig};
use serde::Deserialize;
use serde_json::{Value, json};

use super::failure::Failure;
use super::faults::{Fault, MAGIC_WORDS};
use super::handle::Handle;
use crate::control::{ControlError, done, parse};
use crate::outbox::Proof;
use crate::patch::patched;

type Answer = Result<HttpResponse, ControlError>;

/// Adds the controls to a server.
pub fn configure(service: &mut ServiceConfig) {
    service.service(
        web::scope("/control/fal")
            .route("/account", web::get().to(account))
            .route("/account", web::patch().to(change_account))
            .route("/requests", web::get().to(requests))
            .route("/requests/{id}", web::get().to(request))
            .route("/requests/{id}/finish", web::post().to(finish))
            .route("/requests/{id}/tell", web::post().to(tell))
            .route("/keys/rotate", web::post().to(rotate_keys))
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
    handle.change_account(|now| *now = account);
    Ok(HttpResponse::Ok().json(handle.account()))
}

async fn requests(handle: Data<Handle>) -> HttpResponse {
    HttpResponse::Ok().json(handle.requests())
}

async fn request(handle: Data<Handle>, id: Path<String>) -> Answer {
    let request = handle.request(&id);
    let request = request.ok_or_else(|| ControlError::not_found("there is no such request"))?;
    Ok(HttpResponse::Ok().json(request))
}

/// How an open request ends: well, without a failure.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Finishing {
    failure: Option<Failure>,
}

async fn finish(handle: Data<Handle>, id: Path<String>, body: Bytes) -> Answer {
    let how: Finishing = parse(&body)?;
    if !handle.finish(&id, how.failure.map_or(Ok(()), Err)) {
        return Err(ControlError::not_found("there is no such open request"));
    }
    request(handle, id).await
}

async fn rotate_keys(handle: Data<Handle>) -> HttpResponse {
    handle.rotate_keys();
    HttpResponse::Ok().json(handle.public_keys())
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
            "there is no such request with a webhook",
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
    HttpResponse::Ok().json(json!({ "now_millis": handle.now().as_millis() }))
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
