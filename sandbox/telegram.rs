//! Telegram's Bot API on loopback: what a bot sees of it, and the people on the other side.
//!
//! It speaks the wire as `contracts` of the real one say, enforces what the real one enforces,
//! and misbehaves on request. It keeps everything in memory and forgets it when it stops.

mod api;
mod control;
mod faults;
mod html;
mod limits;
mod methods;
mod params;
mod player;
mod state;
mod updates;

pub use api::configure;
pub(crate) use api::deliver_webhooks;
pub use faults::{Fault, FaultKind};
pub use player::Player;
pub use state::{Button, Call, Entity, Media, Message, Toast};

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::watch;

use state::State;

/// The emulator. Clones are the same one.
#[derive(Clone)]
pub struct Handle(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// Counts changes; everything that waits waits for it.
    changes: watch::Sender<u64>,
    client: reqwest::Client,
}

impl Handle {
    /// An emulator for the bot with this token, `<number>:<secret>`.
    pub fn new(bot_token: String) -> Self {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // Losing a race here means that a provider is installed, which is all we want.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .expect("a client without certificates of its own can always be built");
        Self(Arc::new(Shared {
            state: Mutex::new(State::new(bot_token)),
            changes: watch::channel(0).0,
            client,
        }))
    }

    /// The person with this id, made at the first call.
    pub fn player(&self, id: i64, first_name: &str, language_code: &str) -> Player {
        self.change(|state| state.meet(id, first_name, language_code));
        Player::new(self.clone(), id)
    }

    /// Makes the next calls of a method go wrong.
    pub fn push_fault(&self, fault: Fault) {
        self.change(|state| state.faults.push(fault));
    }

    /// Everything goes well again.
    pub fn clear_faults(&self) {
        self.change(|state| state.faults.clear());
    }

    /// Every call of the bot, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    /// Delivers an update as it is; its `update_id` is set when it has none.
    pub fn push_raw_update(&self, update: Value) {
        self.change(|state| state.push_raw_update(update));
    }

    /// Delivers an update once more, as after a lost answer. `false` when it is not known.
    pub fn redeliver(&self, update_id: i64) -> bool {
        self.change(|state| state.redeliver(update_id))
    }

    /// Whether flood limits answer 429.
    pub fn enforce_limits(&self, enforce: bool) {
        self.change(|state| state.limits.enforce = enforce);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and wakes everybody who waits for a change.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let value = change(&mut self.state());
        self.0.changes.send_modify(|count| *count += 1);
        value
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }
}
