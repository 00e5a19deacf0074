//! Samples of top-ups and refunds for the tests: every state, every question, every refusal.

use rei_actors::ports::topups::{AskedBy, NewRefund, NewTopup, Refund, Topup};
use rei_actors::ports::view::{RefundFacts, TopupFacts, View};
use rei_domain::conversation::{Balance, Language, Reply};
use rei_domain::ids::{ChatId, DraftId, Nonce, RefundId, TopupId, UserId};
use rei_domain::money::Money;
use rei_domain::payment::{Due, PaidSum};
use rei_domain::refund::{PART_MIN, RefundRefusal, RefundStage};
use rei_domain::time::Moment;
use rei_domain::topup::{
    AmountLimits, AmountRefusal, Email, MethodOffer, PartlySpent, ReturnablePayment, TopupReply,
    TopupState,
};

use super::FluentView;
use super::samples::{Sample, balance, draft, roubles, spec};

const ID: &str = "0190a1b2c3d47e5f8a9b0c1d2e3f4a5b";

/// 15:00 in Moscow, 15 January.
const CREATED: Moment = Moment(1_800_014_400_000_000);

pub(super) fn all(view: &FluentView, language: Language) -> Vec<Sample> {
    let mut samples = Vec::new();
    for (title, reply) in replies() {
        let rendered = view.reply(language, &Reply::Topup(reply));
        samples.push(Sample { title, rendered });
    }
    for (title, facts) in cards() {
        let rendered = view.pay_card(language, &facts);
        samples.push(Sample { title, rendered });
    }
    for (title, facts) in credits() {
        let rendered = view.credited(language, &facts);
        samples.push(Sample { title, rendered });
    }
    for (title, facts) in refunds() {
        let rendered = view.refund(language, &facts);
        samples.push(Sample { title, rendered });
    }
    samples
}

fn payment() -> ReturnablePayment {
    ReturnablePayment {
        topup: TopupId::new(ID),
        method: "yookassa".to_owned(),
        paid: roubles(500),
        returnable: roubles(325),
        credited_at: CREATED,
    }
}

fn partly_spent() -> PartlySpent {
    PartlySpent {
        method: "stars".to_owned(),
        paid: roubles(500),
        spent: roubles(25),
        credited_at: CREATED,
    }
}

fn replies() -> Vec<(String, TopupReply)> {
    let amounts = [200, 500, 1_000, 3_000].map(roubles).to_vec();
    let offer = |method: &str, amount, currency| MethodOffer {
        method: method.to_owned(),
        due: Due { amount, currency },
    };
    let limits = AmountLimits {
        min: roubles(50),
        max: roubles(150_000),
    };
    let mut replies = vec![
        (
            "top-up, the amounts",
            TopupReply::Amounts {
                balance: balance(),
                amounts,
                draft: Some(DraftId::new(ID)),
            },
        ),
        (
            "top-up, the methods",
            TopupReply::Methods {
                amount: roubles(500),
                offers: vec![offer("yookassa", 50_000, "RUB"), offer("stars", 312, "XTR")],
                draft: Some(DraftId::new(ID)),
            },
        ),
        (
            "top-up, ask for an amount",
            TopupReply::AskAmount { limits },
        ),
        (
            "top-up, too little",
            TopupReply::AmountRefused(AmountRefusal::TooSmall { min: limits.min }),
        ),
        (
            "top-up, too much",
            TopupReply::AmountRefused(AmountRefusal::TooLarge { max: limits.max }),
        ),
        ("top-up, ask for an e-mail", TopupReply::AskEmail),
        ("top-up, no e-mail", TopupReply::EmailRefused),
        ("top-up, unavailable", TopupReply::Unavailable),
        (
            "refund, the payments",
            TopupReply::Returnables {
                payments: vec![payment(), payment()],
                partly_spent: Vec::new(),
                term_days: 14,
            },
        ),
        (
            "refund, a payment and one partly spent",
            TopupReply::Returnables {
                payments: vec![payment()],
                partly_spent: vec![partly_spent()],
                term_days: 14,
            },
        ),
        (
            "refund, all partly spent",
            TopupReply::Returnables {
                payments: Vec::new(),
                partly_spent: vec![partly_spent()],
                term_days: 14,
            },
        ),
        (
            "refund, confirm",
            TopupReply::ConfirmReturn {
                payment: payment(),
                nonce: Nonce::new("0123456789abcdef"),
            },
        ),
        (
            "refund, accepted",
            TopupReply::ReturnAccepted {
                amount: roubles(325),
            },
        ),
        (
            "help with payments",
            TopupReply::PaySupport { term_days: 14 },
        ),
    ];
    for term_days in [1, 14, 30] {
        let payments = Vec::new();
        replies.push((
            "refund, nothing to take back",
            TopupReply::Returnables {
                payments,
                partly_spent: Vec::new(),
                term_days,
            },
        ));
    }
    for refusal in [
        RefundRefusal::TooOld,
        RefundRefusal::NothingLeft,
        RefundRefusal::MoreThanLeft { left: roubles(10) },
        RefundRefusal::WholeOnly {
            whole: roubles(500),
            spent: roubles(25),
        },
        RefundRefusal::TooSmall { min: PART_MIN },
    ] {
        replies.push(("refund, refused", TopupReply::ReturnRefused(refusal)));
    }
    replies
        .into_iter()
        .map(|(title, reply)| (title.to_owned(), reply))
        .collect()
}

