//! Heartbeats: is an actor still taking messages, and is its thread still running?
//!
//! ```text
//! watchdog (another thread)  asks ──▶ warden attends ──▶ pump answers
//!   answered                 Alive
//!   attended, not answered   Frozen    the actor waits in ctx.wait: restart it
//!   not even attended        Blocked   a handler does not return: nothing in the process can help
//! ```
//!
//! The answer comes from the pump that takes messages out of the mailbox, at a bounded number of messages apart, so a
//! busy actor with a deep queue is alive and a handler needs no code for it.
//! Questions are counted, not seconds: a process that was paused for a minute has missed one answer, not sixty.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::task::Waker;
use std::time::Duration;

use futures_util::task::AtomicWaker;

/// How closely an actor is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// Time between two questions.
    pub interval: Duration,
    /// Answers missed in a row that make a hang. Longer than `interval * misses_max` no `AtomicResponse` may take.
    pub misses_max: u32,
}

impl Default for Heartbeat {
    /// Three misses of one second each: a frozen actor is replaced within five seconds.
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(1),
            misses_max: 3,
        }
    }
}

/// The questions asked of one actor, and how far they got.
#[derive(Default)]
pub(super) struct Pulse {
    watched: AtomicBool,
    polling: AtomicBool,
    asked: AtomicU64,
    attended: AtomicU64,
    answered: AtomicU64,
    waker: AtomicWaker,
}

/// What the last question showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Alive,
    Frozen,
    Blocked(Part),
}

/// The part an actor plays in a blocked thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Its own handler does not return.
    Culprit,
    /// It shares the thread with what does not return.
    Bystander,
}

impl Pulse {
    /// Whether the actor runs and a missing answer would mean something.
    pub(super) fn is_watched(&self) -> bool {
        self.watched.load(SeqCst)
    }

    pub(super) fn set_watched(&self, watched: bool) {
        self.watched.store(watched, SeqCst);
    }

    /// The watchdog's side: asks, and wakes the warden's task.
    pub(super) fn ask(&self) {
        self.asked.fetch_add(1, SeqCst);
        self.waker.wake();
    }

    /// The warden's side, before it polls its actor.
    pub(super) fn attend(&self, waker: &Waker) {
        self.waker.register(waker);
        self.attended.store(self.asked.load(SeqCst), SeqCst);
        self.polling.store(true, SeqCst);
    }

    /// The warden's side, after it polled its actor.
    pub(super) fn rest(&self) {
        self.polling.store(false, SeqCst);
    }

    /// The pump's side: the actor is ready to take a message.
    pub(super) fn answer(&self) {
        self.answered.store(self.asked.load(SeqCst), SeqCst);
    }

    /// Polls the warden again soon.
    pub(super) fn nudge(&self) {
        self.waker.wake();
    }

    pub(super) fn sign(&self) -> Sign {
        let asked = self.asked.load(SeqCst);
        if self.answered.load(SeqCst) == asked {
            return Sign::Alive;
        }
        let polling = self.polling.load(SeqCst);
        if self.attended.load(SeqCst) == asked && !polling {
            return Sign::Frozen;
        }
        Sign::Blocked(if polling {
            Part::Culprit
        } else {
            Part::Bystander
        })
    }
}

/// What the watchdog makes of a row of signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    Fine,
    Hang,
    ThreadBlocked,
}

/// The answers one actor has missed in a row.
#[derive(Default)]
pub(super) struct Misses(u32);

impl Misses {
    pub(super) fn forgive(&mut self) {
        self.0 = 0;
    }

    /// Weighs one more sign.
    ///
    /// A blocked thread gets twice the patience of a frozen actor, because it costs the process; a bystander three
    /// times, so that the culprit is the one that is named.
    pub(super) fn weigh(&mut self, sign: Sign, heartbeat: Heartbeat) -> Finding {
        let (patience, finding) = match sign {
            Sign::Alive => {
                self.forgive();
                return Finding::Fine;
            }
            Sign::Frozen => (1, Finding::Hang),
            Sign::Blocked(Part::Culprit) => (2, Finding::ThreadBlocked),
            Sign::Blocked(Part::Bystander) => (3, Finding::ThreadBlocked),
        };
        self.0 += 1;
        if self.0 < heartbeat.misses_max.saturating_mul(patience) {
            return Finding::Fine;
        }
        self.forgive();
        finding
    }
}
