//! A person who talks to the bot.
//!
//! What the person does becomes an update for the bot; what the bot does shows up in
//! [`Player::chat`]. The verbs return at once; [`Player::wait`] waits for the bot.

mod files;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use bytes::Bytes;
use serde_json::{Value, json};

use super::chat::{Author, Chat, Message, Presence, Toast, render};
use super::entities::FormattedText;
use super::keyboard::ButtonAction;
use super::media::Media;
use super::stars;
use super::state::{Callback, Shared, State};
use super::wire;

/// A person with their chat. Clones are the same person.
#[derive(Clone)]
pub struct Player {
    shared: Arc<Shared>,
    id: i64,
}

/// What a person is about to send.
#[derive(Default)]
struct Draft {
    words: FormattedText,
    media: Option<Media>,
    album: Option<String>,
    reply_to: Option<i64>,
}

impl Player {
    pub(super) fn new(shared: Arc<Shared>, id: i64) -> Player {
        Player { shared, id }
    }

    /// The id of the person and of the chat.
    pub fn id(&self) -> i64 {
        self.id
    }

    /// Writes a message and gives its id. As in a client, writing to a blocked bot unblocks it
    /// first.
    pub fn text(&self, text: &str) -> i64 {
        let words = FormattedText::typed(text);
        self.shared.update(|state| {
            send(
                state,
                self.id,
                Draft {
                    words,
                    ..Draft::default()
                },
            )
        })
    }

    /// Answers a message with words.
    pub fn reply(&self, to_message_id: i64, text: &str) -> i64 {
        let words = FormattedText::typed(text);
        let reply_to = Some(to_message_id);
        self.shared.update(|state| {
            send(
                state,
                self.id,
                Draft {
                    words,
                    reply_to,
                    ..Draft::default()
                },
            )
        })
    }

    /// Changes the words of an own message.
    pub fn edit(&self, message_id: i64, new_text: &str) -> anyhow::Result<()> {
        self.shared.update(|state| {
            let date = state.clock.unix_secs();
            let chat = state.chat_mut(self.id).context("the person is gone")?;
            let message = chat
                .message_mut(message_id)
                .context("there is no such message")?;
            if message.from != Author::User {
                bail!("message {message_id} is the bot's");
            }
            message.words = FormattedText::typed(new_text);
            message.edit_date = Some(date);
            message.edits += 1;
            push_message(state, self.id, message_id, "edited_message");
            Ok(())
        })
    }

    /// Presses a button by its label or callback data and gives the id of the press.
    pub fn press(&self, message_id: i64, label_or_data: &str) -> anyhow::Result<String> {
        let data = self.shared.read(|state| {
            let chat = state.known(self.id)?;
            let message = chat
                .message(message_id)
                .context("there is no such message")?;
            let button = message.button(label_or_data).with_context(|| {
                let labels: Vec<&str> = message.buttons().map(|b| b.text.as_str()).collect();
                format!("no button {label_or_data:?} among {labels:?}")
            })?;
            match &button.action {
                ButtonAction::Callback(data) => Ok(data.clone()),
                other @ (ButtonAction::Url(_) | ButtonAction::Copy(_) | ButtonAction::Other(_)) => {
                    bail!("the button {label_or_data:?} tells the bot nothing: {other:?}")
                }
            }
        })?;
        Ok(self.press_data(message_id, &data))
    }

    /// Sends a press with any data, as an old or forged client can, and gives its id.
    pub fn press_data(&self, message_id: i64, data: &str) -> String {
        self.shared.update(|state| {
            let id = state.fresh_id();
            let now = state.clock.now();
            let callback = Callback {
                chat: self.id,
                pressed: now,
                answered: false,
            };
            state.callbacks.insert(id.clone(), callback);
            let Some(chat) = state.chats.get(&self.id) else {
                return id;
            };
            let message = match chat.message(message_id) {
                Some(message) => wire::message(state, chat, message),
                None => json!({ "chat": wire::chat(chat), "message_id": message_id, "date": 0 }),
            };
            let update = json!({
                "id": id,
                "from": wire::person(chat),
                "message": message,
                "chat_instance": format!("-{}", chat.id),
                "data": data,
            });
            state.updates.push("callback_query", &update, now);
            id
        })
    }

    /// Opens an invoice by its address, presses *pay*, and waits until the bot has answered: the
    /// Stars have moved, or why not. A bot that is silent for ten seconds loses the payment.
    pub async fn pay_stars(&self, invoice_url: &str) -> Result<(), String> {
        let slug = invoice_url
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_owned();
        let id = self
            .shared
            .update(|state| stars::ask(state, self.id, &slug))?;
        let mut changes = self.shared.changes();
        let answered = async {
            loop {
                let answer = self.shared.read(|state| {
                    let checkout = state.stars.checkouts.get(&id)?;
                    checkout.answer.clone()
                });
                if let Some(answer) = answer {
                    return answer;
                }
                if changes.changed().await.is_err() {
                    return Err("the sandbox has ended".to_owned());
                }
            }
        };
        let answer = tokio::time::timeout(stars::ANSWER_WITHIN, answered).await;
        answer.unwrap_or_else(|_| Err("the bot did not answer in time".to_owned()))
    }

