//! The methods of the Bot API that a bot of this kind uses, with their checks and their words.

use serde_json::{Value, json};

use super::html;
use super::params::{Params, Upload, guess_mime};
use super::state::{Button, Entity, Message, State, Toast, now};

/// Limits of the Bot API: text, caption, callback data, callback answers, uploads.
const TEXT_MAX: usize = 4096;
const CAPTION_MAX: usize = 1024;
const DATA_MAX: usize = 64;
const ANSWER_MAX: usize = 200;
const PHOTO_BYTES_MAX: usize = 10 * 1024 * 1024;
const FILE_BYTES_MAX: usize = 50 * 1024 * 1024;
const DOWNLOAD_BYTES_MAX: usize = 20 * 1024 * 1024;

/// Why a call is refused.
#[derive(Debug)]
pub(super) struct Refusal {
    pub code: u16,
    pub description: String,
    pub retry_after: Option<u64>,
}

impl Refusal {
    pub fn bad(what: &str) -> Self {
        Self::new(400, &format!("Bad Request: {what}"))
    }

    pub fn new(code: u16, description: &str) -> Self {
        Self {
            code,
            description: description.to_owned(),
            retry_after: None,
        }
    }

    pub fn flood(seconds: u64) -> Self {
        Self {
            code: 429,
            description: format!("Too Many Requests: retry after {seconds}"),
            retry_after: Some(seconds),
        }
    }
}

type Answer = Result<Value, Refusal>;

/// Runs a method; `None` when there is none of this name.
pub(super) fn run(state: &mut State, method: &str, params: &Params) -> Option<Answer> {
    let media = |kind| kind;
    Some(match method.to_ascii_lowercase().as_str() {
        "getme" => Ok(me(state)),
        "sendmessage" => send_message(state, params),
        "sendphoto" => send_media(state, params, media("photo")),
        "senddocument" => send_media(state, params, media("document")),
        "sendvideo" => send_media(state, params, media("video")),
        "sendanimation" => send_media(state, params, media("animation")),
        "sendmediagroup" => send_album(state, params),
        "sendchataction" => chat_action(state, params),
        "editmessagetext" => edit_words(state, params, Words::Text),
        "editmessagecaption" => edit_words(state, params, Words::Caption),
        "editmessagereplymarkup" => edit_markup(state, params),
        "editmessagemedia" => edit_media(state, params),
        "deletemessage" => delete(state, params),
        "deletemessages" => delete_many(state, params),
        "copymessage" => copy(state, params),
        "answercallbackquery" => answer_tap(state, params),
        "getfile" => get_file(state, params),
        "setmycommands" => set_commands(state, params),
        "getmycommands" => Ok(commands(state, params)),
        "deletemycommands" => {
            state.commands.remove(&language_key(params));
            Ok(json!(true))
        }
        "getchat" => chat_of(state, params).map(|chat| state.chat_value(chat)),
        "setmyname"
        | "setmydescription"
        | "setmyshortdescription"
        | "setchatmenubutton"
        | "pinchatmessage"
        | "unpinchatmessage"
        | "logout"
        | "close" => Ok(json!(true)),
        "getmyname" => Ok(json!({ "name": "REI Bot" })),
        "getwebhookinfo" => Ok(json!({
            "url": state.webhook.url, "has_custom_certificate": false,
            "pending_update_count": state.waiting.len(),
        })),
        _ => return None,
    })
}

fn me(state: &State) -> Value {
    let mut me = state.bot_user();
    for field in [
        "can_join_groups",
        "can_read_all_group_messages",
        "supports_inline_queries",
        "can_connect_to_business",
        "has_main_web_app",
    ] {
        me[field] = json!(false);
    }
    me
}

/// The chat a call is about, checked as the real one does.
fn chat_of(state: &State, params: &Params) -> Result<i64, Refusal> {
    let chat = params
        .int("chat_id")
        .ok_or_else(|| Refusal::bad("chat_id is empty"))?;
    if state.chats.contains_key(&chat) {
        Ok(chat)
    } else {
        Err(Refusal::bad("chat not found"))
    }
}

