//! A person in a test: writes, sends pictures, presses buttons, and looks at the chat.

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use super::Handle;
use super::params::guess_mime;
use super::state::{Media, Message, State, Tapped, Toast, now};

/// The queue of a person's taps (the real server's own numbering).
const TAPS_QUEUE: i64 = 3 << 33;
/// The queue of news about a person's membership.
const MEMBERS_QUEUE: i64 = 5 << 33;

/// A person who chats with the bot.
#[derive(Clone)]
pub struct Player {
    handle: Handle,
    id: i64,
}

impl Player {
    pub(super) fn new(handle: Handle, id: i64) -> Self {
        Self { handle, id }
    }

    /// The person's id, which is also the chat's.
    pub fn id(&self) -> i64 {
        self.id
    }

    /// Writes a text; returns the message's id.
    pub fn text(&self, text: &str) -> i64 {
        self.say(text, None)
    }

    /// Writes a text in reply to a message.
    pub fn reply(&self, to: i64, text: &str) -> i64 {
        self.say(text, Some(to))
    }

    fn say(&self, text: &str, reply_to: Option<i64>) -> i64 {
        self.send(|_| Message {
            text: text.to_owned(),
            reply_to,
            ..written()
        })
    }

    /// Sends a photo.
    pub fn photo(&self, bytes: Vec<u8>, caption: Option<&str>) -> i64 {
        self.photo_in(bytes, caption, None, None)
    }

    pub(super) fn photo_in(
        &self,
        bytes: Vec<u8>,
        caption: Option<&str>,
        reply_to: Option<i64>,
        album: Option<String>,
    ) -> i64 {
        let caption = caption.unwrap_or_default().to_owned();
        self.send(|state| Message {
            media: keep(state, bytes, "photo", "photo.jpg", None),
            text: caption,
            reply_to,
            album,
            ..written()
        })
    }

    /// Sends several photos as one album, the caption with the first.
    pub fn album(&self, photos: Vec<Vec<u8>>, caption: Option<&str>) -> Vec<i64> {
        let album = format!(
            "{}",
            now() * 1_000 + i64::try_from(photos.len()).unwrap_or(0)
        );
        let mut caption = caption;
        let mut ids = Vec::new();
        for photo in photos {
            ids.push(self.photo_in(photo, caption.take(), None, Some(album.clone())));
        }
        ids
    }

    /// Sends a file as a document.
    pub fn document(&self, bytes: Vec<u8>, name: &str, mime: &str, caption: Option<&str>) -> i64 {
        let caption = caption.unwrap_or_default().to_owned();
        self.send(|state| Message {
            media: keep(state, bytes, "document", name, Some(mime)),
            text: caption,
            ..written()
        })
    }

    /// Sends a sticker.
    pub fn sticker(&self) -> i64 {
        self.send(|state| Message {
            media: keep(
                state,
                b"sticker".to_vec(),
                "sticker",
                "s.webp",
                Some("image/webp"),
            ),
            ..written()
        })
    }

    /// Sends a voice message.
    pub fn voice(&self) -> i64 {
        self.send(|state| Message {
            media: keep(
                state,
                b"voice".to_vec(),
                "voice",
                "v.ogg",
                Some("audio/ogg"),
            ),
            ..written()
        })
    }

    /// Edits an own message.
    pub fn edit(&self, message_id: i64, text: &str) {
        self.handle.change(|state| {
            if let Some(message) = state.message_mut(self.id, message_id) {
                message.text = text.to_owned();
                message.edited = true;
            }
            if let Some(message) = state.message(self.id, message_id).cloned() {
                let value = state.message_value(self.id, &message);
                state.push_update("edited_message", value, self.id);
            }
        });
    }

    fn send(&self, make: impl FnOnce(&mut State) -> Message) -> i64 {
        self.handle.change(|state| {
            let message = make(state);
            let id = state.add_message(self.id, message).unwrap_or_default();
            if let Some(chat) = state.chats.get_mut(&self.id) {
                chat.begun = true;
            }
            state.announce(self.id, id);
            id
        })
    }

    /// Presses a button of a message, named by its label, a part of it, or its data.
    pub fn press(&self, message_id: i64, button: &str) -> Result<String, String> {
        let data = {
            let state = self.handle.state();
            let message = state
                .message(self.id, message_id)
                .ok_or_else(|| format!("there is no message {message_id}"))?;
            let mut buttons = message.keyboard.iter().flatten();
            let found =
                buttons.find(|b| b.text.contains(button) || b.data.as_deref() == Some(button));
            found
                .and_then(|button| button.data.clone())
                .ok_or_else(|| format!("message {message_id} has no button {button}"))?
        };
        Ok(self.press_data(message_id, &data))
    }

