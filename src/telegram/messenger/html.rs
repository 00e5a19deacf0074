//! Telegram's HTML, as far as counting and falling back need it: the text a reader sees.

/// The text without tags and with its entities decoded, as Telegram counts it against its
/// limits. What is not markup stays as it is.
pub fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let (kept, used) = markup(rest).unwrap_or((rest.chars().next(), 1));
        text.extend(kept);
        rest = &rest[used..];
    }
    text.push_str(rest);
    text
}

/// The tag or entity at the start: what it shows, and how many bytes it takes.
fn markup(html: &str) -> Option<(Option<char>, usize)> {
    if html.starts_with('<') {
        return html.find('>').map(|end| (None, end + 1));
    }
    let end = html.find(';')?;
    let shown = match html.get(1..end)? {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        name => numbered(name)?,
    };
    Some((Some(shown), end + 1))
}

fn numbered(name: &str) -> Option<char> {
    let digits = name.strip_prefix('#')?;
    let code = match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => digits.parse().ok()?,
    };
    char::from_u32(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_reader_sees_neither_tags_nor_entities() {
        let html = r#"<b>5 &lt; 7</b> &amp; <a href="https://e.org">&#1103;&#x43e;</a>&quot;"#;
        assert_eq!(plain(html), "5 < 7 & яо\"");
        assert_eq!(plain("a < b & c &unknown; d"), "a < b & c &unknown; d");
    }

    proptest! {
        #[test]
        fn any_text_is_taken_without_a_panic(html in "[<>&;#x0-9a-zя🦀]{0,40}") {
            prop_assert!(plain(&html).len() <= html.len());
        }
    }
}