/// A chat to which something may be sent now.
fn open_chat(state: &mut State, params: &Params) -> Result<i64, Refusal> {
    let chat = chat_of(state, params)?;
    if let Some(found) = state.chats.get(&chat) {
        if found.blocked {
            return Err(Refusal::new(403, "Forbidden: bot was blocked by the user"));
        }
        if !found.begun {
            let words = "Forbidden: bot can't initiate conversation with a user";
            return Err(Refusal::new(403, words));
        }
    }
    match state.limits.take(chat) {
        Some(seconds) => Err(Refusal::flood(seconds)),
        None => Ok(chat),
    }
}

/// Words of a call, formatting applied and length checked.
fn words(params: &Params, field: &str, max: usize) -> Result<(String, Vec<Entity>), Refusal> {
    let source = params.text(field).unwrap_or_default();
    let (text, entities) = match params.text("parse_mode") {
        Some(mode) if mode.eq_ignore_ascii_case("html") => html::parse(&source)
            .map_err(|problem| Refusal::bad(&format!("can't parse entities: {problem}")))?,
        Some(mode) if !mode.is_empty() && !mode.to_ascii_lowercase().starts_with("markdown") => {
            return Err(Refusal::bad("unsupported parse_mode"));
        }
        _ => (source, Vec::new()),
    };
    if text.encode_utf16().count() > max {
        let what = if field == "text" {
            "message is too long"
        } else {
            "message caption is too long"
        };
        return Err(Refusal::bad(what));
    }
    Ok((text, entities))
}

/// The inline keyboard of a call; other markups leave no trace in a chat.
fn keyboard(params: &Params) -> Result<Vec<Vec<Button>>, Refusal> {
    if params.get("reply_markup").is_none() {
        return Ok(Vec::new());
    }
    let markup = params
        .object("reply_markup")
        .ok_or_else(|| Refusal::bad("object expected as reply markup"))?;
    let mut rows = Vec::new();
    for row in markup["inline_keyboard"].as_array().into_iter().flatten() {
        let mut buttons = Vec::new();
        for button in row.as_array().into_iter().flatten() {
            buttons.push(checked_button(button)?);
        }
        if !buttons.is_empty() {
            rows.push(buttons);
        }
    }
    Ok(rows)
}

fn checked_button(button: &Value) -> Result<Button, Refusal> {
    let text = button["text"].as_str().unwrap_or_default().to_owned();
    if text.is_empty() {
        return Err(Refusal::bad(
            "can't parse inline keyboard button: Field \"text\" must be non-empty",
        ));
    }
    let data = button["callback_data"].as_str().map(str::to_owned);
    let url = button["url"].as_str().map(str::to_owned);
    if data.is_none() && url.is_none() {
        return Err(Refusal::bad(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ));
    }
    if data
        .as_ref()
        .is_some_and(|data| data.is_empty() || data.len() > DATA_MAX)
    {
        return Err(Refusal::bad("BUTTON_DATA_INVALID"));
    }
    Ok(Button { text, data, url })
}

fn reply_to(params: &Params) -> Option<i64> {
    let parameters = params.object("reply_parameters");
    parameters
        .and_then(|parameters| parameters["message_id"].as_i64())
        .or_else(|| params.int("reply_to_message_id"))
}

fn bots_message(text: String, entities: Vec<Entity>, keyboard: Vec<Vec<Button>>) -> Message {
    Message {
        id: 0,
        from: "bot".to_owned(),
        date: now(),
        text,
        entities,
        media: None,
        keyboard,
        edited: false,
        reply_to: None,
        album: None,
    }
}

fn add(state: &mut State, chat: i64, message: Message) -> Answer {
    let id = state.add_message(chat, message);
    let id = id.ok_or_else(|| Refusal::bad("chat not found"))?;
    shown(state, chat, id)
}

fn shown(state: &State, chat: i64, id: i64) -> Answer {
    match state.message(chat, id) {
        Some(message) => Ok(state.message_value(chat, message)),
        None => Err(Refusal::bad("message not found")),
    }
}

