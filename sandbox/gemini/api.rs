//! The routes: `generateContent`, the list of models, and the control of faults.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream;
use serde_json::{Value, json};

use super::{Call, Fault, FaultKind, Handle, painter};

/// Models that answer, with the sizes they make.
const MODELS: [(&str, &[&str]); 3] = [
    ("gemini-3-pro-image", &["1K", "2K", "4K"]),
    ("nano-banana-pro-preview", &["1K", "2K", "4K"]),
    ("gemini-3.1-flash-image", &["512", "1K", "2K", "4K"]),
];

/// Shapes with their pixels at 1K.
const SHAPES: [(&str, u32, u32); 10] = [
    ("1:1", 1024, 1024),
    ("2:3", 848, 1264),
    ("3:2", 1264, 848),
    ("3:4", 896, 1200),
    ("4:3", 1200, 896),
    ("4:5", 928, 1152),
    ("5:4", 1152, 928),
    ("9:16", 768, 1376),
    ("16:9", 1376, 768),
    ("21:9", 1584, 672),
];

/// Input pictures in one request.
const INPUTS_MAX: usize = 14;
/// The largest body.
const BODY_MAX: usize = 100 * 1024 * 1024;
/// What a `#slow` prompt waits.
const SLOW: Duration = Duration::from_secs(8);

/// An answer that breaks off: the caller cannot know what became of the call.
fn broken_off() -> HttpResponse {
    let end = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    let body = stream::once(async move { Err::<Bytes, _>(end) });
    HttpResponse::Ok().no_chunking(1 << 20).streaming(body)
}

/// Adds the routes.
pub fn configure(cfg: &mut web::ServiceConfig, handle: &Handle) {
    cfg.app_data(web::Data::new(handle.clone()))
        .app_data(web::PayloadConfig::new(BODY_MAX))
        .route("/gemini/v1beta/models", web::get().to(models))
        .route("/gemini/v1beta/models/{call}", web::post().to(generate))
        .route("/control/gemini/faults", web::post().to(add_fault))
        .route("/control/gemini/faults", web::delete().to(clear_faults))
        .route("/control/gemini/calls", web::get().to(calls));
}

fn error(code: u16, status: &str, message: &str, details: Value) -> HttpResponse {
    let http = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut error = json!({ "code": code, "message": message, "status": status });
    if !details.is_null() {
        error["details"] = details;
    }
    HttpResponse::build(http).json(json!({ "error": error }))
}

fn invalid(message: &str) -> HttpResponse {
    error(400, "INVALID_ARGUMENT", message, Value::Null)
}

async fn models() -> HttpResponse {
    let model = |(name, _): &(&str, &[&str])| json!({ "name": format!("models/{name}"), "supportedGenerationMethods": ["generateContent"] });
    HttpResponse::Ok().json(json!({ "models": MODELS.iter().map(model).collect::<Vec<_>>() }))
}

/// A request that passed every check.
struct Asked {
    call: Call,
    inputs: Vec<Vec<u8>>,
    width: u32,
    height: u32,
}

async fn generate(
    handle: web::Data<Handle>,
    path: web::Path<String>,
    request: HttpRequest,
    body: web::Bytes,
) -> HttpResponse {
    if !has_key(&handle, &request) {
        let details = json!([{
            "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID",
        }]);
        let message = "API key not valid. Please pass a valid API key.";
        return error(400, "INVALID_ARGUMENT", message, details);
    }
    let Some(model) = path.strip_suffix(":generateContent") else {
        return error(
            404,
            "NOT_FOUND",
            "Requested entity was not found.",
            Value::Null,
        );
    };
    let Some((_, sizes)) = MODELS.iter().find(|(name, _)| *name == model) else {
        let message = format!("models/{model} is not found for API version v1beta");
        return error(404, "NOT_FOUND", &message, Value::Null);
    };
    let asked = match read(model, sizes, &body) {
        Ok(asked) => asked,
        Err(message) => return invalid(&message),
    };
    let fault = handle.take_fault().or_else(|| magic(&asked.call.prompt));
    let billed = matches!(
        fault,
        None | Some(FaultKind::DropAfter | FaultKind::Latency(_))
    );
    let call = Call {
        billed,
        ..asked.call.clone()
    };
    handle.change(|state| state.calls.push(call));
    let latency = handle.state().latency;
    tokio::time::sleep(latency).await;
    handle.released().await;
    answer(model, &asked, fault).await
}

