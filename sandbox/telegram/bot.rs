//! The bot as Telegram knows it: its name, its texts, its command menu.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The bot's user name; links to it end in `bot`.
pub const USERNAME: &str = "rei_sandbox_bot";

/// A line of the command menu.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BotCommand {
    /// Without the slash.
    pub command: String,
    pub description: String,
}

/// For whom a command list is (Bot API, `BotCommandScope`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    Default,
    AllPrivateChats,
    Chat(i64),
    /// A scope that no private chat can have, as it was written.
    Other(String),
}

/// The texts of a profile, each by language; the empty language is every other one.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    pub name: BTreeMap<String, String>,
    pub description: BTreeMap<String, String>,
    pub short_description: BTreeMap<String, String>,
}

/// What Telegram keeps about a bot.
#[derive(Clone, Debug)]
pub struct Bot {
    pub id: i64,
    pub token: String,
    pub profile: Profile,
    commands: BTreeMap<(Scope, String), Vec<BotCommand>>,
    menu_buttons: BTreeMap<Option<i64>, Value>,
}

impl Bot {
    /// The bot of a token, `<bot id>:<secret>`.
    pub fn try_new(token: &str) -> anyhow::Result<Bot> {
        let id = token.split_once(':').and_then(|(id, secret)| {
            let id: i64 = id.parse().ok()?;
            (id > 0 && !secret.is_empty()).then_some(id)
        });
        let Some(id) = id else {
            anyhow::bail!("a bot token looks like 12345:secret");
        };
        Ok(Bot {
            id,
            token: token.to_owned(),
            profile: Profile::default(),
            commands: BTreeMap::new(),
            menu_buttons: BTreeMap::new(),
        })
    }

    /// The name a person with this language sees.
    pub fn name(&self, language: &str) -> &str {
        localized(&self.profile.name, language).unwrap_or("REI Bot")
    }

    /// What an empty chat says about the bot.
    pub fn about(&self, language: &str) -> &str {
        localized(&self.profile.description, language).unwrap_or_default()
    }

    /// The bot as a `User`.
    pub fn user(&self) -> Value {
        json!({
            "id": self.id,
            "is_bot": true,
            "first_name": self.name(""),
            "username": USERNAME,
        })
    }

    /// The bot as `getMe` shows it, with every field clients insist on.
    pub fn me(&self) -> Value {
        let mut me = self.user();
        me["can_join_groups"] = json!(true);
        for field in [
            "can_read_all_group_messages",
            "supports_inline_queries",
            "can_connect_to_business",
            "has_main_web_app",
            "has_topics_enabled",
        ] {
            me[field] = json!(false);
        }
        me
    }

    /// Replaces a list; an empty one takes it away.
    pub fn set_commands(&mut self, scope: Scope, language: String, commands: Vec<BotCommand>) {
        if commands.is_empty() {
            self.commands.remove(&(scope, language));
        } else {
            self.commands.insert((scope, language), commands);
        }
    }

    /// Exactly this list; empty when nobody set it.
    pub fn commands(&self, scope: Scope, language: String) -> Vec<BotCommand> {
        self.commands
            .get(&(scope, language))
            .cloned()
            .unwrap_or_default()
    }

    /// The menu a person sees: the most specific list wins (Bot API, "Determining list of
    /// commands").
    pub fn menu(&self, chat: i64, language: &str) -> Vec<BotCommand> {
        for scope in [Scope::Chat(chat), Scope::AllPrivateChats, Scope::Default] {
            for language in [language, ""] {
                if let Some(list) = self.commands.get(&(scope.clone(), language.to_owned())) {
                    return list.clone();
                }
            }
        }
        Vec::new()
    }

    /// The button beside the letters, for one chat or for all.
    pub fn set_menu_button(&mut self, chat: Option<i64>, button: Value) {
        self.menu_buttons.insert(chat, button);
    }

    /// The button a chat has.
    pub fn menu_button(&self, chat: Option<i64>) -> Value {
        let button = self
            .menu_buttons
            .get(&chat)
            .or_else(|| self.menu_buttons.get(&None));
        button
            .cloned()
            .unwrap_or_else(|| json!({ "type": "commands" }))
    }
}

/// The text for a language, or for every other one; `None` when it is not set.
fn localized<'a>(texts: &'a BTreeMap<String, String>, language: &str) -> Option<&'a str> {
    let text = texts.get(language).or_else(|| texts.get(""))?;
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_menu_wins() {
        let mut bot = Bot::try_new("1:a").unwrap();
        let list = |name: &str| {
            vec![BotCommand {
                command: name.to_owned(),
                description: "x".to_owned(),
            }]
        };
        bot.set_commands(Scope::Default, String::new(), list("all"));
        bot.set_commands(Scope::Default, "ru".to_owned(), list("ru"));
        bot.set_commands(Scope::Chat(7), String::new(), list("seven"));
        assert_eq!(bot.menu(1, "en"), list("all"));
        assert_eq!(bot.menu(1, "ru"), list("ru"));
        assert_eq!(bot.menu(7, "ru"), list("seven"));
    }

    #[test]
    fn a_token_without_an_id_is_refused() {
        for token in ["", "abc", "abc:def", "12:", "-1:x"] {
            assert!(Bot::try_new(token).is_err(), "{token}");
        }
    }
}
