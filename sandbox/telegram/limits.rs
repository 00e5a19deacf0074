//! Flood limits: about one message a second in a chat with a burst, and thirty a second in all
//! (Bot FAQ). The real thresholds are not published; these are the documented ones.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Messages in one chat at once.
const CHAT_BURST: f64 = 20.0;
/// Messages a second in one chat.
const CHAT_RATE: f64 = 1.0;
/// Messages a second, and at once, in all chats.
const OVERALL: f64 = 30.0;

/// The buckets of a bot.
#[derive(Debug)]
pub(super) struct Limits {
    /// Whether the buckets are looked at.
    pub enforce: bool,
    overall: Bucket,
    chats: HashMap<i64, Bucket>,
}

#[derive(Debug)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl Bucket {
    fn full(burst: f64) -> Self {
        Self {
            left: burst,
            at: Instant::now(),
        }
    }

    /// Seconds to wait, or `None` when one was taken.
    fn take(&mut self, rate: f64, burst: f64) -> Option<u64> {
        let now = Instant::now();
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.left = (self.left + passed * rate).min(burst);
        self.at = now;
        if self.left >= 1.0 {
            self.left -= 1.0;
            return None;
        }
        let wait = Duration::from_secs_f64((1.0 - self.left) / rate);
        Some(wait.as_secs().max(1))
    }
}

impl Limits {
    pub fn new() -> Self {
        Self {
            enforce: true,
            overall: Bucket::full(OVERALL),
            chats: HashMap::new(),
        }
    }

    /// Seconds that a message to a chat must wait; `None` when it may pass now.
    pub fn take(&mut self, chat: i64) -> Option<u64> {
        if !self.enforce {
            return None;
        }
        let bucket = self.chats.entry(chat);
        let bucket = bucket.or_insert_with(|| Bucket::full(CHAT_BURST));
        bucket
            .take(CHAT_RATE, CHAT_BURST)
            .or_else(|| self.overall.take(OVERALL, OVERALL))
    }
}
