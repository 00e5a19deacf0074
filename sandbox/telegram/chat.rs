//! A private chat: its person, its messages, and how it reads as text.

use std::time::Duration;

use serde::Serialize;

use super::entities::FormattedText;
use super::keyboard::Button;
use super::media::Media;

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    Bot,
    User,
}

/// A message as the person sees it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Message {
    /// Grows by one in each chat, from 1.
    pub id: i64,
    pub from: Author,
    /// Seconds since the Unix epoch.
    pub date: i64,
    /// When it was last edited, in seconds since the Unix epoch.
    pub edit_date: Option<i64>,
    /// The text, or the caption of its media.
    pub words: FormattedText,
    pub media: Option<Media>,
    /// The media is hidden until it is tapped.
    pub spoiler: bool,
    /// What the messages of one album share.
    pub album: Option<String>,
    /// The message it answers.
    pub reply_to: Option<i64>,
    /// The rows of buttons under it.
    pub keyboard: Vec<Vec<Button>>,
    /// How often it was edited; a new keyboard counts.
    pub edits: u32,
    /// Gone for the person and the bot alike; kept here for assertions.
    pub deleted: bool,
}

impl Message {
    /// The text or caption, without formatting.
    pub fn text(&self) -> &str {
        &self.words.text
    }

    /// The text or caption with HTML tags.
    pub fn html(&self) -> String {
        self.words.html()
    }

    /// Every button, in reading order.
    pub fn buttons(&self) -> impl Iterator<Item = &Button> {
        self.keyboard.iter().flatten()
    }

    /// The button with this label or callback data.
    pub fn button(&self, label_or_data: &str) -> Option<&Button> {
        let by_label = self.buttons().find(|button| button.text == label_or_data);
        by_label.or_else(|| {
            self.buttons().find(|button| match &button.action {
                super::ButtonAction::Callback(data) => data == label_or_data,
                super::ButtonAction::Url(_)
                | super::ButtonAction::Copy(_)
                | super::ButtonAction::Other(_) => false,
            })
        })
    }
}

/// What a person was shown after pressing a button.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Toast {
    /// The press it answers.
    pub callback_id: String,
    /// Empty when the bot only ended the spinner.
    pub text: String,
    /// Shown as a window to close instead of a passing line.
    pub alert: bool,
    /// An address to open.
    pub url: Option<String>,
}

/// How the person stands to the bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Never wrote, so the bot may not write either.
    Unacquainted,
    Member,
    /// Blocked the bot.
    Blocked,
}

/// What the bot is shown doing, until a message of its comes or time passes.
#[derive(Clone, Debug)]
pub(super) struct Action {
    pub name: String,
    /// In the sandbox's time.
    pub until: Duration,
}

/// One person and their chat with the bot.
#[derive(Clone, Debug)]
pub(super) struct Chat {
    /// The chat's id and the person's.
    pub id: i64,
    pub first_name: String,
    pub language_code: String,
    pub presence: Presence,
    pub messages: Vec<Message>,
    pub toasts: Vec<Toast>,
    /// Message ids, the newest first.
    pub pinned: Vec<i64>,
    /// Buttons in place of the letters.
    pub reply_keyboard: Vec<Vec<String>>,
    pub action: Option<Action>,
    /// Grows with every change.
    pub version: u64,
}

impl Chat {
    pub fn new(id: i64, first_name: String, language_code: String) -> Chat {
        Chat {
            id,
            first_name,
            language_code,
            presence: Presence::Unacquainted,
            messages: Vec::new(),
            toasts: Vec::new(),
            pinned: Vec::new(),
            reply_keyboard: Vec::new(),
            action: None,
            version: 0,
        }
    }

    /// The message with this id, unless it was deleted.
    pub fn message(&self, id: i64) -> Option<&Message> {
        self.messages
            .iter()
            .find(|message| message.id == id && !message.deleted)
    }

    /// The same, to be changed.
    pub fn message_mut(&mut self, id: i64) -> Option<&mut Message> {
        self.messages
            .iter_mut()
            .find(|message| message.id == id && !message.deleted)
    }

    /// An empty message at the end of the chat, not yet put into it.
    pub fn draft(&self, from: Author, date: i64) -> Message {
        Message {
            id: self.messages.last().map_or(1, |last| last.id + 1),
            from,
            date,
            edit_date: None,
            words: FormattedText::default(),
            media: None,
            spoiler: false,
            album: None,
            reply_to: None,
            keyboard: Vec::new(),
            edits: 0,
            deleted: false,
        }
    }
}

/// The chat as a person would read it aloud, for snapshots and for what a failed test prints.
pub fn render(messages: &[Message]) -> String {
    let mut text = String::new();
    for message in messages.iter().filter(|message| !message.deleted) {
        render_message(&mut text, message);
    }
    text
}

fn render_message(text: &mut String, message: &Message) {
    let author = match message.from {
        Author::Bot => "bot",
        Author::User => "user",
    };
    let edited = if message.edits > 0 { " (edited)" } else { "" };
    let reply = message
        .reply_to
        .map(|id| format!(" re #{id}"))
        .unwrap_or_default();
    let mut line = |indent: &str, content: &str| {
        text.push_str(indent);
        text.push_str(content);
        text.push('\n');
    };
    line("", &format!("#{} {author}{reply}{edited}:", message.id));
    if let Some(media) = &message.media {
        line("    ", &describe(media));
    }
    for words in message.text().lines() {
        line("    ", words);
    }
    for row in &message.keyboard {
        let labels: Vec<String> = row
            .iter()
            .map(|button| format!("[{}]", button.text))
            .collect();
        line("    ", &labels.join(" "));
    }
}

fn describe(media: &Media) -> String {
    let kind = media.kind.field();
    let name = media
        .file_name
        .as_deref()
        .map(|name| format!(" {name}"))
        .unwrap_or_default();
    if media.width == 0 {
        return format!("<{kind}{name}>");
    }
    format!("<{kind}{name} {}x{}>", media.width, media.height)
}
