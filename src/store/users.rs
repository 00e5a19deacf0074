//! Users' rows and the balance that the ledger's triggers keep.

use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use rei_actors::ports::StoreError;
use rei_actors::ports::users::{Met, Reachable, User, UserStore};
use rei_domain::conversation::{Balance, Language};
use rei_domain::ids::{ChatId, UserId};
use rei_domain::ledger::Account;
use rei_domain::money::Money;
use rei_domain::time::Moment;

use crate::store::codec::{parse_reachable, parse_word, render_reachable};
use crate::store::conn::Conn;
use crate::store::db::Db;
use crate::store::stmt::{sql, statements};

statements! {
    // A lost race is no error: both callers find the one row that won.
    INSERT_USER = "
        INSERT INTO users (id, chat_id, language, reachable, created_at)
        VALUES (?, ?, ?, 'yes', ?)
        ON CONFLICT (id) DO NOTHING";

    USER = "SELECT id, chat_id, language, reachable, username FROM users WHERE id = ?";

    USER_BY_CHAT = "
        SELECT id, chat_id, language, reachable, username FROM users
        WHERE chat_id = ? ORDER BY id LIMIT 1";

    RENAME = "UPDATE users SET username = ? WHERE id = ?";

    SET_REACHABLE = "UPDATE users SET reachable = ? WHERE id = ?";

    // What could not be delivered has all its tries again: the failures were not its own.
    REVIVE_OUTBOX = "
        UPDATE outbox SET state = 'ready', attempts = 0, due_at = ?
        WHERE state = 'unreachable' AND chat_id = (SELECT chat_id FROM users WHERE id = ?)";

    BALANCES = "
        SELECT account, balance FROM user_balance_cache WHERE account IN (?, ?)";
}

/// Users' rows.
#[derive(Clone)]
pub struct UserRows(Db);

impl UserRows {
    /// The rows of a database.
    pub fn new(db: Db) -> Self {
        Self(db)
    }
}

#[derive(QueryableByName)]
struct UserRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    chat_id: i64,
    #[diesel(sql_type = Text)]
    language: String,
    #[diesel(sql_type = Text)]
    reachable: String,
    #[diesel(sql_type = Nullable<Text>)]
    username: Option<String>,
}

impl UserRow {
    fn parse(self) -> Result<User, StoreError> {
        Ok(User {
            id: UserId(self.id),
            chat: ChatId(self.chat_id),
            language: parse_word("language", &self.language, Language::parse)?,
            reachable: parse_word("reachable", &self.reachable, parse_reachable)?,
            name: self.username,
        })
    }
}

async fn find(conn: &mut Conn, user: UserId) -> Result<Option<User>, StoreError> {
    let row = conn.optional::<UserRow>(sql!(USER, user.0)).await?;
    row.map(UserRow::parse).transpose()
}

#[derive(QueryableByName)]
struct BalanceRow {
    #[diesel(sql_type = Text)]
    account: String,
    #[diesel(sql_type = BigInt)]
    balance: i64,
}

#[async_trait]
impl UserStore for UserRows {
    async fn meet(
        &self,
        user: UserId,
        chat: ChatId,
        language: Language,
        at: Moment,
    ) -> Result<(User, Met), StoreError> {
        // Nearly everyone is known, and reading waits for nobody.
        let known = self
            .0
            .read(async move |conn: &mut Conn| find(conn, user).await)
            .await?;
        if let Some(known) = known {
            return Ok((known, Met::Before));
        }
        self.0
            .tx(async move |conn: &mut Conn| {
                let insert = sql!(INSERT_USER, user.0, chat.0, language.as_str(), at.0);
                let met = match conn.execute(insert).await? {
                    0 => Met::Before,
                    _ => Met::FirstTime,
                };
                let row = find(conn, user).await?;
                let row = row.ok_or_else(|| {
                    StoreError::Broken("a user's row is gone right after it was written".to_owned())
                })?;
                Ok((row, met))
            })
            .await
    }

    async fn rename(&self, user: UserId, name: Option<&str>) -> Result<(), StoreError> {
        let name = name.map(str::to_owned);
        self.0
            .write(async move |conn: &mut Conn| {
                conn.execute(sql!(RENAME, name.as_deref(), user.0)).await?;
                Ok(())
            })
            .await
    }

    async fn by_chat(&self, chat: ChatId) -> Result<Option<User>, StoreError> {
        self.0
            .read(async move |conn: &mut Conn| {
                let row = conn.optional::<UserRow>(sql!(USER_BY_CHAT, chat.0)).await?;
                row.map(UserRow::parse).transpose()
            })
            .await
    }

    async fn set_reachable(
        &self,
        user: UserId,
        reachable: Reachable,
        at: Moment,
    ) -> Result<(), StoreError> {
        self.0
            .tx(async move |conn: &mut Conn| {
                let word = render_reachable(reachable);
                conn.execute(sql!(SET_REACHABLE, word, user.0)).await?;
                match reachable {
                    Reachable::Yes => {
                        conn.execute(sql!(REVIVE_OUTBOX, at.0, user.0)).await?;
                    }
                    Reachable::Blocked => {}
                }
                Ok(())
            })
            .await
    }

    async fn balance(&self, user: UserId) -> Result<Balance, StoreError> {
        self.0
            .read(async move |conn: &mut Conn| {
                let available = Account::Available(user).render();
                let held = Account::Held(user).render();
                let rows = conn
                    .load::<BalanceRow>(sql!(BALANCES, available.as_str(), held.as_str()))
                    .await?;
                let of = |account: &str| {
                    let row = rows.iter().find(|row| row.account == account);
                    row.map_or(Money::ZERO, |row| Money::from_kopecks(row.balance))
                };
                Ok(Balance {
                    available: of(&available),
                    held: of(&held),
                })
            })
            .await
    }
}

#[cfg(test)]
mod tests;
