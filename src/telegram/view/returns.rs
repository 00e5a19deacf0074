//! Refunds: what can go back, what goes back, and what became of it.

use rei_actors::ports::topups::AskedBy;
use rei_actors::ports::view::{RefundFacts, Rendered};
use rei_domain::conversation::Tap;
use rei_domain::ids::Nonce;
use rei_domain::money::Money;
use rei_domain::refund::{RefundRefusal, RefundStage};
use rei_domain::topup::{PartlySpent, ReturnablePayment, TopupTap};

use super::words::{Args, Words, labelled, moscow_date};
use super::{replies, topup};

pub(super) fn list(
    words: Words<'_>,
    payments: &[ReturnablePayment],
    partly_spent: &[PartlySpent],
    term_days: u32,
) -> Rendered {
    let key = match payments {
        [] => "refund-none",
        [..] => "refund-choose",
    };
    let mut lines = vec![words.tell(key, Args::new().number("days", term_days))];
    for payment in partly_spent {
        let args = Args::new()
            .text("date", &moscow_date(payment.credited_at))
            .text("paid", &words.money(payment.paid))
            .text("method", &topup::method(words, &payment.method))
            .text("spent", &words.money(payment.spent));
        lines.push(words.tell("refund-partly-spent", args));
    }
    let mut keyboard = Vec::new();
    for payment in payments {
        let args = Args::new()
            .text("left", &words.money(payment.returnable))
            .text("paid", &words.money(payment.paid))
            .text("date", &moscow_date(payment.credited_at));
        let tap = TopupTap::Return {
            topup: payment.topup.clone(),
        };
        let label = words.tell("button-refund-payment", args);
        keyboard.push(vec![labelled(label, &Tap::Topup(tap))]);
    }
    Rendered {
        html: lines.join("\n\n"),
        keyboard,
    }
}

pub(super) fn confirm(words: Words<'_>, payment: &ReturnablePayment, nonce: &Nonce) -> Rendered {
    let returnable = words.money(payment.returnable);
    let args = Args::new()
        .text("date", &moscow_date(payment.credited_at))
        .text("paid", &words.money(payment.paid))
        .text("method", &topup::method(words, &payment.method))
        .text("left", &returnable);
    let tap = TopupTap::ConfirmReturn {
        topup: payment.topup.clone(),
        amount: payment.returnable,
        nonce: nonce.clone(),
    };
    let label = words.tell("button-refund", Args::new().text("left", &returnable));
    Rendered {
        html: words.tell("refund-confirm", args),
        keyboard: vec![vec![labelled(label, &Tap::Topup(tap))]],
    }
}

pub(super) fn accepted(words: Words<'_>, amount: Money) -> Rendered {
    let args = Args::new().text("amount", &words.money(amount));
    replies::plain(words.tell("refund-accepted", args))
}

pub(super) fn refused(words: Words<'_>, refusal: RefundRefusal) -> Rendered {
    let html = match refusal {
        RefundRefusal::TooOld => words.say("refund-too-old"),
        RefundRefusal::NothingLeft => words.say("refund-nothing-left"),
        RefundRefusal::MoreThanLeft { left } => {
            words.tell("refund-more", Args::new().text("left", &words.money(left)))
        }
        RefundRefusal::WholeOnly { whole, spent } => {
            let args = Args::new()
                .text("whole", &words.money(whole))
                .text("spent", &words.money(spent));
            words.tell("refund-whole-only", args)
        }
        RefundRefusal::TooSmall { min } => words.tell(
            "refund-too-small",
            Args::new().text("min", &words.money(min)),
        ),
    };
    replies::plain(html)
}

pub(super) fn support(words: Words<'_>, term_days: u32) -> Rendered {
    let html = words.tell("pay-support", Args::new().number("days", term_days));
    Rendered {
        html,
        keyboard: vec![vec![
            words.button("button-refunds", &Tap::Topup(TopupTap::Returnables)),
        ]],
    }
}

/// How a refund ended.
pub(super) fn ended(words: Words<'_>, facts: &RefundFacts) -> Rendered {
    let order = &facts.refund.order;
    let args = Args::new()
        .text("amount", &words.money(order.amount))
        .text("balance", &words.money(facts.balance.available));
    let key = match (facts.refund.stage, order.asked_by) {
        (RefundStage::Succeeded, AskedBy::Method) => "refund-by-method",
        (RefundStage::Succeeded, AskedBy::User | AskedBy::Admin(_)) => "refund-done",
        (RefundStage::Failed, _) => "refund-failed",
        (
            RefundStage::Held
            | RefundStage::Submitting
            | RefundStage::Pending
            | RefundStage::Unknown,
            _,
        ) => "refund-under-way",
    };
    replies::plain(words.tell(key, args))
}
