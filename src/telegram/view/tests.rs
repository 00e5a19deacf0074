use std::fmt::Write;
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use rei_actors::ports::view::{Button, ButtonAction};
use rei_domain::billing::Ending;
use rei_domain::conversation::{CardNote, Tap};
use rei_domain::ids::JobId;
use rei_domain::job::JobState;
use rei_domain::spec::PROMPT_CHARS_MAX;

use super::html::{CAPTION_UNITS_MAX, TEXT_UNITS_MAX};
use super::samples::{self, Sample, TOASTS};
use super::*;
use crate::telegram::commands::CommandList;

/// A toast's text, in characters (Bot API, `answerCallbackQuery.text`).
const TOAST_CHARS_MAX: usize = 200;

fn view() -> FluentView {
    let catalogue = Arc::new(Catalogue::embedded());
    let commands = Arc::new(CommandList::new(catalogue.clone()));
    FluentView::new(catalogue, commands)
}

fn taps(rendered: &Rendered) -> Vec<Tap> {
    let buttons = rendered.keyboard.iter().flatten();
    buttons
        .filter_map(|button| match &button.action {
            ButtonAction::Data(data) => Some(Tap::parse(data).expect("a button's data is a tap's")),
            ButtonAction::Url(_) => None,
        })
        .collect()
}

/// Reads HTML as strictly as Telegram does and returns what a person sees.
fn visible(html: &str) -> Result<String, String> {
    let mut seen = String::new();
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html;
    while let Some(first) = rest.chars().next() {
        match first {
            '<' => {
                let (tag, after) = rest[1..].split_once('>').ok_or("a tag has no end")?;
                rest = after;
                match tag {
                    "b" | "code" | "blockquote" => open.push(tag),
                    "blockquote expandable" => open.push("blockquote"),
                    _ => {
                        let name = tag.strip_prefix('/').ok_or(format!("<{tag}>"))?;
                        if open.pop() != Some(name) {
                            return Err(format!("</{name}> closes nothing"));
                        }
                    }
                }
            }
            '&' => {
                let (name, after) = rest[1..].split_once(';').ok_or("an entity has no end")?;
                rest = after;
                seen.push(match name {
                    "lt" => '<',
                    "gt" => '>',
                    "amp" => '&',
                    other => return Err(format!("&{other};")),
                });
            }
            '>' => return Err("a bare >".to_owned()),
            other => {
                seen.push(other);
                rest = &rest[other.len_utf8()..];
            }
        }
    }
    if open.is_empty() {
        Ok(seen)
    } else {
        Err(format!("{open:?} stay open"))
    }
}

fn check_wire(rendered: &Rendered, units_max: usize) -> Result<String, String> {
    let seen = visible(&rendered.html)?;
    let units = seen.encode_utf16().count();
    if units == 0 || units > units_max {
        return Err(format!("{units} units"));
    }
    for Button { label, action } in rendered.keyboard.iter().flatten() {
        match action {
            ButtonAction::Data(data) => {
                Tap::parse(data).map_err(|error| format!("{data}: {error}"))?;
                if data.len() > 64 {
                    return Err(format!("{label}: {data}"));
                }
            }
            ButtonAction::Url(url) => {
                if !url.starts_with("https://") {
                    return Err(format!("{label}: {url}"));
                }
            }
        }
        if label.is_empty() || label.contains(['<', '>', '&', '{']) {
            return Err(format!("{label} is no label"));
        }
    }
    Ok(seen)
}

/// All that the bot can say in a language, as a page to be read.
fn snapshot(language: Language) -> String {
    let view = view();
    let mut page = String::from(
        "Everything the bot says, as the view renders it. A test keeps this page true;\n\
         UPDATE_SNAPSHOTS=1 cargo test -p rei-bot --lib view writes it anew.\n",
    );
    for Sample { title, rendered } in samples::all(&view, language) {
        let html = rendered.html;
        write!(page, "\n=== {title}\n{html}\n").expect("a string takes everything");
        for row in rendered.keyboard {
            let labels: Vec<String> = row.iter().map(|b| format!("[{}]", b.label)).collect();
            writeln!(page, "  {}", labels.join(" ")).expect("a string takes everything");
        }
    }
    page.push_str("\n=== toasts\n");
    for toast in TOASTS {
        let text = view.toast(language, toast).unwrap_or_default();
        writeln!(page, "{toast:?}: {text}").expect("a string takes everything");
    }
    page
}

