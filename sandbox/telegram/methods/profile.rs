//! The bot's profile and command menu, and what it may know of a chat.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Success;
use crate::telegram::bot::{BotCommand, Profile, Scope};
use crate::telegram::entities::units;
use crate::telegram::error::ApiError;
use crate::telegram::params::Params;
use crate::telegram::state::State;
use crate::telegram::wire;

/// Commands of one list (Bot API, `setMyCommands`).
const COMMANDS_MAX: usize = 100;

/// Lengths of a command and its description (Bot API, `BotCommand`).
const COMMAND_CHARS: std::ops::RangeInclusive<usize> = 1..=32;
const DESCRIPTION_UNITS: std::ops::RangeInclusive<usize> = 1..=256;

/// Lengths of the profile's texts, in UTF-16 units (Bot API, `setMyName` and its siblings).
const NAME_UNITS_MAX: usize = 64;
const ABOUT_UNITS_MAX: usize = 512;
const SHORT_ABOUT_UNITS_MAX: usize = 120;

pub fn get_me(state: &mut State, _params: &Params) -> Result<Success, ApiError> {
    Ok(Success::of(state.bot.me()))
}

pub fn get_chat(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    let chat = state.known_chat(params.chat_id()?)?;
    let mut full = wire::chat(chat);
    full["accent_color_id"] = json!(chat.id.rem_euclid(7));
    full["max_reaction_count"] = json!(11);
    full["accepted_gift_types"] = json!({
        "unlimited_gifts": false,
        "limited_gifts": false,
        "unique_gifts": false,
        "premium_subscription": false,
        "gifts_from_channels": false,
    });
    let pinned = chat.pinned.first().and_then(|id| chat.message(*id));
    if let Some(message) = pinned {
        full["pinned_message"] = wire::message(state, chat, message);
    }
    Ok(Success::of(full))
}

pub fn set_my_commands(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    let refused = |what: &str| ApiError::bad_request(what);
    let commands = params.json("commands")?.unwrap_or_default();
    let commands: Vec<BotCommand> =
        serde_json::from_value(commands).map_err(|_| refused("can't parse commands"))?;
    if commands.len() > COMMANDS_MAX {
        return Err(refused("BOT_COMMANDS_TOO_MUCH"));
    }
    for command in &commands {
        let name = &command.command;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if !COMMAND_CHARS.contains(&name.len()) || !name.chars().all(plain) {
            return Err(refused("BOT_COMMAND_INVALID"));
        }
        if !DESCRIPTION_UNITS.contains(&units(&command.description)) {
            return Err(refused("BOT_COMMAND_DESCRIPTION_INVALID"));
        }
    }
    state
        .bot
        .set_commands(scope(params)?, language(params), commands);
    touch_chats(state);
    Ok(Success::done())
}

pub fn delete_my_commands(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    state
        .bot
        .set_commands(scope(params)?, language(params), Vec::new());
    touch_chats(state);
    Ok(Success::done())
}

pub fn get_my_commands(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    let commands = state.bot.commands(scope(params)?, language(params));
    Ok(Success::of(json!(commands)))
}

/// The menu is part of what every chat shows.
fn touch_chats(state: &mut State) {
    let ids: Vec<i64> = state.chats.keys().copied().collect();
    for id in ids {
        state.chat_mut(id);
    }
}

fn language(params: &Params) -> String {
    params.text("language_code").unwrap_or_default()
}

fn scope(params: &Params) -> Result<Scope, ApiError> {
    let Some(scope) = params.json("scope")? else {
        return Ok(Scope::Default);
    };
    let kind = scope["type"].as_str().unwrap_or_default();
    match kind {
        "default" => Ok(Scope::Default),
        "all_private_chats" => Ok(Scope::AllPrivateChats),
        "chat" => {
            let chat = scope["chat_id"].as_i64();
            chat.map(Scope::Chat)
                .ok_or_else(|| ApiError::bad_request("chat not found"))
        }
        "all_group_chats" | "all_chat_administrators" | "chat_administrators" | "chat_member" => {
            Ok(Scope::Other(scope.to_string()))
        }
        _ => Err(ApiError::bad_request("can't parse BotCommandScope")),
    }
}

pub fn set_chat_menu_button(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    let chat = params.named_chat();
    if let Some(chat) = chat {
        state.known_chat(chat)?;
    }
    let button = params
        .json("menu_button")?
        .unwrap_or_else(|| json!({ "type": "default" }));
    let known = ["commands", "default", "web_app"];
    if !button["type"]
        .as_str()
        .is_some_and(|kind| known.contains(&kind))
    {
        return Err(ApiError::bad_request("can't parse MenuButton"));
    }
    state.bot.set_menu_button(chat, button);
    Ok(Success::done())
}

pub fn get_chat_menu_button(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    Ok(Success::of(state.bot.menu_button(params.named_chat())))
}

/// One text of the profile: where it is kept, its parameter, its longest.
type Text = (
    fn(&mut Profile) -> &mut BTreeMap<String, String>,
    &'static str,
    usize,
);

const NAME: Text = (|profile| &mut profile.name, "name", NAME_UNITS_MAX);
const ABOUT: Text = (
    |profile| &mut profile.description,
    "description",
    ABOUT_UNITS_MAX,
);
const SHORT_ABOUT: Text = (
    |profile| &mut profile.short_description,
    "short_description",
    SHORT_ABOUT_UNITS_MAX,
);

fn set_text(state: &mut State, params: &Params, text: Text) -> Result<Success, ApiError> {
    let (kept, parameter, units_max) = text;
    let value = params.text(parameter).unwrap_or_default();
    if units(&value) > units_max {
        return Err(ApiError::bad_request(format!("{parameter} is too long")));
    }
    kept(&mut state.bot.profile).insert(language(params), value);
    touch_chats(state);
    Ok(Success::done())
}

fn get_text(state: &mut State, params: &Params, text: Text) -> Result<Success, ApiError> {
    let (kept, parameter, _) = text;
    let values = kept(&mut state.bot.profile);
    let value = values.get(&language(params)).or_else(|| values.get(""));
    let value = value.cloned().unwrap_or_default();
    let fields = [(parameter.to_owned(), Value::String(value))];
    Ok(Success::of(Value::Object(fields.into_iter().collect())))
}

pub fn set_my_name(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    set_text(state, params, NAME)
}

pub fn get_my_name(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    get_text(state, params, NAME)
}

pub fn set_my_description(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    set_text(state, params, ABOUT)
}

pub fn get_my_description(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    get_text(state, params, ABOUT)
}

pub fn set_my_short_description(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    set_text(state, params, SHORT_ABOUT)
}

pub fn get_my_short_description(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    get_text(state, params, SHORT_ABOUT)
}
