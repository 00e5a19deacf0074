//! Calls as Telegram wants them, built from what a view rendered.
//!
//! Limits are checked here and never met by cutting: text cut in the middle of a tag is
//! refused by Telegram, so a text that does not fit is a fault of its view.

use rei_actors::ports::messenger::{MessengerError, Upload};
use rei_actors::ports::view::{Button, ButtonAction, Rendered};
use rei_domain::ids::ChatId;
use teloxide_core::payloads::{EditMessageCaption, EditMessageText, SendMessage};
use teloxide_core::types::{
    InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, MessageId, ParseMode,
    ReplyMarkup,
};

use super::{broken, html};
use crate::telegram::call::Form;

/// The longest message, in UTF-16 units after parsing (Bot API, `sendMessage`).
const MESSAGE_UNITS_MAX: usize = 4096;

/// The longest caption, in UTF-16 units after parsing (Bot API, `sendPhoto`).
const CAPTION_UNITS_MAX: usize = 1024;

/// The longest callback data in bytes (Bot API, `InlineKeyboardButton`).
const DATA_BYTES_MAX: usize = 64;

/// How words are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Markup {
    Html,
    /// The fallback: what a reader would see, without bold and links.
    Plain,
}

/// How a file is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    Photo,
    /// With what a player shows before it has the file.
    Video {
        width: u32,
        height: u32,
        seconds: u32,
    },
    Document,
}

impl FileKind {
    /// The method that sends it.
    pub fn method(self) -> &'static str {
        match self {
            FileKind::Photo => "SendPhoto",
            FileKind::Video { .. } => "SendVideo",
            FileKind::Document => "SendDocument",
        }
    }

    fn field(self) -> &'static str {
        match self {
            FileKind::Photo => "photo",
            FileKind::Video { .. } => "video",
            FileKind::Document => "document",
        }
    }
}

/// Words and buttons that fit.
pub struct Words {
    html: String,
    plain: String,
    /// `None` without buttons; an edit without it takes the old ones away.
    keyboard: Option<InlineKeyboardMarkup>,
}

impl Words {
    /// Checks the words of a message.
    pub fn message(rendered: &Rendered) -> Result<Words, MessengerError> {
        let words = Words::try_new(rendered, MESSAGE_UNITS_MAX)?;
        if words.plain.trim().is_empty() {
            return Err(broken("a message without words"));
        }
        Ok(words)
    }

    /// Checks the words under a file; there may be none.
    pub fn caption(rendered: &Rendered) -> Result<Words, MessengerError> {
        Words::try_new(rendered, CAPTION_UNITS_MAX)
    }

    fn try_new(rendered: &Rendered, units_max: usize) -> Result<Words, MessengerError> {
        let plain = html::plain(&rendered.html);
        let units = plain.encode_utf16().count();
        if units > units_max {
            let what = format!("{units} characters where {units_max} are allowed");
            return Err(MessengerError::Broken(what));
        }
        Ok(Words {
            html: rendered.html.clone(),
            plain,
            keyboard: keyboard(&rendered.keyboard)?,
        })
    }

    fn text(&self, markup: Markup) -> &str {
        match markup {
            Markup::Html => &self.html,
            Markup::Plain => &self.plain,
        }
    }
}

fn keyboard(rows: &[Vec<Button>]) -> Result<Option<InlineKeyboardMarkup>, MessengerError> {
    let mut keys = Vec::with_capacity(rows.len());
    for row in rows.iter().filter(|row| !row.is_empty()) {
        let row: Result<Vec<_>, _> = row.iter().map(key).collect();
        keys.push(row?);
    }
    Ok((!keys.is_empty()).then(|| InlineKeyboardMarkup::new(keys)))
}

fn key(button: &Button) -> Result<InlineKeyboardButton, MessengerError> {
    let label = button.label.as_str();
    if label.is_empty() {
        return Err(broken("a button without words"));
    }
    match &button.action {
        ButtonAction::Data(data) if (1..=DATA_BYTES_MAX).contains(&data.len()) => {
            Ok(InlineKeyboardButton::callback(label, data))
        }
        ButtonAction::Data(_) => Err(broken("a button without data or above 64 bytes")),
        ButtonAction::Url(url) => match url.parse() {
            Ok(url) => Ok(InlineKeyboardButton::url(label, url)),
            Err(_) => Err(broken("a button whose address cannot be read")),
        },
    }
}

fn parse_mode(markup: Markup) -> Option<ParseMode> {
    match markup {
        Markup::Html => Some(ParseMode::Html),
        Markup::Plain => None,
    }
}

/// Links in a user's words must not grow into previews.
fn no_preview() -> LinkPreviewOptions {
    LinkPreviewOptions {
        is_disabled: true,
        url: None,
        prefer_small_media: false,
        prefer_large_media: false,
        show_above_text: false,
    }
}

fn recipient(chat: ChatId) -> teloxide_core::types::ChatId {
    teloxide_core::types::ChatId(chat.0)
}

/// `sendMessage`.
pub fn message(chat: ChatId, words: &Words, markup: Markup) -> SendMessage {
    let mut call = SendMessage::new(recipient(chat), words.text(markup));
    call.parse_mode = parse_mode(markup);
    call.link_preview_options = Some(no_preview());
    call.reply_markup = words.keyboard.clone().map(ReplyMarkup::InlineKeyboard);
    call
}

/// `editMessageText`.
pub fn edit(chat: ChatId, message: MessageId, words: &Words, markup: Markup) -> EditMessageText {
    let mut call = EditMessageText::new(recipient(chat), message, words.text(markup));
    call.parse_mode = parse_mode(markup);
    call.link_preview_options = Some(no_preview());
    call.reply_markup = words.keyboard.clone();
    call
}

/// `editMessageCaption`.
pub fn edit_caption(
    chat: ChatId,
    message: MessageId,
    words: &Words,
    markup: Markup,
) -> EditMessageCaption {
    let mut call = EditMessageCaption::new(recipient(chat), message);
    call.caption = Some(words.text(markup).to_owned());
    call.parse_mode = parse_mode(markup);
    call.reply_markup = words.keyboard.clone();
    call
}

/// `sendPhoto`, `sendVideo` or `sendDocument` with the file itself.
pub fn file(
    chat: ChatId,
    kind: FileKind,
    upload: &Upload,
    caption: Option<&Words>,
    markup: Markup,
) -> Form {
    let mut fields = vec![("chat_id", chat.to_string())];
    match kind {
        FileKind::Photo => {}
        FileKind::Video {
            width,
            height,
            seconds,
        } => {
            fields.push(("width", width.to_string()));
            fields.push(("height", height.to_string()));
            fields.push(("duration", seconds.to_string()));
            fields.push(("supports_streaming", "true".to_owned()));
        }
        // Otherwise Telegram may turn a picture sent as a file into something else.
        FileKind::Document => {
            fields.push(("disable_content_type_detection", "true".to_owned()));
        }
    }
    if let Some(words) = caption.filter(|words| !words.plain.is_empty()) {
        fields.push(("caption", words.text(markup).to_owned()));
        if markup == Markup::Html {
            fields.push(("parse_mode", "HTML".to_owned()));
        }
    }
    if let Some(keyboard) = caption.and_then(|words| words.keyboard.as_ref()) {
        let json = serde_json::to_string(keyboard).expect("buttons are texts");
        fields.push(("reply_markup", json));
    }
    Form {
        fields,
        file_field: kind.field(),
        file: upload.clone(),
    }
}
