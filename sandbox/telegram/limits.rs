//! Telegram's flood limits: how fast a bot may send.
//!
//! Telegram publishes no exact thresholds ("about one message a second in a chat, about 30 a
//! second over all", Bot FAQ). The defaults keep to that with a small burst. An album counts
//! as its messages; edits and chat actions are not metered, since how Telegram does it is not
//! documented.

use std::collections::HashMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One rate with its burst.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Sustained messages a second.
    pub per_second: f64,
    /// How many may come at once after a quiet time.
    pub burst: u32,
}

/// How fast the bot may send before it is told to wait.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FloodLimits {
    /// For each chat alone; `None` does not limit.
    pub per_chat: Option<Rate>,
    /// For all chats together; `None` does not limit.
    pub overall: Option<Rate>,
}

impl FloodLimits {
    /// No limits, for tests about something else.
    pub const fn off() -> FloodLimits {
        FloodLimits {
            per_chat: None,
            overall: None,
        }
    }
}

impl Default for FloodLimits {
    fn default() -> FloodLimits {
        FloodLimits {
            per_chat: Some(Rate {
                per_second: 1.0,
                burst: 5,
            }),
            overall: Some(Rate {
                per_second: 30.0,
                burst: 30,
            }),
        }
    }
}

/// The meters behind the limits (GCRA: each holds the time at which it would be empty again).
#[derive(Debug, Default)]
pub(super) struct Meters {
    limits: FloodLimits,
    chats: HashMap<i64, Duration>,
    overall: Duration,
}

impl Meters {
    /// Other limits from now on, with empty meters.
    pub fn set(&mut self, limits: FloodLimits) {
        *self = Meters {
            limits,
            ..Meters::default()
        };
    }

    /// Takes places for so many messages, or says how many whole seconds to wait. A refusal
    /// takes nothing.
    pub fn take(&mut self, chat: i64, messages: usize, now: Duration) -> Result<(), u64> {
        let messages = u32::try_from(messages).unwrap_or(u32::MAX);
        let of_chat = self.chats.get(&chat).copied().unwrap_or_default();
        let next_of_chat = step(self.limits.per_chat, of_chat, messages, now)?;
        let next_overall = step(self.limits.overall, self.overall, messages, now)?;
        self.chats.insert(chat, next_of_chat);
        self.overall = next_overall;
        Ok(())
    }
}

/// The meter after so many messages, or the whole seconds until they fit.
fn step(
    rate: Option<Rate>,
    meter: Duration,
    messages: u32,
    now: Duration,
) -> Result<Duration, u64> {
    let Some(rate) = rate else {
        return Ok(meter);
    };
    let interval = Duration::try_from_secs_f64(1.0 / rate.per_second).unwrap_or(Duration::MAX);
    let next = meter
        .max(now)
        .saturating_add(interval.saturating_mul(messages));
    // An album above the burst must still fit into an empty meter.
    let depth = interval.saturating_mul(rate.burst.max(messages));
    let wait = next.saturating_sub(now).saturating_sub(depth);
    if wait.is_zero() {
        return Ok(next);
    }
    Err(wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_700_000_000);

    #[test]
    fn a_burst_passes_and_the_next_message_waits_a_second() {
        let mut meters = Meters::default();
        for _ in 0..5 {
            assert_eq!(meters.take(7, 1, NOW), Ok(()));
        }
        assert_eq!(meters.take(7, 1, NOW), Err(1));
        assert_eq!(meters.take(8, 1, NOW), Ok(()));
        assert_eq!(meters.take(7, 1, NOW + Duration::from_secs(1)), Ok(()));
    }

    #[test]
    fn all_chats_together_have_a_limit_too() {
        let mut meters = Meters::default();
        for chat in 0..30 {
            assert_eq!(meters.take(chat, 1, NOW), Ok(()));
        }
        assert_eq!(meters.take(99, 1, NOW), Err(1));
    }

    #[test]
    fn an_album_counts_as_its_messages_and_always_fits_once() {
        let mut meters = Meters::default();
        assert_eq!(meters.take(7, 10, NOW), Ok(()));
        assert!(meters.take(7, 1, NOW).is_err());
    }

    #[test]
    fn without_limits_nothing_waits() {
        let mut meters = Meters::default();
        meters.set(FloodLimits::off());
        for _ in 0..1000 {
            assert_eq!(meters.take(7, 1, NOW), Ok(()));
        }
    }
}
