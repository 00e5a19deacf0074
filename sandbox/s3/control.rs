//! The emulator's controls over HTTP.
//!
//! `POST /control/s3/faults` takes `{"operation":"put","times":1,"kind":{"type":"slow_down"}}`,
//! `DELETE` forgets them; `GET …/buckets/NAME` lists the keys, `DELETE` loses them all;
//! `POST …/regions/NAME` takes `{"down":true}`.

use actix_web::web::{self, Data, Json, Path, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use serde::Deserialize;

use super::{Fault, FaultKind, Handle};
use crate::control::done;

pub(super) fn configure(service: &mut ServiceConfig) {
    service.service(
        web::scope("/control/s3")
            .route("/faults", web::post().to(push_fault))
            .route("/faults", web::delete().to(clear_faults))
            .route("/buckets/{name}", web::get().to(keys))
            .route("/buckets/{name}", web::delete().to(lose))
            .route("/regions/{name}", web::post().to(set_region)),
    );
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Region {
    down: bool,
}

async fn push_fault(handle: Data<Handle>, fault: Json<Fault<FaultKind>>) -> HttpResponse {
    handle.push_fault(fault.into_inner());
    done()
}

async fn clear_faults(handle: Data<Handle>) -> HttpResponse {
    handle.clear_faults();
    done()
}

async fn keys(handle: Data<Handle>, name: Path<String>) -> impl Responder {
    Json(handle.keys(&name))
}

async fn lose(handle: Data<Handle>, name: Path<String>) -> HttpResponse {
    handle.lose(&name);
    done()
}

async fn set_region(handle: Data<Handle>, name: Path<String>, set: Json<Region>) -> HttpResponse {
    if set.down {
        handle.take_down(&name);
    } else {
        handle.bring_back(&name);
    }
    done()
}
