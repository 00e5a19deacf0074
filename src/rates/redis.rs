//! Cells in Redis: one key for each user and scope, `rei:rate:<scope>:<user>`, changed by one
//! script for all that a request takes.
//!
//! The clock is the server's. A cell is compared with the moment it was written at, and nodes
//! whose clocks differ would let each other's users wait too long or not long enough; one clock
//! for each key ends that. What a user waits is therefore told as a span and added to the clock
//! of whoever asks.

use std::sync::Arc;
use std::time::Duration;

use deadpool_redis::redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, IntoConnectionInfo, RedisError, Script,
};
use deadpool_redis::{Manager, Pool, PoolError, Runtime};
use rei_domain::ids::UserId;
use rei_domain::rates::{Draw, RateScope};
use rei_domain::time::Span;
use secrecy::{ExposeSecret, SecretString};
use tokio::runtime::Handle;

use super::NotAnAddress;

const TAKE: &str = include_str!("redis/take.lua");
const GIVE_BACK: &str = include_str!("redis/give_back.lua");

/// The longest error code that is repeated; Redis's own are shorter.
const CODE_BYTES_MAX: usize = 24;

/// Where the shared rates are, and how long they may take.
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

/// Whether this is an address of a Redis that can be used: over TCP and without TLS.
pub fn is_address(url: &SecretString) -> bool {
    let Ok(info) = url.expose_secret().into_connection_info() else {
        return false;
    };
    let is_tcp = matches!(info.addr(), ConnectionAddr::Tcp(host, _) if !host.is_empty());
    is_tcp && Client::open(info).is_ok()
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
    /// What answers is no Redis, or not one that runs our scripts.
    #[error("an answer without sense")]
    Nonsense,
}

impl Away {
    /// Keeps the error's code or kind alone: its text may hold an address, or anything.
    fn of(error: &RedisError) -> Self {
        let is_code = |code: &&str| {
            let upper = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
            code.len() <= CODE_BYTES_MAX && code.bytes().all(upper)
        };
        match error.code().filter(is_code) {
            Some(code) => Away::Refused(code.to_owned()),
            None if error.is_timeout() => Away::Slow,
            None if error.is_io_error() || error.is_connection_dropped() => Away::NoConnection,
            None => Away::Nonsense,
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
        if !is_address(&settings.url) {
            return Err(NotAnAddress);
        }
        let within = Some(settings.answer_within);
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(within)
            .set_response_timeout(within);
        let url = settings.url.expose_secret();
        let manager = Manager::new_with_config(url, config).map_err(|_| NotAnAddress)?;
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

    /// Takes all the draws or none; tells which scope allows it last and after what time when it
    /// is not allowed.
    pub async fn take(
        &self,
        user: UserId,
        draws: &[Draw],
    ) -> Result<Option<(RateScope, Span)>, Away> {
        let mut arguments = Vec::with_capacity(draws.len() * 3);
        for Draw { rate, weight, .. } in draws {
            arguments.extend([rate.cost(*weight), rate.tolerance(), rate.reach()]);
        }
        let waits = self.run(&self.take, user, draws, arguments).await?;
        let mut blocked: Option<(RateScope, Span)> = None;
        for (draw, wait) in draws.iter().zip(waits) {
            if wait > blocked.map_or(Span(0), |(_, longest)| longest) {
                blocked = Some((draw.scope, wait));
            }
        }
        Ok(blocked)
    }

    /// Returns what was taken.
    pub async fn give_back(&self, user: UserId, draws: &[Draw]) -> Result<(), Away> {
        let mut arguments = Vec::with_capacity(draws.len() * 2);
        for Draw { rate, weight, .. } in draws {
            arguments.extend([rate.cost(*weight), rate.reach()]);
        }
        self.run(&self.give_back, user, draws, arguments).await?;
        Ok(())
    }

    /// Runs a script over the cells of the draws; its answer has a span for each.
    async fn run(
        &self,
        script: &Arc<Script>,
        user: UserId,
        draws: &[Draw],
        arguments: Vec<Span>,
    ) -> Result<Vec<Span>, Away> {
        let (pool, script) = (self.pool.clone(), script.clone());
        let key = |draw: &Draw| format!("{}:rate:{}:{user}", self.prefix, draw.scope.as_str());
        let keys: Vec<String> = draws.iter().map(key).collect();
        let asked = async move {
            let mut connection = pool.get().await.map_err(|error| match error {
                PoolError::Backend(error) => Away::of(&error),
                PoolError::Timeout(_)
                | PoolError::Closed
                | PoolError::NoRuntimeSpecified
                | PoolError::PostCreateHook(_) => Away::NoConnection,
            })?;
            let mut call = script.prepare_invoke();
            for key in keys {
                call.key(key);
            }
            for argument in arguments {
                call.arg(argument.0);
            }
            let answer: Result<Vec<i64>, RedisError> = call.invoke_async(&mut connection).await;
            answer.map_err(|error| Away::of(&error))
        };
        let within = tokio::time::timeout(self.answer_within, asked);
        let answer = match self.runtime.spawn(within).await {
            Ok(Ok(answer)) => answer?,
            Ok(Err(_)) => return Err(Away::Slow),
            // The runtime is there as long as the process, and the task cannot panic.
            Err(_) => return Err(Away::NoConnection),
        };
        // Nobody waits longer than a cell can be ahead, whatever is said.
        let makes_sense = answer.len() == draws.len()
            && answer
                .iter()
                .zip(draws)
                .all(|(wait, draw)| (0..=draw.rate.reach().0).contains(wait));
        if !makes_sense {
            return Err(Away::Nonsense);
        }
        Ok(answer.into_iter().map(Span).collect())
    }
}
