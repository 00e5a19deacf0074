use super::html::parse;
use super::*;

/// The text and its entities, as `text | kind@offset+length …`, or the refusal.
fn shape(source: &str) -> String {
    match parse(source) {
        Err(reason) => format!("refused: {reason}"),
        Ok(formatted) => {
            let mut shape = formatted.text.clone();
            for entity in &formatted.entities {
                shape += &format!(" | {}@{}+{}", entity.kind, entity.offset, entity.length);
                for argument in [&entity.url, &entity.language, &entity.custom_emoji_id] {
                    shape.extend(argument.iter().map(|argument| format!(" {argument}")));
                }
            }
            shape
        }
    }
}

#[test]
fn every_tag_of_the_documentation_becomes_its_entity() {
    for (source, expected) in [
        ("<b>a</b> <strong>b</strong>", "a b | bold@0+1 | bold@2+1"),
        ("<i>a</i><em>b</em>", "ab | italic@0+1 | italic@1+1"),
        ("<u>a</u><ins>b</ins>", "ab | underline@0+1 | underline@1+1"),
        (
            "<s>a</s><strike>b</strike><del>c</del>",
            "abc | strikethrough@0+1 | strikethrough@1+1 | strikethrough@2+1",
        ),
        (
            "<span class=\"tg-spoiler\">a</span><tg-spoiler>b</tg-spoiler>",
            "ab | spoiler@0+1 | spoiler@1+1",
        ),
        (
            "<a href='https://x.org/?a=1&amp;b=2'>x</a>",
            "x | text_link@0+1 https://x.org/?a=1&b=2",
        ),
        (
            "<tg-emoji emoji-id=\"53\">👍</tg-emoji>",
            "👍 | custom_emoji@0+2 53",
        ),
        ("<code>a</code>", "a | code@0+1"),
        ("<pre>a</pre>", "a | pre@0+1"),
        (
            "<pre><code class=\"language-rust\">a</code></pre>",
            "a | pre@0+1 rust",
        ),
        ("<blockquote>a</blockquote>", "a | blockquote@0+1"),
        (
            "<blockquote expandable>a</blockquote>",
            "a | expandable_blockquote@0+1",
        ),
        ("<B>a</b>", "a | bold@0+1"),
    ] {
        assert_eq!(shape(source), expected, "{source}");
    }
}

#[test]
fn offsets_count_utf16_units_and_the_outer_comes_first() {
    assert_eq!(
        shape("😀<b><i>кот</i></b>"),
        "😀кот | bold@2+3 | italic@2+3"
    );
}

#[test]
fn references_are_read_and_unknown_ones_stay() {
    assert_eq!(
        shape("&lt;&gt;&amp;&quot;&#1088;&#x440;&nbsp;&"),
        "<>&\"рр&nbsp;&"
    );
}

#[test]
fn broken_markup_is_refused_with_the_reason() {
    for (source, expected) in [
        (
            "a < b",
            "refused: Unsupported start tag \"\" at byte offset 2",
        ),
        (
            "<br>",
            "refused: Unsupported start tag \"br\" at byte offset 0",
        ),
        (
            "<b>a",
            "refused: Can't find end tag corresponding to start tag \"b\"",
        ),
        ("a</b>", "refused: Unexpected end tag at byte offset 1"),
        (
            "<b>a</i>",
            "refused: Unmatched end tag at byte offset 4, expected \"</b>\", found \"</i>\"",
        ),
        ("<b", "refused: Unclosed start tag at byte offset 0"),
        ("<b>a</b", "refused: Unclosed end tag at byte offset 4"),
        (
            "<span>a</span>",
            "refused: Tag \"span\" must have class \"tg-spoiler\" at byte offset 0",
        ),
        (
            "<a href=\"x>a</a>",
            "refused: Unclosed start tag \"a\" at byte offset 0",
        ),
    ] {
        assert_eq!(shape(source), expected, "{source}");
    }
}

#[test]
fn a_link_that_leads_nowhere_keeps_its_words() {
    assert_eq!(shape("<a href=\"nowhere\">x</a>"), "x");
}

#[test]
fn white_space_around_a_text_goes_and_entities_move_along() {
    let formatted = parse("  \n<b> кот </b> \n").unwrap().trimmed();
    assert_eq!(formatted.text, "кот");
    assert_eq!(formatted.entities, [Entity::plain("bold", 0, 3)]);
    assert!(parse("<b> </b>").unwrap().trimmed().is_empty());
}

#[test]
fn commands_and_links_are_found_in_what_people_type() {
    let found = |text: &str| {
        let entities = FormattedText::typed(text).entities;
        let shown = entities
            .iter()
            .map(|e| format!("{}@{}+{}", e.kind, e.offset, e.length));
        shown.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(found("/start ref_12"), "bot_command@0+6");
    assert_eq!(found("кот /help@rei_bot"), "bot_command@4+13");
    assert_eq!(found("1/2 a/b"), "");
    assert_eq!(found("see https://x.org/a."), "url@4+15");
    assert_eq!(found("#кот @ann"), "hashtag@0+4 mention@5+4");
}

#[test]
fn html_comes_back_out_as_it_went_in() {
    let source = "<b>a &lt; <i>b</i></b> <a href=\"https://x.org/\">c</a><code>d</code>";
    assert_eq!(parse(source).unwrap().html(), source);
    let overlapping = FormattedText {
        text: "abc".to_owned(),
        entities: vec![Entity::plain("bold", 0, 2), Entity::plain("italic", 1, 2)],
    };
    assert_eq!(overlapping.html(), "<b>a<i>b</i></b><i>c</i>");
}
