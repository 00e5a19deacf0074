//! The HTTP side: who may call, and whether the call is understood.
//!
//! The work of a call runs in a task of its own, so that a caller who gives up is billed all the same,
//! as with the real API.

use super::Handle;
use super::failure::Failure;
use super::models::{self, Model};
use super::request::{self, Request};
use super::work::{Ending, work};
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::StreamExt;
use serde_json::{Value, json};
use std::sync::Arc;

/// The longest body of a request, in bytes.
pub(super) const BODY_BYTES_MAX: usize = 20 * 1024 * 1024;

/// How much of a body that is too long is still read, so that the caller gets to see the refusal.
const DRAIN_BYTES_MAX: usize = 128 * 1024 * 1024;

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