fn send_message(state: &mut State, params: &Params) -> Answer {
    let (text, entities) = words(params, "text", TEXT_MAX)?;
    if text.trim().is_empty() {
        return Err(Refusal::bad("message text is empty"));
    }
    let keyboard = keyboard(params)?;
    let chat = open_chat(state, params)?;
    let mut message = bots_message(text, entities, keyboard);
    message.reply_to = reply_to(params);
    add(state, chat, message)
}

/// The file a call names: an upload under the field's name, `attach://part`, or a file id.
fn file(state: &mut State, params: &Params, field: &str, kind: &str) -> Result<String, Refusal> {
    if let Some(upload) = params.uploads.get(field) {
        return keep(state, upload, kind);
    }
    let named = params
        .text(field)
        .ok_or_else(|| Refusal::bad(&format!("there is no {field} in the request")))?;
    named_file(state, params, &named, kind)
}

fn named_file(
    state: &mut State,
    params: &Params,
    named: &str,
    kind: &str,
) -> Result<String, Refusal> {
    if let Some(part) = named.strip_prefix("attach://") {
        let upload = params.uploads.get(part);
        let upload = upload.ok_or_else(|| Refusal::bad("file must be non-empty"))?;
        return keep(state, upload, kind);
    }
    if named.starts_with("http://") || named.starts_with("https://") {
        return Err(Refusal::bad("failed to get HTTP URL content"));
    }
    if state.files.contains_key(named) {
        Ok(named.to_owned())
    } else {
        Err(Refusal::bad(
            "wrong file_id or the file is temporarily unavailable",
        ))
    }
}

fn keep(state: &mut State, upload: &Upload, kind: &str) -> Result<String, Refusal> {
    if upload.bytes.is_empty() {
        return Err(Refusal::bad("file must be non-empty"));
    }
    let max = if kind == "photo" {
        PHOTO_BYTES_MAX
    } else {
        FILE_BYTES_MAX
    };
    if upload.bytes.len() > max {
        return Err(Refusal::new(413, "Request Entity Too Large"));
    }
    if kind == "photo" {
        let Some((width, height)) = super::state::dimensions(&upload.bytes) else {
            return Err(Refusal::bad("IMAGE_PROCESS_FAILED"));
        };
        let (long, short) = (width.max(height), width.min(height).max(1));
        if width + height > 10_000 || long / short > 20 {
            return Err(Refusal::bad("PHOTO_INVALID_DIMENSIONS"));
        }
    }
    let mime = if upload.mime == "application/octet-stream" {
        guess_mime(&upload.name, &upload.bytes)
    } else {
        upload.mime.clone()
    };
    Ok(state.keep_file(upload.bytes.clone(), &upload.name, &mime))
}

fn file_name(params: &Params, field: &str, fallback: &str) -> String {
    let direct = params.uploads.get(field);
    let attached = params.text(field).and_then(|named| {
        let part = named.strip_prefix("attach://")?.to_owned();
        params.uploads.get(&part)
    });
    let upload = direct.or(attached);
    upload.map_or_else(|| fallback.to_owned(), |upload| upload.name.clone())
}

fn send_media(state: &mut State, params: &Params, kind: &str) -> Answer {
    let (text, entities) = words(params, "caption", CAPTION_MAX)?;
    let keyboard = keyboard(params)?;
    let name = file_name(params, kind, kind);
    let file_id = file(state, params, kind, kind)?;
    let chat = open_chat(state, params)?;
    let mut message = bots_message(text, entities, keyboard);
    message.media = state.media(&file_id, kind, &name);
    message.reply_to = reply_to(params);
    add(state, chat, message)
}

fn send_album(state: &mut State, params: &Params) -> Answer {
    let items = params.object("media").unwrap_or_default();
    let items = items.as_array().cloned().unwrap_or_default();
    if !(2..=10).contains(&items.len()) {
        return Err(Refusal::bad("wrong number of messages in the album"));
    }
    let mut messages = Vec::new();
    let album = format!("album{}", now());
    for item in &items {
        let kind = item["type"].as_str().unwrap_or("photo").to_owned();
        let named = item["media"].as_str().unwrap_or_default();
        let file_id = named_file(state, params, named, &kind)?;
        let caption = item["caption"].as_str().unwrap_or_default().to_owned();
        let mut message = bots_message(caption, Vec::new(), Vec::new());
        message.media = state.media(&file_id, &kind, &kind);
        message.album = Some(album.clone());
        messages.push(message);
    }
    let chat = open_chat(state, params)?;
    let sent: Result<Vec<Value>, Refusal> = messages
        .into_iter()
        .map(|message| add(state, chat, message))
        .collect();
    sent.map(Value::from)
}

