//! Taking messages away, and pinning them.

use std::time::Duration;

use super::Success;
use crate::telegram::error::ApiError;
use crate::telegram::params::Params;
use crate::telegram::state::State;

/// Messages younger than this can be deleted (Bot API, `deleteMessage`).
const DELETABLE: Duration = Duration::from_secs(48 * 60 * 60);

/// Messages of one `deleteMessages` (Bot API).
const DELETE_IDS_MAX: usize = 100;

pub fn delete_message(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    let chat = params.chat_id()?;
    let id = params.integer("message_id").unwrap_or_default();
    let missing = || ApiError::bad_request("message to delete not found");
    let message = state.known_chat(chat)?.message(id).ok_or_else(missing)?;
    let sent = Duration::from_secs(u64::try_from(message.date).unwrap_or_default());
    if state.clock.now().saturating_sub(sent) >= DELETABLE {
        return Err(ApiError::bad_request("message can't be deleted"));
    }
    delete(state, chat, id);
    Ok(Success::done())
}

pub fn delete_messages(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    let chat = params.chat_id()?;
    state.known_chat(chat)?;
    let ids = params.json("message_ids")?.unwrap_or_default();
    let ids: Vec<i64> = serde_json::from_value(ids).unwrap_or_default();
    if ids.is_empty() || ids.len() > DELETE_IDS_MAX {
        return Err(ApiError::bad_request(
            "message identifiers are not specified",
        ));
    }
    for id in ids {
        delete(state, chat, id);
    }
    Ok(Success::done())
}

/// Takes a message away; one that is not there is skipped.
fn delete(state: &mut State, chat: i64, id: i64) {
    let Some(chat) = state.chat_mut(chat) else {
        return;
    };
    chat.pinned.retain(|pinned| *pinned != id);
    if let Some(message) = chat.message_mut(id) {
        message.deleted = true;
    }
}

pub fn pin_chat_message(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    let chat = params.chat_id()?;
    let id = params.integer("message_id").unwrap_or_default();
    let missing = || ApiError::bad_request("message to pin not found");
    state.open_chat(chat)?.message(id).ok_or_else(missing)?;
    if let Some(chat) = state.chat_mut(chat) {
        chat.pinned.retain(|pinned| *pinned != id);
        chat.pinned.insert(0, id);
    }
    Ok(Success::done())
}

pub fn unpin_chat_message(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    let chat = params.chat_id()?;
    let newest = state.open_chat(chat)?.pinned.first().copied();
    let missing = || ApiError::bad_request("message to unpin not found");
    let id = params
        .integer("message_id")
        .or(newest)
        .ok_or_else(missing)?;
    if let Some(chat) = state.chat_mut(chat) {
        chat.pinned.retain(|pinned| *pinned != id);
    }
    Ok(Success::done())
}

pub fn unpin_all_chat_messages(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    let chat = params.chat_id()?;
    state.open_chat(chat)?;
    if let Some(chat) = state.chat_mut(chat) {
        chat.pinned.clear();
    }
    Ok(Success::done())
}
