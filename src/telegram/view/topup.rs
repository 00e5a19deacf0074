//! Top-ups: how much, which way, where the receipt goes, and the one message of each payment.

use rei_actors::ports::topups::Topup;
use rei_actors::ports::view::{Button, ButtonAction, Rendered, TopupFacts};
use rei_domain::conversation::{Balance, CardOffer, CardPage, Tap, VideoOffer};
use rei_domain::ids::DraftId;
use rei_domain::money::Money;
use rei_domain::payment::PaidSum;
use rei_domain::statement::Proving;
use rei_domain::topup::{AmountLimits, AmountRefusal, MethodOffer, TopupState, TopupTap};

use super::words::{Args, Words, labelled};
use super::{card, money, replies};

/// Amounts in one row; more would be cut off on a narrow phone.
const AMOUNTS_IN_ROW: usize = 3;

/// A description on the method's page, in characters (`contracts/yookassa.md`, 2.1).
const DESCRIPTION_CHARS_MAX: usize = 128;

pub(super) fn amounts(
    words: Words<'_>,
    balance: Balance,
    amounts: &[Money],
    draft: &Option<DraftId>,
) -> Rendered {
    let available = Args::new().text("available", &words.money(balance.available));
    let mut keyboard = Vec::new();
    for row in amounts.chunks(AMOUNTS_IN_ROW) {
        let mut buttons = Vec::with_capacity(AMOUNTS_IN_ROW);
        for amount in row {
            let tap = TopupTap::Amount {
                amount: *amount,
                draft: draft.clone(),
            };
            buttons.push(labelled(words.money(*amount), &Tap::Topup(tap)));
        }
        keyboard.push(buttons);
    }
    let other = TopupTap::OtherAmount {
        draft: draft.clone(),
    };
    keyboard.push(vec![
        words.button("button-other-amount", &Tap::Topup(other)),
    ]);
    Rendered {
        html: format!(
            "{}\n\n{}",
            words.tell("balance-available", available),
            words.say("topup-amount")
        ),
        keyboard,
    }
}

pub(super) fn methods(
    words: Words<'_>,
    amount: Money,
    offers: &[MethodOffer],
    draft: &Option<DraftId>,
) -> Rendered {
    let mut keyboard = Vec::new();
    for offer in offers {
        let tap = TopupTap::Pay {
            method: offer.method.clone(),
            amount,
            draft: draft.clone(),
        };
        let due = due(words, offer.due.amount, offer.due.currency);
        let args = Args::new()
            .text("method", &method(words, &offer.method))
            .text("due", &due);
        let label = words.tell("button-method", args);
        keyboard.push(vec![labelled(label, &Tap::Topup(tap))]);
    }
    let args = Args::new().text("amount", &words.money(amount));
    Rendered {
        html: words.tell("topup-method", args),
        keyboard,
    }
}

pub(super) fn ask_amount(words: Words<'_>, limits: AmountLimits) -> Rendered {
    let args = Args::new()
        .text("min", &words.money(limits.min))
        .text("max", &words.money(limits.max));
    replies::plain(words.tell("topup-ask-amount", args))
}

pub(super) fn amount_refused(words: Words<'_>, refusal: AmountRefusal) -> Rendered {
    let html = match refusal {
        AmountRefusal::TooSmall { min } => words.tell(
            "topup-too-small",
            Args::new().text("min", &words.money(min)),
        ),
        AmountRefusal::TooLarge { max } => words.tell(
            "topup-too-large",
            Args::new().text("max", &words.money(max)),
        ),
    };
    replies::plain(html)
}

/// The one message of a payment: it leads to the payment and says what became of it.
pub(super) fn pay_card(words: Words<'_>, facts: &TopupFacts) -> Rendered {
    let topup = &facts.topup;
    let amount = Args::new().text("amount", &words.money(topup.order.amount));
    match topup.state {
        TopupState::Asked => replies::plain(words.tell("topup-preparing", amount)),
        TopupState::Pending => pending(words, topup),
        TopupState::Succeeded => replies::plain(words.tell("topup-paid", amount)),
        TopupState::Canceled => canceled(words, topup),
        TopupState::Parked => replies::plain(words.tell("topup-parked", amount)),
    }
}

