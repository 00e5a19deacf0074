//! The control API: a page or a test in any language plays the people and the faults.
//!
//! It asks nobody for a password, which is why the sandbox listens on loopback only.

use std::collections::HashMap;
use std::time::Duration;

use actix_multipart::Multipart;
use actix_web::{HttpResponse, web};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use serde_json::{Value, json};

use super::faults::Fault;
use super::{Handle, Player};
use crate::server::{json_config, not_found};

type State = web::Data<Handle>;

pub(super) fn configure(cfg: &mut web::ServiceConfig) {
    cfg.app_data(json_config())
        .route("/control/users", web::get().to(users))
        .route("/control/users", web::post().to(make_user))
        .route("/control/chats/{id}", web::get().to(chat))
        .route("/control/chats/{id}/text", web::post().to(text))
        .route("/control/chats/{id}/photos", web::post().to(photos))
        .route("/control/chats/{id}/documents", web::post().to(documents))
        .route("/control/chats/{id}/press", web::post().to(press))
        .route("/control/chats/{id}/{act}", web::post().to(act))
        .route("/control/media/{file}", web::get().to(media))
        .route("/control/events", web::get().to(events))
        .route("/control/telegram/faults", web::post().to(add_fault))
        .route("/control/telegram/faults", web::delete().to(clear_faults))
        .route("/control/telegram/limits", web::post().to(limits))
        .route("/control/telegram/calls", web::get().to(calls))
        .route("/control/telegram/updates", web::post().to(raw_update))
        .route("/control/telegram/redeliver", web::post().to(redeliver));
}

#[derive(Deserialize)]
struct NewUser {
    id: i64,
    first_name: String,
    language_code: String,
}

#[derive(Deserialize)]
struct NewText {
    text: String,
    reply_to: Option<i64>,
}

#[derive(Deserialize)]
struct NewTap {
    message_id: i64,
    data: String,
}

#[derive(Deserialize)]
struct Enforce {
    enforce: bool,
}

#[derive(Deserialize)]
struct Redeliver {
    update_id: i64,
}

async fn users(handle: State) -> HttpResponse {
    let state = handle.state();
    let users = state.chats.iter().map(|(id, chat)| {
        json!({
            "id": id, "first_name": chat.first_name, "language_code": chat.language_code,
            "blocked": chat.blocked,
        })
    });
    HttpResponse::Ok().json(users.collect::<Vec<Value>>())
}

async fn make_user(handle: State, user: web::Json<NewUser>) -> HttpResponse {
    handle.player(user.id, &user.first_name, &user.language_code);
    HttpResponse::Ok().json(json!({ "id": user.id }))
}

/// The person of a chat, if there is one.
fn person(handle: &Handle, id: i64) -> Option<Player> {
    let known = handle.state().chats.contains_key(&id);
    known.then(|| Player::new(handle.clone(), id))
}

async fn chat(handle: State, id: web::Path<i64>) -> HttpResponse {
    let state = handle.state();
    let Some(chat) = state.chats.get(&id) else {
        return not_found("such chat");
    };
    let commands = state
        .commands
        .get(&chat.language_code)
        .or_else(|| state.commands.get(""))
        .cloned()
        .unwrap_or_else(|| json!([]));
    HttpResponse::Ok().json(json!({
        "user": { "id": *id, "first_name": chat.first_name, "language_code": chat.language_code },
        "bot": state.bot_user(), "blocked": chat.blocked, "action": chat.action,
        "commands": commands, "messages": chat.messages,
    }))
}

async fn text(handle: State, id: web::Path<i64>, new: web::Json<NewText>) -> HttpResponse {
    let Some(person) = person(&handle, *id) else {
        return not_found("such chat");
    };
    let message_id = match new.reply_to {
        Some(to) => person.reply(to, &new.text),
        None => person.text(&new.text),
    };
    HttpResponse::Ok().json(json!({ "message_id": message_id }))
}

/// The parts of an upload from the page: files, and fields by name.
struct Parts {
    files: Vec<(String, String, Bytes)>,
    fields: HashMap<String, String>,
}

async fn parts(mut multipart: Multipart) -> actix_web::Result<Parts> {
    let mut parts = Parts {
        files: Vec::new(),
        fields: HashMap::new(),
    };
    while let Some(field) = multipart.next().await {
        let mut field = field?;
        let name = field.name().unwrap_or_default().to_owned();
        let disposition = field.content_disposition();
        let file = disposition.and_then(|d| d.get_filename().map(str::to_owned));
        let mime = field
            .content_type()
            .map(ToString::to_string)
            .unwrap_or_default();
        let mut bytes = Vec::new();
        while let Some(chunk) = field.next().await {
            bytes.extend_from_slice(&chunk?);
            if bytes.len() > super::params::BODY_MAX {
                return Err(actix_web::error::ErrorPayloadTooLarge("too large"));
            }
        }
        match file {
            Some(file) => parts.files.push((file, mime, Bytes::from(bytes))),
            None => {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                parts.fields.insert(name, text);
            }
        }
    }
    Ok(parts)
}

