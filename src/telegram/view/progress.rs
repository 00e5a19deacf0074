//! The progress message: one message per job, edited from the queue to the end.
//!
//! It takes the place of the draft card. While the job goes on it tells where it stands and
//! what happens to the money; when it fails, why, what came back and what to do next.

use rei_actors::ports::jobs::{Job, POSITION_MAX};
use rei_actors::ports::view::{Button, JobFacts, Rendered};
use rei_domain::billing::Ending;
use rei_domain::conversation::Tap;
use rei_domain::job::{JobEvent, JobState, step};
use rei_domain::spec::Mode;
use rei_domain::time::Span;

use super::html::{TEXT_UNITS_MAX, around_prompt, shorten};
use super::replies;
use super::words::{Args, Words};

/// The message is edited often and only reminds of the request: the card had it in full.
const PROMPT_UNITS_MAX: usize = 200;

/// Renders a job's progress message.
pub(super) fn render(words: Words<'_>, facts: &JobFacts) -> Rendered {
    let job = &facts.job;
    let stage = match job.state {
        JobState::Queued => queued(words, facts),
        JobState::Leased => words.say("progress-starting"),
        JobState::Submitting | JobState::Running => words.tell("progress-drawing", kind(job)),
        JobState::Rendered => words.tell("progress-storing", kind(job)),
        JobState::Unknown => words.tell("progress-unknown", kind(job)),
        JobState::Settled => words.tell("progress-sending", kind(job)),
        JobState::Delivered => {
            let elapsed = Args::new().text("elapsed", &elapsed(words, facts));
            return replies::plain(words.tell("progress-delivered", elapsed));
        }
        JobState::Failed => return failed(words, facts, failure(job.ending, job.spec.mode())),
        JobState::Cancelled => return failed(words, facts, CANCELLED),
    };
    let elapsed = Args::new().text("elapsed", &elapsed(words, facts));
    let mut below = vec![stage, words.tell("progress-elapsed", elapsed)];
    below.extend(foretold(words, facts));
    if !job.state.is_settled() {
        let price = kind(job).text("price", &words.money(job.price));
        below.push(words.tell("progress-held", price));
    }
    let mut keyboard = Vec::new();
    if step(job.state, JobEvent::Cancel).is_ok() {
        let tap = Tap::CancelJob {
            job: job.id.clone(),
        };
        keyboard.push(vec![words.button("button-cancel-job", &tap)]);
    }
    Rendered {
        html: with_request(words, job, &below),
        keyboard,
    }
}

/// When it will be ready, while that is of use.
fn foretold(words: Words<'_>, facts: &JobFacts) -> Option<String> {
    let (between, exactly) = match facts.job.state {
        JobState::Queued => ("progress-eta-waiting", "progress-eta-waiting-one"),
        JobState::Leased | JobState::Submitting | JobState::Running => {
            ("progress-eta", "progress-eta-one")
        }
        JobState::Rendered
        | JobState::Settled
        | JobState::Delivered
        | JobState::Failed
        | JobState::Cancelled
        | JobState::Unknown => return None,
    };
    let range = facts.eta?;
    let (half, most) = (rounded(range.half), rounded(range.most));
    if half == most {
        let args = Args::new().text("most", &words.duration(most));
        return Some(words.tell(exactly, args));
    }
    let args = Args::new()
        .text("half", &words.duration(half))
        .text("most", &words.duration(most));
    Some(words.tell(between, args))
}

/// Seconds that look like the guess that they are: up to 5 s, from a minute on up to 30 s.
fn rounded(span: Span) -> u64 {
    let secs = span.whole_secs().max(1);
    let step = if secs <= 60 { 5 } else { 30 };
    secs.next_multiple_of(step)
}

/// What is made, for messages that speak of it.
fn kind(job: &Job) -> Args<'static> {
    Args::new().text("kind", job.spec.mode().kind().as_str())
}

