//! What a valid call goes through, and how connections end badly.

use super::fault::FaultKind;
use super::models::{Model, Size};
use super::painter::{self, Picture, Sketch};
use super::request::{Input, Request};
use super::{Handle, Ticket, answer, failure::Failure};
use actix_web::body::SizedStream;
use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use actix_web::{HttpResponse, web};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use image::ImageFormat;
use serde_json::Value;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// The piece an endless body is sent in, in bytes.
const ENDLESS_PIECE: usize = 64 * 1024;

/// How an answer ends.
pub(super) enum Ending {
    /// As it should, whatever it says.
    Whole(HttpResponse),
    /// The caller never gets all of it.
    Cut(HttpResponse),
}

pub(super) async fn work(
    handle: Handle,
    model: &'static Model,
    request: Arc<Request>,
    ticket: Ticket,
) -> Ending {
    handle.pass().await;
    let delay = match &ticket.fault {
        Some(FaultKind::Latency { ms }) => ticket.latency + Duration::from_millis(*ms),
        Some(_) | None => ticket.latency,
    };
    tokio::time::sleep(delay).await;
    match spoiled_or_painted(&handle, model, request, ticket).await {
        Ok(ending) => ending,
        Err(failure) => Ending::Whole(failure.render()),
    }
}

/// The ending the ticket's fault asks for; a failure is one of Google's envelopes.
async fn spoiled_or_painted(
    handle: &Handle,
    model: &'static Model,
    request: Arc<Request>,
    ticket: Ticket,
) -> Result<Ending, Failure> {
    let bill = || handle.bill(ticket.index);
    let paint = || paint(handle, Arc::clone(&request), ticket.index, ticket.turn);
    let mut cleared = ticket.cleared;
    let Some(fault) = ticket.fault else {
        return Ok(ok(paint().await?.answer(model, &request)));
    };
    match fault {
        FaultKind::Latency { .. } => Ok(ok(paint().await?.answer(model, &request))),
        FaultKind::TooManyRequests { retry_after } => Err(Failure::too_many_requests(retry_after)),
        FaultKind::ServerError { status } => Err(Failure::server_error(status)),
        FaultKind::ApiKeyInvalid => Err(Failure::api_key_invalid()),
        FaultKind::PermissionDenied => Err(Failure::permission_denied()),
        FaultKind::FailedPrecondition => Err(Failure::failed_precondition()),
        FaultKind::InvalidArgument => {
            Err(Failure::invalid("Request contains an invalid argument."))
        }
        FaultKind::NotFound => Err(Failure::model_not_found(model.id)),
        FaultKind::Html { status } => Ok(Ending::Whole(html(status))),
        FaultKind::DropBefore => Ok(dropped()),
        FaultKind::DropAfter => {
            bill();
            Ok(dropped())
        }
        FaultKind::Hang => {
            // The sender lives in the handle, so the wait ends only by a clearing.
            let _cleared = cleared.changed().await;
            Ok(dropped())
        }
        FaultKind::Blocked { reason } => Ok(ok(answer::blocked(model, &request, &reason))),
        FaultKind::Finish { reason } => Ok(ok(answer::finished(model, &request, &reason))),
        FaultKind::NoPicture => {
            bill();
            Ok(ok(answer::no_picture(model, &request)))
        }
        FaultKind::Empty => Ok(ok(answer::empty(model, &request))),
        FaultKind::Malformed => {
            bill();
            Ok(Ending::Whole(json_bytes(r#"{"candidates": [{"content": "#)))
        }
        FaultKind::Truncated => Ok(truncated(&paint().await?.answer(model, &request))),
        FaultKind::Endless => {
            bill();
            Ok(endless())
        }
        FaultKind::NotAPicture => {
            let mut pictures = paint().await?;
            pictures.last.bytes = b"these bytes are no picture".to_vec();
            Ok(ok(pictures.answer(model, &request)))
        }
        FaultKind::WrongMime => {
            let mut pictures = paint().await?;
            pictures.last.mime = "image/webp";
            Ok(ok(pictures.answer(model, &request)))
        }
        FaultKind::OversizedPicture => {
            let mut pictures = paint().await?;
            pictures.last = painter::oversized().map_err(|_| Failure::server_error(500))?;
            Ok(ok(pictures.answer(model, &request)))
        }
        FaultKind::OnlyThoughts => {
            let draft = paint().await?.draft;
            Ok(ok(answer::only_thoughts(model, &request, &draft)))
        }
    }
}

/// What one call draws.
struct Pictures {
    /// The interim picture among the thoughts.
    draft: Picture,
    /// The picture that was asked for.
    last: Picture,
}

impl Pictures {
    fn answer(&self, model: &Model, request: &Request) -> Value {
        answer::picture(model, request, &self.draft, &self.last)
    }
}

/// Draws and bills. An edit of one JPEG below 2K comes back as JPEG, everything else as PNG.
async fn paint(
    handle: &Handle,
    request: Arc<Request>,
    index: usize,
    turn: u64,
) -> Result<Pictures, Failure> {
    let draw = move || -> image::ImageResult<Pictures> {
        let turn = match request.seed {
            Some(seed) => seed.unsigned_abs(),
            None => turn,
        };
        let seed = painter::seed_of(&request.prompt, turn);
        let sketch = if request.images.is_empty() {
            Sketch::imagine(&request.prompt, seed, request.ratio, request.size)
        } else {
            Sketch::edit(
                &request.prompt,
                seed,
                request.ratio,
                request.size,
                &request.images,
            )
        };
        let format = match request.images.as_slice() {
            [Input::Opened(_, ImageFormat::Jpeg)]
                if matches!(request.size, Size::Half | Size::One) =>
            {
                ImageFormat::Jpeg
            }
            _ => ImageFormat::Png,
        };
        Ok(Pictures {
            draft: sketch.draft()?,
            last: sketch.encode(format)?,
        })
    };
    let pictures = web::block(draw)
        .await
        .map_err(|_stopping| Failure::server_error(503))?
        .map_err(|_unencodable| Failure::server_error(500))?;
    handle.bill(index);
    Ok(pictures)
}

fn ok(answer: Value) -> Ending {
    Ending::Whole(HttpResponse::Ok().json(answer))
}

fn json_bytes(body: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::json())
        .body(body)
}

fn html(status: u16) -> HttpResponse {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    HttpResponse::build(status)
        .content_type(ContentType::html())
        .body(format!(
            "<!DOCTYPE html><html lang=en><title>Error {status}</title><p><b>{status}</b> That is an error."
        ))
}

fn cut() -> io::Error {
    io::Error::new(
        io::ErrorKind::ConnectionAborted,
        "cut by a fault on request",
    )
}

/// A body that fails at once: the server closes the connection before the head is written.
fn dropped() -> Ending {
    let body = stream::once(async { Err::<Bytes, io::Error>(cut()) });
    Ending::Cut(HttpResponse::Ok().streaming(body))
}

/// The first half of the answer under the length of the whole, then the connection closes.
fn truncated(answer: &Value) -> Ending {
    let text = answer.to_string();
    let half = Bytes::copy_from_slice(&text.as_bytes()[..text.len() / 2]);
    let body = stream::once(async move { Ok(half) }).chain(stream::once(async {
        // A turn of the event loop lets the first half reach the socket before the failure is seen.
        tokio::time::sleep(Duration::from_millis(10)).await;
        Err(cut())
    }));
    let body = SizedStream::new(text.len() as u64, Box::pin(body));
    Ending::Cut(
        HttpResponse::Ok()
            .content_type(ContentType::json())
            .body(body),
    )
}

/// A picture whose base64 goes on for as long as the caller listens.
fn endless() -> Ending {
    let head = Bytes::from_static(
        br#"{"candidates":[{"content":{"role":"model","parts":[{"inlineData":{"mimeType":"image/png","data":""#,
    );
    let piece = Bytes::from(vec![b'A'; ENDLESS_PIECE]);
    let body = stream::once(async move { head }).chain(stream::repeat(piece));
    Ending::Cut(
        HttpResponse::Ok()
            .content_type(ContentType::json())
            .streaming(body.map(Ok::<Bytes, io::Error>)),
    )
}
