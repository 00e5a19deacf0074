//! The HTTP side: who may call, what a call goes through, and how connections end badly.
//!
//! The work of a call runs in a task of its own, so that a caller who gives up is billed all the same,
//! as with the real API.

use super::canvas::{self, Picture, Sketch};
use super::fault::FaultKind;
use super::models::{self, Model};
use super::request::{self, Input, Request};
use super::{Handle, Ticket, answer, failure::Failure};
use actix_web::body::SizedStream;
use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use image::ImageFormat;
use serde_json::{Value, json};
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// The longest body of a request, in bytes.
pub(super) const BODY_BYTES_MAX: usize = 20 * 1024 * 1024;

/// How much of a body that is too long is still read, so that the caller gets to see the refusal.
const DRAIN_BYTES_MAX: usize = 128 * 1024 * 1024;

/// The piece an endless body is sent in, in bytes.
const ENDLESS_PIECE: usize = 64 * 1024;

pub(super) fn configure(cfg: &mut web::ServiceConfig) {
    cfg.service(
        web::scope("/gemini/v1beta")
            .route("/models", web::get().to(list_models))
            .route("/models/{model}:generateContent", web::post().to(generate))
            .route("/models/{model}", web::get().to(get_model))
            .default_service(web::to(not_found)),
    );
}

async fn not_found() -> HttpResponse {
    Failure::new(404, "NOT_FOUND", "Requested entity was not found.").render()
}

async fn list_models(handle: web::Data<Handle>, http: HttpRequest) -> HttpResponse {
    if let Err(failure) = authorise(&handle, &http) {
        return failure.render();
    }
    let models: Vec<_> = models::MODELS.iter().map(described).collect();
    HttpResponse::Ok().json(json!({ "models": models }))
}

async fn get_model(
    handle: web::Data<Handle>,
    http: HttpRequest,
    model: web::Path<String>,
) -> HttpResponse {
    if let Err(failure) = authorise(&handle, &http) {
        return failure.render();
    }
    match models::find(&model) {
        Some(model) => HttpResponse::Ok().json(described(model)),
        None => Failure::model_not_found(&model).render(),
    }
}

fn described(model: &Model) -> Value {
    json!({
        "name": format!("models/{}", model.id),
        "displayName": model.display_name,
        "supportedGenerationMethods": ["generateContent"],
    })
}

async fn generate(
    handle: web::Data<Handle>,
    http: HttpRequest,
    model: web::Path<String>,
    payload: web::Payload,
) -> HttpResponse {
    let (model, request) = match understood(&handle, &http, &model, payload).await {
        Ok(understood) => understood,
        Err(failure) => return failure.render(),
    };
    let ticket = handle.begin(model, &request);
    let index = ticket.index;
    let work = work(handle.get_ref().clone(), model, Arc::new(request), ticket);
    match actix_web::rt::spawn(work).await {
        Ok(Ending::Whole(response)) => {
            handle.finish(index);
            response
        }
        Ok(Ending::Cut(response)) => response,
        Err(_panicked) => Failure::server_error(500).render(),
    }
}

/// How an answer ends.
enum Ending {
    /// As it should, whatever it says.
    Whole(HttpResponse),
    /// The caller never gets all of it.
    Cut(HttpResponse),
}

async fn understood(
    handle: &Handle,
    http: &HttpRequest,
    model: &str,
    payload: web::Payload,
) -> Result<(&'static Model, Request), Failure> {
    let body = read(payload).await;
    authorise(handle, http)?;
    let model = models::find(model).ok_or_else(|| Failure::model_not_found(model))?;
    let body = body?;
    let request = web::block(move || request::parse(model, &body))
        .await
        .map_err(|_stopping| Failure::server_error(503))??;
    Ok((model, request))
}

fn authorise(handle: &Handle, http: &HttpRequest) -> Result<(), Failure> {
    let header = http
        .headers()
        .get("x-goog-api-key")
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let query = || {
        let query = web::Query::<Vec<(String, String)>>::from_query(http.query_string()).ok()?;
        let (_, key) = query
            .into_inner()
            .into_iter()
            .find(|(name, _)| name == "key")?;
        Some(key)
    };
    match header.or_else(query) {
        None => Err(Failure::api_key_missing()),
        Some(key) if key == handle.shared.api_key => Ok(()),
        Some(_) => Err(Failure::api_key_invalid()),
    }
}

async fn read(mut payload: web::Payload) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    let mut seen = 0;
    while let Some(piece) = payload.next().await {
        let piece = piece.map_err(|_| Failure::invalid("The request body could not be read."))?;
        seen += piece.len();
        if seen <= BODY_BYTES_MAX {
            body.extend_from_slice(&piece);
        } else if seen > DRAIN_BYTES_MAX {
            break;
        }
    }
    if seen > BODY_BYTES_MAX {
        return Err(Failure::invalid(format!(
            "Request payload size exceeds the limit: {BODY_BYTES_MAX} bytes."
        )));
    }
    Ok(body)
}

async fn work(
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
            handle.until_cleared().await;
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
            pictures.last = canvas::oversized().map_err(|_| Failure::server_error(500))?;
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
        let seed = canvas::seed_of(&request.prompt, turn);
        let sketch = if request.images.is_empty() {
            Sketch::imagine(&request.prompt, seed, request.ratio)
        } else {
            Sketch::edit(&request.prompt, seed, request.ratio, &request.images)
        };
        let format = match request.images.as_slice() {
            [Input::Opened(_, ImageFormat::Jpeg)] if request.size.scale() <= 2 => ImageFormat::Jpeg,
            _ => ImageFormat::Png,
        };
        Ok(Pictures {
            draft: sketch.draft()?,
            last: sketch.encode(request.size, format)?,
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