    /// Sends a tap with any data, as an old or a forged button does; returns its id.
    pub fn press_data(&self, message_id: i64, data: &str) -> String {
        self.handle.change(|state| {
            let id = state.next_tap_id();
            state.taps.insert(id.clone(), Tapped { chat: self.id });
            let message = match state.message(self.id, message_id).cloned() {
                Some(message) => state.message_value(self.id, &message),
                // No longer accessible: only its place is told.
                None => json!({
                    "chat": state.chat_value(self.id), "message_id": message_id, "date": 0,
                }),
            };
            let tap = json!({
                "id": id, "from": state.user(self.id), "message": message,
                "chat_instance": "-1", "data": data,
            });
            state.push_update("callback_query", tap, self.id + TAPS_QUEUE);
            id
        })
    }

    /// Blocks the bot.
    pub fn block(&self) {
        self.set_blocked(true);
    }

    /// Unblocks the bot.
    pub fn unblock(&self) {
        self.set_blocked(false);
    }

    fn set_blocked(&self, blocked: bool) {
        self.handle.change(|state| {
            state.last_changed_chat = self.id;
            if let Some(chat) = state.chats.get_mut(&self.id) {
                chat.blocked = blocked;
            }
            let (old, new) = if blocked {
                ("member", "kicked")
            } else {
                ("kicked", "member")
            };
            let bot = state.bot_user();
            let member = |status: &str| match status {
                "kicked" => json!({ "status": status, "user": bot, "until_date": 0 }),
                _ => json!({ "status": status, "user": bot }),
            };
            let update = json!({
                "chat": state.chat_value(self.id), "from": state.user(self.id), "date": now(),
                "old_chat_member": member(old), "new_chat_member": member(new),
            });
            state.push_update("my_chat_member", update, self.id + MEMBERS_QUEUE);
        });
    }

    /// The chat as the person sees it.
    pub fn chat(&self) -> Vec<Message> {
        let state = self.handle.state();
        let chat = state.chats.get(&self.id);
        chat.map(|chat| chat.messages.clone()).unwrap_or_default()
    }

    /// The bytes of a message's file; empty when it has none.
    pub fn file(&self, message_id: i64) -> Vec<u8> {
        let state = self.handle.state();
        let media = state
            .message(self.id, message_id)
            .and_then(|m| m.media.clone());
        let file = media.and_then(|media| state.files.get(&media.file_id).cloned());
        file.map(|file| file.bytes.to_vec()).unwrap_or_default()
    }

    /// The answers to taps so far.
    pub fn toasts(&self) -> Vec<Toast> {
        let state = self.handle.state();
        let chat = state.chats.get(&self.id);
        chat.map(|chat| chat.toasts.clone()).unwrap_or_default()
    }

    /// The chat as text, buttons in brackets.
    pub fn render(&self) -> String {
        let mut page = String::new();
        for message in self.chat() {
            let media = message
                .media
                .map_or(String::new(), |m| format!("[{}] ", m.kind));
            let line = format!(
                "#{} {}: {media}{}\n",
                message.id, message.from, message.text
            );
            page.push_str(&line);
            for row in &message.keyboard {
                let labels: Vec<String> = row.iter().map(|b| format!("[{}]", b.text)).collect();
                page.push_str(&format!("    {}\n", labels.join(" ")));
            }
        }
        page
    }

    /// Waits until the chat shows something; the error holds the chat as it is.
    pub async fn wait<T>(
        &self,
        what: &str,
        timeout: Duration,
        look: impl Fn(&[Message]) -> Option<T>,
    ) -> Result<T, String> {
        let mut changes = self.handle.changes();
        let deadline = tokio::time::Instant::now() + timeout;
        loop {
            if let Some(seen) = look(&self.chat()) {
                return Ok(seen);
            }
            let changed = tokio::time::timeout_at(deadline, changes.changed());
            if !matches!(changed.await, Ok(Ok(()))) {
                let chat = self.render();
                return Err(format!(
                    "{what} did not appear within {timeout:?} in\n{chat}"
                ));
            }
        }
    }
}

/// A message of a person with nothing in it yet.
fn written() -> Message {
    Message {
        id: 0,
        from: "user".to_owned(),
        date: now(),
        text: String::new(),
        entities: Vec::new(),
        media: None,
        keyboard: Vec::new(),
        edited: false,
        reply_to: None,
        album: None,
    }
}

fn keep(
    state: &mut State,
    bytes: Vec<u8>,
    kind: &str,
    name: &str,
    mime: Option<&str>,
) -> Option<Media> {
    let guessed = guess_mime(name, &bytes);
    let mime = mime.unwrap_or(&guessed).to_owned();
    let file_id = state.keep_file(Bytes::from(bytes), name, &mime);
    state.media(&file_id, kind, name)
}
