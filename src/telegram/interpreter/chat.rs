//! Whose turn an update is, found before anything else is known about it.

use rei_domain::ids::ChatId;
use serde::Deserialize;

/// The update's id and its chat, from a body that may be anything.
///
/// `None` when the body is no JSON object in UTF-8 with an `update_id`: there is nothing to
/// store. The chat is zero when the update belongs to none, or says so in a shape we do not
/// know; such an update is stored, and later ignored. A press of a button belongs to the chat
/// of its message or, when that is not told, to the private chat of the person, which has the
/// person's id. Values of no interest are skipped without being kept, so neither depth nor
/// size of the rest costs memory.
pub fn chat_of(raw: &[u8]) -> Option<(i64, ChatId)> {
    let body = std::str::from_utf8(raw).ok()?;
    match serde_json::from_str::<Address>(body) {
        Ok(address) => Some((address.update_id, address.chat())),
        Err(_) => {
            let Numbered { update_id } = serde_json::from_str(body).ok()?;
            Some((update_id, NO_CHAT))
        }
    }
}

/// The chat of updates that belong to none.
pub(super) const NO_CHAT: ChatId = ChatId(0);

#[derive(Deserialize)]
struct Numbered {
    update_id: i64,
}

#[derive(Deserialize)]
struct Address {
    update_id: i64,
    message: Option<InChat>,
    callback_query: Option<Pressed>,
    my_chat_member: Option<InChat>,
}

#[derive(Deserialize)]
struct InChat {
    chat: Identified,
}

#[derive(Deserialize)]
struct Pressed {
    from: Identified,
    message: Option<InChat>,
}

#[derive(Deserialize)]
struct Identified {
    id: i64,
}

impl Address {
    fn chat(&self) -> ChatId {
        if let Some(message) = &self.message {
            return ChatId(message.chat.id);
        }
        if let Some(query) = &self.callback_query {
            let chat = query.message.as_ref().map(|message| message.chat.id);
            return ChatId(chat.unwrap_or(query.from.id));
        }
        self.my_chat_member
            .as_ref()
            .map_or(NO_CHAT, |change| ChatId(change.chat.id))
    }
}
