//! Kling's video API on loopback: strict like the real one, with clips that play.
//!
//! Promised: both generations of the contract page (paths, credentials, validation, codes, query
//! by id and by reference, the list), tasks that go on by the sandbox's clock, results behind an
//! address of their own, callbacks with and without a signature, and every failure a caller must
//! survive, on request. `Handle::tasks` is the bill: one entry for each task that was made.
//!
//! Deliberately absent: any judgement of what a prompt says, elements and voices, and the real
//! sizes: clips have the length and the shape that was asked for and few pixels.

mod callback;
pub mod clip;
mod control;
mod fault;
mod newer;
mod older;
mod refusal;
mod rules;
mod serve;
mod task;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::web::ServiceConfig;
use tokio::sync::watch;

use crate::clock::Clock;
pub(crate) use callback::deliver;
use fault::Faults;
pub use fault::{Fault, FaultKind, Step};
use refusal::Refusal;
use task::Order;
pub use task::{Status, Task};

/// The API key that is accepted at first.
pub const API_KEY: &str = "api-key-kling-sandbox";

/// The access key and the secret key of the older generation.
pub const ACCESS_KEY: &str = "sandbox-access";
pub const SECRET_KEY: &str = "sandbox-secret";

/// How the emulated account stands.
#[derive(Clone, Debug)]
pub struct Account {
    pub api_key: String,
    pub access_key: String,
    pub secret_key: String,
    /// Tasks that may be under way at once; above it 1303.
    pub parallel_max: usize,
    /// Whether it can pay; without money 1102.
    pub has_money: bool,
    /// Whether models past their sunset still run.
    pub runs_retired: bool,
    /// Signs callbacks when there is one: `whsec_…`.
    pub webhook_secret: Option<String>,
}

impl Default for Account {
    fn default() -> Account {
        Account {
            api_key: API_KEY.to_owned(),
            access_key: ACCESS_KEY.to_owned(),
            secret_key: SECRET_KEY.to_owned(),
            parallel_max: 20,
            has_money: true,
            runs_retired: false,
            webhook_secret: None,
        }
    }
}

/// The emulator's controls. Clones control the same emulator.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    /// Bumped when a task is made or a clock is moved.
    changed: watch::Sender<u64>,
}

struct State {
    account: Account,
    clock: Clock,
    /// In the order in which they were made.
    tasks: Vec<Task>,
    /// References of ours, by the number of their task.
    references: BTreeMap<String, usize>,
    faults: Faults,
    /// How long a task waits, and how long it runs.
    queued: Duration,
    running: Duration,
    /// Creates that were understood, refused ones too.
    creates: usize,
}

impl Default for Handle {
    fn default() -> Handle {
        Handle::new()
    }
}

impl Handle {
    /// An emulator that has made nothing yet. A task is done two seconds after it was made.
    pub fn new() -> Handle {
        let state = State {
            account: Account::default(),
            clock: Clock::new(),
            tasks: Vec::new(),
            references: BTreeMap::new(),
            faults: Faults::default(),
            queued: Duration::from_millis(500),
            running: Duration::from_millis(1_500),
            creates: 0,
        };
        Handle {
            shared: Arc::new(Shared {
                state: Mutex::new(state),
                changed: watch::Sender::new(0),
            }),
        }
    }

    /// The account as it is set now.
    pub fn account(&self) -> Account {
        self.state().account.clone()
    }

    /// Sets the account otherwise.
    pub fn change_account(&self, change: impl FnOnce(&mut Account)) {
        change(&mut self.state().account);
        self.bump();
    }

    /// How long later tasks wait and run.
    pub fn set_service_time(&self, queued: Duration, running: Duration) {
        let mut state = self.state();
        (state.queued, state.running) = (queued, running);
    }

    /// Moves the emulator's time forward.
    pub fn advance_clock(&self, by: Duration) {
        self.state().clock.advance(by);
        self.bump();
    }

    /// Spoils the next calls of a step. Faults are taken in the order in which they were pushed.
    pub fn push_fault(&self, fault: Fault) {
        self.state().faults.push(fault);
    }

    /// Forgets the faults to come.
    pub fn clear_faults(&self) {
        self.state().faults.clear();
    }

    /// Every task that was made, oldest first, as it stands now.
    pub fn tasks(&self) -> Vec<Task> {
        let state = self.state();
        let now = state.clock.now();
        state.tasks.iter().map(|task| task.at(now)).collect()
    }

    /// How many creates were understood, refused ones too.
    pub fn creates(&self) -> usize {
        self.state().creates
    }

    /// Waits until at least `count` tasks were made; the error says how many were in time.
    pub async fn wait_tasks(&self, count: usize, timeout: Duration) -> Result<Vec<Task>, String> {
        let mut changed = self.shared.changed.subscribe();
        let enough = changed.wait_for(|_| self.state().tasks.len() >= count);
        let waited = tokio::time::timeout(timeout, enough).await.is_ok();
        let tasks = self.tasks();
        if waited || tasks.len() >= count {
            return Ok(tasks);
        }
        let seen = tasks.len();
        Err(format!(
            "waited {timeout:?} for {count} tasks of kling, saw {seen}"
        ))
    }

    /// Makes a task, or says why not.
    fn create(&self, order: Order) -> Result<Task, Refusal> {
        let task = {
            let mut state = self.state();
            let now = state.clock.now();
            if order.is_retired && !state.account.runs_retired {
                return Err(Refusal::NO_MODEL);
            }
            if !state.account.has_money {
                return Err(Refusal::NO_MONEY);
            }
            if let Some(reference) = &order.reference
                && state.references.contains_key(reference)
            {
                return Err(Refusal::REFERENCE_TAKEN);
            }
            let under_way = state
                .tasks
                .iter()
                .filter(|task| !task.at(now).status.is_final());
            if under_way.count() >= state.account.parallel_max {
                return Err(Refusal::FULL);
            }
            let number = state.tasks.len();
            let fate = state.faults.take(Step::Work);
            let task = Task::new(number, order, now, (state.queued, state.running), fate);
            if let Some(reference) = &task.reference {
                state.references.insert(reference.clone(), number);
            }
            state.tasks.push(task.clone());
            task
        };
        self.bump();
        Ok(task)
    }

    /// A task by its id.
    fn by_id(&self, id: &str) -> Option<Task> {
        let state = self.state();
        let now = state.clock.now();
        let found = state.tasks.iter().find(|task| task.id == id);
        found.map(|task| task.at(now))
    }

    /// A task by the reference it was given.
    fn by_reference(&self, reference: &str) -> Option<Task> {
        let state = self.state();
        let now = state.clock.now();
        let number = state.references.get(reference)?;
        state.tasks.get(*number).map(|task| task.at(now))
    }

    fn count_create(&self) {
        self.state().creates += 1;
    }

    fn take_fault(&self, step: Step) -> Option<FaultKind> {
        self.state().faults.take(step)
    }

    fn bump(&self) {
        self.shared.changed.send_modify(|count| *count += 1);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is complete before the lock is let go, so a panic elsewhere spoils nothing.
        let state = self.shared.state.lock();
        state.unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("kling::Handle")
            .field("tasks", &state.tasks.len())
            .finish_non_exhaustive()
    }
}

/// Adds the emulator to a server.
pub(crate) fn configure(service: &mut ServiceConfig, handle: &Handle) {
    service.app_data(actix_web::web::Data::new(handle.clone()));
    serve::configure(service);
    control::configure(service);
}
