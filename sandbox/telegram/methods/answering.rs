//! Answers to presses, and what the bot is shown doing.

use std::time::Duration;

use super::Success;
use crate::telegram::chat::{Action, Toast};
use crate::telegram::entities::units;
use crate::telegram::error::ApiError;
use crate::telegram::params::Params;
use crate::telegram::state::State;

/// The longest answer to a press, in UTF-16 units (Bot API, `answerCallbackQuery`).
const TOAST_UNITS_MAX: usize = 200;

/// Until when a press can be answered. Telegram documents no deadline; its queue keeps a press
/// for so long.
const ANSWERABLE: Duration = Duration::from_secs(150);

/// How long an action is shown (Bot API, `sendChatAction`).
const ACTION_SHOWN: Duration = Duration::from_secs(5);

/// The actions there are (Bot API, `sendChatAction`).
const ACTIONS: [&str; 11] = [
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
];

pub fn answer_callback_query(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    let id = params.text("callback_query_id").unwrap_or_default();
    let text = params.text("text").unwrap_or_default();
    if units(&text) > TOAST_UNITS_MAX {
        return Err(ApiError::bad_request("MESSAGE_TOO_LONG"));
    }
    let now = state.clock.now();
    let open = state
        .callbacks
        .get_mut(&id)
        .filter(|callback| !callback.answered && now.saturating_sub(callback.pressed) < ANSWERABLE);
    let Some(callback) = open else {
        return Err(ApiError::bad_request(
            "query is too old and response timeout expired or query ID is invalid",
        ));
    };
    callback.answered = true;
    let chat = callback.chat;
    let toast = Toast {
        callback_id: id,
        text,
        alert: params.flag("show_alert"),
        url: params.text("url").filter(|url| !url.is_empty()),
    };
    if let Some(chat) = state.chat_mut(chat) {
        chat.toasts.push(toast);
    }
    Ok(Success::done())
}

pub fn send_chat_action(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    let chat = params.chat_id()?;
    let name = params.text("action").unwrap_or_default().to_lowercase();
    if !ACTIONS.contains(&name.as_str()) {
        return Err(ApiError::bad_request("wrong parameter action in request"));
    }
    state.open_chat(chat)?;
    let until = state.clock.now() + ACTION_SHOWN;
    if let Some(chat) = state.chat_mut(chat) {
        chat.action = Some(Action { name, until });
    }
    Ok(Success::done())
}
