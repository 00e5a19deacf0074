//! The sandbox's own time, which a test moves forward instead of waiting.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Runs with the machine's clock and jumps forward on request; it never goes back.
#[derive(Debug)]
pub struct Clock {
    started: Instant,
    /// Since the Unix epoch, at `started`.
    epoch: Duration,
    ahead: Duration,
}

impl Clock {
    /// A clock that shows the time of the machine.
    pub fn new() -> Clock {
        let epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Clock {
            started: Instant::now(),
            epoch,
            ahead: Duration::ZERO,
        }
    }

    /// Time since the Unix epoch.
    pub fn now(&self) -> Duration {
        self.epoch + self.started.elapsed() + self.ahead
    }

    /// Whole seconds since the Unix epoch, as messages carry them.
    pub fn unix_secs(&self) -> i64 {
        i64::try_from(self.now().as_secs()).unwrap_or(i64::MAX)
    }

    /// Jumps forward.
    pub fn advance(&mut self, by: Duration) {
        self.ahead = self.ahead.saturating_add(by);
    }
}
