//! Stars: invoices by a link, the question before a payment, payments, refunds, and the list of
//! transactions that the bot can ask for (Bot API, "Payments"; currency `XTR`).

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::chat::{Author, Message, Toast};
use super::entities::FormattedText;
use super::error::ApiError;
use super::state::State;
use super::wire;

/// A question before a payment has to be answered within this (Bot API,
/// `answerPreCheckoutQuery`).
pub const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// What a person has at first.
const STARS_AT_FIRST: i64 = 10_000;

/// An invoice that a bot made.
#[derive(Clone, Debug)]
pub struct Invoice {
    pub title: String,
    pub description: String,
    pub payload: String,
    pub amount: i64,
}

/// A question that waits for the bot.
#[derive(Clone, Debug)]
pub struct Checkout {
    pub user: i64,
    pub invoice: String,
    pub asked: Duration,
    /// What the bot answered: yes, or why not.
    pub answer: Option<Result<(), String>>,
}

/// One movement of Stars.
#[derive(Clone, Debug)]
pub struct Transaction {
    /// The same for a payment and its refund.
    pub id: String,
    pub user: i64,
    pub amount: i64,
    pub payload: String,
    /// Seconds since the Unix epoch.
    pub date: i64,
    pub direction: Direction,
}

/// Where Stars go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    In,
    Out,
    /// Something that is about no invoice: a gift, a withdrawal.
    Elsewhere,
}

/// Everything about Stars.
#[derive(Debug, Default)]
pub struct Stars {
    /// By the end of their link.
    pub invoices: BTreeMap<String, Invoice>,
    pub checkouts: BTreeMap<String, Checkout>,
    /// In the order in which they happened.
    pub transactions: Vec<Transaction>,
    /// What people have, as far as it is not what they had at first.
    balances: BTreeMap<i64, i64>,
}

impl Stars {
    /// What a person has.
    pub fn balance(&self, user: i64) -> i64 {
        self.balances.get(&user).copied().unwrap_or(STARS_AT_FIRST)
    }

    /// What the bot has earned.
    pub fn earned(&self) -> i64 {
        let signed = self.transactions.iter().map(|it| match it.direction {
            Direction::In => it.amount,
            Direction::Out => -it.amount,
            Direction::Elsewhere => 0,
        });
        signed.sum()
    }

    fn give(&mut self, user: i64, amount: i64) {
        let balance = self.balance(user) + amount;
        self.balances.insert(user, balance);
    }

    /// The payment with this id, and whether it was given back.
    fn payment(&self, id: &str) -> Option<(Transaction, bool)> {
        let is = |direction| move |it: &&Transaction| it.id == id && it.direction == direction;
        let paid = self.transactions.iter().find(is(Direction::In))?;
        let refunded = self.transactions.iter().any(|it| is(Direction::Out)(&it));
        Some((paid.clone(), refunded))
    }
}

/// A person opens the invoice and presses *pay*: the bot is asked. Gives the question's id.
pub fn ask(state: &mut State, user: i64, invoice: &str) -> Result<String, String> {
    let known = state.stars.invoices.get(invoice).cloned();
    let known = known.ok_or("there is no such invoice")?;
    if state.stars.balance(user) < known.amount {
        return Err("there are not enough Stars".to_owned());
    }
    let id = state.fresh_id();
    let now = state.clock.now();
    let chat = state.chats.get(&user).ok_or("there is no such person")?;
    let query = json!({
        "id": id,
        "from": wire::person(chat),
        "currency": "XTR",
        "total_amount": known.amount,
        "invoice_payload": known.payload,
    });
    let checkout = Checkout {
        user,
        invoice: invoice.to_owned(),
        asked: now,
        answer: None,
    };
    state.stars.checkouts.insert(id.clone(), checkout);
    state.updates.push("pre_checkout_query", &query, now);
    Ok(id)
}

/// The bot answers a question. With a yes the Stars move and both sides are told.
pub fn answer(state: &mut State, id: &str, answer: Result<(), String>) -> Result<(), ApiError> {
    let now = state.clock.now();
    let open = state.stars.checkouts.get_mut(id).filter(|checkout| {
        checkout.answer.is_none() && now.saturating_sub(checkout.asked) < ANSWER_WITHIN
    });
    let Some(checkout) = open else {
        return Err(ApiError::bad_request(
            "query is too old and response timeout expired or query ID is invalid",
        ));
    };
    checkout.answer = Some(answer.clone());
    let checkout = checkout.clone();
    match answer {
        Ok(()) => {
            pay(state, &checkout);
        }
        Err(message) => toast(state, checkout.user, message),
    }
    Ok(())
}

