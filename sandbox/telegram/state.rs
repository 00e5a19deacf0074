//! Everything the emulator knows, behind one lock, with a version that wakes who waits.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::watch;

use super::bot::Bot;
use super::calls::Calls;
use super::chat::{Chat, Presence};
use super::clock::Clock;
use super::error::ApiError;
use super::faults::FaultQueue;
use super::limits::Meters;
use super::media::Files;
use super::stars::Stars;
use super::updates::Updates;

/// The state, shared by the server's workers and the handles.
pub struct Shared {
    state: Mutex<State>,
    version: watch::Sender<u64>,
}

impl Shared {
    pub(super) fn new(state: State) -> Shared {
        Shared {
            state: Mutex::new(state),
            version: watch::Sender::new(0),
        }
    }

    /// Changes the state and wakes everyone who waits for a change.
    pub(super) fn update<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let outcome = change(&mut self.lock());
        self.version.send_modify(|version| *version += 1);
        outcome
    }

    /// Changes the state in a way nobody waits for, such as taking updates out to deliver.
    pub(super) fn update_quietly<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.lock())
    }

    /// Looks at the state.
    pub(super) fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.lock())
    }

    /// Changes from now on.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A test's assertion may panic inside; the state stays consistent enough to be shown.
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// A press on a button.
#[derive(Clone, Debug)]
pub struct Callback {
    pub chat: i64,
    /// In the sandbox's time.
    pub pressed: Duration,
    pub answered: bool,
}

/// Everything the emulator knows.
pub struct State {
    pub bot: Bot,
    pub clock: Clock,
    pub chats: BTreeMap<i64, Chat>,
    pub callbacks: HashMap<String, Callback>,
    pub files: Files,
    pub updates: Updates,
    pub meters: Meters,
    pub faults: FaultQueue,
    pub calls: Calls,
    pub stars: Stars,
    /// Where invoices are opened, without a closing slash.
    pub invoice_base: String,
    versions: u64,
    fresh: u64,
}

impl State {
    pub fn new(bot: Bot) -> State {
        State {
            bot,
            clock: Clock::new(),
            chats: BTreeMap::new(),
            callbacks: HashMap::new(),
            files: Files::default(),
            updates: Updates::default(),
            meters: Meters::default(),
            faults: FaultQueue::default(),
            calls: Calls::default(),
            stars: Stars::default(),
            invoice_base: String::new(),
            versions: 0,
            fresh: 0,
        }
    }

    /// An id nobody has yet, in the shape of Telegram's for presses and albums.
    pub fn fresh_id(&mut self) -> String {
        self.fresh += 1;
        format!("4382{:014}", self.fresh)
    }

    /// The chat to be changed; its version moves on. `None` when nobody has this id.
    pub fn chat_mut(&mut self, id: i64) -> Option<&mut Chat> {
        self.versions += 1;
        let chat = self.chats.get_mut(&id)?;
        chat.version = self.versions;
        Some(chat)
    }

    /// The chat a bot names, whatever the person thinks of the bot.
    pub fn known_chat(&self, id: i64) -> Result<&Chat, ApiError> {
        self.chats
            .get(&id)
            .ok_or_else(|| ApiError::bad_request("chat not found"))
    }

    /// The chat a bot may write to.
    pub fn open_chat(&self, id: i64) -> Result<&Chat, ApiError> {
        let chat = self.known_chat(id)?;
        match chat.presence {
            Presence::Member => Ok(chat),
            Presence::Blocked => Err(ApiError::forbidden("bot was blocked by the user")),
            Presence::Unacquainted => Err(ApiError::forbidden(
                "bot can't initiate conversation with a user",
            )),
        }
    }
}