#[test]
fn every_word_of_the_bot_is_as_it_was_reviewed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/telegram/view");
    for language in Language::ALL {
        let path = folder.join(format!("snapshot_{}.txt", language.as_str()));
        let now = snapshot(language);
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            fs::write(&path, &now).expect("the snapshot is writable");
        }
        let reviewed = fs::read_to_string(&path).expect("the snapshot is there");
        let differs = now
            .lines()
            .zip(reviewed.lines())
            .find(|(now, was)| now != was);
        assert_eq!(differs, None, "{}", path.display());
        assert_eq!(now.len(), reviewed.len(), "{}", path.display());
    }
}

#[test]
fn everything_the_bot_says_is_taken_by_telegram() {
    let view = view();
    for language in Language::ALL {
        for Sample { title, rendered } in samples::all(&view, language) {
            let units_max = if title.starts_with("result") {
                CAPTION_UNITS_MAX
            } else {
                TEXT_UNITS_MAX
            };
            let seen = check_wire(&rendered, units_max);
            let seen = seen.unwrap_or_else(|fault| panic!("{title}: {fault}"));
            // The catalogue shows a message that it lacks in braces.
            assert!(!seen.contains(['{', '}']), "{title}: {seen}");
        }
    }
}

#[test]
fn toasts_are_short_and_plain() {
    let view = view();
    for language in Language::ALL {
        for toast in TOASTS {
            let Some(text) = view.toast(language, toast) else {
                assert_eq!(toast, Toast::Silent);
                continue;
            };
            assert!((1..=TOAST_CHARS_MAX).contains(&text.encode_utf16().count()));
            assert!(!text.contains(['<', '&', '{']), "{text}");
        }
    }
}

#[test]
fn the_confirm_button_names_the_price_and_the_nonce() {
    let draft = samples::draft(samples::spec("кот", 0));
    let confirm = Tap::Confirm {
        draft: draft.id.clone(),
        nonce: draft.nonce.clone(),
    };
    let card = view().reply(Language::Russian, &samples::card(draft, None));
    let button = card
        .keyboard
        .iter()
        .flatten()
        .find(|button| button.action == ButtonAction::Data(confirm.render()));
    let label = &button.expect("the card can be confirmed").label;
    assert!(label.contains("25\u{a0}₽"), "{label}");
}

#[test]
fn a_short_balance_says_what_is_missing_and_keeps_the_draft() {
    let draft = samples::draft(samples::spec("a cat", 0));
    let missing = samples::roubles(15);
    let reply = samples::card(draft, Some(CardNote::NotEnough { missing }));
    let card = view().reply(Language::English, &reply);
    assert!(card.html.contains("₽15"), "{}", card.html);
    assert!(card.html.contains("draft is kept"), "{}", card.html);
}

#[test]
fn cancelling_is_offered_only_while_it_is_free() {
    for state in JobState::ALL {
        let facts = samples::facts(samples::spec("кот", 0), state);
        let progress = view().progress(Language::Russian, &facts);
        let offered = taps(&progress)
            .iter()
            .any(|tap| matches!(tap, Tap::CancelJob { .. }));
        assert_eq!(offered, state == JobState::Queued, "{state:?}");
    }
}

#[test]
fn every_failure_says_that_the_whole_price_is_back() {
    for ending in Ending::ALL {
        let mut facts = samples::facts(samples::spec("a cat", 0), JobState::Failed);
        facts.job.ending = Some(ending);
        let html = view().progress(Language::English, &facts).html;
        assert!(html.contains("<b>₽25</b> is back"), "{html}");
        assert!(html.contains("<b>₽1,234.50</b>"), "{html}");
    }
}

