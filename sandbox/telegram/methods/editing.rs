//! The edits: text, caption, media, buttons.

use super::sending::input_media;
use super::{Success, words};
use crate::telegram::chat::{Author, Message};
use crate::telegram::error::ApiError;
use crate::telegram::params::Params;
use crate::telegram::state::State;
use crate::telegram::wire;

/// The whole sentence, since clients compare it as a whole.
const NOT_MODIFIED: &str = "message is not modified: specified new message content and reply \
    markup are exactly the same as a current content and reply markup of the message";

pub fn edit_message_text(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    let words = words::text(params)?;
    let keyboard = words::inline_keyboard(params)?;
    let old = editable(state, params)?;
    if old.media.is_some() {
        return Err(ApiError::bad_request(
            "there is no text in the message to edit",
        ));
    }
    let edited = Message {
        words,
        keyboard,
        ..old.clone()
    };
    replace(state, params, &old, edited)
}

pub fn edit_message_caption(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    let words = words::caption(params)?;
    let keyboard = words::inline_keyboard(params)?;
    let old = editable(state, params)?;
    if old.media.is_none() {
        return Err(ApiError::bad_request(
            "there is no caption in the message to edit",
        ));
    }
    let edited = Message {
        words,
        keyboard,
        ..old.clone()
    };
    replace(state, params, &old, edited)
}

pub fn edit_message_media(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    let item = params.json("media")?.unwrap_or_default();
    let words = words::caption_of(&item)?;
    let keyboard = words::inline_keyboard(params)?;
    let old = editable(state, params)?;
    let media = Some(input_media(state, params, &item)?);
    let spoiler = item["has_spoiler"] == serde_json::json!(true);
    let edited = Message {
        words,
        media,
        spoiler,
        keyboard,
        ..old.clone()
    };
    replace(state, params, &old, edited)
}

pub fn edit_message_reply_markup(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    let keyboard = words::inline_keyboard(params)?;
    let old = editable(state, params)?;
    let edited = Message {
        keyboard,
        ..old.clone()
    };
    replace(state, params, &old, edited)
}

/// The message a call wants to edit, if it is the bot's own.
fn editable(state: &State, params: &Params) -> Result<Message, ApiError> {
    let chat = state.open_chat(params.chat_id()?)?;
    let id = params.integer("message_id").unwrap_or_default();
    let missing = || ApiError::bad_request("message to edit not found");
    let message = chat.message(id).ok_or_else(missing)?;
    match message.from {
        Author::Bot => Ok(message.clone()),
        Author::User => Err(ApiError::bad_request("message can't be edited")),
    }
}

/// Puts the new message in the old one's place, if anything changed.
fn replace(
    state: &mut State,
    params: &Params,
    old: &Message,
    mut edited: Message,
) -> Result<Success, ApiError> {
    if edited == *old {
        return Err(ApiError::bad_request(NOT_MODIFIED));
    }
    edited.edits += 1;
    let content_changed = edited.words != old.words || edited.media != old.media;
    if content_changed {
        edited.edit_date = Some(state.clock.unix_secs());
    }
    let chat_id = params.chat_id()?;
    let chat = state
        .chat_mut(chat_id)
        .expect("the message was found in it");
    if let Some(message) = chat.message_mut(edited.id) {
        *message = edited.clone();
    }
    let chat = state.known_chat(chat_id)?;
    Ok(Success::of(wire::message(state, chat, &edited)))
}
