//! What the emulator remembers: people, chats, files, waiting updates.

use std::collections::{BTreeMap, HashMap, VecDeque};

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};

use super::faults::Faults;
use super::limits::Limits;

/// A piece of formatting; offsets and lengths in UTF-16 units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entity {
    #[serde(rename = "type")]
    pub kind: String,
    pub offset: usize,
    pub length: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A button under a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Button {
    pub text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A file in a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Media {
    /// `photo`, `document`, `sticker`, `voice`, `video` or `animation`.
    pub kind: String,
    /// Where the page finds the bytes.
    pub url: String,
    pub file_name: String,
    pub mime: String,
    pub size: usize,
    pub width: u32,
    pub height: u32,
    #[serde(skip)]
    pub file_id: String,
}

/// A message as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    pub id: i64,
    /// `bot` or `user`.
    pub from: String,
    /// Unix seconds.
    pub date: i64,
    /// Text or caption.
    pub text: String,
    pub entities: Vec<Entity>,
    pub media: Option<Media>,
    pub keyboard: Vec<Vec<Button>>,
    pub edited: bool,
    pub reply_to: Option<i64>,
    pub album: Option<String>,
}

/// A short answer to a tap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Toast {
    pub text: String,
    pub alert: bool,
}

/// A call of the bot.
#[derive(Clone, Debug, Serialize)]
pub struct Call {
    /// As the bot wrote it.
    pub method: String,
    pub chat_id: Option<i64>,
    /// Without the bytes of files.
    pub params: Value,
}

/// A person and his chat with the bot.
#[derive(Debug)]
pub(super) struct Chat {
    pub first_name: String,
    pub language_code: String,
    pub blocked: bool,
    /// Whether the person ever wrote: a bot cannot begin.
    pub begun: bool,
    pub action: Option<String>,
    pub messages: Vec<Message>,
    pub toasts: Vec<Toast>,
    next_message: i64,
}

/// A file by its id.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub bytes: Bytes,
    pub mime: String,
    pub path: String,
}

/// A tap that waits for its answer.
#[derive(Debug)]
pub(super) struct Tapped {
    pub chat: i64,
}

/// An update on its way to the bot.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub id: i64,
    /// Updates of one queue are delivered one at a time.
    pub queue: i64,
    pub body: Value,
}

/// The webhook the bot set.
#[derive(Clone, Debug, Default)]
pub(super) struct WebhookSet {
    pub url: String,
    pub secret: Option<String>,
}

/// Everything.
pub(super) struct State {
    pub token: String,
    pub chats: BTreeMap<i64, Chat>,
    pub files: HashMap<String, File>,
    pub taps: HashMap<String, Tapped>,
    pub waiting: VecDeque<Waiting>,
    pub sent_updates: BTreeMap<i64, Waiting>,
    pub in_delivery: Vec<i64>,
    pub webhook: WebhookSet,
    pub allowed: Vec<String>,
    pub poll_generation: u64,
    pub commands: BTreeMap<String, Value>,
    pub faults: Faults,
    pub limits: Limits,
    pub calls: Vec<Call>,
    pub last_changed_chat: i64,
    next_update: i64,
    next_file: u64,
    next_tap: u64,
}

impl State {
    pub fn new(token: String) -> Self {
        Self {
            token,
            chats: BTreeMap::new(),
            files: HashMap::new(),
            taps: HashMap::new(),
            waiting: VecDeque::new(),
            sent_updates: BTreeMap::new(),
            in_delivery: Vec::new(),
            webhook: WebhookSet::default(),
            allowed: Vec::new(),
            poll_generation: 0,
            commands: BTreeMap::new(),
            faults: Faults::default(),
            limits: Limits::new(),
            calls: Vec::new(),
            last_changed_chat: 0,
            next_update: 100_000,
            next_file: 1,
            next_tap: 1,
        }
    }

    /// The bot's number, before the colon of its token.
    pub fn bot_id(&self) -> i64 {
        let number = self.token.split(':').next().unwrap_or_default();
        number.parse().unwrap_or(1)
    }

    pub fn bot_user(&self) -> Value {
        json!({ "id": self.bot_id(), "is_bot": true, "first_name": "REI Bot", "username": "rei_sandbox_bot" })
    }

