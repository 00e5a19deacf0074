//! Spending caps and rates: what a user may spend, has spent, and when he may go on.

use rei_actors::ports::view::{Button, Rendered};
use rei_domain::conversation::{LimitsShown, Tap};
use rei_domain::ids::Nonce;
use rei_domain::ledger::caps::{Period, Scope};
use rei_domain::money::Money;
use rei_domain::time::Moment;

use super::words::{Args, Words, labelled, moscow_time};

/// The caps, what is spent, and buttons that set lower ones.
pub(super) fn render(words: Words<'_>, limits: &LimitsShown, token: &Nonce) -> Rendered {
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
    lines.push(words.say("limits-choose"));
    lines.push(words.say("limits-how"));
    let rows = Period::ALL.map(|period| choices(words, period, limits.own.of(period), token));
    Rendered {
        html: lines.join("\n"),
        keyboard: rows.concat(),
    }
}

/// The sums of a period as buttons, and one that takes the own cap away.
fn choices(
    words: Words<'_>,
    period: Period,
    own: Option<Money>,
    token: &Nonce,
) -> Vec<Vec<Button>> {
    let button = |limit: Option<Money>| {
        let (key, sum) = match (period, limit) {
            (Period::Hour, Some(limit)) => ("limits-set-hour", words.money(limit)),
            (Period::Day, Some(limit)) => ("limits-set-day", words.money(limit)),
            (Period::Hour, None) => ("limits-no-hour", String::new()),
            (Period::Day, None) => ("limits-no-day", String::new()),
        };
        let name = words.tell(key, Args::new().text("sum", &sum));
        let tap = Tap::SetLimit {
            token: token.clone(),
            period,
            limit,
        };
        labelled(words.choice(&name, limit, own), &tap)
    };
    let sums = period.offered_caps().map(|cap| button(Some(cap)));
    vec![sums.to_vec(), vec![button(None)]]
}

fn line(
    words: Words<'_>,
    period: &str,
    limit: Option<Money>,
    spent: Money,
    frees_at: Moment,
) -> String {
    let args = Args::new()
        .text("period", &words.say(period))
        .text("spent", &words.money(spent));
    match limit {
        Some(limit) => {
            let limit = args
                .text("limit", &words.money(limit))
                .text("time", &moscow_time(frees_at));
            words.tell("limits-line", limit)
        }
        None => words.tell("limits-line-free", args),
    }
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
