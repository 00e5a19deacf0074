//! Topping up: how much, by which method, where the receipt goes, and the way to the payment.
//!
//! Nothing is asked of a method here. A turn writes the top-up's row with its message, in one
//! transaction; the cashier finds the row, places the payment and turns the message into a
//! button that leads to it. Buttons carry what was chosen before, so an old one still works.

use rei_domain::conversation::{PaidEvent, Reply, Toast};
use rei_domain::draft::DraftState;
use rei_domain::ids::{DraftId, TopupId};
use rei_domain::money::Money;
use rei_domain::payment::PaidSum;
use rei_domain::time::Moment;
use rei_domain::topup::{AmountRefusal, Email, MethodOffer, TopupReply, TopupTap, parse_amount};

use super::conversation::Talk;
use super::returns;
use crate::cashier::begin::topup_slot;
use crate::cashier::tills::{Receipt, Till};
use crate::ports::StoreError;
use crate::ports::drafts::FormChange;
use crate::ports::notices::{Notice, NoticeSource};
use crate::ports::outbox::{NewOutbox, OutboxBody};
use crate::ports::topups::{NewTopup, Question, TopupForm};

/// The payment method whose notices come as messages.
pub const MESSENGERS_METHOD: &str = "stars";

/// Amounts that are missing are rounded up to whole tens of roubles.
const TEN_ROUBLES: i64 = 1_000;

/// `/topup`, perhaps with an amount.
pub(super) async fn command(talk: &mut Talk<'_>, amount: Option<Money>) -> Result<(), StoreError> {
    match amount {
        Some(amount) => choose_method(talk, amount, None).await.map(|_| ()),
        None => menu(talk, None).await.map(|_| ()),
    }
}

/// A button about money was pressed.
pub(super) async fn tapped(talk: &mut Talk<'_>, tap: TopupTap) -> Result<Toast, StoreError> {
    match tap {
        TopupTap::Menu { draft } => menu(talk, draft).await,
        TopupTap::Amount { amount, draft } => choose_method(talk, amount, draft).await,
        TopupTap::OtherAmount { draft } => {
            ask_amount(talk, draft);
            Ok(Toast::Silent)
        }
        TopupTap::Pay {
            method,
            amount,
            draft,
        } => pay(talk, &method, amount, draft).await,
        TopupTap::ChangeEmail {
            method,
            amount,
            draft,
        } => {
            ask_email(talk, method, amount, draft);
            Ok(Toast::Silent)
        }
        TopupTap::Returnables => {
            returns::show(talk).await?;
            Ok(Toast::Silent)
        }
        TopupTap::Return { topup } => returns::offer(talk, &topup).await,
        TopupTap::ConfirmReturn {
            topup,
            amount,
            nonce,
        } => returns::confirm(talk, &topup, amount, &nonce).await,
    }
}

/// The messenger told of a payment or of a refund. It is written down as any method's notice is;
/// the method's cashier asks the method and brings it into the books.
pub(super) async fn told(
    talk: &mut Talk<'_>,
    event: PaidEvent,
    charge: String,
) -> Result<(), StoreError> {
    let notice = Notice {
        method: MESSENGERS_METHOD.to_owned(),
        event: event.as_str().to_owned(),
        object: charge,
        body: String::new(),
        source: NoticeSource::Listed,
        received_at: talk.now,
    };
    talk.ports.notices.store(notice).await?;
    talk.cashier = Some(MESSENGERS_METHOD.to_owned());
    Ok(())
}

/// Takes words as the answer to what was asked, if they can be one. Anything else is a wish for
/// a picture, and the question is dropped.
pub(super) async fn answered(talk: &mut Talk<'_>, text: &str) -> Result<bool, StoreError> {
    let since = Moment(talk.now.0 - talk.settings.topups.asking.0);
    let chat = talk.user.chat;
    let Some(form) = talk.ports.topups.form(chat, since).await? else {
        return Ok(false);
    };
    let TopupForm {
        question, draft, ..
    } = form;
    match question {
        Question::Amount => match parse_amount(text) {
            Some(amount) => {
                match talk.settings.topups.limits.check(amount) {
                    Ok(amount) => {
                        talk.commit.form = Some(FormChange::Forget(chat));
                        choose_method(talk, amount, draft).await?;
                    }
                    Err(refusal) => refuse_amount(talk, refusal),
                }
                return Ok(true);
            }
            None => talk.commit.form = Some(FormChange::Forget(chat)),
        },
        Question::Email { method, amount } => match Email::parse(text) {
            Some(email) => {
                talk.commit.form = Some(FormChange::Forget(chat));
                match talk.ports.tills.of(&method).cloned() {
                    Some(till) => begin(talk, &till, amount, draft, Some(email)),
                    None => talk.say(&Reply::Topup(TopupReply::Unavailable)),
                }
                return Ok(true);
            }
            // One word is an address with a mistake; more are something to draw.
            None if !text.trim().contains(char::is_whitespace) => {
                talk.say(&Reply::Topup(TopupReply::EmailRefused));
                return Ok(true);
            }
            None => talk.commit.form = Some(FormChange::Forget(chat)),
        },
    }
    Ok(false)
}

