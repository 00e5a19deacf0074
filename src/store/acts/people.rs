//! What admins look at: users, what they have, their jobs and payments.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use rei_actors::ports::StoreError;
use rei_actors::ports::acts::{JobMoney, JobsOf};
use rei_actors::ports::users::{Reachable, User};
use rei_domain::admin::{Ban, JobLine, Payment, Person, Standing, Who};
use rei_domain::conversation::Language;
use rei_domain::ids::{ChatId, HoldId, JobId, TopupId, UserId};
use rei_domain::job::JobState;
use rei_domain::ledger::Account;
use rei_domain::ledger::caps::Caps;
use rei_domain::money::Money;
use rei_domain::time::Moment;
use serde_json::{Value, json};

use crate::store::codec::{parse_count, parse_reachable, parse_word};
use crate::store::conn::Conn;
use crate::store::stmt::{sql, statements};

/// Jobs and payments of a user that are shown.
const SHOWN: i64 = 5;

statements! {
    KNOWN = "
        SELECT id, chat_id, language, reachable, username, created_at FROM users
        WHERE id IN (SELECT CAST(value->>'user' AS BIGINT) FROM json_each(?)) ORDER BY id";

    BY_ID = "
        SELECT id, chat_id, language, reachable, username, created_at FROM users WHERE id = ?";

    // A name that went from one to another belongs to whoever was seen with it last; the row
    // that was made last is the best guess there is.
    BY_NAME = "
        SELECT id, chat_id, language, reachable, username, created_at FROM users
        WHERE username = ? ORDER BY created_at DESC, id DESC LIMIT 1";

    BALANCES = "
        SELECT account, balance FROM user_balance_cache WHERE account IN (?, ?, ?)";

    HOLDS = "
        SELECT COUNT(*) AS holds FROM holds WHERE user_id = ? AND state = 'open'";

    CAPS = "SELECT setter, hour, day FROM user_caps WHERE user_id = ?";

    BAN = "SELECT since, until, reason FROM bans WHERE user_id = ?";

    PAYMENTS = "
        SELECT topup_id, amount, remaining, created_at FROM lots
        WHERE user_id = ? AND origin = 'payment'
        ORDER BY created_at DESC, id DESC LIMIT ?";

    JOBS_OF_USER = "
        SELECT id, user_id, state, price, created_at,
               (SELECT cause FROM attempts
                WHERE job_id = jobs.id AND number = jobs.attempt) AS cause
        FROM jobs
        WHERE user_id = ? ORDER BY created_at DESC, id DESC LIMIT ?";

    JOBS_IN = "
        SELECT id, user_id, state, price, created_at,
               (SELECT cause FROM attempts
                WHERE job_id = jobs.id AND number = jobs.attempt) AS cause
        FROM jobs
        WHERE state IN (SELECT value->>'state' FROM json_each(?))
        ORDER BY created_at DESC, id DESC LIMIT ?";

    JOB_MONEY = "
        SELECT job.id, job.user_id, job.hold_id, job.state, job.price,
               COALESCE(hold.captured - hold.refunded, 0) AS remaining
        FROM jobs job LEFT JOIN holds hold ON hold.id = job.hold_id
        WHERE job.id = ?";
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
    #[diesel(sql_type = BigInt)]
    created_at: i64,
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

#[derive(QueryableByName)]
struct BalanceRow {
    #[diesel(sql_type = Text)]
    account: String,
    #[diesel(sql_type = BigInt)]
    balance: i64,
}

#[derive(QueryableByName)]
struct HoldsRow {
    #[diesel(sql_type = BigInt)]
    holds: i64,
}

#[derive(QueryableByName)]
struct CapsRow {
    #[diesel(sql_type = Text)]
    setter: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    hour: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    day: Option<i64>,
}

#[derive(QueryableByName)]
struct BanRow {
    #[diesel(sql_type = BigInt)]
    since: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    until: Option<i64>,
    #[diesel(sql_type = Text)]
    reason: String,
}

#[derive(QueryableByName)]
struct PaymentRow {
    #[diesel(sql_type = Text)]
    topup_id: String,
    #[diesel(sql_type = BigInt)]
    amount: i64,
    #[diesel(sql_type = BigInt)]
    remaining: i64,
    #[diesel(sql_type = BigInt)]
    created_at: i64,
}

#[derive(QueryableByName)]
struct JobRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = BigInt)]
    price: i64,
    #[diesel(sql_type = BigInt)]
    created_at: i64,
    #[diesel(sql_type = Nullable<Text>)]
    cause: Option<String>,
}

impl JobRow {
    fn parse(self) -> Result<JobLine, StoreError> {
        Ok(JobLine {
            id: JobId::new(self.id),
            user: UserId(self.user_id),
            state: parse_word("state", &self.state, JobState::parse)?,
            price: Money::from_kopecks(self.price),
            created_at: Moment(self.created_at),
            cause: self.cause,
        })
    }
}

#[derive(QueryableByName)]
struct JobMoneyRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = Text)]
    hold_id: String,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = BigInt)]
    price: i64,
    #[diesel(sql_type = BigInt)]
    remaining: i64,
}

pub(super) async fn known(conn: &mut Conn, users: &[UserId]) -> Result<Vec<User>, StoreError> {
    let ids: Vec<Value> = users.iter().map(|user| json!({ "user": user.0 })).collect();
    let ids = Value::from(ids).to_string();
    let rows: Vec<UserRow> = conn.load(sql!(KNOWN, &*ids)).await?;
    rows.into_iter().map(UserRow::parse).collect()
}

