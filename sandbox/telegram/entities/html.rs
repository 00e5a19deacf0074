//! `parse_mode` HTML: tags in, entities out, or the reason Telegram would give.
//!
//! The rules and the texts of the refusals follow `parse_html` of `tdlib/td`
//! (`td/telegram/MessageEntity.cpp`): an unknown `&name;` stays as it is, a stray `<` is a
//! tag, tag names know no case, and every tag must be closed.

use super::{Entity, FormattedText, sort};

/// A start tag that waits for its end.
struct OpenTag {
    name: String,
    argument: Argument,
    /// In UTF-16 units of the text so far.
    offset: usize,
}

/// What the attributes of a tag said.
enum Argument {
    None,
    Url(String),
    Language(String),
    EmojiId(String),
    Expandable,
}

struct Parser<'a> {
    source: &'a str,
    /// In bytes.
    at: usize,
    text: String,
    /// The length of `text` in UTF-16 units.
    units: usize,
    open: Vec<OpenTag>,
    /// Ended tags, with the number of the tag, so that the outer one comes first.
    done: Vec<Entity>,
    /// A `<code class="language-…">` that just ended: its place and its language.
    code: Option<(usize, usize, String)>,
}

/// Parses a text with tags. The error is what follows `can't parse entities: `.
pub fn parse(source: &str) -> Result<FormattedText, String> {
    let mut parser = Parser {
        source,
        at: 0,
        text: String::new(),
        units: 0,
        open: Vec::new(),
        done: Vec::new(),
        code: None,
    };
    while let Some(next) = parser.peek() {
        match next {
            '&' => {
                let character = parser.reference();
                parser.push(character);
            }
            '<' if parser.rest().starts_with("</") => parser.end_tag()?,
            '<' => parser.start_tag()?,
            other => {
                parser.at += other.len_utf8();
                parser.push(other);
            }
        }
    }
    if let Some(tag) = parser.open.last() {
        return Err(format!(
            "Can't find end tag corresponding to start tag \"{}\"",
            tag.name
        ));
    }
    // Tags end from the inside out; among equals the outer one comes first.
    let mut entities = parser.done;
    entities.reverse();
    sort(&mut entities);
    Ok(FormattedText {
        text: parser.text,
        entities,
    })
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.source[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn push(&mut self, character: char) {
        self.text.push(character);
        self.units += character.len_utf16();
    }

    /// Goes on to the first character for which `stop` holds, and gives what was passed.
    fn take_until(&mut self, stop: impl Fn(char) -> bool) -> String {
        let rest = self.rest();
        let end = rest.find(stop).unwrap_or(rest.len());
        let taken = rest[..end].to_owned();
        self.at += end;
        taken
    }

    /// One character written as `&lt;`, `&#1088;` or `&#x440;`; anything else is an ampersand.
    fn reference(&mut self) -> char {
        let decoded = decode(self.rest());
        let (character, bytes) = decoded.unwrap_or(('&', 1));
        self.at += bytes;
        character
    }

    fn start_tag(&mut self) -> Result<(), String> {
        let begin = self.at;
        self.at += 1;
        let name = self
            .take_until(|c| c.is_whitespace() || c == '>')
            .to_lowercase();
        if self.peek().is_none() {
            return Err(format!("Unclosed start tag at byte offset {begin}"));
        }
        if kind(&name).is_none() && name != "span" {
            return Err(format!(
                "Unsupported start tag \"{name}\" at byte offset {begin}"
            ));
        }
        let argument = self.attributes(&name, begin)?;
        // `attributes` stopped at the `>`.
        self.at += 1;
        self.open.push(OpenTag {
            name,
            argument,
            offset: self.units,
        });
        Ok(())
    }

    /// Reads up to the `>` of a start tag.
    fn attributes(&mut self, tag: &str, begin: usize) -> Result<Argument, String> {
        let unclosed = || format!("Unclosed start tag \"{tag}\" at byte offset {begin}");
        let mut argument = Argument::None;
        let mut is_spoiler = false;
        loop {
            self.take_until(|c| !c.is_whitespace());
            match self.peek() {
                None => return Err(unclosed()),
                Some('>') => break,
                Some(_) => {}
            }
            let name = self.take_until(|c| c.is_whitespace() || c == '=' || c == '>');
            if name.is_empty() {
                return Err(format!(
                    "Empty attribute name in the tag \"{tag}\" at byte offset {begin}"
                ));
            }
            self.take_until(|c| !c.is_whitespace());
            let value = if self.peek() == Some('=') {
                self.at += 1;
                self.take_until(|c| !c.is_whitespace());
                self.value().ok_or_else(unclosed)?
            } else {
                String::new()
            };
            match (tag, name.to_lowercase().as_str()) {
                ("a", "href") => argument = Argument::Url(value),
                ("code", "class") => {
                    if let Some(language) = value.strip_prefix("language-") {
                        argument = Argument::Language(language.to_owned());
                    }
                }
                ("span", "class") => is_spoiler = value == "tg-spoiler",
                ("tg-emoji", "emoji-id") => argument = Argument::EmojiId(value),
                ("blockquote", "expandable") => argument = Argument::Expandable,
                _ => {}
            }
        }
        if tag == "span" && !is_spoiler {
            return Err(format!(
                "Tag \"span\" must have class \"tg-spoiler\" at byte offset {begin}"
            ));
        }
        Ok(argument)
    }

    /// An attribute's value, in quotes or bare; `None` when the text ends inside it.
    fn value(&mut self) -> Option<String> {
        let quote = self.peek()?;
        if quote != '"' && quote != '\'' {
            return Some(self.take_until(|c| c.is_whitespace() || c == '>'));
        }
        self.at += 1;
        let mut value = String::new();
        loop {
            match self.peek()? {
                '&' => value.push(self.reference()),
                end if end == quote => {
                    self.at += 1;
                    return Some(value);
                }
                other => {
                    self.at += other.len_utf8();
                    value.push(other);
                }
            }
        }
    }

    fn end_tag(&mut self) -> Result<(), String> {
        let begin = self.at;
        let Some(tag) = self.open.pop() else {
            return Err(format!("Unexpected end tag at byte offset {begin}"));
        };
        self.at += 2;
        let name = self
            .take_until(|c| c.is_whitespace() || c == '>')
            .to_lowercase();
        self.take_until(|c| !c.is_whitespace());
        if self.peek() != Some('>') {
            return Err(format!("Unclosed end tag at byte offset {begin}"));
        }
        self.at += 1;
        if !name.is_empty() && name != tag.name {
            return Err(format!(
                "Unmatched end tag at byte offset {begin}, expected \"</{}>\", found \"</{name}>\"",
                tag.name
            ));
        }
        self.close(tag);
        Ok(())
    }

    /// Turns an ended tag into its entity.
    fn close(&mut self, tag: OpenTag) {
        let length = self.units - tag.offset;
        if length == 0 {
            return;
        }
        let kind = kind(&tag.name).unwrap_or("spoiler");
        let mut entity = Entity::plain(kind, tag.offset, length);
        match tag.argument {
            Argument::None => {}
            Argument::Url(url) => entity.url = Some(url),
            Argument::EmojiId(id) => entity.custom_emoji_id = Some(id),
            Argument::Expandable => entity.kind = "expandable_blockquote".to_owned(),
            Argument::Language(language) => self.code = Some((tag.offset, length, language)),
        }
        if kind == "text_link" {
            let begin: usize = self.text.encode_utf16().count() - length;
            let label: Vec<u16> = self.text.encode_utf16().skip(begin).collect();
            let url = entity.url.filter(|url| !url.is_empty());
            let url = url.unwrap_or_else(|| String::from_utf16_lossy(&label));
            // Telegram drops a link that leads nowhere and keeps its words.
            let Some(url) = link(&url) else {
                return;
            };
            entity.url = Some(url);
        }
        if kind == "pre" {
            let inner = self.code.take();
            if let Some((offset, inner_length, language)) = inner
                && (offset, inner_length) == (tag.offset, length)
            {
                self.done.pop();
                entity.language = Some(language);
            }
        }
        self.done.push(entity);
    }
}

/// The entity a tag makes; `span` needs its class as well.
fn kind(tag: &str) -> Option<&'static str> {
    match tag {
        "b" | "strong" => Some("bold"),
        "i" | "em" => Some("italic"),
        "u" | "ins" => Some("underline"),
        "s" | "strike" | "del" => Some("strikethrough"),
        "tg-spoiler" => Some("spoiler"),
        "a" => Some("text_link"),
        "tg-emoji" => Some("custom_emoji"),
        "code" => Some("code"),
        "pre" => Some("pre"),
        "blockquote" => Some("blockquote"),
        _ => None,
    }
}