fn chat_action(state: &mut State, params: &Params) -> Answer {
    let chat = chat_of(state, params)?;
    if state.chats.get(&chat).is_some_and(|chat| chat.blocked) {
        return Err(Refusal::new(403, "Forbidden: bot was blocked by the user"));
    }
    let action = params.text("action");
    state.last_changed_chat = chat;
    if let Some(chat) = state.chats.get_mut(&chat) {
        chat.action = action;
    }
    Ok(json!(true))
}

/// Which words of a message an edit changes.
#[derive(Clone, Copy)]
enum Words {
    Text,
    Caption,
}

/// The bot's own message that a call edits.
fn editable(state: &State, params: &Params) -> Result<(i64, i64), Refusal> {
    let chat = chat_of(state, params)?;
    if state.chats.get(&chat).is_some_and(|chat| chat.blocked) {
        return Err(Refusal::new(403, "Forbidden: bot was blocked by the user"));
    }
    let id = params.int("message_id").unwrap_or_default();
    match state.message(chat, id) {
        Some(message) if message.from == "bot" => Ok((chat, id)),
        Some(_) => Err(Refusal::bad("message can't be edited")),
        None => Err(Refusal::bad("message to edit not found")),
    }
}

fn not_modified() -> Refusal {
    Refusal::bad(
        "message is not modified: specified new message content and reply markup are exactly the \
         same as a current content and reply markup of the message",
    )
}

fn edit_words(state: &mut State, params: &Params, which: Words) -> Answer {
    let (field, max) = match which {
        Words::Text => ("text", TEXT_MAX),
        Words::Caption => ("caption", CAPTION_MAX),
    };
    let (text, entities) = words(params, field, max)?;
    let keyboard = keyboard(params)?;
    let (chat, id) = editable(state, params)?;
    if let Some(seconds) = state.limits.take(chat) {
        return Err(Refusal::flood(seconds));
    }
    let Some(message) = state.message_mut(chat, id) else {
        return Err(Refusal::bad("message to edit not found"));
    };
    match (which, &message.media) {
        (Words::Text, Some(_)) => {
            return Err(Refusal::bad("there is no text in the message to edit"));
        }
        (Words::Text, None) if text.trim().is_empty() => {
            return Err(Refusal::bad("message text is empty"));
        }
        (Words::Caption, None) => {
            return Err(Refusal::bad("there is no caption in the message to edit"));
        }
        (Words::Text, None) | (Words::Caption, Some(_)) => {}
    }
    if (&message.text, &message.entities, &message.keyboard) == (&text, &entities, &keyboard) {
        return Err(not_modified());
    }
    message.text = text;
    message.entities = entities;
    message.keyboard = keyboard;
    message.edited = true;
    shown(state, chat, id)
}

fn edit_markup(state: &mut State, params: &Params) -> Answer {
    let keyboard = keyboard(params)?;
    let (chat, id) = editable(state, params)?;
    let Some(message) = state.message_mut(chat, id) else {
        return Err(Refusal::bad("message to edit not found"));
    };
    if message.keyboard == keyboard {
        return Err(not_modified());
    }
    message.keyboard = keyboard;
    message.edited = true;
    shown(state, chat, id)
}

fn edit_media(state: &mut State, params: &Params) -> Answer {
    let keyboard = keyboard(params)?;
    let (chat, id) = editable(state, params)?;
    let item = params.object("media").unwrap_or_default();
    let kind = item["type"].as_str().unwrap_or("photo").to_owned();
    let named = item["media"].as_str().unwrap_or_default().to_owned();
    let file_id = named_file(state, params, &named, &kind)?;
    let media = state.media(&file_id, &kind, &kind);
    let caption = item["caption"].as_str().unwrap_or_default().to_owned();
    if let Some(message) = state.message_mut(chat, id) {
        message.media = media;
        message.text = caption;
        message.entities = Vec::new();
        message.keyboard = keyboard;
        message.edited = true;
    }
    shown(state, chat, id)
}

