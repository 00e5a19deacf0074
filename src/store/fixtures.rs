//! What the tests of the row stores share: both databases, and rows to begin with.

mod postgres;
pub mod shop;
pub mod till;

use std::time::Duration;

use rei_actors::ports::StoreError;
use rei_actors::ports::drafts::{DraftStore, TurnCommit};
use rei_actors::ports::outbox::{NewOutbox, OutboxBody};
use rei_actors::ports::view::Rendered;
use rei_domain::draft::Draft;
use rei_domain::ids::{ChatId, Fence, UserId};
use rei_domain::job::{JobState, LaneName};
use rei_domain::ledger::Account;
use rei_domain::time::Moment;

use tokio::runtime::Runtime;

use self::postgres::Postgres;
use crate::store::stmt::sql;
use crate::store::{Conn, Db, DbConfig, DraftRows};

/// When a waiting job of the fixtures is due.
pub const FIXTURE_DUE: Moment = Moment(10);
/// When the lease of a job that is worked on runs out.
pub const FIXTURE_LEASE_UNTIL: Moment = Moment(1_000);
/// The fence of every job of the fixtures.
pub const FIXTURE_FENCE: Fence = Fence(3);
/// Whose jobs they are.
pub const FIXTURE_USER: UserId = UserId(7);

/// Runs a test on a fresh database of each kind.
pub fn for_both(test: impl AsyncFn(Db)) {
    for_both_twice(async |db, _| test(db).await);
}

/// Runs a test with two nodes on one fresh database of each kind. SQLite serves one node only,
/// so both are the same there.
pub fn for_both_twice(test: impl AsyncFn(Db, Db)) {
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let lite = connect(&format!("sqlite://{}/rei.db", folder.path().display()));
        lite.migrate().await.unwrap();
        test(lite.clone(), lite).await;

        let url = Postgres::shared().database().await;
        let (one, other) = (connect(&url), connect(&url));
        one.migrate().await.unwrap();
        test(one, other).await;
    });
}

/// A node of its own.
pub fn connect(url: &str) -> Db {
    let config = DbConfig {
        url: url.to_owned(),
        connections_max: 8,
        wait_max: Duration::from_secs(30),
        statement_max: Duration::from_secs(30),
        busy_max: Duration::from_secs(5),
    };
    Db::try_new(&config).unwrap()
}

/// A message with a key, without a slot.
pub fn message(key: &str, chat: ChatId, created_at: Moment) -> NewOutbox {
    NewOutbox {
        key: key.to_owned(),
        chat,
        slot: None,
        body: OutboxBody::Text {
            rendered: Rendered {
                html: format!("<b>{key}</b>?"),
                keyboard: Vec::new(),
            },
        },
        created_at,
    }
}

/// Writes a message.
pub async fn say(db: &Db, key: &str, chat: ChatId, created_at: Moment) {
    say_all(db, vec![message(key, chat, created_at)]).await;
}

/// Writes messages in order.
pub async fn say_all(db: &Db, outbox: Vec<NewOutbox>) {
    let turn = TurnCommit {
        outbox,
        ..TurnCommit::default()
    };
    let drafts = DraftRows::new(db.clone());
    drafts.commit(turn, Moment(1)).await.unwrap();
}

const CONFIRM: &str = "UPDATE drafts SET state = 'confirmed', job_id = ? WHERE id = ?";

/// Makes a draft a job's, as the ledger's transaction does.
pub async fn confirm(db: &Db, draft: &Draft, job: &str) {
    let (draft, job) = (draft.id.clone(), job.to_owned());
    db.write(async move |conn: &mut Conn| {
        conn.execute(sql!(CONFIRM, job.as_str(), draft.as_str()))
            .await
    })
    .await
    .unwrap();
}

