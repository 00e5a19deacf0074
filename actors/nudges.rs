//! Nudges: a provider says that a work of ours has moved, so it is asked now and not at its next
//! turn.
//!
//! A nudge carries nothing and is believed in nothing; without any, polling finds out the same,
//! later. It wakes a run of this node only. One that comes before the run waits is not lost.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::bell::Bell;
use crate::metrics::callbacks::{CALLBACKS, CallbackEnd};

/// A provider's name, and its own id of a work.
type Work = (String, String);

/// Who waits for which work, on this node.
#[derive(Clone, Default)]
pub struct Nudges(Arc<Mutex<BTreeMap<Work, Bell>>>);

impl Nudges {
    /// Nobody waits.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins to listen for news of a work. A work has one run, so one listener.
    pub fn listen(&self, provider: &str, provider_job: &str) -> Listening {
        let work = (provider.to_owned(), provider_job.to_owned());
        let bell = Bell::new();
        self.waiting().insert(work.clone(), bell.clone());
        Listening {
            nudges: self.clone(),
            work,
            bell,
        }
    }

    /// A callback whose sender was proved names a work.
    pub fn news(&self, provider: &'static str, provider_job: &str) {
        let work = (provider.to_owned(), provider_job.to_owned());
        let end = match self.waiting().get(&work) {
            Some(bell) => {
                bell.ring();
                CallbackEnd::Nudged
            }
            None => CallbackEnd::Unknown,
        };
        CALLBACKS.count(provider, end);
    }

    /// A callback was not believed to be the provider's.
    pub fn forged(&self, provider: &'static str) {
        CALLBACKS.count(provider, CallbackEnd::Forged);
    }

    /// A callback named no work.
    pub fn malformed(&self, provider: &'static str) {
        CALLBACKS.count(provider, CallbackEnd::Malformed);
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<Work, Bell>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for news of one work; ends when dropped.
pub struct Listening {
    nudges: Nudges,
    work: Work,
    bell: Bell,
}

impl Listening {
    /// Sleeps for `at_most`, or until there is news.
    pub async fn sleep(&self, at_most: Duration) {
        tokio::select! {
            () = tokio::time::sleep(at_most) => {}
            () = self.bell.rung() => {}
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.nudges.waiting().remove(&self.work);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(86_400);

    #[tokio::test(start_paused = true)]
    async fn news_of_a_work_ends_its_sleep_and_no_others() {
        let nudges = Nudges::new();
        let (ours, other) = (nudges.listen("kling", "1"), nudges.listen("kling", "2"));
        nudges.news("kling", "1");
        nudges.news("fal", "2");
        nudges.news("kling", "3");
        let begun = tokio::time::Instant::now();
        ours.sleep(LONG).await;
        assert!(begun.elapsed() < LONG);
        other.sleep(LONG).await;
        assert!(begun.elapsed() >= LONG);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_listed_who_has_left() {
        let nudges = Nudges::new();
        drop(nudges.listen("kling", "1"));
        assert!(nudges.waiting().is_empty());
    }
}