/// A link Telegram would keep, with a scheme.
fn link(url: &str) -> Option<String> {
    if url.contains(char::is_whitespace) {
        return None;
    }
    if let Some((scheme, rest)) = url.split_once("://") {
        let known = matches!(scheme, "http" | "https" | "tg" | "ton");
        return (known && !rest.is_empty()).then(|| url.to_owned());
    }
    url.contains('.').then(|| format!("http://{url}"))
}

/// The character behind an `&…`, with the bytes it takes.
fn decode(rest: &str) -> Option<(char, usize)> {
    for (name, character) in [("&lt", '<'), ("&gt", '>'), ("&amp", '&'), ("&quot", '"')] {
        if let Some(after) = rest.strip_prefix(name) {
            let semicolon = usize::from(after.starts_with(';'));
            return Some((character, name.len() + semicolon));
        }
    }
    let number = rest.strip_prefix("&#")?;
    let (digits, radix, prefix) = match number.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16, 3),
        None => (number, 10, 2),
    };
    let length = digits
        .find(|c: char| !c.is_digit(radix))
        .unwrap_or(digits.len());
    let code = u32::from_str_radix(&digits[..length], radix).ok()?;
    let character = char::from_u32(code).filter(|&character| character != '\0')?;
    let semicolon = usize::from(digits[length..].starts_with(';'));
    Some((character, prefix + length + semicolon))
}