fn facts(state: TopupState) -> TopupFacts {
    TopupFacts {
        topup: Topup {
            order: NewTopup {
                id: TopupId::new(ID),
                user: UserId(7),
                chat: ChatId(7),
                method: "yookassa".to_owned(),
                amount: roubles(500),
                due: PaidSum {
                    amount: 50_000,
                    currency: "RUB".to_owned(),
                },
                language: Language::Russian,
                email: None,
                draft: Some(DraftId::new(ID)),
                created_at: CREATED,
            },
            state,
            external: Some("pay".to_owned()),
            pay_url: Some("https://yoomoney.ru/checkout".to_owned()),
            cause: None,
            failures: 0,
            credited_at: None,
        },
        balance: balance(),
        draft: None,
    }
}

fn cards() -> Vec<(String, TopupFacts)> {
    let mut cards = Vec::new();
    for state in TopupState::ALL {
        cards.push((format!("pay card, {}", state.as_str()), facts(state)));
    }
    let mut receipt = facts(TopupState::Pending);
    receipt.topup.order.email = Email::parse("name@mail.ru");
    cards.push(("pay card, with a receipt".to_owned(), receipt));
    let mut stars = facts(TopupState::Pending);
    stars.topup.order.method = "stars".to_owned();
    stars.topup.order.due = PaidSum {
        amount: 312,
        currency: "XTR".to_owned(),
    };
    cards.push(("pay card, in Stars".to_owned(), stars));
    for cause in [
        "expired_on_confirmation",
        "insufficient_funds",
        "card_expired",
        "general_decline",
        "refunded",
        "unreachable",
        "a word of tomorrow",
    ] {
        let mut canceled = facts(TopupState::Canceled);
        canceled.topup.cause = Some(cause.to_owned());
        cards.push((format!("pay card, canceled: {cause}"), canceled));
    }
    cards
}

fn credits() -> Vec<(String, TopupFacts)> {
    let plain = facts(TopupState::Succeeded);
    let mut offered = plain.clone();
    offered.draft = Some(draft(spec("рыжий кот в скафандре & <луна>", 0)));
    let mut short = offered.clone();
    short.balance = Balance {
        available: roubles(10),
        held: Money::ZERO,
    };
    vec![
        ("credited".to_owned(), plain),
        ("credited, the draft is offered again".to_owned(), offered),
        ("credited, and still not enough".to_owned(), short),
    ]
}

fn refunds() -> Vec<(String, RefundFacts)> {
    let mut refunds = Vec::new();
    let askers = [AskedBy::User, AskedBy::Method];
    for stage in RefundStage::ALL {
        for asked_by in askers {
            let refund = Refund {
                order: NewRefund {
                    id: RefundId::new(ID),
                    topup: TopupId::new(ID),
                    user: UserId(7),
                    amount: roubles(325),
                    asked_by,
                    created_at: CREATED,
                },
                method: "yookassa".to_owned(),
                stage,
                external: None,
                posted_at: None,
                cause: None,
                failures: 0,
                finished_at: None,
            };
            let balance = balance();
            let title = format!("refund, {} asked by {asked_by:?}", stage.as_str());
            refunds.push((title, RefundFacts { refund, balance }));
        }
    }
    refunds
}
