//! Users: what the bot remembers of a person, and nothing more.

use async_trait::async_trait;
use rei_domain::conversation::{Balance, Language};
use rei_domain::ids::{ChatId, UserId};
use rei_domain::time::Moment;

use crate::ports::StoreError;

/// A user's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub chat: ChatId,
    pub language: Language,
    pub reachable: Reachable,
    /// Telegram's name without the sign, in lower case, as it was last seen.
    pub name: Option<String>,
}

/// Whether messages can be sent to a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reachable {
    Yes,
    /// The user blocked the bot, or the account is gone.
    Blocked,
}

/// Users' rows and what they own.
#[async_trait]
pub trait UserStore: Send + Sync + 'static {
    /// Finds the user or makes a row with this language. `true` when the row is new.
    async fn meet(
        &self,
        user: UserId,
        chat: ChatId,
        language: Language,
        at: Moment,
    ) -> Result<(User, Met), StoreError>;

    /// Remembers the name a user has now.
    async fn rename(&self, user: UserId, name: Option<&str>) -> Result<(), StoreError>;

    /// Finds the user of a chat.
    async fn by_chat(&self, chat: ChatId) -> Result<Option<User>, StoreError>;

    /// Sets whether the user can be reached. Turning reachable makes results that could not be
    /// delivered due again.
    async fn set_reachable(
        &self,
        user: UserId,
        reachable: Reachable,
        at: Moment,
    ) -> Result<(), StoreError>;

    /// The user's balance from the cache that the ledger's triggers keep.
    async fn balance(&self, user: UserId) -> Result<Balance, StoreError>;
}

/// Whether a user was known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Met {
    FirstTime,
    Before,
}