    pub fn meet(&mut self, id: i64, first_name: &str, language_code: &str) {
        let chat = self.chats.entry(id).or_insert_with(|| Chat {
            first_name: first_name.to_owned(),
            language_code: language_code.to_owned(),
            blocked: false,
            begun: false,
            action: None,
            messages: Vec::new(),
            toasts: Vec::new(),
            next_message: 1,
        });
        chat.first_name = first_name.to_owned();
        chat.language_code = language_code.to_owned();
        self.last_changed_chat = id;
    }

    pub fn user(&self, id: i64) -> Value {
        let chat = self.chats.get(&id);
        let name = chat.map_or("Somebody", |chat| &chat.first_name);
        let language = chat.map_or("ru", |chat| &chat.language_code);
        json!({ "id": id, "is_bot": false, "first_name": name, "language_code": language })
    }

    pub fn chat_value(&self, id: i64) -> Value {
        let name = self.chats.get(&id).map_or("Somebody", |c| &c.first_name);
        json!({ "id": id, "type": "private", "first_name": name })
    }

    /// Keeps a file and returns its id.
    pub fn keep_file(&mut self, bytes: Bytes, name: &str, mime: &str) -> String {
        let number = self.next_file;
        self.next_file += 1;
        let file_id = format!("AgACSandboxFile{number:08}");
        let extension = name.rsplit_once('.').map_or("bin", |(_, end)| end);
        let folder = if mime.starts_with("image/") {
            "photos"
        } else {
            "documents"
        };
        let path = format!("{folder}/file_{number}.{extension}");
        let mime = mime.to_owned();
        self.files
            .insert(file_id.clone(), File { bytes, mime, path });
        file_id
    }

    /// Describes a kept file for a message.
    pub fn media(&self, file_id: &str, kind: &str, name: &str) -> Option<Media> {
        let file = self.files.get(file_id)?;
        let (width, height) = dimensions(&file.bytes).unwrap_or((0, 0));
        Some(Media {
            kind: kind.to_owned(),
            url: format!("/control/media/{file_id}"),
            file_name: name.to_owned(),
            mime: file.mime.clone(),
            size: file.bytes.len(),
            width,
            height,
            file_id: file_id.to_owned(),
        })
    }

    /// Adds a message to a chat; its id is set here.
    pub fn add_message(&mut self, chat: i64, mut message: Message) -> Option<i64> {
        self.last_changed_chat = chat;
        let chat = self.chats.get_mut(&chat)?;
        message.id = chat.next_message;
        chat.next_message += 1;
        if message.from == "bot" {
            chat.action = None;
        }
        let id = message.id;
        chat.messages.push(message);
        Some(id)
    }

    pub fn message(&self, chat: i64, id: i64) -> Option<&Message> {
        self.chats.get(&chat)?.messages.iter().find(|m| m.id == id)
    }

    pub fn message_mut(&mut self, chat: i64, id: i64) -> Option<&mut Message> {
        self.last_changed_chat = chat;
        let chat = self.chats.get_mut(&chat)?;
        chat.messages.iter_mut().find(|m| m.id == id)
    }

    /// A message as the Bot API writes it.
    pub fn message_value(&self, chat: i64, message: &Message) -> Value {
        let from = match message.from.as_str() {
            "bot" => self.bot_user(),
            _ => self.user(chat),
        };
        let mut value = json!({
            "message_id": message.id, "date": message.date, "chat": self.chat_value(chat), "from": from,
        });
        if message.edited {
            value["edit_date"] = json!(message.date);
        }
        let (words, entities) = match &message.media {
            Some(_) => ("caption", "caption_entities"),
            None => ("text", "entities"),
        };
        if !message.text.is_empty() {
            value[words] = json!(message.text);
        }
        let mut marks = serde_json::to_value(&message.entities).unwrap_or_default();
        if message.from == "user" && message.media.is_none() {
            marks = command_entities(&message.text);
        }
        if marks.as_array().is_some_and(|marks| !marks.is_empty()) {
            value[entities] = marks;
        }
        if let Some(media) = &message.media {
            value[&media.kind] = media_value(media);
            if media.kind == "animation" {
                value["document"] = media_value(media);
            }
        }
        if let Some(album) = &message.album {
            value["media_group_id"] = json!(album);
        }
        if !message.keyboard.is_empty() {
            value["reply_markup"] = json!({ "inline_keyboard": keyboard_value(&message.keyboard) });
        }
        if let Some(replied) = message.reply_to.and_then(|id| self.message(chat, id)) {
            let mut shallow = replied.clone();
            shallow.reply_to = None;
            value["reply_to_message"] = self.message_value(chat, &shallow);
        }
        value
    }

