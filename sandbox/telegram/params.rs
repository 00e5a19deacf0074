//! Parameters of a call, whichever way they came: query, form, JSON or multipart.

use std::collections::BTreeMap;

use actix_multipart::Multipart;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest, web};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use serde_json::{Map, Value};

/// The largest body: a file of 50 MB and room for the rest.
pub(super) const BODY_MAX: usize = 60 * 1024 * 1024;

/// A part of a multipart body that is a file.
#[derive(Clone, Debug)]
pub(super) struct Upload {
    pub name: String,
    pub mime: String,
    pub bytes: Bytes,
}

/// The parameters of one call.
#[derive(Debug, Default)]
pub(super) struct Params {
    pub values: Map<String, Value>,
    pub uploads: BTreeMap<String, Upload>,
}

impl Params {
    /// Reads them off a request.
    pub async fn read(request: &HttpRequest, payload: web::Payload) -> actix_web::Result<Params> {
        let mut params = Params::default();
        params.add_form(request.query_string().as_bytes());
        let kind = request.headers().get(CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.to_ascii_lowercase();
        if kind.starts_with("multipart/form-data") {
            let mut inner = payload.into_inner();
            let multipart = Multipart::from_request(request, &mut inner).await?;
            params.add_multipart(multipart).await?;
            return Ok(params);
        }
        let body = collect(payload).await?;
        if kind.starts_with("application/json") {
            match serde_json::from_slice(&body) {
                Ok(Value::Object(values)) => params.values.extend(values),
                Ok(_) | Err(_) => {
                    return Err(actix_web::error::ErrorBadRequest("can't parse JSON"));
                }
            }
        } else {
            params.add_form(&body);
        }
        Ok(params)
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name).filter(|value| !value.is_null())
    }

    pub fn text(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(truth) => Some(truth.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    pub fn int(&self, name: &str) -> Option<i64> {
        match self.get(name)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    pub fn flag(&self, name: &str) -> bool {
        match self.get(name) {
            Some(Value::Bool(truth)) => *truth,
            Some(Value::String(text)) => text == "true" || text == "1",
            _ => false,
        }
    }

    /// An object or list: as JSON, or as a JSON text in a form.
    pub fn object(&self, name: &str) -> Option<Value> {
        match self.get(name)? {
            Value::String(text) => serde_json::from_str(text).ok(),
            value @ (Value::Array(_) | Value::Object(_)) => Some(value.clone()),
            Value::Null | Value::Bool(_) | Value::Number(_) => None,
        }
    }

    fn add_form(&mut self, form: &[u8]) {
        let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(form).unwrap_or_default();
        for (name, value) in pairs {
            self.values.insert(name, Value::String(value));
        }
    }

    async fn add_multipart(&mut self, mut multipart: Multipart) -> actix_web::Result<()> {
        let mut total = 0;
        while let Some(field) = multipart.next().await {
            let mut field = field?;
            let name = field.name().unwrap_or_default().to_owned();
            let file_name = field
                .content_disposition()
                .and_then(|disposition| disposition.get_filename().map(str::to_owned));
            let mime = field.content_type().map(ToString::to_string);
            let mut bytes = BytesMut::new();
            while let Some(chunk) = field.next().await {
                let chunk = chunk?;
                total += chunk.len();
                if total > BODY_MAX {
                    return Err(actix_web::error::ErrorPayloadTooLarge("too large"));
                }
                bytes.extend_from_slice(&chunk);
            }
            match file_name {
                Some(file) => {
                    let mime = mime.unwrap_or_else(|| guess_mime(&file, &bytes));
                    let bytes = bytes.freeze();
                    let upload = Upload {
                        name: file,
                        mime,
                        bytes,
                    };
                    self.uploads.insert(name, upload);
                }
                None => {
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    self.values.insert(name, Value::String(text));
                }
            }
        }
        Ok(())
    }
}

async fn collect(mut payload: web::Payload) -> actix_web::Result<Bytes> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        body.extend_from_slice(&chunk?);
        if body.len() > BODY_MAX {
            return Err(actix_web::error::ErrorPayloadTooLarge("too large"));
        }
    }
    Ok(body.freeze())
}

/// The media type of a file that came without one.
pub(super) fn guess_mime(name: &str, bytes: &[u8]) -> String {
    let known = match image::guess_format(bytes) {
        Ok(format) => format.to_mime_type(),
        Err(_) if name.ends_with(".mp4") => "video/mp4",
        Err(_) if name.ends_with(".pdf") => "application/pdf",
        Err(_) => "application/octet-stream",
    };
    known.to_owned()
}
