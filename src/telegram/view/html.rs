//! Telegram's HTML: escaping, measuring and shortening what users wrote.
//!
//! Limits count the text after parsing, so tags are free and an entity counts once
//! (`contracts/telegram.md`, 5.1). Counted here in UTF-16 units, the largest of the counts in
//! use, so a text that fits here fits everywhere. User words are shortened before they are
//! escaped: a cut can never fall into a tag, an entity or a surrogate pair.

/// A message's text, in UTF-16 units (Bot API, `sendMessage.text`).
pub(super) const TEXT_UNITS_MAX: usize = 4096;

/// A picture's caption, in UTF-16 units (Bot API, `sendPhoto.caption`).
pub(super) const CAPTION_UNITS_MAX: usize = 1024;

/// A quote longer than this is folded, so that the price below stays in sight.
const QUOTE_OPEN_UNITS_MAX: usize = 240;

/// A quote of more lines than this is folded; Telegram shows three of a folded one.
const QUOTE_OPEN_LINES_MAX: usize = 4;

/// Makes a text safe between tags.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// The length of well-formed HTML after parsing, in UTF-16 units.
pub(super) fn units(html: &str) -> usize {
    let mut units = 0;
    let mut rest = html.chars();
    while let Some(character) = rest.next() {
        match character {
            '<' => while rest.next().is_some_and(|inner| inner != '>') {},
            '&' => {
                while rest.next().is_some_and(|inner| inner != ';') {}
                units += 1;
            }
            visible => units += visible.len_utf16(),
        }
    }
    units
}

/// The text, or its beginning and "…", within the limit of UTF-16 units.
pub(super) fn shorten(text: &str, units_max: usize) -> String {
    if text.chars().map(char::len_utf16).sum::<usize>() <= units_max {
        return text.to_owned();
    }
    let Some(room) = units_max.checked_sub(1) else {
        return String::new();
    };
    let mut units = 0;
    let mut end = 0;
    for (start, character) in text.char_indices() {
        units += character.len_utf16();
        if units > room {
            break;
        }
        end = start + character.len_utf8();
    }
    // A joiner at the end would glue the ellipsis to what was cut off.
    let kept =
        text[..end].trim_end_matches(|last: char| last.is_whitespace() || last == '\u{200d}');
    format!("{kept}…")
}

/// A message that quotes the user's prompt between lines of HTML. The prompt gets the room
/// that the lines leave within the limit.
pub(super) fn around_prompt(
    above: &[String],
    prompt: &str,
    below: &[String],
    units_max: usize,
) -> String {
    let above = above.join("\n");
    let below = below.join("\n");
    let line_breaks = 2;
    let taken = units(&above) + units(&below) + line_breaks;
    let prompt = shorten(prompt, units_max.saturating_sub(taken));
    if prompt.is_empty() {
        return format!("{above}\n{below}");
    }
    let folded = prompt.encode_utf16().count() > QUOTE_OPEN_UNITS_MAX
        || prompt.lines().count() > QUOTE_OPEN_LINES_MAX;
    let tag = if folded {
        "blockquote expandable"
    } else {
        "blockquote"
    };
    let words = escape(&prompt);
    format!("{above}\n<{tag}>{words}</blockquote>\n{below}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_user_words_is_only_words() {
        assert_eq!(escape("<b>1 & 2</b>"), "&lt;b&gt;1 &amp; 2&lt;/b&gt;");
    }

    #[test]
    fn tags_are_free_and_entities_count_once() {
        assert_eq!(units("<b>a&amp;b</b>"), 3);
        assert_eq!(units("<blockquote expandable>кот</blockquote>"), 3);
        assert_eq!(units("🐈"), 2);
        assert_eq!(units(""), 0);
    }

    #[test]
    fn a_text_that_fits_stays_as_it_is() {
        assert_eq!(shorten("кот", 3), "кот");
        assert_eq!(shorten("🐈", 2), "🐈");
    }

    #[test]
    fn a_cut_keeps_characters_whole() {
        assert_eq!(shorten("кот", 2), "к…");
        assert_eq!(shorten("🐈🐈", 3), "🐈…");
        assert_eq!(shorten("🐈🐈", 2), "…");
        assert_eq!(shorten("a 🐈", 3), "a…");
        assert_eq!(shorten("👨\u{200d}🌾🌾", 4), "👨…");
        assert_eq!(shorten("кот", 0), "");
    }

    #[test]
    fn a_long_quote_is_folded() {
        let line = |text: &str| vec![text.to_owned()];
        let quote = |prompt: &str| around_prompt(&line("a"), prompt, &line("b"), 4096);
        assert_eq!(quote("x"), "a\n<blockquote>x</blockquote>\nb");
        assert!(quote(&"x".repeat(241)).contains("<blockquote expandable>"));
        assert!(quote("1\n2\n3\n4\n5").contains("<blockquote expandable>"));
    }
}