    /// Queues an update of one kind.
    pub fn push_update(&mut self, kind: &str, content: Value, queue: i64) -> i64 {
        let id = self.next_update;
        self.next_update += 1;
        let allowed = self.allowed.is_empty() || self.allowed.iter().any(|name| name == kind);
        if allowed {
            let body = json!({ "update_id": id, kind: content });
            self.enqueue(Waiting { id, queue, body });
        }
        id
    }

    pub fn push_raw_update(&mut self, mut body: Value) {
        let id = match body["update_id"].as_i64() {
            Some(id) => id,
            None => {
                let id = self.next_update;
                self.next_update += 1;
                body["update_id"] = json!(id);
                id
            }
        };
        self.enqueue(Waiting { id, queue: 0, body });
    }

    pub fn redeliver(&mut self, update_id: i64) -> bool {
        let Some(waiting) = self.sent_updates.get(&update_id).cloned() else {
            return false;
        };
        self.waiting.push_back(waiting);
        true
    }

    fn enqueue(&mut self, waiting: Waiting) {
        self.sent_updates.insert(waiting.id, waiting.clone());
        self.waiting.push_back(waiting);
    }

    /// Queues the update of a new message from a person.
    pub fn announce(&mut self, chat: i64, message_id: i64) {
        let Some(message) = self.message(chat, message_id).cloned() else {
            return;
        };
        let value = self.message_value(chat, &message);
        self.push_update("message", value, chat);
    }

    pub fn next_tap_id(&mut self) -> String {
        let number = self.next_tap;
        self.next_tap += 1;
        format!("{}{number:06}", self.bot_id())
    }
}

/// Unix seconds.
pub(super) fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    })
}

/// Width and height of a picture, read off its header.
pub(super) fn dimensions(bytes: &[u8]) -> Option<(u32, u32)> {
    let reader = image::ImageReader::new(std::io::Cursor::new(bytes));
    reader.with_guessed_format().ok()?.into_dimensions().ok()
}

fn command_entities(text: &str) -> Value {
    if !text.starts_with('/') {
        return json!([]);
    }
    let command = text.split_whitespace().next().unwrap_or_default();
    json!([{ "type": "bot_command", "offset": 0, "length": command.encode_utf16().count() }])
}

fn media_value(media: &Media) -> Value {
    let unique = format!("u{}", media.file_id);
    match media.kind.as_str() {
        "photo" => json!([{
            "file_id": media.file_id, "file_unique_id": unique,
            "width": media.width, "height": media.height, "file_size": media.size,
        }]),
        "sticker" => json!({
            "file_id": media.file_id, "file_unique_id": unique, "type": "regular", "width": 512,
            "height": 512, "is_animated": false, "is_video": false, "emoji": "🙂",
        }),
        "voice" => json!({
            "file_id": media.file_id, "file_unique_id": unique, "duration": 3,
            "mime_type": media.mime, "file_size": media.size,
        }),
        "video" | "animation" => json!({
            "file_id": media.file_id, "file_unique_id": unique, "duration": 5, "width": 640,
            "height": 360, "mime_type": media.mime, "file_size": media.size,
            "file_name": media.file_name,
        }),
        _ => json!({
            "file_id": media.file_id, "file_unique_id": unique, "file_name": media.file_name,
            "mime_type": media.mime, "file_size": media.size,
        }),
    }
}

fn keyboard_value(keyboard: &[Vec<Button>]) -> Value {
    let button = |button: &Button| match (&button.data, &button.url) {
        (Some(data), _) => json!({ "text": button.text, "callback_data": data }),
        (None, Some(url)) => json!({ "text": button.text, "url": url }),
        (None, None) => json!({ "text": button.text }),
    };
    let row = |row: &Vec<Button>| Value::from_iter(row.iter().map(button));
    Value::from_iter(keyboard.iter().map(row))
}
