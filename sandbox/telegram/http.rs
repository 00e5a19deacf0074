//! The Bot API over HTTP: tokens, parameters, envelopes, downloads, and faults.

use std::io;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, RETRY_AFTER};
use actix_web::web::{self, Bytes, BytesMut, Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::{StreamExt, future, stream};
use serde_json::json;

use super::calls::Answered;
use super::error::ApiError;
use super::faults::{DOWNLOAD, FaultKind};
use super::handle::Handle;
use super::media::{DOWNLOAD_BYTES_MAX, UPLOAD_BYTES_MAX};
use super::params::Params;
use super::polling;

/// The largest request, in bytes: a file, and what is said about it.
const REQUEST_BYTES_MAX: usize = UPLOAD_BYTES_MAX + (1 << 20);

/// The body of a proxy's error page.
const HTML_ERROR: &str = "<html>\r\n<head><title>Error</title></head>\r\n\
    <body><center><h1>The server is not available</h1></center></body>\r\n</html>\r\n";

/// Adds the routes of the emulator to a server.
pub fn configure(service: &mut ServiceConfig, handle: &Handle) {
    service.service(
        web::scope("/telegram")
            .app_data(Data::new(handle.clone()))
            .route("/bot{token}/{method}", web::route().to(method))
            .route("/file/bot{token}/{path:.*}", web::get().to(download))
            .default_service(web::to(|| async { refuse(&ApiError::not_found()) })),
    );
}

/// One call of a method.
async fn method(
    handle: Data<Handle>,
    path: web::Path<(String, String)>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    let (token, method) = path.into_inner();
    if !handle.accepts(&token) {
        return refuse(&ApiError::unauthorized());
    }
    let params = read(&request, payload).await;
    let number = handle.begin_call(&method, params.as_ref().ok());
    let method = method.to_lowercase();
    let fault = handle.take_fault(&method);
    if let Some(answer) = spoil_before(fault.as_ref()).await {
        return answer;
    }
    let outcome = match params {
        Ok(params) => act(&handle, &method, &params).await,
        Err(error) => Err(error),
    };
    handle.end_call(number, (&outcome).into());
    if let Some(answer) = spoil_after(fault.as_ref()) {
        return answer;
    }
    match outcome {
        Ok(body) => HttpResponse::Ok()
            .content_type("application/json")
            .body(body),
        Err(error) => refuse(&error),
    }
}

async fn read(request: &HttpRequest, mut payload: Payload) -> Result<Params, ApiError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let broken = |_| ApiError::bad_request("the request's body broke off");
        let chunk = chunk.map_err(broken)?;
        if body.len() + chunk.len() > REQUEST_BYTES_MAX {
            return Err(ApiError::too_large());
        }
        body.extend_from_slice(&chunk);
    }
    let content_type = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    Params::read(content_type, request.query_string(), body.freeze()).await
}

/// Does the call, and gives the body of a good answer.
async fn act(handle: &Handle, method: &str, params: &Params) -> Result<String, ApiError> {
    if method == "getupdates" {
        let batch = polling::get_updates(handle, params).await?;
        return Ok(format!("{{\"ok\":true,\"result\":[{}]}}", batch.join(",")));
    }
    let success = handle.call(method, params)?;
    let mut envelope = json!({ "ok": true, "result": success.result });
    if let Some(description) = success.description {
        envelope["description"] = json!(description);
    }
    Ok(envelope.to_string())
}

fn refuse(error: &ApiError) -> HttpResponse {
    let status = StatusCode::from_u16(error.code).unwrap_or(StatusCode::BAD_REQUEST);
    let mut answer = HttpResponse::build(status);
    if let Some(seconds) = error.retry_after {
        answer.insert_header((RETRY_AFTER, seconds));
    }
    answer.json(error.envelope())
}

/// What goes wrong before anything is done; `None` lets the call act.
async fn spoil_before(fault: Option<&FaultKind>) -> Option<HttpResponse> {
    match fault? {
        FaultKind::Latency { millis } => {
            tokio::time::sleep(Duration::from_millis(*millis)).await;
            None
        }
        FaultKind::TooManyRequests { retry_after } => {
            Some(refuse(&ApiError::too_many_requests(*retry_after)))
        }
        FaultKind::ServerError { status } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_GATEWAY);
            Some(
                HttpResponse::build(status)
                    .content_type("text/html")
                    .body(HTML_ERROR),
            )
        }
        FaultKind::DropBefore => Some(drop_connection()),
        FaultKind::Hang => future::pending().await,
        FaultKind::Refusal { code, description } => {
            let description = description.clone();
            Some(refuse(&ApiError {
                code: *code,
                description,
                retry_after: None,
            }))
        }
        FaultKind::DropAfter | FaultKind::Malformed => None,
    }
}

/// What goes wrong after the call was done; `None` lets it answer.
fn spoil_after(fault: Option<&FaultKind>) -> Option<HttpResponse> {
    match fault? {
        FaultKind::DropAfter => Some(drop_connection()),
        FaultKind::Malformed => Some(
            HttpResponse::Ok()
                .content_type("application/json")
                .body("{\"ok\":true,\"resu"),
        ),
        FaultKind::Latency { .. }
        | FaultKind::TooManyRequests { .. }
        | FaultKind::ServerError { .. }
        | FaultKind::DropBefore
        | FaultKind::Hang
        | FaultKind::Refusal { .. } => None,
    }
}

/// Ends the connection: a body that fails at once closes it before a byte is written.
fn drop_connection() -> HttpResponse {
    let broken = Err::<Bytes, _>(io::Error::from(io::ErrorKind::ConnectionReset));
    HttpResponse::Ok().streaming(stream::iter([broken]))
}

/// One download. Clients write the path as it is or with `%2F`; both arrive decoded.
async fn download(handle: Data<Handle>, path: web::Path<(String, String)>) -> HttpResponse {
    let (token, path) = path.into_inner();
    if !handle.accepts(&token) {
        return refuse(&ApiError::unauthorized());
    }
    let named = Params::default().with("file_path", json!(path));
    let number = handle.begin_call(DOWNLOAD, Some(&named));
    let fault = handle.take_fault(DOWNLOAD);
    if let Some(answer) = spoil_before(fault.as_ref()).await {
        return answer;
    }
    let file = handle.file_at(&path).filter(|file| {
        file.download_bytes()
            .is_none_or(|bytes| bytes <= DOWNLOAD_BYTES_MAX)
    });
    let Some(file) = file else {
        handle.end_call(number, (&ApiError::not_found()).into());
        return refuse(&ApiError::not_found());
    };
    let mime_type = file.media.mime_type.clone();
    let content = match web::block(move || file.content()).await {
        Ok(content) => content,
        Err(error) => {
            tracing::error!(%error, "a download could not be made");
            return HttpResponse::InternalServerError().finish();
        }
    };
    handle.end_call(number, Answered::Done);
    if let Some(answer) = spoil_after(fault.as_ref()) {
        return answer;
    }
    HttpResponse::Ok().content_type(mime_type).body(content)
}
