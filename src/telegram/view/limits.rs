//! Spending caps and rates: what a user may spend, has spent, and when he may go on.

use rei_actors::ports::view::Rendered;
use rei_domain::conversation::LimitsShown;
use rei_domain::ledger::caps::{Period, Scope};
use rei_domain::money::Money;
use rei_domain::time::Moment;

use super::replies;
use super::words::{Args, Words, moscow_time};

/// The caps, what is spent, and how to set lower ones.
pub(super) fn render(words: Words<'_>, limits: &LimitsShown) -> Rendered {
    let mut lines = vec![words.say("limits-title")];
    lines.push(line(
        words,
        "limits-hour",
        limits.caps.hour,
        limits.spent_hour,
        limits.hour_frees_at,
    ));
    lines.push(line(
        words,
        "limits-day",
        limits.caps.day,
        limits.spent_day,
        limits.day_frees_at,
    ));
    lines.push(String::new());
    lines.push(words.say("limits-how"));
    replies::plain(lines.join("\n"))
}

fn line(
    words: Words<'_>,
    period: &str,
    limit: Option<Money>,
    spent: Money,
    frees_at: Moment,
) -> String {
    let limit = match limit {
        Some(limit) => words.money(limit),
        None => words.say("limits-none"),
    };
    let args = Args::new()
        .text("period", &words.say(period))
        .text("spent", &words.money(spent))
        .text("limit", &limit)
        .text("time", &moscow_time(frees_at));
    words.tell("limits-line", args)
}

/// Why a cap refuses an order, and when its window frees up.
pub(super) fn capped(
    words: Words<'_>,
    scope: Scope,
    period: Period,
    limit: Money,
    frees_at: Moment,
) -> String {
    let time = moscow_time(frees_at);
    match scope {
        Scope::Platform => words.tell("card-capped-platform", Args::new().text("time", &time)),
        Scope::User(_) => {
            let period = match period {
                Period::Hour => "limits-hour",
                Period::Day => "limits-day",
            };
            let args = Args::new()
                .text("period", &words.say(period))
                .text("limit", &words.money(limit))
                .text("time", &time);
            words.tell("card-capped", args)
        }
    }
}

/// When a hasty user may go on.
pub(super) fn slow_down(words: Words<'_>, wait_secs: u64) -> String {
    let length = Args::new().text("length", &words.duration(wait_secs));
    words.tell("slow-down", length)
}
