//! Entities written back as HTML tags.

use super::{Entity, FormattedText, units};

/// The tags around an entity, or `None` for one that a client finds by itself.
fn tags(entity: &Entity) -> Option<(String, String)> {
    let simple = |tag: &str| Some((format!("<{tag}>"), format!("</{tag}>")));
    match entity.kind.as_str() {
        "bold" => simple("b"),
        "italic" => simple("i"),
        "underline" => simple("u"),
        "strikethrough" => simple("s"),
        "spoiler" => simple("tg-spoiler"),
        "code" => simple("code"),
        "blockquote" => simple("blockquote"),
        "expandable_blockquote" => Some((
            "<blockquote expandable>".to_owned(),
            "</blockquote>".to_owned(),
        )),
        "pre" => match &entity.language {
            None => simple("pre"),
            Some(language) => Some((
                format!("<pre><code class=\"language-{}\">", escaped(language)),
                "</code></pre>".to_owned(),
            )),
        },
        "text_link" => {
            let url = entity.url.as_deref().unwrap_or_default();
            Some((format!("<a href=\"{}\">", escaped(url)), "</a>".to_owned()))
        }
        "custom_emoji" => {
            let id = entity.custom_emoji_id.as_deref().unwrap_or_default();
            Some((
                format!("<tg-emoji emoji-id=\"{}\">", escaped(id)),
                "</tg-emoji>".to_owned(),
            ))
        }
        _ => None,
    }
}

/// The text with tags. Entities that overlap are closed and opened again, so that the tags
/// nest.
pub fn html(formatted: &FormattedText) -> String {
    let mut html = String::new();
    let mut open: Vec<&Entity> = Vec::new();
    let mut pending = formatted
        .entities
        .iter()
        .filter(|entity| tags(entity).is_some())
        .peekable();
    let mut at = 0;
    for character in formatted.text.chars() {
        close(&mut html, &mut open, at);
        while let Some(entity) = pending.next_if(|entity| entity.offset <= at) {
            html.extend(tags(entity).map(|(start, _)| start));
            open.push(entity);
        }
        push_escaped(&mut html, character);
        at += character.len_utf16();
    }
    close(&mut html, &mut open, units(&formatted.text));
    html
}

/// Ends every entity that reaches no further than `at`.
fn close(html: &mut String, open: &mut Vec<&Entity>, at: usize) {
    let Some(first) = open.iter().position(|entity| entity.end() <= at) else {
        return;
    };
    let above = open.split_off(first);
    for entity in above.iter().rev() {
        html.extend(tags(entity).map(|(_, end)| end));
    }
    for entity in above.into_iter().filter(|entity| entity.end() > at) {
        html.extend(tags(entity).map(|(start, _)| start));
        open.push(entity);
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    text.chars()
        .for_each(|character| push_escaped(&mut escaped, character));
    escaped
}

fn push_escaped(html: &mut String, character: char) {
    match character {
        '<' => html.push_str("&lt;"),
        '>' => html.push_str("&gt;"),
        '&' => html.push_str("&amp;"),
        '"' => html.push_str("&quot;"),
        other => html.push(other),
    }
}
