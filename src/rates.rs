//! Rates per user, the adapters: of this node alone, and shared by nodes through Redis.
//!
//! Promises that no user gets more than the rate and one burst, from however many nodes share a
//! Redis, and that a Redis that is gone, slow, read-only, emptied or full of nonsense stops
//! nobody: the node goes on with its own limits and comes back by itself. What one counts, the
//! other may not know; the price of a change is at most one more burst, and money has caps in
//! the ledger's transaction.
//!
//! Deliberately keeps nothing else in Redis, and nothing of a user but his id, which goes when
//! his allowance is whole again. Only this module says redis. One server, or one name for a
//! primary and its replicas: the cells of one user may lie in different slots of a cluster.

mod local;
mod redis;
mod shared;

use std::sync::Arc;

use rei_actors::metrics::RateMeters;
use rei_actors::ports::rates::Rates;
use rei_domain::rates::RateRules;
use tokio::runtime::Handle;

pub use local::LocalRates;
pub use redis::{RedisRates, RedisSettings, is_address};
pub use shared::SharedRates;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;

/// The address of a Redis is not one. Does not repeat it: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("REDIS_URL (redis.url) is no address of a Redis")]
pub struct NotAnAddress;

/// The rates of this node: shared when there is a Redis. `runtime` carries the connections.
pub fn open(
    rules: RateRules,
    redis: Option<RedisSettings>,
    runtime: Handle,
) -> Result<Arc<dyn Rates>, NotAnAddress> {
    let local = LocalRates::new(rules);
    let Some(settings) = redis else {
        return Ok(Arc::new(local));
    };
    let retry_after = settings.retry_after;
    let redis = RedisRates::try_new(settings, runtime)?;
    let meters = RateMeters::of_process();
    Ok(Arc::new(SharedRates::new(
        rules,
        redis,
        local,
        retry_after,
        meters,
    )))
}
