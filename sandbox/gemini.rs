//! Gemini's image API on loopback: strict like the real one, and it draws.
//!
//! Promised: the paths, the key, the models, the validation, the answer and the error envelopes of the
//! contract, under the prefix `/gemini`; a picture that follows the words; every failure a caller must
//! survive, on request from a test (`Handle::push_fault`), over HTTP (`/control/gemini/faults`) or by a
//! magic word in the prompt (`MAGIC_WORDS`). `Handle::calls` is the bill: one entry per valid call.
//!
//! Deliberately absent: streaming, the Files API, downloads by `fileUri`, rate limits of its own, and any
//! judgement of what a prompt says. Calls refused for their key, model or body do not appear on the bill.

mod answer;
mod control;
pub(crate) mod drawing;
mod failure;
mod fault;
mod models;
mod painter;
mod request;
mod serve;
mod shape;
#[cfg(test)]
mod tests;
mod work;

pub use fault::{Fault, FaultKind, MAGIC_WORDS};

use fault::Faults;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::watch;

/// What the emulator must know.
#[derive(Clone)]
pub struct Config {
    /// The only key that is accepted.
    pub api_key: String,
}

/// One valid call, as it stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// When it was understood.
    pub at: SystemTime,
    /// The model's id.
    pub model: String,
    /// The text parts of the user's turns, one a line.
    pub prompt: String,
    /// The number of input pictures.
    pub images: usize,
    /// The aspect ratio of the picture, asked for or followed, such as `16:9`.
    pub aspect: String,
    /// The size of the picture, such as `2K`.
    pub size: String,
    /// Whether the output was made, and so would be charged, even if nobody received it.
    pub billed: bool,
    /// Whether a whole answer was handed to the caller's connection.
    pub finished: bool,
}

/// The emulator's controls. Clones control the same emulator.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

struct Shared {
    api_key: String,
    state: Mutex<State>,
    gate: watch::Sender<Gate>,
    /// Bumped when the list of calls changes.
    changed: watch::Sender<u64>,
    /// Bumped when the faults are cleared, which ends every hanging call.
    cleared: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    calls: Vec<Call>,
    faults: Faults,
    latency: Duration,
    turns: HashMap<String, u64>,
}

/// Whether calls may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gate {
    Open,
    Held,
}

/// What a call needs to know about its turn.
struct Ticket {
    index: usize,
    turn: u64,
    latency: Duration,
    fault: Option<FaultKind>,
    /// Counted from before the call shows on the bill, so that no clearing after that is missed.
    cleared: watch::Receiver<u64>,
}

impl Handle {
    /// An emulator with an empty bill and no faults.
    pub fn new(config: Config) -> Handle {
        let shared = Shared {
            api_key: config.api_key,
            state: Mutex::default(),
            gate: watch::Sender::new(Gate::Open),
            changed: watch::Sender::new(0),
            cleared: watch::Sender::new(0),
        };
        Handle {
            shared: Arc::new(shared),
        }
    }

    /// Spoils the next valid calls. Faults add up, in order; magic words give way to them.
    pub fn push_fault(&self, fault: Fault) {
        self.state().faults.push(fault);
    }

    /// Forgets the faults to come, and closes the connections of hanging calls.
    pub fn clear_faults(&self) {
        self.state().faults.clear();
        self.shared.cleared.send_modify(|count| *count += 1);
    }

    /// The bill so far, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    /// How long every later call takes at the least. Zero at first.
    pub fn set_latency(&self, latency: Duration) {
        self.state().latency = latency;
    }

    /// Lets calls come in but not go on, so that a test can look while they are in flight.
    pub fn hold(&self) {
        self.shared.gate.send_replace(Gate::Held);
    }

    /// Lets held calls go on.
    pub fn release(&self) {
        self.shared.gate.send_replace(Gate::Open);
    }

    /// Waits until at least `count` calls came in; the error says how many did in time.
    pub async fn wait_calls(&self, count: usize, timeout: Duration) -> Result<Vec<Call>, String> {
        let mut changed = self.shared.changed.subscribe();
        let enough = changed.wait_for(|_| self.state().calls.len() >= count);
        let waited = tokio::time::timeout(timeout, enough).await.is_ok();
        let calls = self.calls();
        if waited || calls.len() >= count {
            return Ok(calls);
        }
        Err(format!(
            "waited {timeout:?} for {count} calls to gemini, saw {}",
            calls.len()
        ))
    }

    /// Enters a valid call on the bill and decides what happens to it.
    fn begin(&self, model: &models::Model, request: &request::Request) -> Ticket {
        let ticket = {
            let mut state = self.state();
            let counter = state.turns.entry(request.prompt.clone()).or_default();
            let turn = *counter;
            *counter += 1;
            let fault = state
                .faults
                .take()
                .or_else(|| fault::asked_for(&request.prompt, turn));
            state.calls.push(Call {
                at: SystemTime::now(),
                model: model.id.to_owned(),
                prompt: request.prompt.clone(),
                images: request.images.len(),
                aspect: request.ratio.word.to_owned(),
                size: request.size.word().to_owned(),
                billed: false,
                finished: false,
            });
            Ticket {
                index: state.calls.len() - 1,
                turn,
                latency: state.latency,
                fault,
                cleared: self.shared.cleared.subscribe(),
            }
        };
        self.shared.changed.send_modify(|count| *count += 1);
        ticket
    }

    fn bill(&self, index: usize) {
        self.state().calls[index].billed = true;
        self.shared.changed.send_modify(|count| *count += 1);
    }

    fn finish(&self, index: usize) {
        self.state().calls[index].finished = true;
        self.shared.changed.send_modify(|count| *count += 1);
    }

    /// Returns once calls may go on.
    async fn pass(&self) {
        let mut gate = self.shared.gate.subscribe();
        // The sender lives in `self`, so the wait ends only by the gate opening.
        let _open = gate.wait_for(|gate| *gate == Gate::Open).await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is complete before the lock is let go, so a panic elsewhere spoils nothing.
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("gemini::Handle")
            .field("calls", &self.state().calls.len())
            .finish_non_exhaustive()
    }
}

/// Routes `/gemini/*` and `/control/gemini/*`.
pub fn configure(cfg: &mut actix_web::web::ServiceConfig, handle: &Handle) {
    cfg.app_data(actix_web::web::Data::new(handle.clone()));
    serve::configure(cfg);
    control::configure(cfg);
}
