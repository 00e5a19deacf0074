//! The rows of caps: what holds for each user, and what each window counts.

use std::collections::BTreeSet;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use rei_actors::ports::StoreError;
use rei_actors::ports::ledger::LedgerCommand;
use rei_domain::ids::{ShardId, UserId};
use rei_domain::ledger::caps::{CapRules, Caps, Period, Scope, Window};
use rei_domain::ledger::{Books, Hold, Movement, Operation};
use rei_domain::money::Money;
use rei_domain::time::Moment;
use serde_json::{Value, json};

use super::writes::expect_rows;
use crate::store::Conn;
use crate::store::codec::parse_word;
use crate::store::conn::Engine;
use crate::store::stmt::{sql, statements};

statements! {
    CAPS = "
        SELECT user_id, setter, hour, day FROM user_caps
        WHERE user_id IN (SELECT CAST(value->>'user' AS BIGINT) FROM json_each(?))";

    SPENT = "
        SELECT spending.scope, spending.owner, spending.period, spending.window_start,
               spending.spent
        FROM spending
        JOIN (
            SELECT value->>'scope' AS scope, CAST(value->>'owner' AS BIGINT) AS owner,
                   value->>'period' AS period, CAST(value->>'start' AS BIGINT) AS start
            FROM json_each(?)
        ) asked
          ON spending.scope = asked.scope AND spending.owner = asked.owner
         AND spending.period = asked.period AND spending.window_start = asked.start";

    // Every shard has its row before they are locked together.
    OPEN_PLATFORM = "
        INSERT INTO spending (scope, owner, period, window_start, spent)
        SELECT 'platform', shards.shard, value->>'period', CAST(value->>'start' AS BIGINT), 0
        FROM json_each(?), ledger_shards shards
        WHERE true
        ORDER BY 2, 3, 4
        ON CONFLICT (scope, owner, period, window_start) DO NOTHING";

    COUNT = "
        INSERT INTO spending (scope, owner, period, window_start, spent)
        SELECT value->>'scope', CAST(value->>'owner' AS BIGINT), value->>'period',
               CAST(value->>'start' AS BIGINT), CAST(value->>'spent' AS BIGINT)
        FROM json_each(?)
        WHERE true
        ON CONFLICT (scope, owner, period, window_start) DO UPDATE SET spent = excluded.spent";

    PLATFORM = "
        SELECT spending.scope, spending.owner, spending.period, spending.window_start,
               spending.spent
        FROM spending
        WHERE spending.scope = 'platform'
          AND spending.window_start IN (SELECT CAST(value->>'start' AS BIGINT) FROM json_each(?))
        ORDER BY spending.owner, spending.period, spending.window_start";
}

const PLATFORM_LOCKED: &str = "
        SELECT spending.scope, spending.owner, spending.period, spending.window_start,
               spending.spent
        FROM spending
        WHERE spending.scope = 'platform'
          AND spending.window_start IN (SELECT CAST(value->>'start' AS BIGINT) FROM json_each(?))
        ORDER BY spending.owner, spending.period, spending.window_start
        FOR UPDATE";

/// The texts of this file for PostgreSQL alone.
pub const POSTGRES_ONLY: &[&str] = &[PLATFORM_LOCKED];

#[derive(QueryableByName)]
struct CapsRow {
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = Text)]
    setter: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    hour: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    day: Option<i64>,
}

#[derive(QueryableByName)]
struct SpentRow {
    #[diesel(sql_type = Text)]
    scope: String,
    #[diesel(sql_type = BigInt)]
    owner: i64,
    #[diesel(sql_type = Text)]
    period: String,
    #[diesel(sql_type = BigInt)]
    window_start: i64,
    #[diesel(sql_type = BigInt)]
    spent: i64,
}

impl SpentRow {
    fn window(&self) -> Result<Window, StoreError> {
        Ok(Window {
            scope: match self.scope.as_str() {
                "platform" => Scope::Platform,
                _ => Scope::User(UserId(self.owner)),
            },
            period: parse_word("period", &self.period, Period::parse)?,
            start: Moment(self.window_start),
        })
    }

    fn spent(&self) -> Money {
        Money::from_kopecks(self.spent)
    }
}

