//! Texts, captions and keyboards as calls carry them.

use serde_json::Value;

use crate::telegram::entities::{Entity, FormattedText, html};
use crate::telegram::error::ApiError;
use crate::telegram::keyboard::{self, Button, Markup};
use crate::telegram::params::Params;

/// The longest text, in UTF-16 units after parsing (Bot API, `sendMessage`).
const TEXT_UNITS_MAX: usize = 4096;

/// The longest caption, in UTF-16 units after parsing (Bot API, `sendPhoto`).
const CAPTION_UNITS_MAX: usize = 1024;

/// The text of a message; it must not be empty.
pub fn text(params: &Params) -> Result<FormattedText, ApiError> {
    let source = params.text("text").unwrap_or_default();
    let mode = params.text("parse_mode");
    let words = formatted(&source, mode.as_deref(), params.json("entities")?)?;
    if words.is_empty() {
        return Err(ApiError::bad_request("message text is empty"));
    }
    if words.units() > TEXT_UNITS_MAX {
        return Err(ApiError::bad_request("message is too long"));
    }
    Ok(words)
}

/// A caption, which may be empty.
pub fn caption(params: &Params) -> Result<FormattedText, ApiError> {
    let source = params.text("caption").unwrap_or_default();
    let mode = params.text("parse_mode");
    checked_caption(&source, mode.as_deref(), params.json("caption_entities")?)
}

/// The caption of one item of an album or of `editMessageMedia`.
pub fn caption_of(media: &Value) -> Result<FormattedText, ApiError> {
    let source = media["caption"].as_str().unwrap_or_default();
    let entities = media
        .get("caption_entities")
        .filter(|value| !value.is_null())
        .cloned();
    checked_caption(source, media["parse_mode"].as_str(), entities)
}

fn checked_caption(
    source: &str,
    mode: Option<&str>,
    entities: Option<Value>,
) -> Result<FormattedText, ApiError> {
    let words = formatted(source, mode, entities)?;
    if words.units() > CAPTION_UNITS_MAX {
        return Err(ApiError::bad_request("message caption is too long"));
    }
    Ok(words)
}

fn formatted(
    source: &str,
    mode: Option<&str>,
    entities: Option<Value>,
) -> Result<FormattedText, ApiError> {
    let plain = |entities| FormattedText {
        text: source.to_owned(),
        entities,
    };
    let words = match mode.unwrap_or_default().to_ascii_lowercase().as_str() {
        "html" => html::parse(source)
            .map_err(|reason| ApiError::bad_request(format!("can't parse entities: {reason}")))?,
        "" => plain(given_entities(entities)?),
        // Markdown is deliberately not emulated; a bot that needs it shall see that at once.
        _ => return Err(ApiError::bad_request("unsupported parse_mode")),
    };
    Ok(words.trimmed().with_detected())
}

fn given_entities(entities: Option<Value>) -> Result<Vec<Entity>, ApiError> {
    let Some(entities) = entities else {
        return Ok(Vec::new());
    };
    let refused = |_| ApiError::bad_request("can't parse MessageEntity");
    serde_json::from_value(entities).map_err(refused)
}

/// The keyboard a new message asks for, of any kind.
pub fn markup(params: &Params) -> Result<Option<Markup>, ApiError> {
    params
        .json("reply_markup")?
        .as_ref()
        .map(keyboard::parse)
        .transpose()
}

/// The keyboard of an edit: buttons under the message, or none of them.
pub fn inline_keyboard(params: &Params) -> Result<Vec<Vec<Button>>, ApiError> {
    match markup(params)? {
        None => Ok(Vec::new()),
        Some(Markup::Inline(rows)) => Ok(rows),
        Some(Markup::Reply(_) | Markup::Remove | Markup::ForceReply) => {
            Err(ApiError::bad_request("object expected as reply markup"))
        }
    }
}
