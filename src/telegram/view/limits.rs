//! Spending caps and rates: what a user may spend, has spent, and when he may go on.

use rei_actors::ports::view::{Button, Rendered};
use rei_domain::conversation::{LimitsShown, Tap};
use rei_domain::ids::Nonce;
use rei_domain::ledger::caps::{CapsChange, Period, Scope};
use rei_domain::money::Money;
use rei_domain::time::Moment;

use super::replies;
use super::words::{Args, Words, labelled, moscow_time};

/// The caps and what is spent; with buttons that set lower ones while the message is open.
pub(super) fn render(
    words: Words<'_>,
    limits: &LimitsShown,
    change: Option<CapsChange>,
    token: Option<&Nonce>,
) -> Rendered {
    let mut lines = vec![words.say("limits-title")];
    if let Some(change) = change {
        lines.push(words.say(match change {
            CapsChange::Raised => "limits-raised",
            CapsChange::Lowered => "limits-lowered",
            CapsChange::Same => "limits-same",
        }));
    }
    let windows = [
        (Period::Hour, limits.spent_hour, limits.hour_frees_at),
        (Period::Day, limits.spent_day, limits.day_frees_at),
    ];
    for (period, spent, frees_at) in windows {
        let limit = limits.caps.of(period);
        lines.push(line(words, period_key(period), limit, spent, frees_at));
        if let Some(allowed) = limits.without_effect(period) {
            let allowed = Args::new().text("limit", &words.money(allowed));
            lines.push(words.tell("limits-without-effect", allowed));
        }
    }
    let Some(token) = token else {
        return replies::plain(lines.join("\n"));
    };
    lines.push(String::new());
    lines.push(words.say("limits-choose"));
    lines.push(words.say("limits-how"));
    let mut keyboard = Period::ALL
        .map(|period| choices(words, limits, period, token))
        .concat();
    let token = token.clone();
    let close = words.button("button-close", &Tap::CloseLimits { token });
    keyboard.push(vec![close]);
    Rendered {
        html: lines.join("\n"),
        keyboard,
    }
}

/// The sums of a period as buttons, and one that takes the own cap away.
fn choices(
    words: Words<'_>,
    limits: &LimitsShown,
    period: Period,
    token: &Nonce,
) -> Vec<Vec<Button>> {
    let own = limits.own.of(period);
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
    let sums: Vec<Button> = limits
        .offered(period)
        .into_iter()
        .map(|cap| button(Some(cap)))
        .collect();
    let mut rows = vec![sums, vec![button(None)]];
    rows.retain(|row| !row.is_empty());
    rows
}

fn period_key(period: Period) -> &'static str {
    match period {
        Period::Hour => "limits-hour",
        Period::Day => "limits-day",
    }
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
            let args = Args::new()
                .text("period", &words.say(period_key(period)))
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
