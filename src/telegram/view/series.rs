//! A series: the page of the card that offers it, its warning and its end.

use rei_actors::ports::view::{Button, Rendered};
use rei_domain::conversation::{Balance, Tap};
use rei_domain::draft::Draft;
use rei_domain::money::Money;
use rei_domain::series::{COUNTS, SeriesEnd};

use super::replies;
use super::words::{Args, Words, labelled};

/// A button for each count with the price of all its steps, and the way back.
pub(super) fn keyboard(words: Words<'_>, draft: &Draft) -> Vec<Vec<Button>> {
    let mut rows = Vec::with_capacity(COUNTS.len() + 1);
    for count in COUNTS {
        let total = draft.price.kopecks().saturating_mul(i64::from(count));
        let args = Args::new()
            .text("count", &count.to_string())
            .text("price", &words.money(Money::from_kopecks(total)));
        let tap = Tap::StartSeries {
            draft: draft.id.clone(),
            nonce: draft.nonce.clone(),
            count,
        };
        rows.push(vec![labelled(
            words.tell("button-series-count", args),
            &tap,
        )]);
    }
    rows.push(vec![words.button(
        "button-back",
        &Tap::ShowCard {
            draft: draft.id.clone(),
        },
    )]);
    rows
}

/// That the step which just began is the last one that is covered.
pub(super) fn last_step(words: Words<'_>, step: u32, wanted: u32) -> Rendered {
    let args = Args::new()
        .text("step", &step.to_string())
        .text("wanted", &wanted.to_string());
    replies::plain(words.tell("series-last-step", args))
}

/// How many pictures came, why there are no more, and what they cost.
pub(super) fn ended(
    words: Words<'_>,
    (delivered, wanted): (u32, u32),
    charged: Money,
    took_secs: u64,
    reason: SeriesEnd,
    balance: Balance,
) -> Rendered {
    let why = words.say(match reason {
        SeriesEnd::Completed => "series-end-completed",
        SeriesEnd::Stopped => "series-end-stopped",
        SeriesEnd::Balance => "series-end-balance",
        SeriesEnd::Cap => "series-end-cap",
        SeriesEnd::Banned => "series-end-banned",
        SeriesEnd::Refused => "series-end-refused",
        SeriesEnd::Failed => "series-end-failed",
    });
    let counts = Args::new()
        .number("delivered", delivered)
        .text("wanted", &wanted.to_string())
        .text("took", &words.duration(took_secs));
    let sum = Args::new()
        .text("charged", &words.money(charged))
        .text("balance", &words.money(balance.available));
    let counts = words.tell("series-counts", counts);
    replies::plain(format!("{why}\n{counts}\n{}", words.tell("boost-sum", sum)))
}
