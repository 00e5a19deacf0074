//! Cells in Redis: one key for each user and scope, changed by one script each.
//!
//! The clock is the server's. A cell is compared with the moment it was written at, and nodes
//! whose clocks differ would let each other's users wait too long or not long enough; one clock
//! for each key ends that. What a user waits is therefore told as a span and added to the clock
//! of whoever asks.

use std::sync::Arc;
use std::time::Duration;

use deadpool_redis::redis::{RedisError, Script};
use deadpool_redis::{Manager, Pool, PoolError, Runtime};
use rei_domain::ids::UserId;
use rei_domain::rates::{Rate, RateScope};
use rei_domain::time::Span;
use secrecy::{ExposeSecret, SecretString};
use tokio::runtime::Handle;

use super::NotAnAddress;

const TAKE: &str = include_str!("redis/take.lua");
const GIVE_BACK: &str = include_str!("redis/give_back.lua");

/// Where the shared limits are, and how long they may take.
#[derive(Clone, Debug)]
pub struct RedisSettings {
    /// `redis://…`, which may hold a password.
    pub url: SecretString,
    /// The first word of every key.
    pub prefix: String,
    pub connections_max: usize,
    /// For one answer, the wait for a connection included.
    pub answer_within: Duration,
    /// The time between two tries while it is away.
    pub retry_after: Duration,
}

/// Why Redis did not decide.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Away {
    #[error("no answer in time")]
    Slow,
    #[error("no connection")]
    NoConnection,
    /// It answers, and does not do what it is asked: a replica, full, still loading.
    #[error("refused with {0}")]
    Refused(String),
}

impl Away {
    /// Keeps the error's code or kind alone: its text may hold an address.
    fn of(error: &RedisError) -> Self {
        match error.code() {
            Some(code) => Away::Refused(code.to_owned()),
            None => Away::NoConnection,
        }
    }
}

/// The cells of all nodes.
pub struct RedisRates {
    pool: Pool,
    take: Arc<Script>,
    give_back: Arc<Script>,
    prefix: String,
    answer_within: Duration,
    /// Connections live here and not with whoever asks: an actor's thread may end before them.
    runtime: Handle,
}

impl RedisRates {
    /// Cells at an address, which need not answer yet.
    pub fn try_new(settings: RedisSettings, runtime: Handle) -> Result<Self, NotAnAddress> {
        let manager = Manager::new(settings.url.expose_secret()).map_err(|_| NotAnAddress)?;
        let pool = Pool::builder(manager)
            .max_size(settings.connections_max)
            .runtime(Runtime::Tokio1)
            .build()
            .expect("only a pool with time-outs needs more than this");
        Ok(Self {
            pool,
            take: Arc::new(Script::new(TAKE)),
            give_back: Arc::new(Script::new(GIVE_BACK)),
            prefix: settings.prefix,
            answer_within: settings.answer_within,
            runtime,
        })
    }

    /// Takes; tells how long to wait when it is not allowed.
    pub async fn take(
        &self,
        scope: RateScope,
        rate: &Rate,
        user: UserId,
        weight: u64,
    ) -> Result<Option<Span>, Away> {
        let arguments = vec![rate.cost(weight), rate.tolerance(), rate.reach()];
        let wait = self.run(&self.take, scope, user, arguments).await?;
        Ok((wait > 0).then_some(Span(wait)))
    }

    /// Returns what was taken.
    pub async fn give_back(
        &self,
        scope: RateScope,
        rate: &Rate,
        user: UserId,
        weight: u64,
    ) -> Result<(), Away> {
        let arguments = vec![rate.cost(weight), rate.reach()];
        self.run(&self.give_back, scope, user, arguments).await?;
        Ok(())
    }

    async fn run(
        &self,
        script: &Arc<Script>,
        scope: RateScope,
        user: UserId,
        arguments: Vec<Span>,
    ) -> Result<i64, Away> {
        let (pool, script) = (self.pool.clone(), script.clone());
        let key = format!("{}:rate:{}:{user}", self.prefix, scope.as_str());
        let asked = async move {
            let mut connection = pool.get().await.map_err(|error| match error {
                PoolError::Backend(error) => Away::of(&error),
                PoolError::Timeout(_)
                | PoolError::Closed
                | PoolError::NoRuntimeSpecified
                | PoolError::PostCreateHook(_) => Away::NoConnection,
            })?;
            let mut call = script.prepare_invoke();
            call.key(key);
            for argument in arguments {
                call.arg(argument.0);
            }
            let answer: Result<i64, RedisError> = call.invoke_async(&mut connection).await;
            answer.map_err(|error| Away::of(&error))
        };
        let within = tokio::time::timeout(self.answer_within, asked);
        // The runtime is there as long as the process, and the task cannot panic.
        match self.runtime.spawn(within).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(Away::Slow),
            Err(_) => Err(Away::NoConnection),
        }
    }
}