#[test]
fn a_request_that_would_fail_again_is_not_offered_again() {
    for ending in Ending::ALL {
        let mut facts = samples::facts(samples::spec("a cat", 0), JobState::Failed);
        facts.job.ending = Some(ending);
        let offered = taps(&view().progress(Language::English, &facts));
        let hopeless = matches!(
            ending,
            Ending::ModerationRefused | Ending::InputUnavailable | Ending::InputsTooLarge
        );
        assert_eq!(offered.is_empty(), hopeless, "{ending:?}");
    }
}

#[test]
fn help_names_every_command() {
    let view = view();
    for language in Language::ALL {
        let help = view.reply(language, &Reply::Help).html;
        for (name, summary) in view.commands.menu(language) {
            assert!(help.contains(&format!("/{name} — {summary}")), "{help}");
        }
    }
}

#[test]
fn a_file_name_is_plain_and_its_own() {
    let mut facts = samples::facts(samples::spec("кот", 0), JobState::Settled);
    assert_eq!(view().file_name(&facts), "rei-1k-0c1d2e3f4a5b");
    facts.job.id = JobId::new("../é/7");
    assert_eq!(view().file_name(&facts), "rei-1k-7");
}

#[test]
fn the_longest_prompt_fits_every_message() {
    for prompt in ["&", "<", "🐈", "ы", "a\n"] {
        let prompt = prompt.repeat(PROMPT_CHARS_MAX / prompt.chars().count());
        check_prompt(&prompt).unwrap_or_else(|fault| panic!("{fault}"));
    }
}

/// Renders a prompt everywhere it is quoted: each message must be taken, and each quote must
/// be the prompt or its beginning.
fn check_prompt(prompt: &str) -> Result<(), String> {
    let view = view();
    let spec = samples::spec(prompt, 14);
    let note = Some(CardNote::PriceRenewed);
    for language in Language::ALL {
        let card = view.reply(language, &samples::card(samples::draft(spec.clone()), note));
        check_quote(&card, prompt, TEXT_UNITS_MAX)?;
        for state in JobState::ALL {
            let facts = samples::facts(spec.clone(), state);
            let progress = view.progress(language, &facts);
            check_wire(&progress, TEXT_UNITS_MAX)?;
        }
        let facts = samples::facts(spec.clone(), JobState::Settled);
        check_quote(&view.result(language, &facts), prompt, CAPTION_UNITS_MAX)?;
    }
    Ok(())
}

fn check_quote(rendered: &Rendered, prompt: &str, units_max: usize) -> Result<(), String> {
    check_wire(rendered, units_max)?;
    let html = &rendered.html;
    let quote = html
        .split_once("<blockquote")
        .and_then(|(_, after)| after.split_once('>'))
        .and_then(|(_, after)| after.split_once("</blockquote>"))
        .map(|(quote, _)| quote)
        .ok_or("the prompt is not quoted")?;
    let quote = visible(quote)?;
    if quote == prompt {
        return Ok(());
    }
    let beginning = quote
        .strip_suffix('…')
        .ok_or("a shortened prompt does not say so")?;
    if !prompt.starts_with(beginning) {
        return Err("the quote is not what the user wrote".to_owned());
    }
    // Nothing is cut off without need: the message is full but for what a cut leaves over.
    let units = visible(html)?.encode_utf16().count();
    let trimmed = prompt[beginning.len()..]
        .chars()
        .take_while(|next| next.is_whitespace() || *next == '\u{200d}')
        .count();
    if units + trimmed + 2 < units_max {
        return Err(format!("only {units} units are used"));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_prompt_is_quoted_safely(
        prompt in "[a-zа-я<>&; \u{200d}🐈\\PC]{1,1500}[a-z]",
        repeats in 1_usize..4,
    ) {
        let prompt = prompt.repeat(repeats);
        let prompt: String = prompt.trim().chars().take(PROMPT_CHARS_MAX).collect();
        let prompt = prompt.trim();
        prop_assert_eq!(check_prompt(prompt), Ok(()));
    }

    #[test]
    fn any_command_is_answered_safely(name in "\\PC{0,5000}") {
        let view = view();
        for language in Language::ALL {
            let reply = Reply::UnknownCommand { name: name.clone() };
            let rendered = view.reply(language, &reply);
            prop_assert!(check_wire(&rendered, TEXT_UNITS_MAX).is_ok());
        }
    }
}
