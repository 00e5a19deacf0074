//! A boost: its offer, where it stands, and the warning before it ends by itself.

use rei_actors::ports::view::{Rendered, UsageFacts};
use rei_domain::conversation::{Balance, BoostRefusal, Tap};
use rei_domain::ids::UsageId;
use rei_domain::metering::Tariff;
use rei_domain::money::Money;
use rei_domain::usage::UsageEnd;

use super::replies;
use super::words::{Args, Words, moscow_time};

const SECONDS_IN_MINUTE: i64 = 60;

/// What a boost costs and how long the balance lasts, with the button that starts it.
pub(super) fn offer(
    words: Words<'_>,
    usage: &UsageId,
    tariff: &Tariff,
    balance: Balance,
    refusal: Option<BoostRefusal>,
) -> Rendered {
    let mut parts = Vec::new();
    if let Some(refusal) = refusal {
        parts.push(refused(words, refusal));
    }
    parts.push(words.say("boost-what"));
    let window = tariff.window_price().unwrap_or(tariff.rate);
    let price = Args::new()
        .text("second", &words.money(tariff.rate))
        .text("minute", &words.money(minutes_price(tariff)))
        .text("window", &words.money(window))
        .text("length", &words.duration(u64::from(tariff.window_secs)));
    parts.push(words.tell("boost-price", price));
    let lasts = balance.available.kopecks() / tariff.rate.kopecks().max(1);
    let lasts = u64::try_from(lasts).unwrap_or(0);
    let balance = Args::new().text("available", &words.money(balance.available));
    parts.push(words.tell("balance-available", balance));
    if lasts > 0 {
        let lasts = Args::new().text("length", &words.duration(lasts));
        parts.push(words.tell("boost-lasts", lasts));
    }
    let tap = Tap::StartBoost {
        usage: usage.clone(),
        rate: tariff.rate,
    };
    Rendered {
        html: parts.join("\n"),
        keyboard: match refusal {
            Some(BoostRefusal::Banned) => Vec::new(),
            Some(
                BoostRefusal::NotEnough { .. }
                | BoostRefusal::Cap { .. }
                | BoostRefusal::PriceChanged,
            )
            | None => vec![vec![words.button("button-start-boost", &tap)]],
        },
    }
}

/// Where it stands: running, or ended with its seconds and sum.
pub(super) fn state(words: Words<'_>, facts: &UsageFacts) -> Rendered {
    let usage = &facts.usage;
    let meter = &usage.meter;
    let Some((_, reason)) = usage.ended else {
        let running = Args::new()
            .text("second", &words.money(meter.tariff.rate))
            .text("spent", &words.money(meter.charge()))
            .text("elapsed", &words.duration(meter.seconds()));
        let tap = Tap::StopBoost {
            usage: usage.id.clone(),
        };
        return Rendered {
            html: words.tell("boost-running", running),
            keyboard: vec![vec![words.button("button-stop-boost", &tap)]],
        };
    };
    let why = words.say(match reason {
        UsageEnd::Stopped => "boost-end-stopped",
        UsageEnd::Balance => "boost-end-balance",
        UsageEnd::Cap => "boost-end-cap",
        UsageEnd::Banned => "boost-end-banned",
        UsageEnd::Unattended => "boost-end-unattended",
    });
    let sum = Args::new()
        .text("charged", &words.money(usage.charged))
        .text("balance", &words.money(facts.balance.available));
    let used = match meter.seconds() {
        0 => words.say("boost-used-nothing"),
        seconds => {
            let used = Args::new().text("length", &words.duration(seconds));
            words.tell("boost-used", used)
        }
    };
    replies::plain(format!("{why}\n{used}\n{}", words.tell("boost-sum", sum)))
}

/// That it will end when what is set aside is used.
pub(super) fn warning(words: Words<'_>, facts: &UsageFacts) -> Rendered {
    let meter = &facts.usage.meter;
    let left = rei_domain::time::Span(meter.reserved().0 - meter.metered.0);
    let args = Args::new().text("length", &words.duration(left.whole_secs()));
    let key = match facts.usage.stopping {
        Some(UsageEnd::Cap) => "boost-warning-cap",
        Some(UsageEnd::Banned) => "boost-warning-banned",
        Some(UsageEnd::Balance | UsageEnd::Stopped | UsageEnd::Unattended) | None => {
            "boost-warning-balance"
        }
    };
    replies::plain(words.tell(key, args))
}

fn refused(words: Words<'_>, refusal: BoostRefusal) -> String {
    match refusal {
        BoostRefusal::NotEnough { missing } => {
            let missing = Args::new().text("missing", &words.money(missing));
            words.tell("boost-not-enough", missing)
        }
        BoostRefusal::Cap { frees_at } => {
            let time = Args::new().text("time", &moscow_time(frees_at));
            words.tell("boost-cap", time)
        }
        BoostRefusal::Banned => words.say("boost-banned"),
        BoostRefusal::PriceChanged => words.say("boost-price-changed"),
    }
}

fn minutes_price(tariff: &Tariff) -> Money {
    Money::from_kopecks(tariff.rate.kopecks().saturating_mul(SECONDS_IN_MINUTE))
}
