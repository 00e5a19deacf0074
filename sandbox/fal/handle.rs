//! The emulator from inside the process: the account, the requests, the faults and the clock.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::account::Account;
use super::failure::Failure;
use super::faults::{Fault, FaultKind};
use super::request::Request;
use super::state::State;
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
    /// An emulator of the default account, with no requests yet.
    pub fn new() -> Handle {
        Handle {
            stage: Arc::new(Stage::new(State::new())),
        }
    }

    /// The account as it is set now.
    pub fn account(&self) -> Account {
        self.read(|state| state.account.clone())
    }

    /// Sets the account otherwise; requests that exist go on as they were begun.
    pub fn change_account(&self, change: impl FnOnce(&mut Account)) {
        self.update(|state| change(&mut state.account));
    }

    /// How webhooks go out now.
    pub fn callbacks(&self) -> Callbacks {
        self.read(|state| state.outbox.settings.clone())
    }

    /// Sends webhooks otherwise from now on.
    pub fn change_callbacks(&self, change: impl FnOnce(&mut Callbacks)) {
        self.update(|state| change(&mut state.outbox.settings));
    }

    /// What a request's status says, and its model.
    pub fn request(&self, id: &str) -> Option<Value> {
        self.read(|state| Some(described(state, state.find(id)?)))
    }

    /// The status of every request, newest first.
    pub fn requests(&self) -> Vec<Value> {
        self.read(|state| {
            let newest = state.newest();
            newest.map(|request| described(state, request)).collect()
        })
    }

    /// Ends a request at once, well or with a failure; `false` when there is no open one of this
    /// id.
    pub fn finish(&self, id: &str, outcome: Result<(), Failure>) -> bool {
        self.update(|state| state.finish(id, outcome))
    }

    /// Signs webhooks with a new key; the public set keeps the one before.
    pub fn rotate_keys(&self) {
        self.update(|state| state.keys.rotate());
    }

    /// The public set of keys.
    pub fn public_keys(&self) -> Value {
        self.read(|state| state.keys.public())
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

    /// Sends the webhook of a request as a message of its own, changed by a merge patch and
    /// proved as asked; `false` when there is no such request or it has no webhook.
    pub fn tell(&self, id: &str, patch: &Value, proof: Proof) -> bool {
        self.update(|state| {
            let now = state.now();
            let Some(request) = state.find(id) else {
                return false;
            };
            let Some(url) = request.webhook.clone() else {
                return false;
            };
            let mut body = request.news();
            merge(&mut body, patch);
            let body = Bytes::from(body.to_string());
            state.outbox.send(id, &url, body, proof, now);
            true
        })
    }

    /// Sends anything anywhere, as if it were a webhook.
    pub fn forge(&self, url: &str, body: &Value, proof: Proof) {
        self.update(|state| {
            let now = state.now();
            let about = body["request_id"].as_str().unwrap_or("forged").to_owned();
            let body = Bytes::from(body.to_string());
            state.outbox.send(&about, url, body, proof, now);
        });
    }

    /// Delivers a webhook once more, as it was; `false` when there is none of this number.
    pub fn repeat(&self, number: u64) -> bool {
        self.update(|state| {
            let now = state.now();
            state.outbox.repeat(number, now)
        })
    }

    /// Keeps webhooks back until [`Handle::release`]; attempts under way go on.
    pub fn hold(&self) {
        self.update(|state| state.outbox.hold());
    }

    /// Lets webhooks go out.
    pub fn release(&self) {
        self.update(|state| state.outbox.release());
    }

    /// Every delivery, oldest first; of many thousands the last ones.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.read(|state| state.outbox.all())
    }

    /// Waits until no webhook is waiting or under way; the error shows all of them.
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

    /// Moves the sandbox's time forward: requests go on, webhooks are repeated.
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

    /// A number for each submit, so that the same words draw anew.
    pub(super) fn turn(&self) -> u64 {
        self.read(|state| state.newest().count() as u64)
    }

    pub(super) fn take_fault(&self, operation: &str) -> Option<FaultKind> {
        self.update(|state| state.faults.take(operation))
    }

    pub(super) fn begin_call(&self, call: Call) -> u64 {
        self.update(|state| Calls::begin(&mut state.calls, call))
    }

    pub(super) fn end_call(&self, number: u64, answered: Answered, id: Option<String>) {
        self.update(|state| state.calls.end(number, answered, id));
    }
}

fn described(state: &State, request: &Request) -> Value {
    let mut described = request.render(state.position(request));
    described["model"] = json!(request.model);
    described
}

impl fmt::Debug for Handle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("fal::Handle")
            .field("requests", &self.requests().len())
            .finish_non_exhaustive()
    }
}