fn pending(words: Words<'_>, topup: &Topup) -> Rendered {
    let order = &topup.order;
    let due = due_of(words, &order.due);
    let args = Args::new()
        .text("amount", &words.money(order.amount))
        .text("due", &due);
    let mut lines = vec![words.tell("topup-pending", args)];
    let mut keyboard = Vec::new();
    if let Some(url) = &topup.pay_url {
        let label = words.tell("button-pay", Args::new().text("due", &due));
        let action = ButtonAction::Url(url.clone());
        keyboard.push(vec![Button { label, action }]);
    }
    if let Some(email) = &order.email {
        let args = Args::new().text("email", email.as_str());
        lines.push(words.tell("topup-receipt", args));
        let tap = TopupTap::ChangeEmail {
            method: order.method.clone(),
            amount: order.amount,
            draft: order.draft.clone(),
        };
        keyboard.push(vec![words.button("button-change-email", &Tap::Topup(tap))]);
    }
    Rendered {
        html: lines.join("\n"),
        keyboard,
    }
}

fn canceled(words: Words<'_>, topup: &Topup) -> Rendered {
    let cause = topup.cause.as_deref().unwrap_or_default();
    let amount = Args::new().text("amount", &words.money(topup.order.amount));
    Rendered {
        html: format!(
            "{}\n{}",
            words.tell("topup-canceled", amount),
            words.say(cause_key(cause))
        ),
        keyboard: vec![vec![words.button(
            "button-topup-again",
            &Tap::Topup(TopupTap::Menu {
                draft: topup.order.draft.clone(),
            }),
        )]],
    }
}

/// What a method's word for a cancellation means for the payer (`contracts/yookassa.md`, 2.4).
/// New words may appear at any time.
fn cause_key(cause: &str) -> &'static str {
    match cause {
        "expired_on_confirmation" => "canceled-expired",
        "insufficient_funds" => "canceled-funds",
        "invalid_card_number" | "invalid_csc" | "card_expired" | "3d_secure_failed" => {
            "canceled-card"
        }
        "call_issuer"
        | "general_decline"
        | "issuer_unavailable"
        | "payment_method_restricted"
        | "payment_method_limit_exceeded"
        | "country_forbidden"
        | "fraud_suspected" => "canceled-bank",
        "refunded" => "canceled-refunded",
        "canceled_by_merchant" | "expired_on_capture" | "internal_timeout" | "unreachable" => {
            "canceled-ours"
        }
        _ => "canceled-other",
    }
}

/// The money is there; the request that waited for it follows as its card.
pub(super) fn credited(words: Words<'_>, facts: &TopupFacts) -> Rendered {
    let args = Args::new()
        .text("amount", &words.money(facts.topup.order.amount))
        .text("balance", &words.money(facts.balance.available));
    let credited = words.tell("topup-credited", args);
    let mut rendered = match &facts.draft {
        Some(draft) => {
            let above = vec![credited, words.say("topup-draft"), String::new()];
            let offer = CardOffer {
                images: Vec::new(),
                video: VideoOffer::Nothing,
            };
            card::render_below(
                words,
                above,
                draft,
                facts.balance,
                CardPage::Main,
                &offer,
                None,
            )
        }
        None => replies::plain(format!("{credited}\n{}", words.say("balance-hint"))),
    };
    let receipt = Tap::Receipt(Proving::Topup(facts.topup.order.id.clone()));
    let button = words.button("button-receipt", &receipt);
    rendered.keyboard.push(vec![button]);
    rendered
}

/// What the payer reads on the method's page.
pub(super) fn description(words: Words<'_>, amount: Money) -> String {
    let args = Args::new().text("amount", &money::render(words.language, amount));
    let text = words.tell("payment-description", args);
    text.chars().take(DESCRIPTION_CHARS_MAX).collect()
}

/// A button that leads to the amounts.
pub(super) fn top_up_button(words: Words<'_>, draft: Option<DraftId>) -> Button {
    words.button("button-topup", &Tap::Topup(TopupTap::Menu { draft }))
}

/// How people call a method.
pub(super) fn method(words: Words<'_>, name: &str) -> String {
    match name {
        "yookassa" => words.say("method-yookassa"),
        "stars" => words.say("method-stars"),
        other => other.to_owned(),
    }
}

fn due_of(words: Words<'_>, sum: &PaidSum) -> String {
    due(words, sum.amount, &sum.currency)
}

/// A sum in the method's own currency.
fn due(words: Words<'_>, amount: i64, currency: &str) -> String {
    match currency {
        "RUB" => words.money(Money::from_kopecks(amount)),
        "XTR" => format!("{amount}\u{a0}⭐"),
        other => format!("{amount}\u{a0}{other}"),
    }
}