fn queued(words: Words<'_>, facts: &JobFacts) -> String {
    if facts.job.attempt > 0 {
        return words.say("progress-retrying");
    }
    match facts.position {
        None | Some(0) => words.say("progress-queued-next"),
        Some(POSITION_MAX..) => {
            let most = Args::new().text("ahead", &POSITION_MAX.to_string());
            words.tell("progress-queued-far", most)
        }
        Some(ahead) => words.tell("progress-queued", Args::new().number("ahead", ahead)),
    }
}

/// How a job without a result is told.
struct Failure {
    /// What happened.
    reason: &'static str,
    /// What the user can do, if anything.
    hint: Option<&'static str>,
    next: NextStep,
}

/// The button under a failed job.
enum NextStep {
    /// The same request may work.
    Again,
    /// The request itself must change: a button would only fail again.
    Nothing,
}

const CANCELLED: Failure = Failure {
    reason: "failed-cancelled",
    hint: None,
    next: NextStep::Again,
};

const OURS: Failure = Failure {
    reason: "failed-ours",
    hint: Some("hint-again"),
    next: NextStep::Again,
};

fn failure(ending: Option<Ending>, mode: Mode) -> Failure {
    match ending {
        Some(Ending::ModerationRefused) => Failure {
            reason: "failed-moderation",
            hint: Some(match mode {
                Mode::Generate | Mode::TextToVideo => "hint-rephrase",
                Mode::Edit | Mode::ImageToVideo | Mode::VideoToVideo | Mode::Motion => {
                    "hint-rephrase-edit"
                }
            }),
            next: NextStep::Nothing,
        },
        Some(Ending::ProviderFailed) => Failure {
            reason: "failed-provider",
            hint: Some("hint-again"),
            next: NextStep::Again,
        },
        Some(Ending::TimedOut) => Failure {
            reason: "failed-timeout",
            hint: Some("hint-again"),
            next: NextStep::Again,
        },
        Some(Ending::InputUnavailable) => Failure {
            reason: "failed-input",
            hint: Some("hint-resend"),
            next: NextStep::Nothing,
        },
        Some(Ending::InputsTooLarge) => Failure {
            reason: "failed-inputs-too-large",
            hint: Some("hint-resend-smaller"),
            next: NextStep::Nothing,
        },
        Some(Ending::OurFault) => OURS,
        Some(Ending::CancelledBeforeSubmit) => CANCELLED,
        // A failed job that names no failure is a fault of ours, whatever caused it.
        Some(Ending::Delivered) | None => OURS,
    }
}

fn failed(words: Words<'_>, facts: &JobFacts, failure: Failure) -> Rendered {
    let job = &facts.job;
    let returned = Args::new()
        .text("price", &words.money(job.price))
        .text("balance", &words.money(facts.balance.available));
    let mut below = vec![
        words.tell(failure.reason, kind(job)),
        words.tell("failed-returned", returned),
    ];
    if let Some(hint) = failure.hint {
        below.push(words.say(hint));
    }
    let keyboard = match failure.next {
        NextStep::Again => vec![vec![again(words, job)]],
        NextStep::Nothing => Vec::new(),
    };
    Rendered {
        html: with_request(words, job, &below),
        keyboard,
    }
}

/// The button for the same request once more.
pub(super) fn again(words: Words<'_>, job: &Job) -> Button {
    let tap = Tap::Again {
        job: job.id.clone(),
    };
    words.button("button-again", &tap)
}

fn with_request(words: Words<'_>, job: &Job, below: &[String]) -> String {
    let title = [words.title(&job.spec)];
    let prompt = shorten(&job.spec.prompt, PROMPT_UNITS_MAX);
    around_prompt(&title, &prompt, below, TEXT_UNITS_MAX)
}

/// From the confirmation to the end, or to now.
fn elapsed(words: Words<'_>, facts: &JobFacts) -> String {
    let until = facts.job.finished_at.unwrap_or(facts.now);
    words.duration((until - facts.job.created_at).whole_secs())
}
