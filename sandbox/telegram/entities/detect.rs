//! The entities Telegram finds in a text by itself: commands, links, mentions, hashtags.

use super::{Entity, units};

/// The longest command Telegram takes (Bot API, `BotCommand`), with room for `@name`.
const COMMAND_CHARS_MAX: usize = 64;

/// What there is to find, by offset.
pub fn entities(text: &str) -> Vec<Entity> {
    let mut found = Vec::new();
    let mut at = 0;
    let mut before = None;
    while let Some(next) = text[at..].chars().next() {
        let rest = &text[at..];
        let hit = if starts_word(before) {
            find(rest)
        } else {
            None
        };
        let Some((kind, bytes)) = hit else {
            before = Some(next);
            at += next.len_utf8();
            continue;
        };
        found.push(Entity::plain(
            kind,
            units(&text[..at]),
            units(&rest[..bytes]),
        ));
        before = rest[..bytes].chars().next_back();
        at += bytes;
    }
    found
}

fn starts_word(before: Option<char>) -> bool {
    before.is_none_or(|before| !is_word(before) && before != '/' && before != '<')
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The entity at the start of a text, with its length in bytes.
fn find(rest: &str) -> Option<(&'static str, usize)> {
    if rest.starts_with("https://") || rest.starts_with("http://") {
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let link = rest[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '"', '\'']);
        let has_host = link
            .split_once("://")
            .is_some_and(|(_, host)| !host.is_empty());
        return has_host.then_some(("url", link.len()));
    }
    let mut characters = rest.chars();
    let kind = match characters.next()? {
        '/' => "bot_command",
        '@' => "mention",
        '#' => "hashtag",
        _ => return None,
    };
    let body = characters.as_str();
    let ascii_only = kind != "hashtag";
    let part = |character: char| is_word(character) && (!ascii_only || character.is_ascii());
    let mut length = body
        .find(|character| !part(character))
        .unwrap_or(body.len());
    if length == 0 {
        return None;
    }
    if let Some(name) = body[length..]
        .strip_prefix('@')
        .filter(|_| kind == "bot_command")
    {
        let name = name
            .find(|character| !part(character))
            .unwrap_or(name.len());
        if name > 0 {
            length += 1 + name;
        }
    }
    let goes_on = body[length..]
        .chars()
        .next()
        .is_some_and(|next| is_word(next) || next == '/');
    if kind == "bot_command" && (goes_on || length > COMMAND_CHARS_MAX) {
        return None;
    }
    Some((kind, 1 + length))
}
