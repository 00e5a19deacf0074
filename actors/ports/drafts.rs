//! Drafts' rows, and the transaction that ends a turn of the conversation.

use async_trait::async_trait;
use rei_domain::conversation::Language;
use rei_domain::draft::Draft;
use rei_domain::ids::{ChatId, DraftId, JobId, UserId};
use rei_domain::time::Moment;

use crate::ports::StoreError;
use crate::ports::outbox::NewOutbox;
use crate::ports::topups::{NewTopup, TopupForm};

/// Everything a turn changes outside the ledger, written in one transaction: the answer, the
/// state and the mark that the updates are processed. A crash before it repeats the turn, a
/// crash after it does not.
#[derive(Clone, Debug, Default)]
pub struct TurnCommit {
    /// The updates that made the turn.
    pub update_ids: Vec<i64>,
    /// Drafts made or changed. A draft that became a job meanwhile is left as it is.
    pub drafts: Vec<Draft>,
    /// The language the user chose.
    pub language: Option<(UserId, Language)>,
    /// Messages to send, in order. A row whose key is known is skipped.
    pub outbox: Vec<NewOutbox>,
    /// Top-ups that were asked for. One that is known stays as it is.
    pub topups: Vec<NewTopup>,
    /// What the chat is asked about a top-up from now on, or that it is asked nothing any more.
    pub form: Option<FormChange>,
    /// A result that is a favourite from now on, or is none any more.
    pub favourite: Option<FavouriteChange>,
}

/// A change of what a user wants kept for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FavouriteChange {
    Keep(JobId),
    Release(JobId),
}

/// A change of what a chat is being asked about a top-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormChange {
    Ask(ChatId, TopupForm),
    Forget(ChatId),
}

/// Drafts' rows.
#[async_trait]
pub trait DraftStore: Send + Sync + 'static {
    /// A draft by id.
    async fn draft(&self, id: &DraftId) -> Result<Option<Draft>, StoreError>;

    /// The chat's newest draft that asks for words, if one was made since `since`.
    async fn asking(&self, chat: ChatId, since: Moment) -> Result<Option<Draft>, StoreError>;

    /// The chat's drafts that are open or asking, newest first, at most `limit`.
    async fn unfinished(&self, chat: ChatId, limit: u32) -> Result<Vec<Draft>, StoreError>;

    /// Commits a turn.
    async fn commit(&self, turn: TurnCommit, at: Moment) -> Result<(), StoreError>;
}
