//! The finished picture or video: its caption, its buttons, its file's name.

use rei_actors::ports::view::{Button, ButtonAction, JobFacts, Rendered};
use rei_domain::conversation::Tap;
use rei_domain::job::JobState;
use rei_domain::spec::{Kind, Output};

use super::html::{CAPTION_UNITS_MAX, around_prompt};
use super::progress::again;
use super::words::{Args, Words};

/// Digits of the job's id in a file's name: its end, which is random.
const ID_DIGITS: usize = 12;

/// The caption of a job's result.
pub(super) fn caption(words: Words<'_>, facts: &JobFacts) -> Rendered {
    let job = &facts.job;
    let paid = Args::new()
        .text("price", &words.money(job.price))
        .text("balance", &words.money(facts.balance.available));
    let above = [words.title(&job.spec)];
    let paid = match job.state {
        // It came after the money was back.
        JobState::Failed => words.tell("result-late", paid),
        JobState::Queued
        | JobState::Leased
        | JobState::Submitting
        | JobState::Running
        | JobState::Rendered
        | JobState::Settled
        | JobState::Delivered
        | JobState::Cancelled
        | JobState::Unknown => words.tell("result-paid", paid),
    };
    let below = [words.look(&job.spec), paid];
    let edit = Tap::EditResult {
        job: job.id.clone(),
    };
    let animate = Tap::Animate {
        job: job.id.clone(),
    };
    let file = Tap::AsFile {
        job: job.id.clone(),
    };
    let file = words.button("button-as-file", &file);
    let favour = Tap::Favour {
        job: job.id.clone(),
    };
    let favour = words.button("button-favour", &favour);
    let keyboard = match job.spec.mode().kind() {
        Kind::Image => vec![
            vec![again(words, job), words.button("button-edit-result", &edit)],
            vec![words.button("button-animate", &animate), file],
            vec![favour],
        ],
        Kind::Video => vec![
            vec![again(words, job), file],
            vec![words.button("button-edit-clip", &edit), favour],
        ],
    };
    Rendered {
        html: around_prompt(&above, &job.spec.prompt, &below, CAPTION_UNITS_MAX),
        keyboard,
    }
}

/// The caption as a message of its own, with a button that opens the file elsewhere.
pub(super) fn linked(words: Words<'_>, facts: &JobFacts, link: Option<&str>) -> Rendered {
    let Rendered { html, mut keyboard } = caption(words, facts);
    let told = match link {
        Some(url) => {
            let download = Button {
                label: words.say("button-download"),
                action: ButtonAction::Url(url.to_owned()),
            };
            keyboard.insert(0, vec![download]);
            words.say("result-by-link")
        }
        None => words.say("result-unreachable"),
    };
    // The file that the button would send is the one that does not fit.
    let as_file = Tap::AsFile {
        job: facts.job.id.clone(),
    };
    let is_file = |button: &Button| button.action == ButtonAction::Data(as_file.render());
    for row in &mut keyboard {
        row.retain(|button| !is_file(button));
    }
    Rendered {
        html: format!("{html}\n\n{told}"),
        keyboard,
    }
}

/// `rei-4k-0c1d2e3f4a5b`: plain ASCII, its own for each job.
pub(super) fn file_name(facts: &JobFacts) -> String {
    let job = &facts.job;
    let plain: String = job
        .id
        .as_str()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    let tail = &plain[plain.len().saturating_sub(ID_DIGITS)..];
    let size = match &job.spec.output {
        Output::Image(look) => look.size.as_str().to_ascii_lowercase(),
        Output::Video(look) => look.quality.as_str().to_owned(),
    };
    format!("rei-{size}-{tail}")
}