fn has_key(handle: &Handle, request: &HttpRequest) -> bool {
    let header = request.headers().get("x-goog-api-key");
    let header = header.and_then(|key| key.to_str().ok());
    let query = request.query_string().split('&');
    let query = query.filter_map(|pair| pair.strip_prefix("key=")).next();
    header.or(query) == Some(handle.0.api_key.as_str())
}

/// Words in a prompt by which a person at the chat page provokes a fault.
fn magic(prompt: &str) -> Option<FaultKind> {
    if prompt.contains("#refuse") {
        Some(FaultKind::PromptBlocked)
    } else if prompt.contains("#fail") {
        Some(FaultKind::Status(503))
    } else if prompt.contains("#slow") {
        Some(FaultKind::Latency(
            u64::try_from(SLOW.as_millis()).unwrap_or(8_000),
        ))
    } else {
        None
    }
}

/// Reads and checks a request; the error is Google's message.
fn read(model: &str, sizes: &[&str], body: &[u8]) -> Result<Asked, String> {
    let body: Value =
        serde_json::from_slice(body).map_err(|_| "Invalid JSON payload received.".to_owned())?;
    for key in body.as_object().into_iter().flat_map(|body| body.keys()) {
        let known = [
            "contents",
            "generationConfig",
            "safetySettings",
            "systemInstruction",
            "tools",
        ];
        if !known.contains(&key.as_str()) {
            let message = format!("Invalid JSON payload received. Unknown name \"{key}\"");
            return Err(message);
        }
    }
    let (mut prompt, mut inputs) = (String::new(), Vec::new());
    let contents = body["contents"].as_array().cloned().unwrap_or_default();
    for part in contents
        .iter()
        .flat_map(|c| c["parts"].as_array().into_iter().flatten())
    {
        if let Some(text) = part["text"].as_str() {
            prompt.push_str(text);
        }
        if let Some(data) = part["inlineData"]["data"].as_str() {
            let bytes = STANDARD
                .decode(data)
                .map_err(|_| "Base64 decoding failed for inline_data".to_owned())?;
            if painter::read(&bytes).is_none() {
                return Err("Unable to process input image. Please retry or report.".to_owned());
            }
            inputs.push(bytes);
        }
    }
    if prompt.trim().is_empty() {
        return Err("contents are required: there is no text".to_owned());
    }
    if inputs.len() > INPUTS_MAX {
        return Err("Too many images in the request: at most 14".to_owned());
    }
    let image = &body["generationConfig"]["imageConfig"];
    let (aspect, size) = (image["aspectRatio"].as_str(), image["imageSize"].as_str());
    let (width, height) = pixels(aspect, size, sizes)?;
    Ok(Asked {
        call: Call {
            model: model.to_owned(),
            prompt,
            images: inputs.len(),
            aspect: aspect.map(str::to_owned),
            size: size.map(str::to_owned),
            billed: true,
        },
        inputs,
        width,
        height,
    })
}

fn pixels(aspect: Option<&str>, size: Option<&str>, sizes: &[&str]) -> Result<(u32, u32), String> {
    let shape = SHAPES
        .iter()
        .find(|(name, _, _)| aspect.is_none_or(|aspect| aspect == *name));
    let Some((_, width, height)) = shape else {
        return Err("aspectRatio is not supported by this model".to_owned());
    };
    let size = size.unwrap_or("1K");
    if !sizes.contains(&size) {
        return Err("imageSize is not supported by this model".to_owned());
    }
    Ok(match size {
        "512" => (width / 2, height / 2),
        "2K" => (width * 2, height * 2),
        "4K" => (width * 4, height * 4),
        _ => (*width, *height),
    })
}

