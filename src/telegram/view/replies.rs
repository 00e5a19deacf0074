//! Short replies: greeting, help, balance, language, cancelling, questions and refusals.

use rei_actors::ports::view::Rendered;
use rei_domain::conversation::{Balance, Language, Tap, Unsupported};
use rei_domain::money::Money;
use rei_domain::spec::{CLIP_BYTES_MAX, Came, INPUT_BYTES_MAX, INPUTS_MAX, PROMPT_CHARS_MAX};

use super::html::shorten;
use super::topup::top_up_button;
use super::words::{Args, Words, labelled};

/// Telegram's commands have at most 32 characters; what is longer is no command anyway.
const COMMAND_UNITS_MAX: usize = 32;

const BYTES_IN_MEGABYTE: u64 = 1024 * 1024;

/// A message without buttons.
pub(super) fn plain(html: String) -> Rendered {
    Rendered {
        html,
        keyboard: Vec::new(),
    }
}

pub(super) fn welcome(words: Words<'_>, bonus: Option<Money>, balance: Balance) -> Rendered {
    let mut parts = vec![words.say("welcome-title")];
    if let Some(bonus) = bonus {
        let bonus = Args::new().text("bonus", &words.money(bonus));
        parts.push(words.tell("welcome-bonus", bonus));
    }
    parts.extend(how_to(words));
    let available = Args::new().text("available", &words.money(balance.available));
    parts.push(words.tell("welcome-balance", available));
    let mut others = Vec::new();
    for language in Language::ALL {
        if language != words.language {
            others.push(labelled(language_name(words, language), &set(language)));
        }
    }
    Rendered {
        html: parts.join("\n\n"),
        keyboard: vec![others],
    }
}

/// `menu` has every command's name and summary.
pub(super) fn help(words: Words<'_>, menu: &[(String, String)]) -> Rendered {
    let mut parts = vec![words.say("help-title")];
    parts.extend(how_to(words));
    let mut lines = vec![words.say("help-commands")];
    for (name, summary) in menu {
        let args = Args::new().text("name", name).text("summary", summary);
        lines.push(words.tell("help-command", args));
    }
    parts.push(lines.join("\n"));
    plain(parts.join("\n\n"))
}

pub(super) fn balance(words: Words<'_>, balance: Balance) -> Rendered {
    let mut lines = vec![available(words, balance)];
    if balance.held > Money::ZERO {
        let held = Args::new().text("held", &words.money(balance.held));
        lines.push(words.tell("balance-held", held));
    }
    lines.push(String::new());
    lines.push(words.say("balance-hint"));
    Rendered {
        html: lines.join("\n"),
        keyboard: vec![vec![top_up_button(words, None)]],
    }
}

pub(super) fn choose_language(words: Words<'_>, current: Language) -> Rendered {
    let mut row = Vec::with_capacity(Language::ALL.len());
    for language in Language::ALL {
        let name = language_name(words, language);
        let label = words.choice(&name, language, current);
        row.push(labelled(label, &set(language)));
    }
    Rendered {
        html: words.say("language-choose"),
        keyboard: vec![row],
    }
}

pub(super) fn unknown_command(words: Words<'_>, name: &str) -> Rendered {
    let name = shorten(name, COMMAND_UNITS_MAX);
    plain(words.tell("unknown-command", Args::new().text("name", &name)))
}

pub(super) fn cancelled(
    words: Words<'_>,
    drafts: u32,
    jobs: u32,
    running: u32,
    balance: Balance,
) -> Rendered {
    let counted = [
        ("cancelled-drafts", drafts),
        ("cancelled-jobs", jobs),
        ("cancelled-running", running),
    ];
    let mut lines = Vec::new();
    for (key, count) in counted {
        if count > 0 {
            lines.push(words.tell(key, Args::new().number("count", count)));
        }
    }
    lines.push(available(words, balance));
    plain(lines.join("\n"))
}

/// Asks what to do with pictures, or with a clip that came alone or with them.
pub(super) fn ask_what_to_do(words: Words<'_>, came: Came) -> Rendered {
    let pictures = match came {
        Came::Clip => return plain(words.say("ask-clip")),
        Came::Pictures(pictures) => pictures,
    };
    let question = words.tell("ask-what-to-do", Args::new().number("count", pictures));
    let example = words.say("ask-example");
    plain(format!("{question}\n{example}"))
}

pub(super) fn unsupported(words: Words<'_>, what: Unsupported) -> Rendered {
    let html = match what {
        Unsupported::Sticker => words.say("unsupported-sticker"),
        Unsupported::Voice => words.say("unsupported-voice"),
        Unsupported::Video => words.say("unsupported-video"),
        Unsupported::File => words.say("unsupported-file"),
        Unsupported::TooManyPixels => words.say("unsupported-too-many-pixels"),
        Unsupported::Gone => words.say("unsupported-gone"),
        Unsupported::TooLarge => {
            let megabytes = INPUT_BYTES_MAX / BYTES_IN_MEGABYTE;
            let args = Args::new().number("megabytes", megabytes);
            words.tell("unsupported-too-large", args)
        }
        Unsupported::ClipTooLarge => {
            let megabytes = CLIP_BYTES_MAX / BYTES_IN_MEGABYTE;
            let args = Args::new().number("megabytes", megabytes);
            words.tell("unsupported-clip-too-large", args)
        }
        Unsupported::TooLargeTogether { bytes_max } => {
            let args = Args::new().number("megabytes", bytes_max / BYTES_IN_MEGABYTE);
            words.tell("unsupported-too-large-together", args)
        }
        Unsupported::TooLong => {
            let args = Args::new().number("chars", PROMPT_CHARS_MAX as u64);
            words.tell("unsupported-too-long", args)
        }
        Unsupported::Empty => words.say("unsupported-empty"),
        Unsupported::TooManyPictures => {
            let args = Args::new().number("pictures", INPUTS_MAX as u64);
            words.tell("unsupported-too-many", args)
        }
        Unsupported::Other => words.say("unsupported-other"),
    };
    plain(html)
}

fn how_to(words: Words<'_>) -> [String; 4] {
    [
        words.say("how-words"),
        words.say("how-photos"),
        words.say("how-video"),
        words.say("how-money"),
    ]
}

fn available(words: Words<'_>, balance: Balance) -> String {
    let available = Args::new().text("available", &words.money(balance.available));
    words.tell("balance-available", available)
}

/// A language is called by its own name, so that its speakers find it.
fn language_name(words: Words<'_>, language: Language) -> String {
    words.catalogue.text(language, "language-name")
}

fn set(language: Language) -> Tap {
    Tap::SetLanguage { language }
}
