//! The messenger port over the Bot API.
//!
//! One call of the port is one message, or surely none, or an honest *maybe*. Telegram has no
//! idempotency key for sending, so nothing here repeats a call whose fate is open. Two answers
//! are known to mean that nothing was sent, and only these lead to a second call: refused
//! markup is sent as plain text, a refused photo as a document.

mod classify;
mod html;
mod wire;

#[cfg(test)]
mod tests;

use async_trait::async_trait;
use bytes::Bytes;
use rei_actors::ports::messenger::{FetchError, Messenger, MessengerError, Outgoing, Upload};
use rei_actors::ports::view::Rendered;
use rei_domain::ids::{ChatId, MessageId};
use serde::Deserialize;
use serde::de::IgnoredAny;
use teloxide_core::payloads::{AnswerCallbackQuery, GetFile, SendChatAction};
use teloxide_core::types::{CallbackQueryId, ChatAction, FileId};

use super::call::{BotApi, CallError, DownloadError};
pub(super) use classify::classify;
use wire::{FileKind, Markup, Words};

/// The largest photo (Bot API, `sendPhoto`); tdlib counts in binary megabytes.
const PHOTO_BYTES_MAX: usize = 10 * 1024 * 1024;

/// Width and height of a photo together (Bot API, `sendPhoto`).
const PHOTO_SIDES_MAX: u64 = 10_000;

/// The longer side of a photo over its shorter one (Bot API, `sendPhoto`).
const PHOTO_RATIO_MAX: u64 = 20;

/// The largest upload (Bot API, "Sending files").
const UPLOAD_BYTES_MAX: usize = 50 * 1024 * 1024;

/// The longest answer to a tap (Bot API, `answerCallbackQuery`).
const TOAST_CHARS_MAX: usize = 200;

/// Speaks to Telegram.
#[derive(Clone, Debug)]
pub struct TelegramMessenger {
    api: BotApi,
}

/// Of a sent message only its number matters; the rest may be newer than we are.
#[derive(Deserialize)]
struct SentMessage {
    message_id: i64,
}

#[derive(Deserialize)]
struct FileFacts {
    file_path: Option<String>,
    file_size: Option<u64>,
}

impl TelegramMessenger {
    /// A messenger for one bot.
    pub fn new(api: BotApi) -> Self {
        TelegramMessenger { api }
    }

    async fn send_words(&self, chat: ChatId, words: &Words) -> Result<SentMessage, CallError> {
        let sent = self
            .api
            .call(&wire::message(chat, words, Markup::Html))
            .await;
        match sent {
            Err(error) if classify::is_markup_refused(&error) => {
                warn_of_markup("SendMessage");
                self.api
                    .call(&wire::message(chat, words, Markup::Plain))
                    .await
            }
            sent => sent,
        }
    }

    /// Sends a photo or a document; `caption` is `None` for a bare document.
    async fn send_file(
        &self,
        chat: ChatId,
        kind: FileKind,
        upload: &Upload,
        caption: Option<&Words>,
    ) -> Result<SentMessage, CallError> {
        let form = |markup| wire::file(chat, kind, upload, caption, markup);
        let sent = self.api.upload(kind.method(), form(Markup::Html)).await;
        match sent {
            Err(error) if classify::is_markup_refused(&error) => {
                warn_of_markup(kind.method());
                self.api.upload(kind.method(), form(Markup::Plain)).await
            }
            sent => sent,
        }
    }

    async fn send_photo(
        &self,
        chat: ChatId,
        upload: &Upload,
        caption: &Words,
    ) -> Result<SentMessage, CallError> {
        let sent = self
            .send_file(chat, FileKind::Photo, upload, Some(caption))
            .await;
        match sent {
            Err(error) if classify::is_photo_refused(&error) => {
                self.send_file(chat, FileKind::Document, upload, Some(caption))
                    .await
            }
            sent => sent,
        }
    }

    /// Edits the text of a message or, when it has none, its caption.
    async fn edit_words(
        &self,
        chat: ChatId,
        message: teloxide_core::types::MessageId,
        words: &Words,
        markup: Markup,
    ) -> Result<IgnoredAny, CallError> {
        let edited = self
            .api
            .call(&wire::edit(chat, message, words, markup))
            .await;
        match edited {
            Err(error) if classify::is_without_text(&error) => {
                let caption = wire::edit_caption(chat, message, words, markup);
                self.api.call(&caption).await
            }
            edited => edited,
        }
    }
}

