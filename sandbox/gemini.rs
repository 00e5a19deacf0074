//! Google's Gemini image API on loopback: `generateContent` that really draws.
//!
//! It checks what the real one checks (key, model, shapes, sizes, pictures) and answers in its
//! words; it keeps the bill of its calls; it misbehaves on request, or by magic words in a
//! prompt: `#refuse`, `#fail`, `#slow`.

mod api;
mod painter;

pub use api::configure;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// The credentials that are accepted.
#[derive(Clone, Debug)]
pub struct Config {
    pub api_key: String,
}

/// A call as it was asked and billed.
#[derive(Clone, Debug, Serialize)]
pub struct Call {
    pub model: String,
    pub prompt: String,
    /// Input pictures.
    pub images: usize,
    pub aspect: Option<String>,
    pub size: Option<String>,
    /// Whether the real one would charge for it.
    pub billed: bool,
}

/// A fault for the next calls.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Fault {
    /// How many calls it hits.
    pub times: u32,
    pub kind: FaultKind,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The answer comes later by this many milliseconds.
    Latency(u64),
    /// An error of this status in Google's envelope.
    Status(u16),
    /// 429 with a `RetryInfo` of this many seconds.
    Quota(u32),
    /// 400 with the reason `API_KEY_INVALID`.
    KeyInvalid,
    /// `promptFeedback.blockReason`.
    PromptBlocked,
    /// A candidate without a picture and with this finish reason.
    Finish(String),
    /// An HTML page with status 502.
    Html,
    /// Drawn and billed, and then the connection breaks.
    DropAfter,
    /// The answer is no JSON.
    Malformed,
    /// The picture is not one.
    NotAPicture,
    /// No answer ever.
    Hang,
}

/// The emulator. Clones are the same one.
#[derive(Clone)]
pub struct Handle(Arc<Shared>);

struct Shared {
    api_key: String,
    state: Mutex<State>,
    /// Counts changes; whoever waits waits for it.
    changes: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    calls: Vec<Call>,
    faults: Vec<Fault>,
    latency: Duration,
    held: bool,
}

impl Handle {
    /// An emulator without calls.
    pub fn new(config: Config) -> Self {
        Self(Arc::new(Shared {
            api_key: config.api_key,
            state: Mutex::default(),
            changes: watch::channel(0).0,
        }))
    }

    /// Makes the next calls go wrong.
    pub fn push_fault(&self, fault: Fault) {
        self.change(|state| state.faults.push(fault));
    }

    /// Everything goes well again.
    pub fn clear_faults(&self) {
        self.change(|state| state.faults.clear());
    }

    /// Every call so far: the provider's bill.
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    /// Every answer comes later by this much.
    pub fn set_latency(&self, latency: Duration) {
        self.change(|state| state.latency = latency);
    }

    /// Keeps calls without an answer until they are released.
    pub fn hold(&self) {
        self.change(|state| state.held = true);
    }

    /// Answers what was kept.
    pub fn release(&self) {
        self.change(|state| state.held = false);
    }

    /// Waits until this many calls came; `false` when they did not in time.
    pub async fn wait_calls(&self, count: usize, timeout: Duration) -> bool {
        self.wait(timeout, |state| state.calls.len() >= count).await
    }

    async fn released(&self) {
        let day = Duration::from_secs(86_400);
        self.wait(day, |state| !state.held).await;
    }

    async fn wait(&self, timeout: Duration, until: impl Fn(&State) -> bool) -> bool {
        let mut changes = self.0.changes.subscribe();
        let deadline = tokio::time::Instant::now() + timeout;
        while !until(&self.state()) {
            let changed = tokio::time::timeout_at(deadline, changes.changed());
            if !matches!(changed.await, Ok(Ok(()))) {
                return false;
            }
        }
        true
    }

    fn take_fault(&self) -> Option<FaultKind> {
        self.change(|state| {
            let fault = state.faults.first_mut()?;
            fault.times = fault.times.saturating_sub(1);
            let kind = fault.kind.clone();
            if fault.times == 0 {
                state.faults.remove(0);
            }
            Some(kind)
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let value = change(&mut self.state());
        self.0.changes.send_modify(|count| *count += 1);
        value
    }
}
