//! Commands: `/name@BotName args`, at the very beginning of a message.

use rei_domain::conversation::Inbound;

/// The longest command name (Bot API, `BotCommand.command`).
const NAME_CHARS_MAX: usize = 32;

/// Reads a text as a command. A slash anywhere else, or before something that is no name
/// (`/usr/bin`, `/ `), is words. In a private chat the name after `@` can only be this bot's.
pub fn parse(text: &str) -> Option<Inbound> {
    let rest = text.strip_prefix('/')?;
    let (head, args) = rest
        .split_once(char::is_whitespace)
        .unwrap_or((rest, Default::default()));
    let name = match head.split_once('@') {
        Some((name, bot)) if is_name(bot) => name,
        Some(_) => return None,
        None => head,
    };
    if !is_name(name) {
        return None;
    }
    Some(Inbound::Command {
        name: name.to_ascii_lowercase(),
        args: args.trim().to_owned(),
    })
}

fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !text.is_empty() && text.len() <= NAME_CHARS_MAX && text.bytes().all(plain)
}