pub(super) async fn find(conn: &mut Conn, who: &Who) -> Result<Option<User>, StoreError> {
    let row = match who {
        Who::Id(user) => conn.optional::<UserRow>(sql!(BY_ID, user.0)).await?,
        Who::Name(name) => {
            conn.optional::<UserRow>(sql!(BY_NAME, name.as_str()))
                .await?
        }
    };
    row.map(UserRow::parse).transpose()
}

pub(super) async fn standing(conn: &mut Conn, user: UserId) -> Result<Standing, StoreError> {
    let accounts = [
        Account::Available(user),
        Account::Held(user),
        Account::Debt(user),
    ];
    let [available, held, owed] = accounts.map(Account::render);
    let rows: Vec<BalanceRow> = conn
        .load(sql!(BALANCES, &*available, &*held, &*owed))
        .await?;
    let of = |account: &str| {
        let row = rows.iter().find(|row| row.account == account);
        row.map_or(0, |row| row.balance)
    };
    Ok(Standing {
        available: Money::from_kopecks(of(&available)),
        held: Money::from_kopecks(of(&held)),
        owed: Money::from_kopecks(of(&owed).saturating_neg()),
    })
}

pub(super) async fn ban(
    conn: &mut Conn,
    user: UserId,
    now: Moment,
) -> Result<Option<Ban>, StoreError> {
    let row = conn.optional::<BanRow>(sql!(BAN, user.0)).await?;
    let holds = row.filter(|row| row.until.is_none_or(|until| now.0 < until));
    Ok(holds.map(|row| Ban {
        since: Moment(row.since),
        until: row.until.map(Moment),
        reason: row.reason,
    }))
}

pub(super) async fn person(
    conn: &mut Conn,
    user: UserId,
    now: Moment,
) -> Result<Option<Person>, StoreError> {
    let Some(row) = conn.optional::<UserRow>(sql!(BY_ID, user.0)).await? else {
        return Ok(None);
    };
    let known_since = Moment(row.created_at);
    let known = row.parse()?;
    let holds: HoldsRow = conn.one(sql!(HOLDS, user.0)).await?;
    let caps: Vec<CapsRow> = conn.load(sql!(CAPS, user.0)).await?;
    let caps_by = |setter: &str| {
        let row = caps.iter().find(|row| row.setter == setter);
        row.map_or(Caps::default(), |row| Caps {
            hour: row.hour.map(Money::from_kopecks),
            day: row.day.map(Money::from_kopecks),
        })
    };
    let jobs: Vec<JobRow> = conn.load(sql!(JOBS_OF_USER, user.0, SHOWN)).await?;
    let payments: Vec<PaymentRow> = conn.load(sql!(PAYMENTS, user.0, SHOWN)).await?;
    let payments = payments.into_iter().map(|row| Payment {
        id: TopupId::new(row.topup_id),
        amount: Money::from_kopecks(row.amount),
        left: Money::from_kopecks(row.remaining),
        at: Moment(row.created_at),
    });
    Ok(Some(Person {
        user,
        name: known.name,
        language: known.language,
        blocked_the_bot: known.reachable == Reachable::Blocked,
        known_since,
        standing: standing(conn, user).await?,
        holds: parse_count("holds", holds.holds)?,
        caps_by_admin: caps_by("admin"),
        caps_by_user: caps_by("user"),
        ban: ban(conn, user, now).await?,
        jobs: jobs
            .into_iter()
            .map(JobRow::parse)
            .collect::<Result<_, _>>()?,
        payments: payments.collect(),
    }))
}

pub(super) async fn jobs(
    conn: &mut Conn,
    filter: JobsOf,
    limit: u32,
) -> Result<Vec<JobLine>, StoreError> {
    let limit = i64::from(limit);
    let rows: Vec<JobRow> = match filter {
        JobsOf::User(user) => conn.load(sql!(JOBS_OF_USER, user.0, limit)).await?,
        JobsOf::In(state) => in_states(conn, |listed| listed == state, limit).await?,
        JobsOf::Unfinished => in_states(conn, |listed| !listed.is_settled(), limit).await?,
    };
    rows.into_iter().map(JobRow::parse).collect()
}

async fn in_states(
    conn: &mut Conn,
    is_listed: impl Fn(JobState) -> bool,
    limit: i64,
) -> Result<Vec<JobRow>, StoreError> {
    let states = JobState::ALL.into_iter().filter(|state| is_listed(*state));
    let states: Vec<Value> = states
        .map(|state| json!({ "state": state.as_str() }))
        .collect();
    let states = Value::from(states).to_string();
    conn.load(sql!(JOBS_IN, &*states, limit)).await
}

pub(super) async fn job_money(
    conn: &mut Conn,
    job: &JobId,
) -> Result<Option<JobMoney>, StoreError> {
    let row = conn
        .optional::<JobMoneyRow>(sql!(JOB_MONEY, job.as_str()))
        .await?;
    row.map(|row| {
        Ok(JobMoney {
            job: JobId::new(row.id),
            user: UserId(row.user_id),
            hold: HoldId::new(row.hold_id),
            state: parse_word("state", &row.state, JobState::parse)?,
            price: Money::from_kopecks(row.price),
            left: Money::from_kopecks(row.remaining),
        })
    })
    .transpose()
}