fn delete(state: &mut State, params: &Params) -> Answer {
    let chat = chat_of(state, params)?;
    let id = params.int("message_id").unwrap_or_default();
    if state.message(chat, id).is_none() {
        return Err(Refusal::bad("message to delete not found"));
    }
    remove(state, chat, &[id]);
    Ok(json!(true))
}

fn delete_many(state: &mut State, params: &Params) -> Answer {
    let chat = chat_of(state, params)?;
    let ids = params.object("message_ids").unwrap_or_default();
    let ids = ids.as_array().cloned().unwrap_or_default();
    let ids: Vec<i64> = ids.iter().filter_map(Value::as_i64).collect();
    remove(state, chat, &ids);
    Ok(json!(true))
}

fn remove(state: &mut State, chat: i64, ids: &[i64]) {
    state.last_changed_chat = chat;
    if let Some(chat) = state.chats.get_mut(&chat) {
        chat.messages.retain(|message| !ids.contains(&message.id));
    }
}

fn copy(state: &mut State, params: &Params) -> Answer {
    let from = params.int("from_chat_id").unwrap_or_default();
    let id = params.int("message_id").unwrap_or_default();
    let Some(source) = state.message(from, id).cloned() else {
        return Err(Refusal::bad("message to copy not found"));
    };
    let keyboard = keyboard(params)?;
    let chat = open_chat(state, params)?;
    let mut message = bots_message(source.text, source.entities, keyboard);
    message.media = source.media;
    let sent = add(state, chat, message)?;
    Ok(json!({ "message_id": sent["message_id"] }))
}

fn answer_tap(state: &mut State, params: &Params) -> Answer {
    let id = params.text("callback_query_id").unwrap_or_default();
    let text = params.text("text").unwrap_or_default();
    if text.encode_utf16().count() > ANSWER_MAX {
        return Err(Refusal::bad("MESSAGE_TOO_LONG"));
    }
    let Some(tap) = state.taps.remove(&id) else {
        return Err(Refusal::bad(
            "query is too old and response timeout expired or query ID is invalid",
        ));
    };
    let alert = params.flag("show_alert");
    state.last_changed_chat = tap.chat;
    if let Some(chat) = state.chats.get_mut(&tap.chat) {
        chat.toasts.push(Toast { text, alert });
    }
    Ok(json!(true))
}

fn get_file(state: &State, params: &Params) -> Answer {
    let id = params.text("file_id").unwrap_or_default();
    let Some(file) = state.files.get(&id) else {
        return Err(Refusal::bad(
            "wrong file_id or the file is temporarily unavailable",
        ));
    };
    if file.bytes.len() > DOWNLOAD_BYTES_MAX {
        return Err(Refusal::bad("file is too big"));
    }
    Ok(json!({
        "file_id": id, "file_unique_id": format!("u{id}"), "file_size": file.bytes.len(),
        "file_path": file.path,
    }))
}

fn language_key(params: &Params) -> String {
    params.text("language_code").unwrap_or_default()
}

fn set_commands(state: &mut State, params: &Params) -> Answer {
    let commands = params
        .object("commands")
        .ok_or_else(|| Refusal::bad("can't parse commands"))?;
    for command in commands.as_array().into_iter().flatten() {
        let name = command["command"].as_str().unwrap_or_default();
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if !(1..=32).contains(&name.len()) || !name.bytes().all(plain) {
            return Err(Refusal::bad("BOT_COMMAND_INVALID"));
        }
        let description = command["description"].as_str().unwrap_or_default();
        if !(1..=256).contains(&description.chars().count()) {
            return Err(Refusal::bad("BOT_COMMAND_DESCRIPTION_INVALID"));
        }
    }
    state.commands.insert(language_key(params), commands);
    Ok(json!(true))
}

fn commands(state: &State, params: &Params) -> Value {
    state
        .commands
        .get(&language_key(params))
        .cloned()
        .unwrap_or_else(|| json!([]))
}
