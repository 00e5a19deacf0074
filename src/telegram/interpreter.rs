//! What an update means, read from its raw body.
//!
//! Reading never fails: what is not a person's doing in a private chat is ignored, and what
//! the bot cannot work with is named. There is one way of reading, field by field from the raw
//! JSON. A typed model of the whole API was measured to turn a message into *empty* when any
//! part of it is newer than the model (`contracts/telegram.md`, 12.5); here, a field that is
//! not understood costs that field alone. Where such a model keeps the content, a test holds
//! this reader to the same result.

mod chat;
mod command;
mod message;
mod reading;

#[cfg(test)]
mod tests;

use rei_actors::ports::messenger::{Envelope, Interpreter, Sender};
use rei_domain::conversation::{Inbound, Language, Tap, UnknownTap};
use rei_domain::ids::{ChatId, UserId};
use serde_json::Value;

use chat::NO_CHAT;
use reading::{message_id, object};

pub use chat::chat_of;

/// Reads Telegram's updates.
#[derive(Clone, Copy, Debug, Default)]
pub struct TelegramInterpreter;

impl Interpreter for TelegramInterpreter {
    fn interpret(&self, body: &str) -> Envelope {
        read(body).unwrap_or(Envelope {
            sender: None,
            inbound: Inbound::Ignored,
        })
    }
}

fn read(body: &str) -> Option<Envelope> {
    let (_, chat) = chat_of(body.as_bytes()).filter(|(_, chat)| *chat != NO_CHAT)?;
    let update: Value = serde_json::from_str(body).ok()?;
    let (from, inbound) = if let Some(message) = object(&update, "message") {
        private(message)?;
        (message.get("from")?, message::inbound(message))
    } else if let Some(query) = object(&update, "callback_query") {
        if let Some(message) = object(query, "message") {
            private(message)?;
        }
        (query.get("from")?, tap(query)?)
    } else {
        let change = object(&update, "my_chat_member")?;
        private(change)?;
        (change.get("from")?, standing(change))
    };
    Some(Envelope {
        sender: Some(sender(from, chat)?),
        inbound,
    })
}

/// Goes on only for something that belongs to a private chat.
fn private(of: &Value) -> Option<()> {
    let kind = of.pointer("/chat/type").and_then(Value::as_str)?;
    (kind == "private").then_some(())
}

/// The person, unless it is a bot or nobody.
fn sender(from: &Value, chat: ChatId) -> Option<Sender> {
    let is_bot = from.get("is_bot").and_then(Value::as_bool).unwrap_or(false);
    let user = from.get("id").and_then(Value::as_i64)?;
    if is_bot || user <= 0 {
        return None;
    }
    Some(Sender {
        user: UserId(user),
        chat,
        language: Language::from_tag(from.get("language_code").and_then(Value::as_str)),
        name: from
            .get("username")
            .and_then(Value::as_str)
            .map(str::to_ascii_lowercase)
            .filter(|name| is_name(name)),
    })
}

/// A name as Telegram gives it: up to 32 of `a-z 0-9 _` (Bot API, `User.username`).
fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !name.is_empty() && name.len() <= 32 && name.bytes().all(plain)
}

/// A press of a button. Data may be forged or of an older version; a press without data (of a
/// game) is still answered, or the client shows a spinner for ever.
fn tap(query: &Value) -> Option<Inbound> {
    let data = query.get("data").and_then(Value::as_str);
    Some(Inbound::Tap {
        callback_id: query.get("id").and_then(Value::as_str)?.to_owned(),
        tap: data.map_or(Err(UnknownTap), Tap::parse),
        message: object(query, "message").and_then(message_id),
    })
}

/// In a private chat the bot's standing changes only when the user blocks or unblocks it.
fn standing(change: &Value) -> Inbound {
    let status = change.pointer("/new_chat_member/status");
    match status.and_then(Value::as_str) {
        Some("kicked") => Inbound::Blocked,
        Some("member") => Inbound::Unblocked,
        Some(_) | None => Inbound::Ignored,
    }
}
