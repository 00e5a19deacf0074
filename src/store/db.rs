//! The database: pools, and the runtime on which every query runs.
//!
//! Promises that a caller that goes away (a time-out, a restarted actor) never drops a query
//! half-way, and never blocks its own thread on one: pools and queries live on a multi-thread
//! runtime of their own. Everything has a bound: connections, the wait for one, a statement's
//! time. Deliberately retries nothing: what may be repeated is `StoreError::Retryable`.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use diesel::sqlite::SqliteConnection;
use diesel_async::pooled_connection::deadpool::{BuildError, Pool};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig};
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
use diesel_async::{AsyncConnection, AsyncPgConnection};
use futures_util::FutureExt;
use rei_actors::ports::StoreError;
use tokio::runtime::{Handle, Runtime};

use crate::store::conn::{Conn, Engine};
use crate::store::migrate;
use crate::store::stmt::{sql, statements};

/// Threads that run queries. They wait for the database far more than they compute.
const RUNTIME_THREADS: usize = 2;

/// Set on each SQLite connection. `FULL` keeps what was acknowledged through a power cut; a
/// second process that holds the file is waited for, not failed on.
const LITE_SETUP: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA cache_size = -65536;
    PRAGMA wal_autocheckpoint = 4000;";

/// On the writer's connection besides. SQLite opens a file that it may not write for reading
/// alone, and such a connection would stay what it is when the file can be written again: it
/// never enters the pool. `BEGIN IMMEDIATE` alone would begin to read there.
const LITE_PROVES_WRITES: &str = "BEGIN IMMEDIATE; CREATE TABLE proof_of_writes (x); ROLLBACK;";

statements! {
    // Needs the right to write and the writer's place, and writes nothing.
    WRITE_NOTHING = "UPDATE users SET language = language WHERE 1 = 0";
}

type LiteConnection = SyncConnectionWrapper<SqliteConnection>;

/// How to reach the database.
#[derive(Clone)]
pub struct DbConfig {
    /// `sqlite://path` or `postgres://…`. Holds a password, so it is never shown.
    pub url: String,
    /// PostgreSQL connections, or SQLite readers beside the one writer.
    pub connections_max: usize,
    /// How long to wait for a free connection.
    pub wait_max: Duration,
    /// PostgreSQL ends a statement after this.
    pub statement_max: Duration,
    /// A statement waits this long for another process that holds SQLite's file.
    pub busy_max: Duration,
}

/// Why there is no database. The text is for the operator and holds no password.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    #[error("the database URL must begin with sqlite:// or postgres://")]
    UnknownScheme,
    #[error("the database URL names no file; a database in memory would lose everyone's money")]
    NoFile,
    #[error("the threads of the database cannot be started: {0}")]
    Threads(std::io::Error),
    #[error("the database pool cannot be made: {0}")]
    Pool(#[from] BuildError),
    #[error("the database cannot be opened: {0}")]
    Open(String),
    #[error("the database's schema cannot be brought up to date: {0}")]
    Migrate(String),
    #[error(
        "the database's schema is newer than this program (step {0} is unknown); start the newer program"
    )]
    Newer(String),
    #[error("the database's schema is older than this program; run `rei-bot migrate`")]
    Older,
}

/// A database. Clones share it.
#[derive(Clone)]
pub struct Db(Arc<Shared>);

struct Shared {
    /// Holds a password.
    url: String,
    pools: Pools,
    wait_max: Duration,
    handle: Handle,
    /// Taken when the last clone goes.
    runtime: Option<Runtime>,
}

enum Pools {
    Pg(Pool<AsyncPgConnection>),
    /// One writer, because SQLite has one; readers see the last commit and wait for nobody.
    Lite {
        writer: Pool<LiteConnection>,
        readers: Pool<LiteConnection>,
    },
}

/// What is done with a connection: any `async move |conn| { … }` whose future can be sent.
pub trait Work<'c, T, E>: FnOnce(&'c mut Conn) -> <Self as Work<'c, T, E>>::Answer + Send {
    /// The future of the closure.
    type Answer: Future<Output = Result<T, E>> + Send + 'c;
}

