//! Telegram's HTML: text and entities, counted in UTF-16 units (Bot API, "HTML style").

use super::state::Entity;

/// The tags that are understood, with the entity each makes.
const TAGS: [(&str, &str); 16] = [
    ("b", "bold"),
    ("strong", "bold"),
    ("i", "italic"),
    ("em", "italic"),
    ("u", "underline"),
    ("ins", "underline"),
    ("s", "strikethrough"),
    ("strike", "strikethrough"),
    ("del", "strikethrough"),
    ("code", "code"),
    ("pre", "pre"),
    ("blockquote", "blockquote"),
    ("a", "text_link"),
    ("span", "spoiler"),
    ("tg-spoiler", "spoiler"),
    ("tg-emoji", "custom_emoji"),
];

struct Open {
    tag: String,
    kind: String,
    offset: usize,
    url: Option<String>,
}

/// Parses HTML, or says what is wrong in Telegram's words.
pub(super) fn parse(source: &str) -> Result<(String, Vec<Entity>), String> {
    let mut text = String::new();
    let mut units = 0;
    let mut entities = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut rest = source;
    while let Some(next) = rest.chars().next() {
        let offset = source.len() - rest.len();
        match next {
            '<' => {
                let end = rest.find('>').ok_or_else(|| {
                    format!("Can't find end tag corresponding to start tag at byte offset {offset}")
                })?;
                let tag = &rest[1..end];
                rest = &rest[end + 1..];
                match tag.strip_prefix('/') {
                    Some(name) => close(name, offset, units, &mut open, &mut entities)?,
                    None => open.push(begin(tag, offset, units)?),
                }
            }
            '&' => {
                let (character, length) = entity(rest).unwrap_or(('&', 1));
                text.push(character);
                units += character.len_utf16();
                rest = &rest[length..];
            }
            character => {
                text.push(character);
                units += character.len_utf16();
                rest = &rest[character.len_utf8()..];
            }
        }
    }
    if let Some(left) = open.last() {
        let tag = &left.tag;
        return Err(format!(
            "Can't find end tag corresponding to start tag \"{tag}\""
        ));
    }
    entities.sort_by_key(|entity| (entity.offset, std::cmp::Reverse(entity.length)));
    Ok((text, entities))
}

fn begin(tag: &str, offset: usize, units: usize) -> Result<Open, String> {
    let mut words = tag.split_whitespace();
    let name = words.next().unwrap_or_default().to_ascii_lowercase();
    let Some((_, kind)) = TAGS.iter().find(|(known, _)| *known == name) else {
        return Err(format!(
            "Unsupported start tag \"{name}\" at byte offset {offset}"
        ));
    };
    let attribute = |key: &str| {
        let start = tag.find(&format!("{key}=\""))? + key.len() + 2;
        let length = tag[start..].find('"')?;
        Some(tag[start..start + length].replace("&amp;", "&"))
    };
    let expandable = name == "blockquote" && words.any(|word| word == "expandable");
    let kind = if expandable {
        "expandable_blockquote"
    } else {
        kind
    };
    Ok(Open {
        url: attribute("href"),
        tag: name,
        kind: kind.to_owned(),
        offset: units,
    })
}

fn close(
    name: &str,
    offset: usize,
    units: usize,
    open: &mut Vec<Open>,
    entities: &mut Vec<Entity>,
) -> Result<(), String> {
    let Some(top) = open.pop() else {
        return Err(format!("Unexpected end tag at byte offset {offset}"));
    };
    if !name.trim().eq_ignore_ascii_case(&top.tag) {
        return Err(format!(
            "Unmatched end tag at byte offset {offset}, expected \"</{}>\", found \"</{name}>\"",
            top.tag
        ));
    }
    if units > top.offset {
        entities.push(Entity {
            kind: top.kind,
            offset: top.offset,
            length: units - top.offset,
            url: top.url,
        });
    }
    Ok(())
}

/// The character of a named or numeric entity and its length in bytes.
fn entity(text: &str) -> Option<(char, usize)> {
    let end = text.find(';').filter(|end| *end <= 10)?;
    let name = &text[1..end];
    let character = match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        _ => {
            let digits = name.strip_prefix('#')?;
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(code)?
        }
    };
    Some((character, end + 1))
}