    /// A payment in Stars that happens whatever the bot has to say to it: with another sum, of an
    /// invoice that it never made. Gives its id.
    pub fn pay_stars_unasked(&self, payload: &str, amount: i64) -> String {
        self.shared
            .update(|state| stars::charge(state, self.id, payload, amount))
    }

    /// What the person has in Stars.
    pub fn stars(&self) -> i64 {
        self.shared.read(|state| state.stars.balance(self.id))
    }

    /// Blocks the bot.
    pub fn block(&self) {
        self.shared
            .update(|state| set_presence(state, self.id, Presence::Blocked));
    }

    /// Lets the bot write again.
    pub fn unblock(&self) {
        self.shared
            .update(|state| set_presence(state, self.id, Presence::Member));
    }

    /// How the person stands to the bot.
    pub fn presence(&self) -> Presence {
        self.look(Presence::Unacquainted, |chat| chat.presence)
    }

    /// All messages, oldest first, the deleted ones too.
    pub fn chat(&self) -> Vec<Message> {
        self.look(Vec::new(), |chat| chat.messages.clone())
    }

    /// The message with this id, unless it was deleted.
    pub fn message(&self, message_id: i64) -> Option<Message> {
        self.look(None, |chat| chat.message(message_id).cloned())
    }

    /// The bytes of a message's file.
    pub fn file(&self, message_id: i64) -> Option<Bytes> {
        self.shared.read(|state| {
            let message = state.chats.get(&self.id)?.message(message_id)?;
            let file_id = &message.media.as_ref()?.file_id;
            Some(state.files.find(file_id)?.content())
        })
    }

    /// What the person was shown after presses, oldest first.
    pub fn toasts(&self) -> Vec<Toast> {
        self.look(Vec::new(), |chat| chat.toasts.clone())
    }

    /// What the bot is shown doing now: `typing`, `upload_photo` …
    pub fn action(&self) -> Option<String> {
        self.shared.read(|state| {
            let action = state.chats.get(&self.id)?.action.as_ref()?;
            (action.until > state.clock.now()).then(|| action.name.clone())
        })
    }

    /// The chat as text, for snapshots.
    pub fn render(&self) -> String {
        render(&self.chat())
    }

    /// Waits until the chat shows something, woken by every change; the error shows the whole
    /// chat.
    pub async fn wait<T>(
        &self,
        description: &str,
        timeout: Duration,
        mut look: impl FnMut(&[Message]) -> Option<T>,
    ) -> Result<T, String> {
        let found = self
            .shared
            .wait(timeout, |state| look(&state.chats.get(&self.id)?.messages));
        found.await.ok_or_else(|| {
            format!(
                "waited in vain for {description}; the chat:\n{}",
                self.render()
            )
        })
    }

    fn look<T>(&self, without: T, look: impl FnOnce(&Chat) -> T) -> T {
        self.shared
            .read(|state| state.chats.get(&self.id).map_or(without, look))
    }
}

impl State {
    fn known(&self, id: i64) -> anyhow::Result<&Chat> {
        self.chats.get(&id).context("the person is gone")
    }
}

/// Puts a message of the person into the chat, tells the bot, and gives its id.
fn send(state: &mut State, id: i64, draft: Draft) -> i64 {
    set_presence(state, id, Presence::Member);
    let date = state.clock.unix_secs();
    let Some(chat) = state.chat_mut(id) else {
        return 0;
    };
    let message = Message {
        words: draft.words,
        media: draft.media,
        album: draft.album,
        reply_to: draft.reply_to,
        ..chat.draft(Author::User, date)
    };
    let message_id = message.id;
    chat.messages.push(message);
    push_message(state, id, message_id, "message");
    message_id
}

fn push_message(state: &mut State, chat: i64, message: i64, kind: &str) {
    let found = state
        .chats
        .get(&chat)
        .and_then(|chat| Some((chat, chat.message(message)?)));
    let update = found.map(|(chat, message)| wire::message(state, chat, message));
    let now = state.clock.now();
    if let Some(update) = update {
        state.updates.push(kind, &update, now);
    }
}

/// Changes how the person stands to the bot, and tells it of a block or its end.
fn set_presence(state: &mut State, id: i64, presence: Presence) {
    let Some(chat) = state.chat_mut(id) else {
        return;
    };
    let before = std::mem::replace(&mut chat.presence, presence);
    if before == presence || before == Presence::Unacquainted && presence == Presence::Member {
        return;
    }
    let now = state.clock.now();
    let bot = state.bot.user();
    let member = |presence: Presence| -> Value {
        match presence {
            Presence::Member | Presence::Unacquainted => json!({ "status": "member", "user": bot }),
            Presence::Blocked => json!({ "status": "kicked", "user": bot, "until_date": 0 }),
        }
    };
    let Some(chat) = state.chats.get(&id) else {
        return;
    };
    let update = json!({
        "chat": wire::chat(chat),
        "from": wire::person(chat),
        "date": state.clock.unix_secs(),
        "old_chat_member": member(before),
        "new_chat_member": member(presence),
    });
    state.updates.push("my_chat_member", &update, now);
}
