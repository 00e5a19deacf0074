//! The outbox: messages that must arrive are rows before they are sent.

use async_trait::async_trait;
use rei_domain::ids::{AssetId, ChatId, JobId, MessageId, TopupId};
use rei_domain::time::Moment;
use serde::{Deserialize, Serialize};

use crate::ports::StoreError;
use crate::ports::view::Rendered;

/// A message to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOutbox {
    /// Names the message for ever; a second one with the same key is not written.
    pub key: String,
    pub chat: ChatId,
    /// A place in the chat that is written once and edited afterwards.
    pub slot: Option<String>,
    pub body: OutboxBody,
    pub created_at: Moment,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum OutboxBody {
    /// Words and buttons, rendered already.
    Text { rendered: Rendered },
    /// Where a job stands, rendered when it is sent, in the slot of its draft.
    Progress { job: String },
    /// The picture of a job, with its caption rendered when it is sent.
    Result { job: String },
    /// Where a session by the second stands, rendered when it is sent, in the session's slot.
    Usage { usage: String },
    /// That such a session will end by itself soon.
    UsageWarning { usage: String },
    /// The original file of a job's picture.
    File { job: String, asset: String },
    /// A small text file, rendered already.
    Document { name: String, text: String },
    /// Where a top-up stands, rendered when it is sent.
    PayCard { topup: String },
    /// A top-up was credited; always a message of its own. If the request that waited for it is
    /// still open, the message is its card from then on.
    Credited {
        topup: String,
        draft: Option<String>,
    },
    /// A refund ended.
    Refund { refund: String },
}

impl OutboxBody {
    /// A job's progress.
    pub fn progress(job: &JobId) -> Self {
        OutboxBody::Progress {
            job: job.as_str().to_owned(),
        }
    }

    /// A top-up's card.
    pub fn pay_card(topup: &TopupId) -> Self {
        OutboxBody::PayCard {
            topup: topup.as_str().to_owned(),
        }
    }

    /// A job's result.
    pub fn result(job: &JobId) -> Self {
        OutboxBody::Result {
            job: job.as_str().to_owned(),
        }
    }

    /// A job's original file.
    pub fn file(job: &JobId, asset: &AssetId) -> Self {
        OutboxBody::File {
            job: job.as_str().to_owned(),
            asset: asset.as_str().to_owned(),
        }
    }
}

/// A message that waits to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    /// Grows in order of writing; messages of a chat are sent in this order.
    pub seq: i64,
    pub chat: ChatId,
    pub slot: Option<String>,
    pub body: OutboxBody,
    /// Tries so far.
    pub attempts: u32,
}

/// How a message ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Telegram has it under this id.
    Delivered { message: MessageId },
    /// A later message for the same slot makes it pointless.
    Superseded,
    /// It can never be sent; the cause holds no user content.
    Dead { cause: String },
    /// The user cannot be reached; it waits until he can be.
    Unreachable,
}

/// The outbox's rows.
#[async_trait]
pub trait OutboxStore: Send + Sync + 'static {
    /// Messages that are due, in order of `seq`, at most `limit`, and of each chat only a
    /// prefix: nothing overtakes inside a chat.
    async fn due(&self, now: Moment, limit: u32) -> Result<Vec<OutboxRow>, StoreError>;

    /// Records how a message ended. `Delivered` also records the slot's message, and for a
    /// `Result` marks the job delivered (`JobEvent::Deliver`) and remembers which picture the
    /// message shows, all in one transaction.
    async fn finish(&self, seq: i64, sent: &Sent, at: Moment) -> Result<(), StoreError>;

    /// Counts a failed try and makes the message due again at `due_at`.
    async fn postpone(&self, seq: i64, due_at: Moment) -> Result<(), StoreError>;

    /// The message that stands in a slot of a chat.
    async fn slot(&self, chat: ChatId, slot: &str) -> Result<Option<MessageId>, StoreError>;
}
