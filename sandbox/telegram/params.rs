//! The parameters of a call, however the client sent them.
//!
//! Query string, form, JSON and multipart all end up as one map of values and one of files
//! (Bot API, "Making requests"). In forms, objects are JSON inside strings; every accessor
//! takes both.

use std::collections::BTreeMap;

use actix_multipart::Multipart;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use actix_web::web::Query;
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream};
use serde_json::{Map, Value};

use super::error::ApiError;
use super::media::Upload;

/// One call's parameters.
#[derive(Debug, Default)]
pub struct Params {
    values: BTreeMap<String, Value>,
    files: BTreeMap<String, Upload>,
}

/// A file parameter, resolved.
#[derive(Debug)]
pub enum InputFile {
    Upload(Upload),
    FileId(String),
}

impl Params {
    /// Reads the query string and the body of a request.
    pub async fn read(
        content_type: Option<&str>,
        query: &str,
        body: Bytes,
    ) -> Result<Params, ApiError> {
        let mut params = Params::default();
        params.read_form(query)?;
        let essence = content_type
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default();
        match essence.trim().to_ascii_lowercase().as_str() {
            "application/json" => params.read_json(&body)?,
            "application/x-www-form-urlencoded" => {
                let form = std::str::from_utf8(&body).map_err(|_| not_utf8())?;
                params.read_form(form)?;
            }
            "multipart/form-data" => {
                params
                    .read_multipart(content_type.unwrap_or_default(), body)
                    .await?;
            }
            // As with Telegram, a body of another type is no parameter.
            _ => {}
        }
        Ok(params)
    }

    fn read_form(&mut self, form: &str) -> Result<(), ApiError> {
        let pairs = Query::<Vec<(String, String)>>::from_query(form)
            .map_err(|_| ApiError::bad_request("can't parse the form"))?;
        let values = pairs.into_inner().into_iter();
        self.values
            .extend(values.map(|(name, value)| (name, Value::String(value))));
        Ok(())
    }

    fn read_json(&mut self, body: &[u8]) -> Result<(), ApiError> {
        if body.is_empty() {
            return Ok(());
        }
        std::str::from_utf8(body).map_err(|_| not_utf8())?;
        let fields: Map<String, Value> = serde_json::from_slice(body)
            .map_err(|_| ApiError::bad_request("can't parse JSON object"))?;
        let given = fields.into_iter().filter(|(_, value)| !value.is_null());
        self.values.extend(given);
        Ok(())
    }

    async fn read_multipart(&mut self, content_type: &str, body: Bytes) -> Result<(), ApiError> {
        let refused = || ApiError::bad_request("can't parse the multipart body");
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_str(content_type).map_err(|_| refused())?;
        headers.insert(CONTENT_TYPE, value);
        let whole = stream::once(async { Ok::<_, actix_web::error::PayloadError>(body) });
        let mut parts = Multipart::new(&headers, Box::pin(whole));
        while let Some(part) = parts.next().await {
            let mut part = part.map_err(|_| refused())?;
            let name = part.name().ok_or_else(refused)?.to_owned();
            let disposition = part.content_disposition();
            let file_name = disposition
                .and_then(|it| it.get_filename())
                .map(str::to_owned);
            let mime_type = part.content_type().map(ToString::to_string);
            let mut bytes = BytesMut::new();
            while let Some(chunk) = part.next().await {
                bytes.extend_from_slice(&chunk.map_err(|_| refused())?);
            }
            let bytes = bytes.freeze();
            if file_name.is_some() {
                let upload = Upload {
                    bytes,
                    file_name,
                    mime_type,
                    ..Upload::default()
                };
                self.files.insert(name, upload);
            } else {
                let text = String::from_utf8(bytes.to_vec()).map_err(|_| not_utf8())?;
                self.values.insert(name, Value::String(text));
            }
        }
        Ok(())
    }

    /// The same call with one parameter more.
    pub fn with(mut self, name: &str, value: Value) -> Params {
        self.values.insert(name.to_owned(), value);
        self
    }

    /// Takes a parameter out.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.values.remove(name)
    }

    /// A text; a number is taken as its digits.
    pub fn text(&self, name: &str) -> Option<String> {
        match self.values.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Null => None,
            other => Some(other.to_string()),
        }
    }

    /// An integer, or its digits.
    pub fn integer(&self, name: &str) -> Option<i64> {
        match self.values.get(name)? {
            Value::String(text) => text.trim().parse().ok(),
            other => other.as_i64(),
        }
    }

    /// A non-negative integer that fits, or 0.
    pub fn size(&self, name: &str) -> u32 {
        self.integer(name)
            .and_then(|size| u32::try_from(size).ok())
            .unwrap_or_default()
    }

    /// Whether a flag is set: `true`, `yes` or `1`, as Telegram reads it.
    pub fn flag(&self, name: &str) -> bool {
        let text = self.text(name).unwrap_or_default().to_lowercase();
        matches!(text.as_str(), "true" | "yes" | "1")
    }

    /// An object or array, or JSON inside a string; `None` when it is not given or empty.
    pub fn json(&self, name: &str) -> Result<Option<Value>, ApiError> {
        let parsed = match self.values.get(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) if text.is_empty() => return Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text),
            Some(value) => Ok(value.clone()),
        };
        let refused = |_| ApiError::bad_request(format!("can't parse {name} JSON object"));
        parsed.map(Some).map_err(refused)
    }

    /// The chat a call is about, for the record.
    pub fn named_chat(&self) -> Option<i64> {
        self.integer("chat_id")
    }

    /// The chat a call must name.
    pub fn chat_id(&self) -> Result<i64, ApiError> {
        let text = self.text("chat_id").unwrap_or_default();
        if text.is_empty() {
            return Err(ApiError::bad_request("chat_id is empty"));
        }
        self.named_chat()
            .ok_or_else(|| ApiError::bad_request("chat not found"))
    }

    /// The file under a field's name, by upload, `attach://` or `file_id`.
    pub fn file(&self, name: &str) -> Result<InputFile, ApiError> {
        if let Some(upload) = self.files.get(name) {
            return Ok(InputFile::Upload(upload.clone()));
        }
        match self.text(name).filter(|value| !value.is_empty()) {
            Some(value) => self.input_file(&value),
            None => Err(ApiError::bad_request(format!(
                "there is no {name} in the request"
            ))),
        }
    }

    /// The file a text names.
    pub fn input_file(&self, value: &str) -> Result<InputFile, ApiError> {
        if let Some(part) = value.strip_prefix("attach://") {
            let upload = self.files.get(part).cloned();
            let missing = || ApiError::bad_request("file must be non-empty");
            return upload.map(InputFile::Upload).ok_or_else(missing);
        }
        if value.starts_with("http://") || value.starts_with("https://") {
            return Err(ApiError::bad_request("failed to get HTTP URL content"));
        }
        Ok(InputFile::FileId(value.to_owned()))
    }

    /// Every uploaded file, by the names of the parts.
    pub fn into_uploads(self) -> Vec<Upload> {
        self.files.into_values().collect()
    }

    /// Everything but the bytes, for the record.
    pub fn redacted(&self) -> Value {
        let mut fields: Map<String, Value> = self
            .values
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        for (name, upload) in &self.files {
            let file_name = upload.file_name.as_deref().unwrap_or_default();
            let shown = format!("<{file_name}, {} bytes>", upload.bytes.len());
            fields.insert(name.clone(), Value::String(shown));
        }
        Value::Object(fields)
    }
}

fn not_utf8() -> ApiError {
    ApiError::bad_request("strings must be encoded in UTF-8")
}
