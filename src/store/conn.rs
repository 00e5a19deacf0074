//! One connection to either database.
//!
//! Functions above it are neither generic nor written twice. Errors never carry a value of a
//! statement: what users write stays out of logs.

use diesel::connection::AnsiTransactionManager as BlockingTransactionManager;
use diesel::pg::Pg;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sqlite::{Sqlite, SqliteConnection};
use diesel::{QueryResult, QueryableByName};
use diesel_async::pooled_connection::deadpool::Object;
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
use diesel_async::{
    AnsiTransactionManager, AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection,
    TransactionManager,
};
use rei_actors::ports::StoreError;

use crate::store::stmt::Stmt;

/// A row that both databases can give.
pub trait Row: QueryableByName<Pg> + QueryableByName<Sqlite> + Send + 'static {}

impl<R: QueryableByName<Pg> + QueryableByName<Sqlite> + Send + 'static> Row for R {}

/// A connection taken from a pool.
pub enum Conn {
    Pg(Box<Object<AsyncPgConnection>>),
    Lite(Object<SyncConnectionWrapper<SqliteConnection>>),
}

/// Which database it is, where their texts must differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Postgres,
    Sqlite,
}

/// A snapshot may be read for longer than a statement may usually run.
const PG_SNAPSHOT: &str = "
    SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;
    SET LOCAL statement_timeout = 0";

impl Conn {
    /// Which database it leads to.
    pub fn engine(&self) -> Engine {
        match self {
            Conn::Pg(_) => Engine::Postgres,
            Conn::Lite(_) => Engine::Sqlite,
        }
    }

    /// Runs a statement; how many rows it changed.
    pub async fn execute(&mut self, stmt: Stmt<'_>) -> Result<usize, StoreError> {
        let done = match self {
            Conn::Pg(conn) => stmt.execute(&mut ***conn).await,
            Conn::Lite(conn) => stmt.execute(&mut **conn).await,
        };
        done.map_err(|error| classify(&error))
    }

    /// Runs a statement; the rows it gave.
    pub async fn load<R: Row>(&mut self, stmt: Stmt<'_>) -> Result<Vec<R>, StoreError> {
        let rows: QueryResult<Vec<R>> = match self {
            Conn::Pg(conn) => stmt.load(&mut ***conn).await,
            Conn::Lite(conn) => stmt.load(&mut **conn).await,
        };
        rows.map_err(|error| classify(&error))
    }

    /// Runs a statement that gives at most one row.
    pub async fn optional<R: Row>(&mut self, stmt: Stmt<'_>) -> Result<Option<R>, StoreError> {
        Ok(self.load(stmt).await?.into_iter().next())
    }

    /// Runs a statement that gives the one row there must be.
    pub async fn one<R: Row>(&mut self, stmt: Stmt<'_>) -> Result<R, StoreError> {
        let row = self.optional(stmt).await?;
        row.ok_or_else(|| StoreError::Broken("a row that must exist is missing".to_owned()))
    }

    /// Runs statements without values, as in a migration.
    pub async fn batch(&mut self, text: &str) -> Result<(), StoreError> {
        let done = match self {
            Conn::Pg(conn) => conn.batch_execute(text).await,
            Conn::Lite(conn) => conn.batch_execute(text).await,
        };
        done.map_err(|error| classify(&error))
    }

    /// Begins a transaction; on SQLite at once as its writer, so that it never has to give up
    /// half-way for another one.
    pub(super) async fn begin(&mut self) -> Result<(), StoreError> {
        let begun = match self {
            Conn::Pg(conn) => AnsiTransactionManager::begin_transaction(&mut ***conn).await,
            Conn::Lite(conn) => {
                conn.spawn_blocking(|conn| {
                    BlockingTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE")
                })
                .await
            }
        };
        begun.map_err(|error| classify(&error))
    }

    /// Begins a transaction that sees one state of the database and changes nothing.
    pub(super) async fn begin_snapshot(&mut self) -> Result<(), StoreError> {
        match self {
            Conn::Pg(conn) => {
                let begun = PgTransactions::begin_transaction(&mut ***conn).await;
                begun.map_err(|error| classify(&error))?;
                self.batch(PG_SNAPSHOT).await
            }
            Conn::Lite(conn) => {
                let begun = conn
                    .spawn_blocking(|conn| {
                        BlockingTransactionManager::begin_transaction_sql(conn, "BEGIN DEFERRED")
                    })
                    .await;
                begun.map_err(|error| classify(&error))
            }
        }
    }

    pub(super) async fn commit(&mut self) -> Result<(), StoreError> {
        let done = match self {
            Conn::Pg(conn) => PgTransactions::commit_transaction(&mut ***conn).await,
            Conn::Lite(conn) => LiteTransactions::commit_transaction(&mut **conn).await,
        };
        done.map_err(|error| classify(&error))
    }

    pub(super) async fn rollback(&mut self) -> Result<(), StoreError> {
        let done = match self {
            Conn::Pg(conn) => PgTransactions::rollback_transaction(&mut ***conn).await,
            Conn::Lite(conn) => LiteTransactions::rollback_transaction(&mut **conn).await,
        };
        done.map_err(|error| classify(&error))
    }
}

type PgTransactions = <AsyncPgConnection as AsyncConnection>::TransactionManager;
type LiteTransactions =
    <SyncConnectionWrapper<SqliteConnection> as AsyncConnection>::TransactionManager;

/// What passes by itself, as both databases word it. Neither driver gives the code of these
/// errors away, so PostgreSQL must run with English messages to have them recognised; otherwise
/// they count as broken, which is the safe side.
const PASSING: [&str; 16] = [
    // SQLite.
    "database is locked",
    "database table is locked",
    "database or disk is full",
    "attempt to write a readonly database",
    "disk I/O error",
    "unable to open database file",
    // PostgreSQL.
    "deadlock detected",
    "due to statement timeout",
    "due to lock timeout",
    "terminating connection",
    "the database system is",
    "too many clients already",
    "remaining connection slots are reserved",
    "No space left on device",
    "Read-only file system",
    "in a read-only transaction",
];

/// Whether the same call may work later. Only the database's one-line message is kept: its
/// details show rows.
pub(super) fn classify(error: &Error) -> StoreError {
    match error {
        Error::DatabaseError(
            DatabaseErrorKind::SerializationFailure
            | DatabaseErrorKind::UnableToSendCommand
            | DatabaseErrorKind::ReadOnlyTransaction
            | DatabaseErrorKind::ClosedConnection,
            info,
        ) => StoreError::Retryable(info.message().to_owned()),
        Error::DatabaseError(_, info) => {
            let message = info.message().to_owned();
            if PASSING.iter().any(|passing| message.contains(passing)) {
                StoreError::Retryable(message)
            } else {
                StoreError::Broken(message)
            }
        }
        Error::BrokenTransactionManager => {
            StoreError::Retryable("the connection broke inside a transaction".to_owned())
        }
        other => StoreError::Broken(other.to_string()),
    }
}