#[async_trait]
impl Messenger for TelegramMessenger {
    async fn send(&self, chat: ChatId, message: &Outgoing) -> Result<MessageId, MessengerError> {
        let sent = match message {
            Outgoing::Text(rendered) => {
                let words = Words::message(rendered)?;
                self.send_words(chat, &words).await
            }
            Outgoing::Photo {
                upload,
                caption,
                width,
                height,
            } => {
                check_upload(upload)?;
                let caption = Words::caption(caption)?;
                if fits_photo(upload.bytes.len(), *width, *height) {
                    self.send_photo(chat, upload, &caption).await
                } else {
                    self.send_file(chat, FileKind::Document, upload, Some(&caption))
                        .await
                }
            }
            Outgoing::Video {
                upload,
                caption,
                width,
                height,
                seconds,
            } => {
                check_upload(upload)?;
                let caption = Words::caption(caption)?;
                let kind = FileKind::Video {
                    width: *width,
                    height: *height,
                    seconds: *seconds,
                };
                self.send_file(chat, kind, upload, Some(&caption)).await
            }
            Outgoing::Document { upload } => {
                check_upload(upload)?;
                self.send_file(chat, FileKind::Document, upload, None).await
            }
        };
        let SentMessage { message_id } = sent.map_err(classify)?;
        Ok(MessageId(message_id))
    }

    async fn edit(
        &self,
        chat: ChatId,
        message: MessageId,
        rendered: &Rendered,
    ) -> Result<(), MessengerError> {
        let words = Words::message(rendered)?;
        // A number that is none of Telegram's names no message.
        let number = i32::try_from(message.0).map_err(|_| MessengerError::MessageGone)?;
        let message = teloxide_core::types::MessageId(number);
        let mut edited = self.edit_words(chat, message, &words, Markup::Html).await;
        if edited.as_ref().is_err_and(classify::is_markup_refused) {
            warn_of_markup("EditMessageText");
            edited = self.edit_words(chat, message, &words, Markup::Plain).await;
        }
        match edited {
            Err(error) if !classify::is_not_modified(&error) => Err(classify(error)),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    async fn answer_tap(
        &self,
        callback_id: &str,
        text: Option<&str>,
    ) -> Result<(), MessengerError> {
        if text.is_some_and(|text| text.chars().count() > TOAST_CHARS_MAX) {
            return Err(broken("the answer to a tap is above 200 characters"));
        }
        let mut answer = AnswerCallbackQuery::new(CallbackQueryId(callback_id.to_owned()));
        answer.text = text.map(str::to_owned);
        match self.api.call::<IgnoredAny, _>(&answer).await {
            Err(error) if !classify::is_tap_over(&error) => Err(classify(error)),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    async fn show_working(&self, chat: ChatId) -> Result<(), MessengerError> {
        let chat = teloxide_core::types::ChatId(chat.0);
        let action = SendChatAction::new(chat, ChatAction::UploadPhoto);
        let shown = self.api.call::<IgnoredAny, _>(&action).await;
        shown.map(|_| ()).map_err(classify)
    }

    async fn fetch(&self, file_id: &str, bytes_max: u64) -> Result<Bytes, FetchError> {
        let asked = GetFile::new(FileId(file_id.to_owned()));
        let facts: FileFacts = self.api.call(&asked).await.map_err(|error| match error {
            CallError::Refused(refusal) if refusal.code == 400 => FetchError::Unavailable,
            CallError::Refused(_)
            | CallError::NotSent
            | CallError::Lost
            | CallError::Gateway { .. } => FetchError::Retryable,
        })?;
        let path = facts.file_path.ok_or(FetchError::Unavailable)?;
        if facts.file_size.is_some_and(|size| size > bytes_max) {
            return Err(FetchError::Unavailable);
        }
        let file = self.api.download(&path, bytes_max).await;
        file.map_err(|error| match error {
            DownloadError::Gone | DownloadError::TooLarge => FetchError::Unavailable,
            DownloadError::Broken => FetchError::Retryable,
        })
    }
}

/// Whether `sendPhoto` takes a picture of this size.
fn fits_photo(bytes: usize, width: u32, height: u32) -> bool {
    let (width, height) = (u64::from(width), u64::from(height));
    let (shorter, longer) = (width.min(height), width.max(height));
    bytes <= PHOTO_BYTES_MAX
        && width + height <= PHOTO_SIDES_MAX
        && longer <= shorter * PHOTO_RATIO_MAX
}

fn check_upload(upload: &Upload) -> Result<(), MessengerError> {
    if upload.bytes.len() > UPLOAD_BYTES_MAX {
        return Err(MessengerError::Refused("a file above 50 MB".to_owned()));
    }
    Ok(())
}

fn broken(what: &str) -> MessengerError {
    MessengerError::Broken(what.to_owned())
}

/// A view wrote markup that Telegram does not take. The reader gets the words all the same.
fn warn_of_markup(method: &str) {
    tracing::warn!(method, "telegram refused our markup, sending plain text");
}
