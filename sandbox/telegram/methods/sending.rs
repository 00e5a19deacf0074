//! `sendMessage`, files, albums, `copyMessage`.

use serde_json::{Value, json};

use super::{Success, words};
use crate::telegram::chat::{Author, Message};
use crate::telegram::entities::FormattedText;
use crate::telegram::error::ApiError;
use crate::telegram::keyboard::{Button, Markup};
use crate::telegram::media::{Media, MediaKind};
use crate::telegram::params::{InputFile, Params};
use crate::telegram::state::State;
use crate::telegram::wire;

/// Messages of an album (Bot API, `sendMediaGroup`).
const ALBUM_ITEMS: std::ops::RangeInclusive<usize> = 2..=10;

/// What a message is about to say.
struct Draft {
    words: FormattedText,
    media: Option<Media>,
    spoiler: bool,
    album: Option<String>,
}

pub fn send_message(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    let words = words::text(params)?;
    send(
        state,
        params,
        Draft {
            words,
            media: None,
            spoiler: false,
            album: None,
        },
    )
}

pub fn send_photo(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    send_file(state, params, MediaKind::Photo)
}

pub fn send_document(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    send_file(state, params, MediaKind::Document)
}

pub fn send_video(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    send_file(state, params, MediaKind::Video)
}

pub fn send_animation(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    send_file(state, params, MediaKind::Animation)
}

fn send_file(state: &mut State, params: &Params, kind: MediaKind) -> Result<Success, ApiError> {
    let words = words::caption(params)?;
    state.open_chat(params.chat_id()?)?;
    let mut file = params.file(kind.field())?;
    if let InputFile::Upload(upload) = &mut file {
        upload.width = params.size("width");
        upload.height = params.size("height");
        upload.duration_secs = params.size("duration");
    }
    let media = Some(resolve(state, kind, file)?);
    let spoiler = params.flag("has_spoiler");
    send(
        state,
        params,
        Draft {
            words,
            media,
            spoiler,
            album: None,
        },
    )
}

/// Stores an upload, or finds the file a `file_id` names.
pub fn resolve(state: &mut State, kind: MediaKind, file: InputFile) -> Result<Media, ApiError> {
    let file_id = match file {
        InputFile::Upload(upload) => return state.files.store(kind, upload),
        InputFile::FileId(file_id) => file_id,
    };
    let wrong = || ApiError::bad_request("wrong file identifier/HTTP URL specified");
    let media = state.files.find(&file_id).ok_or_else(wrong)?.media.clone();
    if media.kind != kind {
        return Err(ApiError::bad_request(format!(
            "can't use file of type {} as {}",
            media.kind.title(),
            kind.title()
        )));
    }
    Ok(media)
}

/// The one message of a call, with its keyboard.
fn send(state: &mut State, params: &Params, draft: Draft) -> Result<Success, ApiError> {
    let chat = params.chat_id()?;
    let markup = words::markup(params)?;
    let reply_to = reply_to(state, chat, params)?;
    admit(state, chat, 1)?;
    let keyboard = put_keyboard(state, chat, markup);
    let id = post(state, chat, draft, reply_to, keyboard);
    Ok(Success::of(shown(state, chat, id)))
}

/// Lets so many messages into a chat, if it is open and the bot is not too fast.
fn admit(state: &mut State, chat: i64, messages: usize) -> Result<(), ApiError> {
    state.open_chat(chat)?;
    let now = state.clock.now();
    state
        .meters
        .take(chat, messages, now)
        .map_err(ApiError::too_many_requests)
}

/// The message a call answers, which must be there unless the call says otherwise.
fn reply_to(state: &State, chat: i64, params: &Params) -> Result<Option<i64>, ApiError> {
    let parameters = params.json("reply_parameters")?.unwrap_or_default();
    let old_name = || params.integer("reply_to_message_id");
    let Some(id) = parameters["message_id"].as_i64().or_else(old_name) else {
        return Ok(None);
    };
    let optional = parameters["allow_sending_without_reply"] == json!(true)
        || params.flag("allow_sending_without_reply");
    let found = state.open_chat(chat)?.message(id).is_some();
    match (found, optional) {
        (true, _) => Ok(Some(id)),
        (false, true) => Ok(None),
        (false, false) => Err(ApiError::bad_request("message to be replied not found")),
    }
}