async fn photos(
    handle: State,
    id: web::Path<i64>,
    multipart: Multipart,
) -> actix_web::Result<HttpResponse> {
    let Some(person) = person(&handle, *id) else {
        return Ok(not_found("such chat"));
    };
    let parts = parts(multipart).await?;
    let caption = parts
        .fields
        .get("caption")
        .filter(|caption| !caption.is_empty());
    let caption = caption.map(String::as_str);
    let reply_to = parts.fields.get("reply_to").and_then(|id| id.parse().ok());
    let mut photos: Vec<Vec<u8>> = parts.files.iter().map(|file| file.2.to_vec()).collect();
    let ids = match photos.len() {
        0 => return Ok(HttpResponse::BadRequest().json(json!({ "error": "there is no photo" }))),
        1 => vec![person.photo_in(photos.remove(0), caption, reply_to, None)],
        _ => person.album(photos, caption),
    };
    Ok(HttpResponse::Ok().json(json!({ "message_ids": ids })))
}

async fn documents(
    handle: State,
    id: web::Path<i64>,
    multipart: Multipart,
) -> actix_web::Result<HttpResponse> {
    let Some(person) = person(&handle, *id) else {
        return Ok(not_found("such chat"));
    };
    let parts = parts(multipart).await?;
    let caption = parts.fields.get("caption").map(String::as_str);
    let mut ids = Vec::new();
    for (name, mime, bytes) in parts.files {
        ids.push(person.document(bytes.to_vec(), &name, &mime, caption));
    }
    Ok(HttpResponse::Ok().json(json!({ "message_ids": ids })))
}

async fn press(handle: State, id: web::Path<i64>, tap: web::Json<NewTap>) -> HttpResponse {
    let Some(person) = person(&handle, *id) else {
        return not_found("such chat");
    };
    let callback_id = person.press_data(tap.message_id, &tap.data);
    HttpResponse::Ok().json(json!({ "callback_id": callback_id }))
}

async fn act(handle: State, path: web::Path<(i64, String)>) -> HttpResponse {
    let (id, act) = path.into_inner();
    let Some(person) = person(&handle, id) else {
        return not_found("such chat");
    };
    match act.as_str() {
        "sticker" => drop(person.sticker()),
        "voice" => drop(person.voice()),
        "block" => person.block(),
        "unblock" => person.unblock(),
        _ => return not_found("such act"),
    }
    HttpResponse::Ok().json(json!({ "done": true }))
}

async fn media(handle: State, file: web::Path<String>) -> HttpResponse {
    match handle.state().files.get(file.as_str()) {
        Some(file) => HttpResponse::Ok()
            .content_type(file.mime.clone())
            .insert_header(("Content-Disposition", "inline"))
            .body(file.bytes.clone()),
        None => not_found("such file"),
    }
}

/// What a listener of events has told already.
struct Told {
    handle: Handle,
    changes: tokio::sync::watch::Receiver<u64>,
    toasts: HashMap<i64, usize>,
}

/// Server-sent events: which chat changed, and answers to taps. A comment now and then keeps
/// the connection from looking dead.
async fn events(handle: State) -> HttpResponse {
    let handle = handle.get_ref().clone();
    let toasts = {
        let state = handle.state();
        let counts = state
            .chats
            .iter()
            .map(|(id, chat)| (*id, chat.toasts.len()));
        counts.collect()
    };
    let told = Told {
        changes: handle.changes(),
        handle,
        toasts,
    };
    let events = stream::unfold(told, |mut told| async move {
        let changed = tokio::time::timeout(Duration::from_secs(15), told.changes.changed());
        let text = match changed.await {
            Ok(Ok(())) => told.news(),
            Ok(Err(_)) => return None,
            Err(_) => ": still here\n\n".to_owned(),
        };
        Some((Ok::<Bytes, actix_web::Error>(Bytes::from(text)), told))
    });
    let hello = stream::once(async { Ok(Bytes::from_static(b": hello\n\n")) });
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .streaming(hello.chain(events))
}

impl Told {
    fn news(&mut self) -> String {
        let state = self.handle.state();
        let mut text = String::new();
        for (id, chat) in &state.chats {
            text.push_str(&event(&json!({ "type": "chat", "chat_id": id })));
            let told = self.toasts.entry(*id).or_insert(0);
            for toast in chat.toasts.iter().skip(*told) {
                text.push_str(&event(&json!({
                    "type": "toast", "chat_id": id, "text": toast.text, "alert": toast.alert,
                })));
            }
            *told = chat.toasts.len();
        }
        text
    }
}

fn event(value: &Value) -> String {
    format!("data: {value}\n\n")
}

async fn add_fault(handle: State, fault: web::Json<Fault>) -> HttpResponse {
    handle.push_fault(fault.into_inner());
    HttpResponse::Ok().json(json!({ "done": true }))
}

async fn clear_faults(handle: State) -> HttpResponse {
    handle.clear_faults();
    HttpResponse::Ok().json(json!({ "done": true }))
}

async fn limits(handle: State, enforce: web::Json<Enforce>) -> HttpResponse {
    handle.enforce_limits(enforce.enforce);
    HttpResponse::Ok().json(json!({ "done": true }))
}

async fn calls(handle: State) -> HttpResponse {
    HttpResponse::Ok().json(handle.calls())
}

async fn raw_update(handle: State, update: web::Json<Value>) -> HttpResponse {
    handle.push_raw_update(update.into_inner());
    HttpResponse::Ok().json(json!({ "done": true }))
}

async fn redeliver(handle: State, update: web::Json<Redeliver>) -> HttpResponse {
    if handle.redeliver(update.update_id) {
        HttpResponse::Ok().json(json!({ "done": true }))
    } else {
        not_found("such update")
    }
}
