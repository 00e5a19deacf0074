//! The files that come out: under signed addresses, for 30 days, and not from other pages.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::REFERER;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::future;
use serde::Deserialize;
use serde_json::Value;

use super::faults::FaultKind;
use super::handle::Handle;
use super::refusal::Refusal;
use super::task::Task;
use crate::broken::{dropped, endless, html, truncated};
use crate::calls::{Answered, Call};
use crate::video::Clip;

const MP4: &str = "video/mp4";

/// Adds the files to a server; before the API, which would take their path.
pub fn configure(service: &mut ServiceConfig) {
    service.route("/kling/results/{task}/{file}", web::get().to(download));
}

/// What proves an address.
#[derive(Deserialize)]
struct Seal {
    expires: u64,
    sign: String,
}

async fn download(
    handle: Data<Handle>,
    path: web::Path<(String, String)>,
    request: HttpRequest,
) -> HttpResponse {
    let (task_id, file) = path.into_inner();
    let number = handle.begin_call(Call {
        number: 0,
        operation: "download".to_owned(),
        path: format!("results/{task_id}/{file}"),
        query: request.query_string().to_owned(),
        body: Value::Null,
        at: handle.now(),
        id: Some(task_id.clone()),
        answered: Answered::Not,
    });
    let fault = handle.take_fault("download");
    match &fault {
        Some(FaultKind::Code { code }) => return Refusal::of(*code).render(),
        Some(FaultKind::Html { status } | FaultKind::HtmlAfter { status }) => {
            return html(*status);
        }
        Some(FaultKind::DropBefore | FaultKind::DropAfter) => return dropped(),
        Some(FaultKind::Hang) => return future::pending().await,
        Some(FaultKind::Latency { millis }) => {
            tokio::time::sleep(Duration::from_millis(*millis)).await;
        }
        Some(_) | None => {}
    }
    let clip = match clip(&handle, &task_id, &file, &request) {
        Ok(clip) => clip,
        Err(status) => {
            let code = u32::from(status.as_u16());
            handle.end_call(number, Answered::Refused { code }, Some(task_id));
            return HttpResponse::build(status).finish();
        }
    };
    let Ok(bytes) = web::block(move || clip.render()).await else {
        return HttpResponse::ServiceUnavailable().finish();
    };
    handle.end_call(number, Answered::Done, Some(task_id));
    match fault {
        Some(FaultKind::Malformed) => HttpResponse::Ok()
            .content_type(MP4)
            .body("these bytes are no video"),
        Some(FaultKind::Huge) => endless(MP4, b"\0\0\0\x10ftypisom\0\0\0\0"),
        Some(FaultKind::Truncated) => truncated(MP4, &bytes),
        Some(_) | None => HttpResponse::Ok().content_type(MP4).body(bytes),
    }
}

/// The film behind an address, if the address is good.
fn clip(
    handle: &Handle,
    task_id: &str,
    file: &str,
    request: &HttpRequest,
) -> Result<Clip, StatusCode> {
    let seal = web::Query::<Seal>::from_query(request.query_string());
    let seal = seal.map_err(|_| StatusCode::FORBIDDEN)?;
    if request.headers().contains_key(REFERER) {
        return Err(StatusCode::FORBIDDEN);
    }
    handle.read(|state| {
        let has_file =
            |task: &&Task| task.has_outputs() && file == format!("{}.mp4", task.video_id);
        let task = state.by_id(task_id).filter(has_file);
        let task = task.ok_or(StatusCode::NOT_FOUND)?;
        if seal.sign != task.sign() || seal.expires != task.expires() {
            return Err(StatusCode::FORBIDDEN);
        }
        if state.clock.now().as_secs() >= task.expires() {
            return Err(StatusCode::NOT_FOUND);
        }
        Ok(task.film.clip.clone())
    })
}
