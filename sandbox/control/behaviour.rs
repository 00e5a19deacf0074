//! The emulator's behaviour: faults, flood limits, time, raw updates, and the record of calls.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, ServiceConfig};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ControlError, done};
use crate::telegram::{Fault, FloodLimits, Handle};

pub fn configure(service: &mut ServiceConfig) {
    service
        .service(
            web::resource("/faults")
                .route(web::get().to(faults))
                .route(web::post().to(push_fault))
                .route(web::delete().to(clear_faults)),
        )
        .route("/calls", web::get().to(calls))
        .service(
            web::resource("/updates")
                .route(web::get().to(updates))
                .route(web::post().to(push_update))
                .route(web::delete().to(drop_updates)),
        )
        .route("/updates/{id}/redeliver", web::post().to(redeliver))
        .route("/flood", web::put().to(set_flood_limits))
        .route("/clock", web::post().to(advance_clock));
}

async fn faults(telegram: Data<Handle>) -> HttpResponse {
    HttpResponse::Ok().json(telegram.faults().waiting())
}

async fn push_fault(telegram: Data<Handle>, fault: Json<Fault>) -> HttpResponse {
    telegram.faults().push(fault.into_inner());
    done()
}

async fn clear_faults(telegram: Data<Handle>) -> HttpResponse {
    telegram.faults().clear();
    done()
}

async fn calls(telegram: Data<Handle>) -> HttpResponse {
    HttpResponse::Ok().json(telegram.calls())
}

async fn updates(telegram: Data<Handle>) -> HttpResponse {
    let pending = telegram.pending_updates();
    HttpResponse::Ok().json(json!({ "ids": telegram.update_ids(), "pending": pending }))
}

async fn push_update(
    telegram: Data<Handle>,
    update: Json<Value>,
) -> Result<HttpResponse, ControlError> {
    let update = update.into_inner();
    if !update.is_object() {
        return Err(ControlError::bad_request("an update is a JSON object"));
    }
    let id = telegram.push_raw_update(update);
    Ok(HttpResponse::Ok().json(json!({ "update_id": id })))
}

async fn drop_updates(telegram: Data<Handle>) -> HttpResponse {
    telegram.drop_pending();
    done()
}

async fn redeliver(telegram: Data<Handle>, id: Path<i64>) -> Result<HttpResponse, ControlError> {
    if !telegram.redeliver(*id) {
        return Err(ControlError::not_found(format!("there was no update {id}")));
    }
    Ok(done())
}

async fn set_flood_limits(telegram: Data<Handle>, limits: Json<FloodLimits>) -> HttpResponse {
    telegram.set_flood_limits(limits.into_inner());
    done()
}

/// How far time jumps.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_millis: u64,
}

async fn advance_clock(telegram: Data<Handle>, advance: Json<Advance>) -> HttpResponse {
    telegram.advance_clock(Duration::from_millis(advance.advance_millis));
    done()
}
