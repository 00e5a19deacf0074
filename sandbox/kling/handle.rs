//! The emulator from inside the process: the account, the tasks, the faults and the clock.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use super::account::Account;
use super::faults::{Fault, FaultKind};
use super::lists;
use super::state::State;
use super::task::{End, Task};
use crate::calls::{Answered, Call, Calls};
use crate::outbox::{Callbacks, Delivery, Proof};
use crate::patch::merge;
use crate::stage::{Stage, Timed};

/// The emulator. Clones are the same emulator.
#[derive(Clone)]
pub struct Handle {
    stage: Arc<Stage<State>>,
}

impl Default for Handle {
    fn default() -> Handle {
        Handle::new()
    }
}

impl Handle {
    /// An emulator of the default account, with no tasks yet.
    pub fn new() -> Handle {
        Handle {
            stage: Arc::new(Stage::new(State::new())),
        }
    }

    /// The account as it is set now.
    pub fn account(&self) -> Account {
        self.read(|state| state.account.clone())
    }

    /// Sets the account otherwise; tasks that exist go on as they were begun. Signing secrets
    /// that are none change nothing; the error says what is wrong.
    pub fn change_account(&self, change: impl FnOnce(&mut Account)) -> Result<(), String> {
        self.update(|state| {
            let mut account = state.account.clone();
            change(&mut account);
            account.signing.check()?;
            state.account = account;
            Ok(())
        })
    }

    /// How callbacks go out now.
    pub fn callbacks(&self) -> Callbacks {
        self.read(|state| state.outbox.settings.clone())
    }

    /// Sends callbacks otherwise from now on.
    pub fn change_callbacks(&self, change: impl FnOnce(&mut Callbacks)) {
        self.update(|state| change(&mut state.outbox.settings));
    }

    /// A task as its generation writes it, by Kling's id or the caller's.
    pub fn task(&self, id: &str) -> Option<Value> {
        self.read(|state| {
            let task = state.by_id(id).or_else(|| state.by_external_id(id));
            task.map(Task::render)
        })
    }

    /// All tasks, newest first.
    pub fn tasks(&self) -> Vec<Value> {
        self.read(|state| state.newest().map(|(_, task)| task.render()).collect())
    }

    /// Tasks that hold a place of the account.
    pub fn open_tasks(&self) -> usize {
        self.read(lists::open)
    }

    /// Ends an open task at once; `false` when there is none of this id.
    pub fn finish(&self, id: &str, end: End) -> bool {
        self.update(|state| state.finish(id, end))
    }

    /// Spoils calls to come. Faults add up, in order.
    pub fn push_fault(&self, fault: Fault) {
        self.update(|state| state.faults.push(fault));
    }

    /// Everything works again.
    pub fn clear_faults(&self) {
        self.update(|state| state.faults.clear());
    }

    /// The faults that wait, with how often each will still act.
    pub fn faults(&self) -> Vec<Fault> {
        self.read(|state| state.faults.waiting())
    }

    /// Every call so far, oldest first, refused and spoilt ones included.
    pub fn calls(&self) -> Vec<Call> {
        self.read(|state| state.calls.all())
    }

    /// Forgets the calls so far.
    pub fn clear_calls(&self) {
        self.update(|state| state.calls.clear());
    }

    /// Sends the callback of a task once more as a message of its own, changed by a merge patch
    /// and proved as asked; `false` when there is no such task or it has no callback.
    pub fn tell(&self, task_id: &str, patch: &Value, proof: Proof) -> bool {
        self.update(|state| {
            let now = state.now();
            let Some(task) = state.by_id(task_id) else {
                return false;
            };
            let Some(url) = task.order.callback_url.clone() else {
                return false;
            };
            let mut body = task.render();
            merge(&mut body, patch);
            let body = Bytes::from(body.to_string());
            state.outbox.send(task_id, &url, body, proof, now);
            true
        })
    }

    /// Sends anything anywhere, as if it were a callback.
    pub fn forge(&self, url: &str, body: &Value, proof: Proof) {
        self.update(|state| {
            let now = state.now();
            let body = Bytes::from(body.to_string());
            state.outbox.send("forged", url, body, proof, now);
        });
    }

    /// Delivers a callback once more, as it was; `false` when there is none of this number.
    pub fn repeat(&self, number: u64) -> bool {
        self.update(|state| {
            let now = state.now();
            state.outbox.repeat(number, now)
        })
    }

    /// Keeps callbacks back until [`Handle::release`]; attempts under way go on.
    pub fn hold(&self) {
        self.update(|state| state.outbox.hold());
    }

    /// Lets callbacks go out.
    pub fn release(&self) {
        self.update(|state| state.outbox.release());
    }

    /// Every delivery, oldest first; of many thousands the last ones.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.read(|state| state.outbox.all())
    }

    /// Waits until no callback is waiting or under way; the error shows all of them.
    pub async fn wait_until_told(&self, timeout: Duration) -> Result<(), String> {
        let quiet = |state: &State| state.outbox.is_quiet().then_some(());
        let told = self.stage.wait(timeout, quiet).await;
        told.ok_or_else(|| format!("not all is told: {:?}", self.deliveries()))
    }

    /// Waits until the calls show something; the error shows all of them.
    pub async fn wait_calls<T>(
        &self,
        description: &str,
        timeout: Duration,
        mut look: impl FnMut(&[Call]) -> Option<T>,
    ) -> Result<T, String> {
        let found = self.stage.wait(timeout, |state| look(&state.calls.all()));
        found.await.ok_or_else(|| {
            let calls = self.calls();
            let line = |call: &Call| format!("{} {:?}", call.operation, call.answered);
            let lines: Vec<String> = calls.iter().map(line).collect();
            format!(
                "waited in vain for {description}; the calls:\n{}",
                lines.join("\n")
            )
        })
    }

    /// Moves the sandbox's time forward: tasks go on, callbacks are repeated, results end.
    pub fn advance_clock(&self, by: Duration) {
        self.update(|state| state.clock.advance(by));
    }

    /// The sandbox's time since the Unix epoch.
    pub fn now(&self) -> Duration {
        self.read(Timed::now)
    }

    pub(crate) fn stage(&self) -> Arc<Stage<State>> {
        Arc::clone(&self.stage)
    }

    pub(super) fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        self.stage.read(look)
    }

    pub(super) fn update<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        self.stage.update(change)
    }

    pub(super) fn take_fault(&self, operation: &str) -> Option<FaultKind> {
        self.update(|state| state.faults.take(operation))
    }

    pub(super) fn begin_call(&self, call: Call) -> u64 {
        self.update(|state| Calls::begin(&mut state.calls, call))
    }

    pub(super) fn end_call(&self, number: u64, answered: Answered, task_id: Option<String>) {
        self.update(|state| state.calls.end(number, answered, task_id));
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("kling::Handle")
            .field("open_tasks", &self.open_tasks())
            .finish_non_exhaustive()
    }
}
