//! The emulator from inside the process.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::bot::Bot;
use super::calls::{Answered, Call};
use super::chat::Chat;
use super::error::ApiError;
use super::faults::{FaultKind, Faults};
use super::limits::FloodLimits;
use super::media::StoredFile;
use super::methods::{self, Success};
use super::params::Params;
use super::player::Player;
use super::stars;
use super::state::{Shared, State};

/// The emulator: what it was asked, how it misbehaves, and who talks to the bot. Clones are
/// the same emulator.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

impl Handle {
    /// An emulator of the bot with this token and nobody to talk to.
    pub fn try_new(bot_token: &str) -> anyhow::Result<Handle> {
        let state = State::new(Bot::try_new(bot_token)?);
        Ok(Handle {
            shared: Arc::new(Shared::new(state)),
        })
    }

    /// The person with this id, created if there is none; else nothing but the id counts.
    /// An empty language code is a client that tells none.
    pub fn player(&self, id: i64, first_name: &str, language_code: &str) -> Player {
        self.shared.update(|state| {
            let new = || Chat::new(id, first_name.to_owned(), language_code.to_owned());
            state.chats.entry(id).or_insert_with(new);
            state.chat_mut(id);
        });
        Player::new(self.shared.clone(), id)
    }

    /// Where invoices are opened: the sandbox's own address.
    pub(crate) fn set_invoice_base(&self, base: String) {
        self.shared
            .update_quietly(|state| state.invoice_base = base);
    }

    /// Gives a payment of Stars back from outside, as the buyer's store can.
    pub fn charge_back(&self, user: i64, charge: &str) -> Result<(), String> {
        let back = self
            .shared
            .update(|state| stars::refund(state, user, charge));
        back.map_err(|error| error.description)
    }

    /// What the bot has earned in Stars.
    pub fn stars_earned(&self) -> i64 {
        self.shared.read(|state| state.stars.earned())
    }

    /// Makes the bot's list of Stars longer by lines that are about no invoice.
    pub fn fill_stars(&self, lines: usize) {
        self.shared.update(|state| stars::fill(state, lines));
    }

    /// The ids of the payments in Stars so far, oldest first.
    pub fn star_payments(&self) -> Vec<String> {
        self.stars_moved(stars::Direction::In)
    }

    /// The ids of the payments in Stars that were given back, oldest refund first.
    pub fn star_refunds(&self) -> Vec<String> {
        self.stars_moved(stars::Direction::Out)
    }

    fn stars_moved(&self, direction: stars::Direction) -> Vec<String> {
        self.shared.read(|state| {
            let moved = state.stars.transactions.iter();
            let moved = moved.filter(|it| it.direction == direction);
            moved.map(|it| it.id.clone()).collect()
        })
    }

    /// The person with this id, if there is one.
    pub fn find_player(&self, id: i64) -> Option<Player> {
        let known = self.shared.read(|state| state.chats.contains_key(&id));
        known.then(|| Player::new(self.shared.clone(), id))
    }

    /// Everybody, by id.
    pub fn players(&self) -> Vec<Player> {
        let ids: Vec<i64> = self
            .shared
            .read(|state| state.chats.keys().copied().collect());
        ids.into_iter()
            .map(|id| Player::new(self.shared.clone(), id))
            .collect()
    }

    /// Misbehaviour to order.
    pub fn faults(&self) -> Faults {
        Faults {
            shared: self.shared.clone(),
        }
    }

