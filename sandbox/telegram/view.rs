//! A chat as the control API shows it: everything a chat page draws.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::handle::Handle;
use super::state::State;

impl Handle {
    /// The whole chat of a person; `None` when nobody has this id.
    pub(crate) fn view(&self, id: i64) -> Option<Value> {
        self.shared().read(|state| view(state, id))
    }

    /// The version of every chat; it grows with every change.
    pub(crate) fn versions(&self) -> BTreeMap<i64, u64> {
        self.shared().read(|state| {
            state
                .chats
                .values()
                .map(|chat| (chat.id, chat.version))
                .collect()
        })
    }
}

fn view(state: &State, id: i64) -> Option<Value> {
    let chat = state.chats.get(&id)?;
    let now = state.clock.now();
    let action = chat
        .action
        .as_ref()
        .filter(|action| action.until > now)
        .map(|action| {
            let millis = u64::try_from((action.until - now).as_millis()).unwrap_or(u64::MAX);
            json!({ "name": action.name, "millis_left": millis })
        });
    Some(json!({
        "id": chat.id,
        "first_name": chat.first_name,
        "language_code": chat.language_code,
        "presence": chat.presence,
        "version": chat.version,
        "messages": chat.messages,
        "toasts": chat.toasts,
        "pinned": chat.pinned,
        "reply_keyboard": chat.reply_keyboard,
        "action": action,
        "menu": state.bot.menu(chat.id, &chat.language_code),
        "bot_name": state.bot.name(&chat.language_code),
        "bot_about": state.bot.about(&chat.language_code),
    }))
}