impl<'c, T, E, F, A> Work<'c, T, E> for F
where
    F: FnOnce(&'c mut Conn) -> A + Send,
    A: Future<Output = Result<T, E>> + Send + 'c,
{
    type Answer = A;
}

impl Db {
    /// Prepares pools. Connections are opened when they are first needed, so a database that
    /// is away is a `Retryable` of the first query and not an error here.
    pub fn try_new(config: &DbConfig) -> Result<Db, DbError> {
        let pools = if let Some(path) = config.url.strip_prefix("sqlite://") {
            lite_pools(path, config)?
        } else if config.url.starts_with("postgres://") || config.url.starts_with("postgresql://") {
            Pools::Pg(pg_pool(config)?)
        } else {
            return Err(DbError::UnknownScheme);
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(RUNTIME_THREADS)
            .thread_name("rei-db")
            .enable_all()
            .build()
            .map_err(DbError::Threads)?;
        Ok(Db(Arc::new(Shared {
            url: config.url.clone(),
            pools,
            wait_max: config.wait_max,
            handle: runtime.handle().clone(),
            runtime: Some(runtime),
        })))
    }

    /// Brings the schema up to date; the names of the steps taken. Two nodes may do so at once.
    pub async fn migrate(&self) -> Result<Vec<String>, DbError> {
        let db = self.clone();
        match self
            .0
            .handle
            .spawn(async move { migrate::run(&db).await })
            .await
        {
            Ok(done) => done,
            Err(_) => Err(DbError::Migrate("the migration did not finish".to_owned())),
        }
    }

    /// Whether the schema is exactly this program's.
    pub async fn check_schema(&self) -> Result<(), DbError> {
        migrate::check(self).await
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.read(async move |conn: &mut Conn| conn.execute(sql!("SELECT 1")).await.map(|_| ()))
            .await
    }

    /// Whether the database takes writes now: it is not read-only, and nobody keeps its one
    /// writer's place for longer than a write may wait.
    pub async fn check_writes(&self) -> Result<(), StoreError> {
        self.write(async move |conn: &mut Conn| conn.execute(sql!(WRITE_NOTHING)).await.map(|_| ()))
            .await
    }

    /// Which database it is.
    pub fn engine(&self) -> Engine {
        match &self.0.pools {
            Pools::Pg(_) => Engine::Postgres,
            Pools::Lite { .. } => Engine::Sqlite,
        }
    }

    /// The runtime on which queries run; it has threads of its own.
    pub fn runtime(&self) -> &Handle {
        &self.0.handle
    }

    pub(super) fn url(&self) -> &str {
        &self.0.url
    }

    /// Runs questions; on SQLite beside the writer.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'c> Work<'c, T, E> + 'static,
    {
        let shared = Arc::clone(&self.0);
        self.spawn(async move {
            let mut conn = shared.reader().await?;
            work(&mut conn).await
        })
        .await
    }

    /// Runs one statement that writes, a transaction by itself.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'c> Work<'c, T, E> + 'static,
    {
        let shared = Arc::clone(&self.0);
        self.spawn(async move {
            let mut conn = shared.writer().await?;
            work(&mut conn).await
        })
        .await
    }

    /// Runs statements in one transaction: all of them if the work succeeds, none otherwise.
    pub async fn tx<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'c> Work<'c, T, E> + 'static,
    {
        let shared = Arc::clone(&self.0);
        self.spawn(async move {
            let mut conn = shared.writer().await?;
            conn.begin().await?;
            match work(&mut conn).await {
                Ok(done) => {
                    fail::fail_point!("store.before_commit");
                    conn.commit().await?;
                    fail::fail_point!("store.committed");
                    Ok(done)
                }
                Err(error) => {
                    // When this fails too, the connection is broken and its pool replaces it;
                    // the database has rolled back by itself then.
                    if let Err(broken) = conn.rollback().await {
                        tracing::warn!(error = %broken, "a rollback failed");
                    }
                    Err(error)
                }
            }
        })
        .await
    }

    /// Asks questions of one snapshot, beside whatever is written meanwhile.
    pub async fn snapshot<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'c> Work<'c, T, E> + 'static,
    {
        let shared = Arc::clone(&self.0);
        self.spawn(async move {
            let mut conn = shared.reader().await?;
            conn.begin_snapshot().await?;
            let answer = work(&mut conn).await;
            conn.rollback().await?;
            answer
        })
        .await
    }

    /// On the runtime of its own, where it goes on even if the caller does not.
    async fn spawn<T, E>(
        &self,
        work: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        match self.0.handle.spawn(work).await {
            Ok(done) => done,
            Err(gone) if gone.is_panic() => std::panic::resume_unwind(gone.into_panic()),
            Err(_) => Err(StoreError::Retryable("the database is closing".to_owned()).into()),
        }
    }
}

impl Shared {
    async fn reader(&self) -> Result<Conn, StoreError> {
        match &self.pools {
            Pools::Pg(pool) => Ok(Conn::Pg(Box::new(self.wait(pool.get()).await?))),
            Pools::Lite { readers, .. } => Ok(Conn::Lite(self.wait(readers.get()).await?)),
        }
    }

    async fn writer(&self) -> Result<Conn, StoreError> {
        match &self.pools {
            Pools::Pg(pool) => Ok(Conn::Pg(Box::new(self.wait(pool.get()).await?))),
            Pools::Lite { writer, readers } => {
                let conn = self.wait(writer.get()).await;
                if let Err(StoreError::Retryable(cause)) = &conn
                    && cause == READ_ONLY
                {
                    // A process shares one view of the file's index of what is written: what a
                    // reader opened for reading alone is so for the writer too, until all of
                    // them are closed. They are opened again when they are needed.
                    readers.retain(|_, _| false);
                }
                Ok(Conn::Lite(conn?))
            }
        }
    }

    /// Waits for a connection. The causes stay out of the error, because they may repeat the
    /// URL; a known one is told in words of our own.
    async fn wait<C, E: std::fmt::Display>(
        &self,
        conn: impl Future<Output = Result<C, E>>,
    ) -> Result<C, StoreError> {
        match tokio::time::timeout(self.wait_max, conn).await {
            Ok(Ok(conn)) => Ok(conn),
            Ok(Err(error)) => Err(StoreError::Retryable(
                unconnected(&error.to_string()).to_owned(),
            )),
            Err(_) => Err(StoreError::Retryable("all connections are busy".to_owned())),
        }
    }
}

/// SQLite may not write the file.
const READ_ONLY: &str = "the database's file or its folder is read-only";

/// Why no connection can be made, by what SQLite says.
fn unconnected(cause: &str) -> &'static str {
    const KNOWN: [(&str, &str); 4] = [
        ("readonly database", READ_ONLY),
        (
            "database is locked",
            "another process holds the database's file",
        ),
        (
            "unable to open database file",
            "the database's file cannot be opened; is its folder there, and writable?",
        ),
        (
            "not a database",
            "the database's file is not a SQLite database",
        ),
    ];
    let known = KNOWN.iter().find(|(said, _)| cause.contains(said));
    known.map_or("no connection can be made", |(_, words)| words)
}

impl Drop for Shared {
    /// The last clone may go inside another runtime, where waiting for threads is forbidden.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn pg_pool(config: &DbConfig) -> Result<Pool<AsyncPgConnection>, BuildError> {
    let statement_ms = config.statement_max.as_millis();
    let setup = format!("SET statement_timeout = {statement_ms}");
    let manager = manager(config.url.clone(), setup);
    Pool::builder(manager)
        .max_size(config.connections_max)
        .build()
}

fn lite_pools(path: &str, config: &DbConfig) -> Result<Pools, DbError> {
    if path.is_empty() || path.contains(":memory:") || path.contains("mode=memory") {
        return Err(DbError::NoFile);
    }
    Ok(Pools::Lite {
        writer: lite_pool(path, config, 1, LITE_PROVES_WRITES)?,
        readers: lite_pool(path, config, config.connections_max, "")?,
    })
}

fn lite_pool(
    path: &str,
    config: &DbConfig,
    connections: usize,
    proof: &str,
) -> Result<Pool<LiteConnection>, BuildError> {
    // First, because switching to WAL may itself have to wait.
    let busy_ms = config.busy_max.as_millis();
    let setup = format!("PRAGMA busy_timeout = {busy_ms};{LITE_SETUP}{proof}");
    let manager = manager(path.to_owned(), setup);
    Pool::builder(manager).max_size(connections).build()
}

/// Makes connections that run `setup` before anything else.
fn manager<C>(url: String, setup: String) -> AsyncDieselConnectionManager<C>
where
    C: AsyncConnection + 'static,
{
    let mut config = ManagerConfig::default();
    config.custom_setup = Box::new(move |url| {
        let (url, setup) = (url.to_owned(), setup.clone());
        async move {
            let mut conn = C::establish(&url).await?;
            conn.batch_execute(&setup)
                .await
                .map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
            Ok(conn)
        }
        .boxed()
    });
    AsyncDieselConnectionManager::new_with_config(url, config)
}

#[cfg(test)]
mod tests;
