//! Objects of the Bot API as JSON, from what the state holds.

use serde_json::{Map, Value, json};

use super::chat::{Author, Chat, Message};
use super::keyboard;
use super::media::{Media, MediaKind};
use super::state::State;

/// A `Chat`.
pub fn chat(chat: &Chat) -> Value {
    json!({
        "id": chat.id,
        "type": "private",
        "first_name": chat.first_name,
        "username": username(chat.id),
    })
}

/// The person as a `User`.
pub fn person(chat: &Chat) -> Value {
    let mut user = json!({
        "id": chat.id,
        "is_bot": false,
        "first_name": chat.first_name,
        "username": username(chat.id),
    });
    if !chat.language_code.is_empty() {
        user["language_code"] = json!(chat.language_code);
    }
    user
}

fn username(id: i64) -> String {
    format!("user_{id}")
}

/// A whole `Message`, with the message it answers.
pub fn message(state: &State, chat: &Chat, shown: &Message) -> Value {
    let mut value = bare_message(state, chat, shown);
    if let Some(replied) = shown.reply_to.and_then(|id| chat.message(id)) {
        value["reply_to_message"] = bare_message(state, chat, replied);
    }
    value
}

/// A `Message` without the one it answers, since Telegram nests but once.
fn bare_message(state: &State, chat: &Chat, shown: &Message) -> Value {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| {
        fields.insert(name.to_owned(), value);
    };
    put("message_id", json!(shown.id));
    put("date", json!(shown.date));
    put("chat", self::chat(chat));
    put(
        "from",
        match shown.from {
            Author::Bot => state.bot.user(),
            Author::User => person(chat),
        },
    );
    // A new keyboard alone is no edit in the eyes of a person.
    if let Some(date) = shown.edit_date {
        put("edit_date", json!(date));
    }
    if let Some(media) = &shown.media {
        put(media.kind.field(), self::media(media));
        if media.kind == MediaKind::Animation {
            put("document", document(media));
        }
    }
    let (text, entities) = match shown.media {
        Some(_) => ("caption", "caption_entities"),
        None => ("text", "entities"),
    };
    if !shown.words.is_empty() {
        put(text, json!(shown.words.text));
    }
    if !shown.words.entities.is_empty() {
        put(entities, json!(shown.words.entities));
    }
    if shown.spoiler {
        put("has_media_spoiler", json!(true));
    }
    if let Some(album) = &shown.album {
        put("media_group_id", json!(album));
    }
    if !shown.keyboard.is_empty() {
        put("reply_markup", keyboard::to_json(&shown.keyboard));
    }
    Value::Object(fields)
}

fn file(media: &Media) -> Value {
    json!({
        "file_id": media.file_id,
        "file_unique_id": media.file_unique_id,
        "file_size": media.bytes,
    })
}

fn document(media: &Media) -> Value {
    let mut value = file(media);
    value["mime_type"] = json!(media.mime_type);
    if let Some(name) = &media.file_name {
        value["file_name"] = json!(name);
    }
    value
}

/// What stands under the media's own field.
fn media(media: &Media) -> Value {
    match media.kind {
        MediaKind::Photo => photo(media),
        MediaKind::Document => document(media),
        MediaKind::Video | MediaKind::Animation => {
            let mut value = document(media);
            value["width"] = json!(media.width);
            value["height"] = json!(media.height);
            value["duration"] = json!(media.duration_secs);
            value
        }
        MediaKind::Voice => {
            let mut value = file(media);
            value["mime_type"] = json!(media.mime_type);
            value["duration"] = json!(media.duration_secs);
            value
        }
        MediaKind::Sticker => {
            let mut value = file(media);
            value["type"] = json!("regular");
            value["width"] = json!(media.width);
            value["height"] = json!(media.height);
            value["is_animated"] = json!(false);
            value["is_video"] = json!(false);
            value["emoji"] = json!("🙂");
            value
        }
    }
}

/// The sizes of a photo, the smallest first.
fn photo(media: &Media) -> Value {
    let smaller = media.smaller.iter().map(|size| {
        json!({
            "file_id": size.file_id,
            "file_unique_id": size.file_unique_id,
            "width": size.width,
            "height": size.height,
        })
    });
    let mut largest = file(media);
    largest["width"] = json!(media.width);
    largest["height"] = json!(media.height);
    smaller.chain([largest]).collect()
}