async fn answer(model: &str, asked: &Asked, fault: Option<FaultKind>) -> HttpResponse {
    match fault {
        Some(FaultKind::Latency(ms)) => tokio::time::sleep(Duration::from_millis(ms)).await,
        Some(FaultKind::Status(code)) => {
            return error(
                code,
                status_name(code),
                "The model is overloaded.",
                Value::Null,
            );
        }
        Some(FaultKind::Quota(seconds)) => {
            let details = json!([{
                "@type": "type.googleapis.com/google.rpc.RetryInfo",
                "retryDelay": format!("{seconds}s"),
            }]);
            return error(
                429,
                "RESOURCE_EXHAUSTED",
                "You exceeded your quota.",
                details,
            );
        }
        Some(FaultKind::KeyInvalid) => {
            let details = json!([{
                "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID",
            }]);
            return error(400, "INVALID_ARGUMENT", "API key not valid.", details);
        }
        Some(FaultKind::PromptBlocked) => {
            return HttpResponse::Ok().json(json!({
                "promptFeedback": { "blockReason": "SAFETY", "safetyRatings": [] },
                "usageMetadata": { "promptTokenCount": 12, "totalTokenCount": 12 },
                "modelVersion": model,
            }));
        }
        Some(FaultKind::Finish(reason)) => {
            return HttpResponse::Ok().json(json!({
                "candidates": [{ "index": 0, "finishReason": reason, "content": { "role": "model" } }],
                "modelVersion": model,
            }));
        }
        Some(FaultKind::Html) => {
            return HttpResponse::BadGateway()
                .content_type("text/html")
                .body("<html><body>Bad Gateway</body></html>");
        }
        Some(FaultKind::DropAfter) => return broken_off(),
        Some(FaultKind::Malformed) => {
            return HttpResponse::Ok()
                .content_type("application/json")
                .body("{\"candidates\":[{\"cont");
        }
        Some(FaultKind::NotAPicture) => return picture(model, b"no picture at all"),
        Some(FaultKind::Hang) => std::future::pending().await,
        None => {}
    }
    let (words, inputs) = (asked.call.prompt.clone(), asked.inputs.clone());
    let (width, height) = (asked.width, asked.height);
    let painted = web::block(move || painter::paint(&words, &inputs, width, height)).await;
    match painted {
        Ok(bytes) => picture(model, &bytes),
        Err(_) => error(
            500,
            "INTERNAL",
            "An internal error has occurred.",
            Value::Null,
        ),
    }
}

fn picture(model: &str, bytes: &[u8]) -> HttpResponse {
    let data = STANDARD.encode(bytes);
    HttpResponse::Ok().json(json!({
        "candidates": [{
            "index": 0,
            "content": { "role": "model", "parts": [
                { "text": "Thinking of the colours.", "thought": true },
                { "text": "Here it is." },
                {
                    "inlineData": { "mimeType": "image/png", "data": data },
                    "thoughtSignature": "c2FuZGJveA==",
                },
            ] },
            "finishReason": "STOP",
        }],
        "usageMetadata": {
            "promptTokenCount": 270, "candidatesTokenCount": 1120, "thoughtsTokenCount": 90,
            "totalTokenCount": 1480,
            "candidatesTokensDetails": [{ "modality": "IMAGE", "tokenCount": 1120 }],
        },
        "modelVersion": model,
        "responseId": uuid::Uuid::now_v7().simple().to_string(),
    }))
}

fn status_name(code: u16) -> &'static str {
    match code {
        400 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        _ => "INTERNAL",
    }
}

async fn add_fault(handle: web::Data<Handle>, fault: web::Json<Fault>) -> HttpResponse {
    handle.push_fault(fault.into_inner());
    HttpResponse::Ok().json(json!({ "done": true }))
}

async fn clear_faults(handle: web::Data<Handle>) -> HttpResponse {
    handle.clear_faults();
    HttpResponse::Ok().json(json!({ "done": true }))
}

async fn calls(handle: web::Data<Handle>) -> HttpResponse {
    HttpResponse::Ok().json(handle.calls())
}