/// Reads the caps of the users who spend, and every window that the commands may change: those
/// of now, and those in which the holds were counted.
pub(super) async fn read_spending(
    conn: &mut Conn,
    commands: &[LedgerCommand],
    holds: &[Hold],
    books: &mut Books,
    rules: &CapRules,
) -> Result<(), StoreError> {
    let mut windows = BTreeSet::new();
    let mut spenders = BTreeSet::new();
    for command in commands {
        if command.posting.operations.iter().any(is_spending) {
            let user = command.posting.user;
            spenders.insert(user);
            windows.extend(Books::windows(Scope::User(user), books.now()));
            windows.extend(Books::windows(Scope::Platform, books.now()));
        }
    }
    for hold in holds.iter().filter(|hold| hold.purpose.is_spending()) {
        windows.extend(Books::windows(Scope::User(hold.user), hold.placed_at));
        windows.extend(Books::windows(Scope::Platform, hold.placed_at));
    }
    if windows.is_empty() {
        return Ok(());
    }
    read_caps(conn, &spenders, books, rules).await?;
    let is_platform_capped = rules.platform != Caps::default();
    if is_platform_capped && !spenders.is_empty() {
        read_platform(conn, books).await?;
    }
    let shard = books.shard();
    let asked: Vec<Value> = windows.iter().map(|w| window_row(shard, *w)).collect();
    let asked = Value::from(asked).to_string();
    for row in conn.load::<SpentRow>(sql!(SPENT, &*asked)).await? {
        books.read_spending(row.window()?, row.spent());
    }
    Ok(())
}

async fn read_caps(
    conn: &mut Conn,
    users: &BTreeSet<UserId>,
    books: &mut Books,
    rules: &CapRules,
) -> Result<(), StoreError> {
    if users.is_empty() {
        return Ok(());
    }
    let asked: Vec<Value> = users.iter().map(|user| json!({ "user": user.0 })).collect();
    let asked = Value::from(asked).to_string();
    let rows = conn.load::<CapsRow>(sql!(CAPS, &*asked)).await?;
    for user in users {
        let of = |setter: &str| {
            let row = rows
                .iter()
                .find(|row| row.user_id == user.0 && row.setter == setter);
            row.map_or_else(Caps::default, |row| Caps {
                hour: row.hour.map(Money::from_kopecks),
                day: row.day.map(Money::from_kopecks),
            })
        };
        let caps = Caps::effective(rules.user, of("admin"), of("user"));
        books.read_caps(*user, caps);
    }
    Ok(())
}

/// Locks the platform's windows of now in every shard, so that no two shards pass the cap
/// together. Nobody pays for this lock where the platform has no cap.
async fn read_platform(conn: &mut Conn, books: &mut Books) -> Result<(), StoreError> {
    let shard = books.shard();
    let now: Vec<Window> = Books::windows(Scope::Platform, books.now()).collect();
    let asked: Vec<Value> = now.iter().map(|w| window_row(shard, *w)).collect();
    let asked = Value::from(asked).to_string();
    conn.execute(sql!(OPEN_PLATFORM, &*asked)).await?;
    let text = match conn.engine() {
        Engine::Postgres => PLATFORM_LOCKED,
        Engine::Sqlite => PLATFORM,
    };
    let rows = conn.load::<SpentRow>(sql!(text, &*asked)).await?;
    for window in now {
        let mut elsewhere = Money::ZERO;
        for row in rows.iter().filter(|row| row.owner != i64::from(shard.0)) {
            if row.window()? == window {
                elsewhere = elsewhere
                    .checked_add(row.spent())
                    .ok_or_else(|| StoreError::Broken("spending overflows".to_owned()))?;
            }
        }
        books.read_elsewhere(window, elsewhere);
    }
    Ok(())
}

/// Writes the windows whose count changed.
pub(super) async fn write_spending(conn: &mut Conn, books: &Books) -> Result<(), StoreError> {
    let shard = books.shard();
    let rows: Vec<Value> = books
        .changed_windows()
        .map(|(window, spent)| {
            let mut row = window_row(shard, window);
            row["spent"] = json!(spent.kopecks());
            row
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let count = rows.len();
    let rows = Value::from(rows).to_string();
    expect_rows(conn.execute(sql!(COUNT, &*rows)).await?, count)
}

fn is_spending(operation: &Operation) -> bool {
    matches!(&operation.movement, Movement::PlaceHold { purpose, .. } if purpose.is_spending())
}

fn window_row(shard: ShardId, window: Window) -> Value {
    let (scope, owner) = match window.scope {
        Scope::User(user) => ("user", user.0),
        Scope::Platform => ("platform", i64::from(shard.0)),
    };
    json!({
        "scope": scope,
        "owner": owner,
        "period": window.period.as_str(),
        "start": window.start.0,
    })
}
