//! The files that come out, for anybody who has the address.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{self, Data, ServiceConfig};
use futures_util::future;
use serde_json::Value;

use super::faults::FaultKind;
use super::handle::Handle;
use super::plan::{Output, words_of};
use super::request::Status;
use crate::broken::{dropped, endless, html, truncated};
use crate::calls::{Answered, Call};
use crate::gemini::drawing::Drawing;
use crate::video::Clip;

/// Adds the files to a server; before the queue, which would take their path.
pub fn configure(service: &mut ServiceConfig) {
    service.route("/fal/files/{request}/{name}", web::get().to(download));
}

/// A file that can be made.
enum Made {
    Film(Clip),
    Picture(Drawing, &'static str),
}

impl Made {
    fn mime(&self) -> &'static str {
        match self {
            Made::Film(_) => "video/mp4",
            Made::Picture(_, mime) => mime,
        }
    }

    fn render(self) -> Option<Vec<u8>> {
        match self {
            Made::Film(clip) => Some(clip.render()),
            Made::Picture(drawing, _) => Some(drawing.render().ok()?.bytes),
        }
    }
}

async fn download(handle: Data<Handle>, path: web::Path<(String, String)>) -> HttpResponse {
    let (id, name) = path.into_inner();
    let number = handle.begin_call(Call {
        number: 0,
        operation: "download".to_owned(),
        path: format!("files/{id}/{name}"),
        query: String::new(),
        body: Value::Null,
        at: handle.now(),
        id: Some(id.clone()),
        answered: Answered::Not,
    });
    let fault = handle.take_fault("download");
    match &fault {
        Some(FaultKind::Error { failure } | FaultKind::ErrorAfter { failure }) => {
            return failure.render();
        }
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
    let Some(made) = find(&handle, &id, &name) else {
        handle.end_call(number, Answered::Refused { code: 404 }, None);
        return HttpResponse::NotFound().finish();
    };
    let mime = made.mime();
    let Ok(Some(bytes)) = web::block(move || made.render()).await else {
        return HttpResponse::ServiceUnavailable().finish();
    };
    handle.end_call(number, Answered::Done, None);
    match fault {
        Some(FaultKind::Malformed) => HttpResponse::Ok()
            .content_type(mime)
            .body("these bytes are neither picture nor video"),
        Some(FaultKind::Huge) => endless(mime, b"\0\0\0\x10ftypisom\0\0\0\0"),
        Some(FaultKind::Truncated) => truncated(mime, &bytes),
        Some(_) | None => HttpResponse::Ok().content_type(mime).body(bytes),
    }
}

fn find(handle: &Handle, id: &str, name: &str) -> Option<Made> {
    handle.read(|state| {
        let request = state.find(id)?;
        if request.status != Status::Completed(Ok(())) {
            return None;
        }
        match &request.plan.as_ref().ok()?.output {
            Output::Film(clip) if name == "output.mp4" => Some(Made::Film(clip.clone())),
            Output::Film(_) => None,
            Output::Pictures {
                drawings, format, ..
            } => {
                let (extension, mime) = words_of(*format);
                let at: usize = name
                    .strip_suffix(extension)?
                    .strip_suffix('.')?
                    .parse()
                    .ok()?;
                Some(Made::Picture(drawings.get(at)?.clone(), mime))
            }
        }
    })
}