/// Gives a user a balance in kopecks, as the ledger's triggers do.
pub async fn set_balance(db: &Db, user: UserId, available: i64, held: i64) {
    db.tx(async move |conn: &mut Conn| {
        let accounts = [
            (Account::Available(user), available),
            (Account::Held(user), held),
        ];
        for (account, balance) in accounts {
            let account = account.render();
            conn.execute(sql!(SET_BALANCE, account.as_str(), balance))
                .await?;
        }
        Ok::<(), StoreError>(())
    })
    .await
    .unwrap();
}

const SET_BALANCE: &str = "
    INSERT INTO user_balance_cache (account, balance, updated_at) VALUES (?, ?, 1)";

const INSERT_ASSET: &str = "
    INSERT INTO assets (id, user_id, kind, width, height, size, sha256, created_at)
    VALUES (?, ?, 'png', 1, 1, 1, ?, 1)";

/// Writes the row of a picture.
pub async fn insert_asset(db: &Db, id: &str) {
    insert_asset_of(db, id, FIXTURE_USER).await;
}

/// Writes the row of a user's picture.
pub async fn insert_asset_of(db: &Db, id: &str, user: UserId) {
    let id = id.to_owned();
    db.write(async move |conn: &mut Conn| {
        conn.execute(sql!(
            INSERT_ASSET,
            id.as_str(),
            user.0,
            "0".repeat(64).as_str()
        ))
        .await
    })
    .await
    .unwrap();
}

/// Writes a job in a state, with the attempt and the result that such a job has.
pub async fn insert_job(db: &Db, id: &str, state: JobState) {
    insert_job_in(db, id, LaneName::Normal, state, Moment(1)).await;
}

const INSERT_JOB: &str = "
    INSERT INTO jobs (id, draft_id, user_id, chat_id, hold_id, lane, model, prompt, aspect, size,
                      inputs, price, state, fence, attempt, provider, result, lease_owner,
                      lease_until, due_at, state_at, created_at, deadline_at)
    VALUES (?, ?, ?, 7, ?, ?, 'model', 'a cat', 'auto', '1K', '[]', 100, ?, ?, ?, ?, ?, ?, ?, ?,
            1, ?, 100000)";

const INSERT_ATTEMPT: &str = "
    INSERT INTO attempts (job_id, number, fence, provider, outcome, begun_at)
    VALUES (?, 1, ?, 'dummy', 'begun', 1)";

/// As [`insert_job`], in a lane and made at a moment.
pub async fn insert_job_in(db: &Db, id: &str, lane: LaneName, state: JobState, created_at: Moment) {
    let has_attempt = match state {
        JobState::Submitting
        | JobState::Running
        | JobState::Unknown
        | JobState::Rendered
        | JobState::Settled
        | JobState::Delivered => true,
        JobState::Queued | JobState::Leased | JobState::Failed | JobState::Cancelled => false,
    };
    let has_result = matches!(
        state,
        JobState::Rendered | JobState::Settled | JobState::Delivered
    );
    let result = has_result.then(|| format!("{id}-result"));
    if let Some(result) = &result {
        insert_asset(db, result).await;
    }
    let id = id.to_owned();
    db.write(async move |conn: &mut Conn| {
        let hold = format!("h-{id}");
        let draft = format!("d-{id}");
        let provider = has_attempt.then_some("dummy");
        let owner = state.is_worked_on().then_some("w1");
        let until = state.is_worked_on().then_some(FIXTURE_LEASE_UNTIL.0);
        let insert = sql!(
            INSERT_JOB,
            id.as_str(),
            draft.as_str(),
            FIXTURE_USER.0,
            hold.as_str(),
            lane.as_str(),
            state.as_str(),
            FIXTURE_FENCE.0,
            i64::from(has_attempt),
            provider,
            result.as_deref(),
            owner,
            until,
            FIXTURE_DUE.0,
            created_at.0
        );
        conn.execute(insert).await?;
        if has_attempt {
            conn.execute(sql!(INSERT_ATTEMPT, id.as_str(), FIXTURE_FENCE.0))
                .await?;
        }
        Ok::<(), StoreError>(())
    })
    .await
    .unwrap();
}