/// Shows a keyboard in place of the letters, and gives the buttons for under the message.
fn put_keyboard(state: &mut State, chat: i64, markup: Option<Markup>) -> Vec<Vec<Button>> {
    let reply_keyboard = match markup {
        None | Some(Markup::ForceReply) => return Vec::new(),
        Some(Markup::Inline(rows)) => return rows,
        Some(Markup::Reply(rows)) => rows,
        Some(Markup::Remove) => Vec::new(),
    };
    if let Some(chat) = state.chat_mut(chat) {
        chat.reply_keyboard = reply_keyboard;
    }
    Vec::new()
}

/// Puts a message of the bot into a chat that is known to be open, and gives its id.
fn post(
    state: &mut State,
    chat: i64,
    draft: Draft,
    reply_to: Option<i64>,
    keyboard: Vec<Vec<Button>>,
) -> i64 {
    let date = state.clock.unix_secs();
    let chat = state.chat_mut(chat).expect("the chat was found before");
    let message = Message {
        words: draft.words,
        media: draft.media,
        spoiler: draft.spoiler,
        album: draft.album,
        reply_to,
        keyboard,
        ..chat.draft(Author::Bot, date)
    };
    let id = message.id;
    chat.messages.push(message);
    chat.action = None;
    id
}

fn shown(state: &State, chat: i64, message: i64) -> Value {
    let chat = state.chats.get(&chat);
    let found = chat.and_then(|chat| Some((chat, chat.message(message)?)));
    found
        .map(|(chat, message)| wire::message(state, chat, message))
        .unwrap_or_default()
}

pub fn send_media_group(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    let chat = params.chat_id()?;
    state.open_chat(chat)?;
    let items = params.json("media")?.unwrap_or_default();
    let items = items.as_array().cloned().unwrap_or_default();
    if !ALBUM_ITEMS.contains(&items.len()) {
        return Err(ApiError::bad_request(
            "wrong number of media to send: an album has from 2 to 10 items",
        ));
    }
    let reply_to = reply_to(state, chat, params)?;
    let album = state.fresh_id();
    let mut drafts = Vec::new();
    for item in &items {
        let media = input_media(state, params, item)?;
        let spoiler = item["has_spoiler"] == json!(true);
        let words = words::caption_of(item)?;
        drafts.push(Draft {
            words,
            media: Some(media),
            spoiler,
            album: Some(album.clone()),
        });
    }
    let is_document = |draft: &&Draft| {
        draft
            .media
            .as_ref()
            .is_some_and(|m| m.kind == MediaKind::Document)
    };
    let documents = drafts.iter().filter(is_document).count();
    if documents != 0 && documents != drafts.len() {
        return Err(ApiError::bad_request(
            "document can't be mixed with other media types",
        ));
    }
    admit(state, chat, drafts.len())?;
    let mut sent = Vec::new();
    for draft in drafts {
        let id = post(state, chat, draft, reply_to, Vec::new());
        sent.push(shown(state, chat, id));
    }
    Ok(Success::of(sent.into()))
}

/// The file of an `InputMedia`.
pub fn input_media(state: &mut State, params: &Params, item: &Value) -> Result<Media, ApiError> {
    let kind = match item["type"].as_str().unwrap_or_default() {
        "photo" => MediaKind::Photo,
        "video" => MediaKind::Video,
        "animation" => MediaKind::Animation,
        "document" => MediaKind::Document,
        _ => return Err(ApiError::bad_request("can't parse InputMedia: wrong type")),
    };
    let named = item["media"].as_str().filter(|media| !media.is_empty());
    let named = named.ok_or_else(|| ApiError::bad_request("can't parse InputMedia: no media"))?;
    let file = params.input_file(named)?;
    resolve(state, kind, file)
}

pub fn copy_message(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    let chat = params.chat_id()?;
    state.open_chat(chat)?;
    let source = params.integer("from_chat_id").unwrap_or_default();
    let message = params.integer("message_id").unwrap_or_default();
    let original = state.known_chat(source)?.message(message);
    let missing = || ApiError::bad_request("message to copy not found");
    let original = original.ok_or_else(missing)?.clone();
    let words = match (&original.media, params.text("caption")) {
        (Some(_), Some(_)) => words::caption(params)?,
        (Some(_), None) | (None, _) => original.words,
    };
    let markup = words::markup(params)?;
    let reply_to = reply_to(state, chat, params)?;
    admit(state, chat, 1)?;
    let keyboard = put_keyboard(state, chat, markup);
    let draft = Draft {
        words,
        media: original.media,
        spoiler: original.spoiler,
        album: None,
    };
    let id = post(state, chat, draft, reply_to, keyboard);
    Ok(Success::of(json!({ "message_id": id })))
}
