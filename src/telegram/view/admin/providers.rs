//! Providers and the ways of jobs, as admins see them.

use rei_domain::admin::{
    AttemptStory, CandidateStory, JobLine, JobStory, ProviderLine, VerdictStory,
};
use rei_domain::breaker::BreakerState;
use rei_domain::time::Span;

use super::super::html::{TEXT_UNITS_MAX, escape, units};
use super::super::words::{Args, Words};
use super::{job_lines, moscow, term};

pub(super) fn list(words: Words<'_>, lines: &[ProviderLine]) -> String {
    let mut said = vec![words.say("admin-providers-title")];
    for line in lines {
        said.push(state_line(words, line));
        if let Some((class, state)) = line.breaker {
            let until = match state {
                BreakerState::Open { until } => moscow(until),
                BreakerState::HalfOpen | BreakerState::Closed => words.say("admin-provider-probe"),
            };
            let args = Args::new()
                .text("class", class.as_str())
                .text("until", &until);
            said.push(words.tell("admin-provider-tripped", args));
        }
        if let Some(cordon) = &line.cordon {
            let args = Args::new()
                .text("term", &term(words, cordon.until))
                .text("reason", &cordon.reason);
            said.push(words.tell("admin-provider-cordoned", args));
        }
    }
    said.join("\n")
}

fn state_line(words: Words<'_>, line: &ProviderLine) -> String {
    let mark = match (&line.cordon, line.breaker) {
        (Some(_), _) => "🚧",
        (None, Some(_)) => "🔴",
        (None, None) => "🟢",
    };
    let args = Args::new()
        .text("mark", mark)
        .text("name", &line.name)
        .text("kind", line.kind.as_str())
        .text("success", &line.success_percent.to_string())
        .text("p95", &seconds(words, line.p95));
    words.tell("admin-provider-line", args)
}

/// The job, and its attempts as far as they fit into a message.
pub(super) fn story(words: Words<'_>, story: &JobStory) -> String {
    let lines: &[JobLine] = std::slice::from_ref(&story.job);
    let mut html = job_lines(words, lines).join("\n");
    let mut rest = Vec::new();
    if let Some(ending) = story.ending {
        rest.push(words.tell("admin-why-ending", Args::new().text("ending", ending)));
    }
    if story.attempts.is_empty() {
        rest.push(words.say("admin-why-no-attempt"));
    }
    for attempt in &story.attempts {
        rest.push(head(words, attempt));
        let candidates = attempt.candidates.iter();
        rest.extend(candidates.map(|candidate| candidate_line(words, candidate)));
    }
    for line in rest {
        if units(&html) + units(&line) + 1 > TEXT_UNITS_MAX {
            break;
        }
        html.push('\n');
        html.push_str(&line);
    }
    html
}

fn head(words: Words<'_>, attempt: &AttemptStory) -> String {
    let at = attempt.decided_at.map_or_else(String::new, moscow);
    let args = Args::new()
        .text("number", &attempt.number.to_string())
        .text("provider", &attempt.provider)
        .text("outcome", attempt.outcome)
        .text("time", &at);
    let key = if attempt.candidates.is_empty() {
        "admin-why-again"
    } else {
        "admin-why-attempt"
    };
    let head = words.tell(key, args);
    match &attempt.cause {
        Some(cause) => format!("{head}: {}", escape(cause)),
        None => head,
    }
}

fn candidate_line(words: Words<'_>, candidate: &CandidateStory) -> String {
    let verdict = match candidate.verdict {
        VerdictStory::Score(thousandths) => format!("{:.3}", thousandths as f64 / 1_000.0),
        VerdictStory::Cordoned => words.say("admin-verdict-cordoned"),
        VerdictStory::TooDear => words.say("admin-verdict-too-dear"),
        VerdictStory::Full => words.say("admin-verdict-full"),
        VerdictStory::Tripped => words.say("admin-verdict-tripped"),
    };
    let args = Args::new()
        .text("mark", if candidate.chosen { "👉" } else { "·" })
        .text("provider", &candidate.provider)
        .text("verdict", &verdict)
        .text("cost", &words.money(candidate.cost))
        .text("success", &candidate.success_percent.to_string())
        .text("p95", &seconds(words, candidate.p95))
        .text("free", &candidate.free.to_string())
        .text("places", &candidate.places.to_string());
    words.tell("admin-why-candidate", args)
}

fn seconds(words: Words<'_>, span: Option<Span>) -> String {
    match span {
        Some(span) => {
            let secs = Args::new().text("secs", &span.whole_secs().to_string());
            words.tell("admin-seconds", secs)
        }
        None => words.say("admin-not-known"),
    }
}
