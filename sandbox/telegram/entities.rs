//! Text with its formatting, as Telegram keeps it: plain characters and entities over them.
//!
//! Offsets and lengths count UTF-16 code units (Bot API, `MessageEntity`), and so do the
//! limits on texts and captions.

pub(super) mod html;

mod detect;
mod render;

use serde::{Deserialize, Serialize};

/// A stretch of text that is bold, a link, a command …
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// The Bot API's name: `bold`, `text_link`, `bot_command` …
    #[serde(rename = "type")]
    pub kind: String,
    /// In UTF-16 units from the start of the text.
    pub offset: usize,
    /// In UTF-16 units.
    pub length: usize,
    /// Where a `text_link` leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The language of a `pre`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Which picture a `custom_emoji` shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_emoji_id: Option<String>,
}

impl Entity {
    /// An entity without arguments.
    pub fn plain(kind: &str, offset: usize, length: usize) -> Entity {
        Entity {
            kind: kind.to_owned(),
            offset,
            length,
            url: None,
            language: None,
            custom_emoji_id: None,
        }
    }

    /// The first unit behind it.
    pub fn end(&self) -> usize {
        self.offset.saturating_add(self.length)
    }
}

/// What a reader sees, and how it is formatted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FormattedText {
    /// Without any markup.
    pub text: String,
    /// By offset, the outer before the inner.
    pub entities: Vec<Entity>,
}

impl FormattedText {
    /// Words without formatting, as a person types them, with the commands and links that
    /// Telegram finds by itself.
    pub fn typed(text: &str) -> FormattedText {
        let plain = FormattedText {
            text: text.to_owned(),
            entities: Vec::new(),
        };
        plain.trimmed().with_detected()
    }

    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The length in UTF-16 units, which the limits count.
    pub fn units(&self) -> usize {
        units(&self.text)
    }

    /// Without white space around it, as Telegram stores every text.
    pub fn trimmed(self) -> FormattedText {
        let without_start = self.text.trim_start();
        let cut = units(&self.text) - units(without_start);
        let text = without_start.trim_end().to_owned();
        let end = units(&text);
        let mut entities = self.entities;
        for entity in &mut entities {
            let to = entity.end().saturating_sub(cut).min(end);
            entity.offset = entity.offset.saturating_sub(cut).min(end);
            entity.length = to.saturating_sub(entity.offset);
        }
        entities.retain(|entity| entity.length > 0);
        FormattedText { text, entities }
    }

    /// With the commands and links nobody marked.
    pub fn with_detected(mut self) -> FormattedText {
        let found = detect::entities(&self.text);
        let taken = |entity: &Entity| {
            self.entities.iter().any(|other| {
                let keeps_out = matches!(other.kind.as_str(), "code" | "pre" | "text_link");
                keeps_out && other.offset < entity.end() && entity.offset < other.end()
            })
        };
        let new: Vec<Entity> = found.into_iter().filter(|entity| !taken(entity)).collect();
        self.entities.extend(new);
        sort(&mut self.entities);
        self
    }

    /// The text with its formatting written as HTML tags, as `parse_mode` HTML takes them.
    pub fn html(&self) -> String {
        render::html(self)
    }
}

/// The length of a text in UTF-16 units.
pub(super) fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// By offset, the longer first; among equals the order stays.
fn sort(entities: &mut [Entity]) {
    entities.sort_by_key(|entity| (entity.offset, std::cmp::Reverse(entity.length)));
}

#[cfg(test)]
mod tests;
