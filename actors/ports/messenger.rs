//! The messenger: what the bot says to Telegram, and how an update is read.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use rei_domain::conversation::{Inbound, Language};
use rei_domain::ids::{ChatId, MessageId, UserId};

use crate::ports::view::Rendered;

/// The largest file that can be sent, in bytes (Bot API, "Sending files": 50 MB).
pub const UPLOAD_BYTES_MAX: usize = 50_000_000;

/// A file on its way to Telegram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    pub bytes: Bytes,
    /// With extension.
    pub name: String,
}

/// A message on its way to Telegram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outgoing {
    Text(Rendered),
    /// Shown as a picture. An adapter that cannot send it so (above 10 MB or 10 000 pixels of
    /// width and height together) sends it as a document instead.
    Photo {
        upload: Upload,
        caption: Rendered,
        width: u32,
        height: u32,
    },
    /// Shown as a video that plays before it is whole.
    Video {
        upload: Upload,
        caption: Rendered,
        width: u32,
        height: u32,
        /// Whole seconds.
        seconds: u32,
    },
    /// Kept byte for byte.
    Document {
        upload: Upload,
    },
}

/// Why Telegram did not take a call. Named by what the caller does next.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessengerError {
    /// Surely not done; the same call may work after this time, or after a back-off.
    #[error("telegram asks to try later")]
    Retryable { after: Option<Duration> },
    /// The connection broke after the call was written: it may have been done.
    #[error("telegram's answer was lost")]
    Ambiguous,
    /// The user blocked the bot, the account is gone, or the chat was never begun.
    #[error("the user cannot be reached")]
    Unreachable,
    /// The message to edit does not exist (any more): send a new one.
    #[error("the message to edit is gone")]
    MessageGone,
    /// Telegram will never take this.
    #[error("telegram refused the call: {0}")]
    Refused(String),
    /// Our fault or configuration; the text holds no user content and no token.
    #[error("the call to telegram is broken: {0}")]
    Broken(String),
}

/// Why a user's file could not be fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    #[error("telegram does not answer")]
    Retryable,
    /// The file is gone, or larger than can be fetched.
    #[error("the file cannot be had")]
    Unavailable,
}

/// Calls to Telegram.
#[async_trait]
pub trait Messenger: Send + Sync + 'static {
    /// Sends a message.
    async fn send(&self, chat: ChatId, message: &Outgoing) -> Result<MessageId, MessengerError>;

    /// Replaces words and buttons of a message. "Not modified" is success.
    async fn edit(
        &self,
        chat: ChatId,
        message: MessageId,
        rendered: &Rendered,
    ) -> Result<(), MessengerError>;

    /// Ends the spinner of a tap. A query that is too old is success.
    async fn answer_tap(&self, callback_id: &str, text: Option<&str>)
    -> Result<(), MessengerError>;

    /// Shows "sending a photo" for a few seconds.
    async fn show_working(&self, chat: ChatId) -> Result<(), MessengerError>;

    /// Fetches a user's file, refusing more than `bytes_max`.
    async fn fetch(&self, file_id: &str, bytes_max: u64) -> Result<Bytes, FetchError>;
}

/// Who sent an update and what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// `None` when the update is not a person's in a private chat: it is ignored.
    pub sender: Option<Sender>,
    pub inbound: Inbound,
}

/// The person behind an update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    pub user: UserId,
    pub chat: ChatId,
    /// By the language of the person's client.
    pub language: Language,
    /// Telegram's name without the sign, in lower case.
    pub name: Option<String>,
}

/// Reads stored updates.
pub trait Interpreter: Send + Sync + 'static {
    /// What an update means. Never fails: what cannot be read is `Inbound::Ignored`.
    fn interpret(&self, body: &str) -> Envelope;
}
