//! Rates that nodes share while they can, and that each keeps by itself while they cannot.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rei_actors::metrics::RateMeters;
use rei_actors::ports::rates::{Rates, Verdict};
use rei_domain::ids::UserId;
use rei_domain::rates::{RateRules, Taking};
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
    /// Rates under these rules; while Redis is away it is tried again after each `retry_after`.
    pub fn new(
        rules: RateRules,
        redis: RedisRates,
        local: LocalRates,
        retry_after: Duration,
        meters: RateMeters,
    ) -> Self {
        Self {
            rules,
            redis,
            local,
            reach: Reach {
                retry_after,
                ask_again_at: Mutex::new(None),
                meters,
            },
        }
    }
}

#[async_trait]
impl Rates for SharedRates {
    async fn take(&self, user: UserId, taking: Taking, now: Moment) -> Verdict {
        let draws = self.rules.draws(taking);
        if draws.is_empty() {
            return Verdict::Taken;
        }
        if self.reach.may_ask() {
            let answer = self.redis.take(user, &draws).await;
            match self.reach.note(answer) {
                Some(None) => {
                    self.local.note(user, taking, now);
                    return Verdict::Taken;
                }
                Some(Some((scope, wait))) => {
                    let until = now + wait;
                    return Verdict::Blocked { scope, until };
                }
                None => {}
            }
        }
        self.reach.meters.decided_alone();
        self.local.take_now(user, taking, now)
    }

    async fn give_back(&self, user: UserId, taking: Taking, now: Moment) {
        let draws = self.rules.draws(taking);
        self.local.give_back_now(user, taking, now);
        if !draws.is_empty() && self.reach.may_ask() {
            let answer = self.redis.give_back(user, &draws).await;
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
}

impl Reach {
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
                    tracing::info!("rates are shared with other nodes again");
                }
                Some(answer)
            }
            Err(cause) => {
                let again = Instant::now() + self.retry_after;
                if ask_again_at.replace(again).is_none() {
                    self.meters.went_away();
                    tracing::warn!(%cause, "redis is away, rates are this node's own");
                }
                None
            }
        }
    }

    fn ask_again_at(&self) -> MutexGuard<'_, Option<Instant>> {
        // A moment is whole whatever happened to its last holder.
        self.ask_again_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
