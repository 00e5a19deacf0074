//! Limits that nodes share while they can, and that each keeps by itself while they cannot.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rei_actors::metrics::RateMeters;
use rei_actors::ports::rates::{RateLimits, Taking};
use rei_domain::ids::UserId;
use rei_domain::rates::{RateRules, RateScope};
use rei_domain::time::Moment;
use tokio::time::Instant;

use super::redis::Away;
use super::{LocalRates, RedisRates};

/// Redis first, this node's memory when it is away.
pub struct SharedRates {
    rules: RateRules,
    redis: RedisRates,
    local: LocalRates,
    reach: Reach,
}

impl SharedRates {
    /// Limits under these rules; while Redis is away it is tried again after each `retry_after`.
    pub fn new(
        rules: RateRules,
        redis: RedisRates,
        local: LocalRates,
        retry_after: Duration,
    ) -> Self {
        Self {
            rules,
            redis,
            local,
            reach: Reach {
                retry_after,
                ask_again_at: Mutex::new(None),
                meters: RateMeters::of_process(),
                #[cfg(test)]
                alone: std::sync::atomic::AtomicU64::new(0),
            },
        }
    }

    /// How many takings this node decided by itself; the metric is the whole process's.
    #[cfg(test)]
    pub(super) fn alone(&self) -> u64 {
        self.reach.alone.load(std::sync::atomic::Ordering::Relaxed)
    }
}

#[async_trait]
impl RateLimits for SharedRates {
    async fn take(&self, scope: RateScope, user: UserId, weight: u64, now: Moment) -> Taking {
        let Some(rate) = self.rules.of(scope) else {
            return Taking::Taken;
        };
        if self.reach.may_ask() {
            let answer = self.redis.take(scope, &rate, user, weight).await;
            match self.reach.note(answer) {
                Some(None) => {
                    self.local.note(scope, &rate, user, weight, now);
                    return Taking::Taken;
                }
                Some(Some(wait)) => return Taking::Blocked { until: now + wait },
                None => {}
            }
        }
        self.reach.decide_alone();
        self.local.take_now(scope, user, weight, now)
    }

    async fn give_back(&self, scope: RateScope, user: UserId, weight: u64, now: Moment) {
        let Some(rate) = self.rules.of(scope) else {
            return;
        };
        self.local.give_back_now(scope, user, weight, now);
        if self.reach.may_ask() {
            let answer = self.redis.give_back(scope, &rate, user, weight).await;
            self.reach.note(answer);
        }
    }
}

/// Whether Redis is asked. While it is away one asker at a time tries, so that nobody else
/// waits for it.
struct Reach {
    retry_after: Duration,
    /// Set while it is away.
    ask_again_at: Mutex<Option<Instant>>,
    meters: RateMeters,
    #[cfg(test)]
    alone: std::sync::atomic::AtomicU64,
}

impl Reach {
    fn decide_alone(&self) {
        self.meters.decided_alone();
        #[cfg(test)]
        self.alone
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }

    fn may_ask(&self) -> bool {
        let mut ask_again_at = self.ask_again_at();
        let now = Instant::now();
        match *ask_again_at {
            None => true,
            Some(at) if now < at => false,
            Some(_) => {
                *ask_again_at = Some(now + self.retry_after);
                true
            }
        }
    }

    /// Notes how a question ended; `None` when it was not answered. Changes are told once.
    fn note<T>(&self, answer: Result<T, Away>) -> Option<T> {
        let mut ask_again_at = self.ask_again_at();
        match answer {
            Ok(answer) => {
                if ask_again_at.take().is_some() {
                    self.meters.came_back();
                    tracing::info!("rate limits are shared with other nodes again");
                }
                Some(answer)
            }
            Err(cause) => {
                let again = Instant::now() + self.retry_after;
                if ask_again_at.replace(again).is_none() {
                    self.meters.went_away();
                    tracing::warn!(%cause, "rate limits are this node's own: redis is away");
                }
                None
            }
        }
    }

    fn ask_again_at(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        // A moment is whole whatever happened to its last holder.
        self.ask_again_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
