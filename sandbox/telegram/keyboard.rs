//! Keyboards: the buttons under a message, and those in place of the letters.

use serde::Serialize;
use serde_json::{Map, Value};

use super::entities::units;
use super::error::ApiError;

/// Callback data, in bytes (Bot API, `InlineKeyboardButton`).
const DATA_BYTES_MAX: usize = 64;

/// All buttons of one message. Telegram publishes no figure; clients report 100.
const BUTTONS_MAX: usize = 100;

/// The text of `copy_text`, in UTF-16 units (Bot API, `CopyTextButton`).
const COPY_TEXT_UNITS_MAX: usize = 256;

/// Fields that say what a button does; exactly one is allowed.
const ACTIONS: [&str; 10] = [
    "callback_data",
    "url",
    "copy_text",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "callback_game",
    "pay",
];

/// A button under a message.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Button {
    /// What a person reads on it.
    pub text: String,
    /// What a press does.
    pub action: ButtonAction,
    /// As the bot sent it, which the API answers unchanged.
    #[serde(skip)]
    pub(super) raw: Value,
}

/// What a press does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ButtonAction {
    /// Sends this data to the bot.
    Callback(String),
    /// Opens an address.
    Url(String),
    /// Copies this text.
    Copy(String),
    /// Something no emulator can show, by its field name.
    Other(String),
}

/// What `reply_markup` asks for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Markup {
    /// Buttons under the message.
    Inline(Vec<Vec<Button>>),
    /// Buttons in place of the letters, by their texts.
    Reply(Vec<Vec<String>>),
    /// The letters again.
    Remove,
    /// A reply field opened for the person.
    ForceReply,
}

/// Reads `reply_markup`, and refuses what Telegram refuses.
pub(super) fn parse(markup: &Value) -> Result<Markup, ApiError> {
    let refused = || ApiError::bad_request("object expected as reply markup");
    let markup = markup.as_object().ok_or_else(refused)?;
    if let Some(rows) = markup.get("inline_keyboard") {
        return inline(rows).map(Markup::Inline);
    }
    if let Some(rows) = markup.get("keyboard") {
        return reply(rows).map(Markup::Reply);
    }
    if markup.contains_key("remove_keyboard") {
        return Ok(Markup::Remove);
    }
    if markup.contains_key("force_reply") {
        return Ok(Markup::ForceReply);
    }
    // An empty object is no keyboard.
    Ok(Markup::Inline(Vec::new()))
}

fn rows(rows: &Value) -> Result<impl Iterator<Item = &Vec<Value>>, ApiError> {
    let refused = || ApiError::bad_request("can't parse keyboard: expected an Array of Arrays");
    let rows = rows.as_array().ok_or_else(refused)?;
    if rows.iter().any(|row| !row.is_array()) {
        return Err(refused());
    }
    Ok(rows
        .iter()
        .filter_map(Value::as_array)
        .filter(|row| !row.is_empty()))
}

fn inline(value: &Value) -> Result<Vec<Vec<Button>>, ApiError> {
    let mut keyboard = Vec::new();
    for row in rows(value)? {
        keyboard.push(row.iter().map(button).collect::<Result<Vec<_>, _>>()?);
    }
    if keyboard.iter().flatten().count() > BUTTONS_MAX {
        return Err(ApiError::bad_request("reply markup is too long"));
    }
    Ok(keyboard)
}

fn button(value: &Value) -> Result<Button, ApiError> {
    let refused =
        |what: &str| ApiError::bad_request(format!("can't parse inline keyboard button: {what}"));
    let fields = value
        .as_object()
        .ok_or_else(|| refused("expected an Object"))?;
    let text = fields
        .get("text")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if text.trim().is_empty() {
        return Err(refused("Field \"text\" must be non-empty"));
    }
    let mut actions = ACTIONS.iter().filter(|name| fields.contains_key(**name));
    let (Some(name), None) = (actions.next(), actions.next()) else {
        return Err(ApiError::bad_request(
            "Text buttons are unallowed in the inline keyboard",
        ));
    };
    Ok(Button {
        text: text.to_owned(),
        action: action(name, fields)?,
        raw: value.clone(),
    })
}

fn action(name: &str, fields: &Map<String, Value>) -> Result<ButtonAction, ApiError> {
    let text = fields[name].as_str().unwrap_or_default();
    match name {
        "callback_data" if (1..=DATA_BYTES_MAX).contains(&text.len()) => {
            Ok(ButtonAction::Callback(text.to_owned()))
        }
        "callback_data" => Err(ApiError::bad_request("BUTTON_DATA_INVALID")),
        "url" => {
            let known = ["http://", "https://", "tg://"];
            if !known
                .iter()
                .any(|scheme| text.starts_with(scheme) && text.len() > scheme.len())
            {
                return Err(ApiError::bad_request(format!(
                    "inline keyboard button URL '{text}' is invalid: Wrong HTTP URL"
                )));
            }
            Ok(ButtonAction::Url(text.to_owned()))
        }
        "copy_text" => {
            let text = fields[name]["text"].as_str().unwrap_or_default();
            if !(1..=COPY_TEXT_UNITS_MAX).contains(&units(text)) {
                return Err(ApiError::bad_request("BUTTON_COPY_TEXT_INVALID"));
            }
            Ok(ButtonAction::Copy(text.to_owned()))
        }
        other => Ok(ButtonAction::Other(other.to_owned())),
    }
}

fn reply(value: &Value) -> Result<Vec<Vec<String>>, ApiError> {
    let text = |button: &Value| {
        let text = button.as_str().or_else(|| button["text"].as_str());
        let text = text.filter(|text| !text.is_empty()).map(str::to_owned);
        text.ok_or_else(|| ApiError::bad_request("keyboard button text must be non-empty"))
    };
    rows(value)?
        .map(|row| row.iter().map(text).collect())
        .collect()
}

/// The keyboard as the API writes it.
pub(super) fn to_json(keyboard: &[Vec<Button>]) -> Value {
    let rows = keyboard
        .iter()
        .map(|row| row.iter().map(|button| button.raw.clone()).collect());
    serde_json::json!({ "inline_keyboard": rows.collect::<Vec<Vec<Value>>>() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(button: Value) -> Result<Markup, String> {
        parse(&json!({ "inline_keyboard": [[button]] })).map_err(|error| error.description)
    }

    #[test]
    fn callback_data_is_counted_in_bytes() {
        let fits = "ж".repeat(32);
        assert!(check(json!({ "text": "a", "callback_data": fits })).is_ok());
        let refused = Err("Bad Request: BUTTON_DATA_INVALID".to_owned());
        let above = format!("{fits}x");
        assert_eq!(
            check(json!({ "text": "a", "callback_data": above })),
            refused
        );
        assert_eq!(check(json!({ "text": "a", "callback_data": "" })), refused);
    }

    #[test]
    fn a_button_does_exactly_one_thing() {
        assert!(check(json!({ "text": "a" })).is_err());
        assert!(
            check(json!({ "text": "a", "url": "https://x.org", "callback_data": "x" })).is_err()
        );
        assert!(check(json!({ "text": "a", "url": "nowhere" })).is_err());
        assert!(check(json!({ "text": "", "callback_data": "x" })).is_err());
    }
}