    /// Every call so far, oldest first, refused and spoilt ones included.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.read(|state| state.calls.all())
    }

    /// Waits until the calls show something; the error shows all of them.
    pub async fn wait_calls<T>(
        &self,
        description: &str,
        timeout: Duration,
        mut look: impl FnMut(&[Call]) -> Option<T>,
    ) -> Result<T, String> {
        let found = self
            .shared
            .wait(timeout, |state| look(&state.calls.all()))
            .await;
        found.ok_or_else(|| {
            let calls = self.calls();
            let lines: Vec<String> = calls
                .iter()
                .map(|call| format!("{} {:?} {:?}", call.method, call.chat_id, call.answered))
                .collect();
            format!(
                "waited in vain for {description}; the calls:\n{}",
                lines.join("\n")
            )
        })
    }

    /// Queues any JSON object as an update and gives its id.
    pub fn push_raw_update(&self, update: Value) -> i64 {
        self.shared.update(|state| {
            let now = state.clock.now();
            state.updates.push_raw(update, now)
        })
    }

    /// Delivers an update once more under its old id; `false` when there was none.
    pub fn redeliver(&self, update_id: i64) -> bool {
        self.shared.update(|state| {
            let now = state.clock.now();
            state.updates.redeliver(update_id, now)
        })
    }

    /// The ids of all updates so far, oldest first, as [`Handle::redeliver`] takes them.
    pub fn update_ids(&self) -> Vec<i64> {
        self.shared.read(|state| state.updates.ids())
    }

    /// Forgets the updates the bot has not taken.
    pub fn drop_pending(&self) {
        self.shared.update(|state| state.updates.drop_pending());
    }

    /// How many updates the bot has not taken.
    pub fn pending_updates(&self) -> usize {
        self.shared.read(|state| state.updates.waiting())
    }

    /// Waits until the bot has taken every update; `false` when the time is over before.
    pub async fn wait_until_taken(&self, timeout: Duration) -> bool {
        let taken = |state: &State| (state.updates.waiting() == 0).then_some(());
        self.shared.wait(timeout, taken).await.is_some()
    }

    /// Other flood limits from now on.
    pub fn set_flood_limits(&self, limits: FloodLimits) {
        self.shared.update(|state| state.meters.set(limits));
    }

    /// Moves the sandbox's time forward: for flood limits, redeliveries, old presses and old
    /// messages. Waiting polls and latency keep to the machine's time.
    pub fn advance_clock(&self, by: Duration) {
        self.shared.update(|state| state.clock.advance(by));
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(crate) fn accepts(&self, token: &str) -> bool {
        self.shared.read(|state| state.bot.token == token)
    }

    pub(crate) fn begin_call(&self, method: &str, params: Option<&Params>) -> u64 {
        let chat = params.and_then(Params::named_chat);
        let shown = params.map(Params::redacted).unwrap_or_default();
        self.shared.update(|state| {
            let at = state.clock.now().as_micros();
            state.calls.begin(method, chat, shown, at)
        })
    }

    pub(crate) fn end_call(&self, number: u64, answered: Answered) {
        self.shared
            .update(|state| state.calls.end(number, answered));
    }

    pub(crate) fn take_fault(&self, method: &str) -> Option<FaultKind> {
        self.shared
            .update_quietly(|state| state.faults.take(method))
    }

    pub(crate) fn call(&self, method: &str, params: &Params) -> Result<Success, ApiError> {
        self.shared
            .update(|state| methods::call(state, method, params))
    }

    pub(crate) fn file_at(&self, path: &str) -> Option<StoredFile> {
        self.shared.read(|state| state.files.at_path(path).cloned())
    }

    pub(crate) fn file(&self, file_id: &str) -> Option<StoredFile> {
        self.shared.read(|state| state.files.find(file_id).cloned())
    }
}

impl Shared {
    /// Waits until the state shows something, woken by every change; `None` when the time is
    /// over.
    pub(super) async fn wait<T>(
        &self,
        timeout: Duration,
        mut look: impl FnMut(&State) -> Option<T>,
    ) -> Option<T> {
        let deadline = Instant::now() + timeout;
        let mut changes = self.changes();
        loop {
            changes.borrow_and_update();
            if let Some(found) = self.read(&mut look) {
                return Some(found);
            }
            match tokio::time::timeout_at(deadline, changes.changed()).await {
                Ok(Ok(())) => {}
                Err(_) | Ok(Err(_)) => return None,
            }
        }
    }
}
