//! The state of an emulator behind one lock, with a version that wakes who waits.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// A state in which time alone brings things about.
pub trait Timed {
    /// The sandbox's time since the Unix epoch.
    fn now(&self) -> Duration;

    /// Lets everything happen that is due; says whether something did.
    fn catch_up(&mut self) -> Woken;

    /// When the next thing is due.
    fn next_due(&self) -> Option<Duration>;
}

/// Who must look again after a look at the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    Nobody,
    Everyone,
}

/// A state shared by the server's workers, a courier and the handles.
pub struct Stage<S> {
    state: Mutex<S>,
    version: watch::Sender<u64>,
}

impl<S: Timed> Stage<S> {
    pub fn new(state: S) -> Stage<S> {
        Stage {
            state: Mutex::new(state),
            version: watch::Sender::new(0),
        }
    }

    /// Changes the state and wakes everyone who waits for a change.
    pub fn update<T>(&self, change: impl FnOnce(&mut S) -> T) -> T {
        let outcome = {
            let mut state = self.lock();
            state.catch_up();
            let outcome = change(&mut state);
            // A change of the clock has its consequences before the call returns.
            state.catch_up();
            outcome
        };
        self.wake();
        outcome
    }

    /// Looks at the state as it is at this moment.
    pub fn read<T>(&self, look: impl FnOnce(&S) -> T) -> T {
        self.take(|state| (look(state), Woken::Nobody))
    }

    /// Changes the state and wakes the others only if the change says so.
    pub fn take<T>(&self, change: impl FnOnce(&mut S) -> (T, Woken)) -> T {
        let (outcome, caught_up, changed) = {
            let mut state = self.lock();
            let caught_up = state.catch_up();
            let (outcome, changed) = change(&mut state);
            (outcome, caught_up, changed)
        };
        if caught_up == Woken::Everyone || changed == Woken::Everyone {
            self.wake();
        }
        outcome
    }

    /// How long nothing happens by time alone; none is for ever.
    pub fn idle_for(&self) -> Option<Duration> {
        self.read(|state| Some(state.next_due()?.saturating_sub(state.now())))
    }

    /// Changes from now on.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// Waits until the state shows something, woken by every change and by time; `None` when
    /// the wait is over.
    pub async fn wait<T>(
        &self,
        timeout: Duration,
        mut look: impl FnMut(&S) -> Option<T>,
    ) -> Option<T> {
        let deadline = Instant::now() + timeout;
        let mut changes = self.changes();
        loop {
            changes.borrow_and_update();
            if let Some(found) = self.read(&mut look) {
                return Some(found);
            }
            let next = self.idle_for().map(|idle| Instant::now() + idle);
            let until = next.map_or(deadline, |next| next.min(deadline));
            match tokio::time::timeout_at(until, changes.changed()).await {
                // The sender lives in the stage, so no wait ends by an error.
                Ok(_) => {}
                Err(_) if Instant::now() >= deadline => return None,
                Err(_) => {}
            }
        }
    }

    fn wake(&self) {
        self.version.send_modify(|version| *version += 1);
    }

    fn lock(&self) -> MutexGuard<'_, S> {
        // A test's assertion may panic inside; the state stays consistent enough to be shown.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