async fn menu(talk: &mut Talk<'_>, draft: Option<DraftId>) -> Result<Toast, StoreError> {
    if talk.ports.tills.iter().next().is_none() {
        talk.say(&Reply::Topup(TopupReply::Unavailable));
        return Ok(Toast::Silent);
    }
    let balance = talk.balance().await?;
    let missing = match &draft {
        Some(draft) => missing(talk, draft, balance.available).await?,
        None => Money::ZERO,
    };
    let amounts = amounts(talk, missing);
    talk.say(&Reply::Topup(TopupReply::Amounts {
        balance,
        amounts,
        draft,
    }));
    Ok(Toast::Silent)
}

/// What a request of the user lacks.
async fn missing(talk: &Talk<'_>, draft: &DraftId, available: Money) -> Result<Money, StoreError> {
    let draft = talk.ports.drafts.draft(draft).await?;
    let waits =
        draft.filter(|draft| draft.user == talk.user_id() && draft.state == DraftState::Open);
    let missing = waits.and_then(|draft| draft.price.checked_sub(available));
    Ok(missing.unwrap_or(Money::ZERO).max(Money::ZERO))
}

/// The configured amounts that are enough; the exact one first where they are all far from it.
fn amounts(talk: &Talk<'_>, missing: Money) -> Vec<Money> {
    let settings = &talk.settings.topups;
    let tens = missing.kopecks().saturating_add(TEN_ROUBLES - 1) / TEN_ROUBLES;
    let rounded = Money::from_kopecks(tens.saturating_mul(TEN_ROUBLES)).max(settings.limits.min);
    let mut amounts: Vec<Money> = settings
        .amounts
        .iter()
        .copied()
        .filter(|amount| *amount >= missing)
        .collect();
    if missing > Money::ZERO && rounded <= settings.limits.max && !amounts.contains(&rounded) {
        amounts.insert(0, rounded);
    }
    amounts
}

fn ask_amount(talk: &mut Talk<'_>, draft: Option<DraftId>) {
    let form = TopupForm {
        question: Question::Amount,
        draft,
        asked_at: talk.now,
    };
    talk.commit.form = Some(FormChange::Ask(talk.user.chat, form));
    let limits = talk.settings.topups.limits;
    talk.say(&Reply::Topup(TopupReply::AskAmount { limits }));
}

fn ask_email(talk: &mut Talk<'_>, method: String, amount: Money, draft: Option<DraftId>) {
    let form = TopupForm {
        question: Question::Email { method, amount },
        draft,
        asked_at: talk.now,
    };
    talk.commit.form = Some(FormChange::Ask(talk.user.chat, form));
    talk.say(&Reply::Topup(TopupReply::AskEmail));
}

fn refuse_amount(talk: &mut Talk<'_>, refusal: AmountRefusal) {
    talk.say(&Reply::Topup(TopupReply::AmountRefused(refusal)));
}

/// With one way to pay there is nothing to choose.
async fn choose_method(
    talk: &mut Talk<'_>,
    amount: Money,
    draft: Option<DraftId>,
) -> Result<Toast, StoreError> {
    let amount = match talk.settings.topups.limits.check(amount) {
        Ok(amount) => amount,
        Err(refusal) => {
            refuse_amount(talk, refusal);
            return Ok(Toast::Silent);
        }
    };
    let offers: Vec<MethodOffer> = talk
        .ports
        .tills
        .iter()
        .map(|till| MethodOffer {
            method: till.method.name().to_owned(),
            due: till.method.due(amount),
        })
        .collect();
    match offers.as_slice() {
        [] => talk.say(&Reply::Topup(TopupReply::Unavailable)),
        [only] => {
            let method = only.method.clone();
            return pay(talk, &method, amount, draft).await;
        }
        _ => talk.say(&Reply::Topup(TopupReply::Methods {
            amount,
            offers,
            draft,
        })),
    }
    Ok(Toast::Silent)
}

async fn pay(
    talk: &mut Talk<'_>,
    method: &str,
    amount: Money,
    draft: Option<DraftId>,
) -> Result<Toast, StoreError> {
    let Some(till) = talk.ports.tills.of(method).cloned() else {
        return Ok(Toast::Outdated);
    };
    if let Err(refusal) = talk.settings.topups.limits.check(amount) {
        refuse_amount(talk, refusal);
        return Ok(Toast::Silent);
    }
    match till.receipt {
        Receipt::NotNeeded => begin(talk, &till, amount, draft, None),
        Receipt::ByEmail => match talk.ports.topups.last_email(talk.user_id()).await? {
            Some(email) => begin(talk, &till, amount, draft, Some(email)),
            None => ask_email(talk, method.to_owned(), amount, draft),
        },
    }
    Ok(Toast::Silent)
}

/// Writes the top-up with its message; the cashier goes on with it.
fn begin(
    talk: &mut Talk<'_>,
    till: &Till,
    amount: Money,
    draft: Option<DraftId>,
    email: Option<Email>,
) {
    let due = till.method.due(amount);
    let topup = NewTopup {
        id: TopupId::new(talk.ports.ids.id()),
        user: talk.user_id(),
        chat: talk.user.chat,
        method: till.method.name().to_owned(),
        amount,
        due: PaidSum {
            amount: due.amount,
            currency: due.currency.to_owned(),
        },
        language: talk.language(),
        email,
        draft,
        created_at: talk.now,
    };
    let message = NewOutbox {
        key: talk.message_key(),
        chat: talk.user.chat,
        slot: Some(topup_slot(&topup)),
        body: OutboxBody::pay_card(&topup.id),
        created_at: talk.now,
    };
    talk.commit.outbox.push(message);
    talk.cashier = Some(topup.method.clone());
    talk.commit.topups.push(topup);
}
