//! Everything the emulator knows, behind one lock, with a version that wakes who waits.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::calls::Calls;
use super::faults::Faults;
use super::idempotence::Keys;
use super::notices::{Parcel, Post};
use super::payment::Payment;
use super::refund::{Refund, RefundEnd, RefundPlan};
use super::shelf::Shelf;
use super::shop::Shop;
use crate::clock::Clock;

/// The state, shared by the server's workers, the courier and the handles.
pub struct Shared {
    state: Mutex<State>,
    version: watch::Sender<u64>,
}

/// Everything the emulator knows. Payments and refunds stay for the life of the process.
pub struct State {
    pub clock: Clock,
    pub shop: Shop,
    pub payments: Shelf<Payment>,
    pub refunds: Shelf<Refund>,
    /// How the next refunds go, each with how many of them.
    pub plans: Vec<(u32, RefundPlan)>,
    pub timers: Timers,
    pub keys: Keys,
    pub faults: Faults,
    pub calls: Calls,
    pub post: Post,
}

/// What time alone brings about.
#[derive(Clone, Debug)]
pub enum Timer {
    /// A payment is not paid in time.
    PayUntil(String),
    /// A payment is not captured in time.
    CaptureUntil(String),
    /// The payer pays now, as he said he would.
    PaysLate(String),
    /// A refund ends.
    RefundEnds(String, RefundEnd),
}

/// Timers by the moment they go off; those of one moment in the order they were set.
#[derive(Debug, Default)]
pub struct Timers {
    set: BTreeMap<(Duration, u64), Timer>,
    counted: u64,
}

impl Timers {
    pub fn set(&mut self, at: Duration, timer: Timer) {
        self.counted += 1;
        self.set.insert((at, self.counted), timer);
    }

    /// Takes the first timer that has gone off, with its moment.
    fn take(&mut self, now: Duration) -> Option<(Duration, Timer)> {
        let first = self.set.first_entry()?;
        let (at, _) = *first.key();
        (at <= now).then(|| (at, first.remove()))
    }

    fn next_due(&self) -> Option<Duration> {
        self.set.first_key_value().map(|((at, _), _)| *at)
    }
}

impl State {
    fn new() -> State {
        State {
            clock: Clock::new(),
            shop: Shop::default(),
            payments: Shelf::default(),
            refunds: Shelf::default(),
            plans: Vec::new(),
            timers: Timers::default(),
            keys: Keys::default(),
            faults: Faults::default(),
            calls: Calls::default(),
            post: Post::default(),
        }
    }

    /// Lets everything happen that time has brought about.
    fn catch_up(&mut self) -> Woken {
        let now = self.clock.now();
        let mut woken = Woken::Nobody;
        while let Some((at, timer)) = self.timers.take(now) {
            self.on_timer(timer, at);
            woken = Woken::Everyone;
        }
        woken
    }
}

/// Who must look again after a look at the state.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Woken {
    Nobody,
    Everyone,
}

impl Shared {
    pub fn new() -> Shared {
        Shared {
            state: Mutex::new(State::new()),
            version: watch::Sender::new(0),
        }
    }

    /// Changes the state and wakes everyone who waits for a change.
    pub fn update<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
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
    pub fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        let (outcome, woken) = {
            let mut state = self.lock();
            let woken = state.catch_up();
            (look(&state), woken)
        };
        if woken == Woken::Everyone {
            self.wake();
        }
        outcome
    }

    /// The next notification to deliver. Taking one wakes nobody: the courier asks until there
    /// is none.
    pub fn next_parcel(&self) -> Option<Parcel> {
        let (parcel, woken) = {
            let mut state = self.lock();
            let woken = state.catch_up();
            let now = state.clock.now();
            let given_up = state.post.tally().given_up;
            let parcel = state.post.next(now);
            if state.post.tally().given_up > given_up {
                (parcel, Woken::Everyone)
            } else {
                (parcel, woken)
            }
        };
        if woken == Woken::Everyone {
            self.wake();
        }
        parcel
    }

    /// How long nothing happens by time alone; none is for ever.
    pub fn idle_for(&self) -> Option<Duration> {
        self.read(|state| {
            let due = [state.post.next_due(), state.timers.next_due()];
            let due = due.into_iter().flatten().min()?;
            Some(due.saturating_sub(state.clock.now()))
        })
    }

    /// Changes from now on.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    fn wake(&self) {
        self.version.send_modify(|version| *version += 1);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A test's assertion may panic inside; the state stays consistent enough to be shown.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
