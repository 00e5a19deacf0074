//! The emulator's controls over HTTP, for people and for tests in other languages.
//!
//! `POST /control/gemini/faults` takes `{"times":1,"kind":{"type":"server_error","status":503}}`, `DELETE`
//! forgets them; `GET …/calls` is the bill; `POST …/latency` takes `{"ms":N}`; `POST …/hold` and `…/release`
//! stop and start the calls; `GET …/words` lists the magic words.

use super::{Fault, Handle, MAGIC_WORDS};
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::json;
use std::time::{Duration, UNIX_EPOCH};

pub(super) fn configure(cfg: &mut web::ServiceConfig) {
    cfg.service(
        web::scope("/control/gemini")
            .route("/faults", web::post().to(push_fault))
            .route("/faults", web::delete().to(clear_faults))
            .route("/calls", web::get().to(calls))
            .route("/latency", web::post().to(set_latency))
            .route("/hold", web::post().to(hold))
            .route("/release", web::post().to(release))
            .route("/words", web::get().to(words)),
    );
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Latency {
    ms: u64,
}

async fn push_fault(handle: web::Data<Handle>, fault: web::Json<Fault>) -> HttpResponse {
    handle.push_fault(fault.into_inner());
    HttpResponse::NoContent().finish()
}

async fn clear_faults(handle: web::Data<Handle>) -> HttpResponse {
    handle.clear_faults();
    HttpResponse::NoContent().finish()
}

async fn calls(handle: web::Data<Handle>) -> HttpResponse {
    let calls: Vec<_> = handle
        .calls()
        .into_iter()
        .map(|call| {
            let at = call.at.duration_since(UNIX_EPOCH).unwrap_or_default();
            json!({
                "at": at.as_secs(),
                "model": call.model,
                "prompt": call.prompt,
                "images": call.images,
                "aspect": call.aspect,
                "size": call.size,
                "billed": call.billed,
                "finished": call.finished,
            })
        })
        .collect();
    HttpResponse::Ok().json(calls)
}

async fn set_latency(handle: web::Data<Handle>, latency: web::Json<Latency>) -> HttpResponse {
    handle.set_latency(Duration::from_millis(latency.ms));
    HttpResponse::NoContent().finish()
}

async fn hold(handle: web::Data<Handle>) -> HttpResponse {
    handle.hold();
    HttpResponse::NoContent().finish()
}

async fn release(handle: web::Data<Handle>) -> HttpResponse {
    handle.release();
    HttpResponse::NoContent().finish()
}

async fn words() -> HttpResponse {
    let words: Vec<_> = MAGIC_WORDS
        .iter()
        .map(|(word, meaning)| json!({ "word": word, "meaning": meaning }))
        .collect();
    HttpResponse::Ok().json(words)
}
