//! Migrations: the same steps by the same names on both databases, built into the binary.

use diesel::migration::MigrationSource;
use diesel::{QueryableByName, sql_types::Text};
use diesel_async::{
    AsyncConnection, AsyncMigrationHarness, AsyncPgConnection, SimpleAsyncConnection,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use rei_actors::ports::StoreError;

use crate::store::conn::{Conn, Engine};
use crate::store::stmt::{sql, statements};
use crate::store::{Db, DbError};

const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// PostgreSQL's advisory lock under which a schema is changed; any number that nobody else
/// uses in the same database.
const LOCK: i64 = 0x0072_6569_5f62_6f74;

statements! {
    APPLIED = "SELECT version AS name FROM __diesel_schema_migrations ORDER BY version";
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Applies what is missing and returns the names of the steps taken.
pub(super) async fn run(db: &Db) -> Result<Vec<String>, DbError> {
    refuse_newer(db).await?;
    match db.engine() {
        Engine::Postgres => run_postgres(db).await,
        Engine::Sqlite => match run_sqlite(db).await {
            Ok(steps) => Ok(steps),
            // Another process may have taken the same steps in the meantime.
            Err(error) => match check(db).await {
                Ok(()) => Ok(Vec::new()),
                Err(_) => Err(error),
            },
        },
    }
}

/// Whether exactly the steps of this program are applied.
pub(super) async fn check(db: &Db) -> Result<(), DbError> {
    let applied = applied(db).await?;
    let known = known(db)?;
    if let Some(newer) = applied.iter().find(|name| !known.contains(name)) {
        return Err(DbError::Newer(newer.clone()));
    }
    if known.iter().any(|name| !applied.contains(name)) {
        return Err(DbError::Older);
    }
    Ok(())
}

async fn refuse_newer(db: &Db) -> Result<(), DbError> {
    match check(db).await {
        Err(error @ DbError::Newer(_)) => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

async fn run_postgres(db: &Db) -> Result<Vec<String>, DbError> {
    // A connection of its own: it has no statement time-out, and the lock ends with it.
    let mut conn = AsyncPgConnection::establish(db.url())
        .await
        .map_err(|error| DbError::Open(error.to_string()))?;
    conn.batch_execute(&format!("SELECT pg_advisory_lock({LOCK})"))
        .await
        .map_err(|error| DbError::Migrate(error.to_string()))?;
    let mut harness = AsyncMigrationHarness::new(conn);
    let steps = harness.run_pending_migrations(POSTGRES);
    names(steps.map(|steps| steps.iter().map(ToString::to_string).collect()))
}

async fn run_sqlite(db: &Db) -> Result<Vec<String>, DbError> {
    db.write(async move |conn: &mut Conn| match conn {
        Conn::Lite(conn) => {
            let steps = conn
                .spawn_blocking(|conn| {
                    let steps = conn.run_pending_migrations(SQLITE);
                    Ok(names(steps.map(|steps| {
                        steps.iter().map(ToString::to_string).collect()
                    })))
                })
                .await;
            steps.map_err(|error| super::conn::classify(&error))
        }
        Conn::Pg(_) => Err(StoreError::Broken("not a SQLite database".into())),
    })
    .await
    .map_err(|error: StoreError| DbError::Migrate(error.to_string()))?
}

fn names(
    steps: Result<Vec<String>, Box<dyn std::error::Error + Send + Sync>>,
) -> Result<Vec<String>, DbError> {
    steps.map_err(|error| DbError::Migrate(error.to_string()))
}

fn known(db: &Db) -> Result<Vec<String>, DbError> {
    let failed =
        |error: Box<dyn std::error::Error + Send + Sync>| DbError::Migrate(error.to_string());
    let mut names = Vec::new();
    match db.engine() {
        Engine::Postgres => {
            let steps = MigrationSource::<diesel::pg::Pg>::migrations(&POSTGRES).map_err(failed)?;
            names.extend(steps.iter().map(|step| step.name().version().to_string()));
        }
        Engine::Sqlite => {
            let steps =
                MigrationSource::<diesel::sqlite::Sqlite>::migrations(&SQLITE).map_err(failed)?;
            names.extend(steps.iter().map(|step| step.name().version().to_string()));
        }
    }
    Ok(names)
}

/// The versions in the database; none when it has no schema yet.
async fn applied(db: &Db) -> Result<Vec<String>, DbError> {
    let rows = db
        .read(async move |conn: &mut Conn| conn.load::<Name>(sql!(APPLIED)).await)
        .await;
    match rows {
        Ok(rows) => Ok(rows.into_iter().map(|row| row.name).collect()),
        // The table does not exist before the first step.
        Err(StoreError::Broken(_)) => Ok(Vec::new()),
        Err(error @ StoreError::Retryable(_)) => Err(DbError::Open(error.to_string())),
    }
}
