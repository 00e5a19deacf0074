//! What a batch must know before it can be decided.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use rei_actors::ports::StoreError;
use rei_actors::ports::ledger::LedgerCommand;
use rei_domain::ids::{HoldId, IdempotencyKey, ShardId, UserId};
use rei_domain::ledger::caps::CapRules;
use rei_domain::ledger::{
    Account, Books, ChainHead, Hold, HoldPurpose, HoldState, KnownTransfer, TransferKind,
};
use rei_domain::money::Money;
use rei_domain::time::Moment;
use serde_json::{Value, json};

use super::{lots, spending};
use crate::store::Conn;
use crate::store::codec::{parse_word, unreadable};
use crate::store::conn::Engine;
use crate::store::stmt::{sql, statements};

statements! {
    HEAD = "SELECT head_seq, head_hash, head_at FROM ledger_shards WHERE shard = ?";

    BALANCES = "
        SELECT account, balance FROM user_balance_cache
        WHERE account IN (SELECT value->>'account' FROM json_each(?))";

    KNOWN = "
        SELECT idempotency_key, debit, credit, amount, kind, reference FROM ledger
        WHERE idempotency_key IN (SELECT value->>'key' FROM json_each(?))";

    HOLDS = "
        SELECT id, user_id, purpose, topup_id, amount, captured, refunded, platform_cost, state,
               placed_at, expires_at
        FROM holds WHERE id IN (SELECT value->>'hold' FROM json_each(?))";
}

/// The head as PostgreSQL locks it; SQLite's transaction holds the one write lock already.
const HEAD_LOCKED: &str =
    "SELECT head_seq, head_hash, head_at FROM ledger_shards WHERE shard = ? FOR UPDATE";

/// The texts of this file for PostgreSQL alone.
pub const POSTGRES_ONLY: &[&str] = &[HEAD_LOCKED];

#[derive(QueryableByName)]
struct HeadRow {
    #[diesel(sql_type = BigInt)]
    head_seq: i64,
    #[diesel(sql_type = Text)]
    head_hash: String,
    #[diesel(sql_type = BigInt)]
    head_at: i64,
}

#[derive(QueryableByName)]
struct BalanceRow {
    #[diesel(sql_type = Text)]
    account: String,
    #[diesel(sql_type = BigInt)]
    balance: i64,
}

#[derive(QueryableByName)]
struct KnownRow {
    #[diesel(sql_type = Text)]
    idempotency_key: String,
    #[diesel(sql_type = Text)]
    debit: String,
    #[diesel(sql_type = Text)]
    credit: String,
    #[diesel(sql_type = BigInt)]
    amount: i64,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    reference: String,
}

#[derive(QueryableByName)]
struct HoldRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = Text)]
    purpose: String,
    #[diesel(sql_type = Nullable<Text>)]
    topup_id: Option<String>,
    #[diesel(sql_type = BigInt)]
    amount: i64,
    #[diesel(sql_type = BigInt)]
    captured: i64,
    #[diesel(sql_type = BigInt)]
    refunded: i64,
    #[diesel(sql_type = BigInt)]
    platform_cost: i64,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = BigInt)]
    placed_at: i64,
    #[diesel(sql_type = BigInt)]
    expires_at: i64,
}

impl HoldRow {
    fn parse(self) -> Result<Hold, StoreError> {
        Ok(Hold {
            id: HoldId::new(self.id),
            user: UserId(self.user_id),
            purpose: HoldPurpose::parse(&self.purpose, self.topup_id)
                .ok_or_else(|| unreadable("purpose"))?,
            amount: Money::from_kopecks(self.amount),
            captured: Money::from_kopecks(self.captured),
            refunded: Money::from_kopecks(self.refunded),
            platform_cost: Money::from_kopecks(self.platform_cost),
            state: parse_word("state", &self.state, HoldState::parse)?,
            placed_at: Moment(self.placed_at),
            expires_at: Moment(self.expires_at),
        })
    }
}

/// Locks the shard until the transaction ends and reads its head.
pub(in crate::store) async fn lock_head(
    conn: &mut Conn,
    shard: ShardId,
) -> Result<ChainHead, StoreError> {
    let text = match conn.engine() {
        Engine::Postgres => HEAD_LOCKED,
        Engine::Sqlite => HEAD,
    };
    let row: HeadRow = conn.one(sql!(text, i64::from(shard.0))).await?;
    Ok(ChainHead {
        seq: row.head_seq,
        hash: row.head_hash,
        at: Moment(row.head_at),
    })
}

/// Reads balances, keys and holds that the commands name, and what is counted beside them.
pub(super) async fn read_books(
    conn: &mut Conn,
    commands: &[LedgerCommand],
    books: &mut Books,
    rules: &CapRules,
) -> Result<(), StoreError> {
    let (mut accounts, mut keys, mut holds) = (Vec::new(), Vec::new(), Vec::new());
    for command in commands {
        let user = command.posting.user;
        accounts.push(json!({ "account": Account::Available(user).render() }));
        accounts.push(json!({ "account": Account::Held(user).render() }));
        accounts.push(json!({ "account": Account::Debt(user).render() }));
        for operation in &command.posting.operations {
            keys.push(json!({ "key": operation.key.as_str() }));
            if let Some(hold) = operation.movement.hold() {
                holds.push(json!({ "hold": hold.as_str() }));
            }
        }
    }
    let accounts = Value::from(accounts).to_string();
    for row in conn.load::<BalanceRow>(sql!(BALANCES, &*accounts)).await? {
        let account = parse_account(&row.account)?;
        books.read_balance(account, Money::from_kopecks(row.balance));
    }
    let keys = Value::from(keys).to_string();
    for row in conn.load::<KnownRow>(sql!(KNOWN, &*keys)).await? {
        let key = IdempotencyKey::new(row.idempotency_key);
        books.read_key(
            key,
            KnownTransfer {
                debit: parse_account(&row.debit)?,
                credit: parse_account(&row.credit)?,
                amount: Money::from_kopecks(row.amount),
                kind: parse_word("kind", &row.kind, TransferKind::parse)?,
                reference: row.reference,
            },
        );
    }
    let mut found = Vec::new();
    if !holds.is_empty() {
        let holds = Value::from(holds).to_string();
        for row in conn.load::<HoldRow>(sql!(HOLDS, &*holds)).await? {
            found.push(row.parse()?);
        }
    }
    lots::read_lots(conn, commands, &found, books).await?;
    spending::read_spending(conn, commands, &found, books, rules).await?;
    for hold in found {
        books.read_hold(hold);
    }
    Ok(())
}

fn parse_account(text: &str) -> Result<Account, StoreError> {
    Account::parse(text).ok_or_else(|| unreadable("account"))
}