/// Moves the Stars of an invoice and tells the bot. Gives the payment's id.
fn pay(state: &mut State, checkout: &Checkout) -> Option<String> {
    let invoice = state.stars.invoices.get(&checkout.invoice)?.clone();
    let id = charge(state, checkout.user, &invoice.payload, invoice.amount);
    toast(state, checkout.user, format!("⭐ {}", invoice.amount));
    Some(id)
}

/// Stars move from a person to the bot, which is told. Gives the payment's id.
pub fn charge(state: &mut State, user: i64, payload: &str, amount: i64) -> String {
    let id = format!("stx{}", state.fresh_id());
    let date = state.clock.unix_secs();
    state.stars.give(user, -amount);
    state.stars.transactions.push(Transaction {
        id: id.clone(),
        user,
        amount,
        payload: payload.to_owned(),
        date,
        direction: Direction::In,
    });
    let paid = json!({
        "currency": "XTR",
        "total_amount": amount,
        "invoice_payload": payload,
        "telegram_payment_charge_id": id,
        "provider_payment_charge_id": "",
    });
    tell(state, user, "successful_payment", &paid);
    id
}

/// Makes the bot's list longer by lines that are about no invoice.
pub fn fill(state: &mut State, lines: usize) {
    let date = state.clock.unix_secs();
    for _ in 0..lines {
        let id = state.fresh_id();
        state.stars.transactions.push(Transaction {
            id,
            user: 0,
            amount: 1,
            payload: String::new(),
            date,
            direction: Direction::Elsewhere,
        });
    }
}

/// Gives a payment back as a whole, by the bot or from outside.
pub fn refund(state: &mut State, user: i64, id: &str) -> Result<(), ApiError> {
    let (paid, refunded) = state
        .stars
        .payment(id)
        .filter(|(paid, _)| paid.user == user)
        .ok_or_else(|| ApiError::bad_request("CHARGE_ID_INVALID"))?;
    if refunded {
        return Err(ApiError::bad_request("CHARGE_ALREADY_REFUNDED"));
    }
    state.stars.give(user, paid.amount);
    let back = Transaction {
        date: state.clock.unix_secs(),
        direction: Direction::Out,
        ..paid.clone()
    };
    state.stars.transactions.push(back);
    let told = json!({
        "currency": "XTR",
        "total_amount": paid.amount,
        "invoice_payload": paid.payload,
        "telegram_payment_charge_id": id,
    });
    tell(state, user, "refunded_payment", &told);
    Ok(())
}

/// A service message of the chat. What people see of it is a line of its own.
fn tell(state: &mut State, user: i64, field: &str, content: &Value) {
    let (now, date) = (state.clock.now(), state.clock.unix_secs());
    let Some(chat) = state.chat_mut(user) else {
        return;
    };
    let amount = &content["total_amount"];
    let shown = Message {
        words: FormattedText::typed(&format!("⭐ {amount} · {field}")),
        ..chat.draft(Author::User, date)
    };
    let mut message = json!({
        "message_id": shown.id,
        "date": date,
        "chat": wire::chat(chat),
        "from": wire::person(chat),
    });
    chat.messages.push(shown);
    message[field] = content.clone();
    state.updates.push("message", &message, now);
}

fn toast(state: &mut State, user: i64, text: String) {
    if let Some(chat) = state.chat_mut(user) {
        chat.toasts.push(Toast {
            callback_id: String::new(),
            text,
            alert: true,
            url: None,
        });
    }
}

/// A transaction as the Bot API shows it.
pub fn shown(state: &State, transaction: &Transaction) -> Value {
    let user = match state.chats.get(&transaction.user) {
        Some(chat) => wire::person(chat),
        None => json!({ "id": transaction.user, "is_bot": false, "first_name": "" }),
    };
    let partner = json!({
        "type": "user",
        "transaction_type": "invoice_payment",
        "user": user,
        "invoice_payload": transaction.payload,
    });
    let (side, partner) = match transaction.direction {
        Direction::In => ("source", partner),
        Direction::Out => ("receiver", partner),
        Direction::Elsewhere => ("source", json!({ "type": "other" })),
    };
    let mut shown = json!({
        "id": transaction.id,
        "amount": transaction.amount,
        "date": transaction.date,
    });
    shown[side] = partner;
    shown
}
