//! Fields of a request's body, each with its documented rule.

use serde_json::{Map, Value, json};

use super::refusal::Refusal;

/// Limits of metadata (OpenAPI, `Metadata`).
const METADATA_KEYS_MAX: usize = 16;
const METADATA_KEY_CHARS_MAX: usize = 32;
const METADATA_VALUE_CHARS_MAX: usize = 512;

/// A body that is a JSON object.
pub fn object(body: &Value) -> Result<&Map<String, Value>, Refusal> {
    body.as_object().ok_or_else(|| {
        Refusal::new(
            400,
            "invalid_request",
            "The request body is not a JSON object",
        )
    })
}

/// An optional text of at most so many characters; `null` counts as absent.
pub fn text(
    fields: &Map<String, Value>,
    name: &str,
    parameter: &str,
    chars_max: usize,
) -> Result<Option<String>, Refusal> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.chars().count() <= chars_max => Ok(Some(text.clone())),
        Some(Value::String(_)) => Err(Refusal::invalid(
            parameter,
            format!("The length must not exceed {chars_max} characters"),
        )),
        Some(_) => Err(Refusal::invalid(parameter, "A string is expected")),
    }
}

/// An optional flag.
pub fn flag(fields: &Map<String, Value>, name: &str) -> Result<Option<bool>, Refusal> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(_) => Err(Refusal::invalid(name, "A boolean is expected")),
    }
}

/// The metadata of a payment or refund; an empty object when there is none.
pub fn metadata(fields: &Map<String, Value>) -> Result<Value, Refusal> {
    let metadata = match fields.get("metadata") {
        None | Some(Value::Null) => return Ok(json!({})),
        Some(metadata) => metadata,
    };
    let wrong = |description: &str| Refusal::invalid("metadata", description);
    let Some(pairs) = metadata.as_object() else {
        return Err(wrong("An object is expected"));
    };
    if pairs.len() > METADATA_KEYS_MAX {
        return Err(wrong("No more than 16 keys are allowed"));
    }
    for (key, value) in pairs {
        if key.chars().count() > METADATA_KEY_CHARS_MAX {
            return Err(wrong("A key must not exceed 32 characters"));
        }
        match value.as_str() {
            Some(text) if text.chars().count() <= METADATA_VALUE_CHARS_MAX => {}
            Some(_) => return Err(wrong("A value must not exceed 512 characters")),
            None => return Err(wrong("Values must be strings")),
        }
    }
    Ok(metadata.clone())
}
