//! Calls about Telegram Stars, for the payment method and for the question before a payment.
//!
//! Promises what the call layer promises: whether a call surely was not made, was refused, or
//! may have been made. Decides nothing about money.

use rei_actors::ports::payments::PaymentError;
use serde::{Deserialize, Serialize};
use teloxide_core::payloads::{AnswerPreCheckoutQuery, CreateInvoiceLink, RefundStarPayment};
use teloxide_core::requests::Payload;
use teloxide_core::types::{LabeledPrice, PreCheckoutQueryId, TelegramTransactionId, UserId};

use super::call::{BotApi, CallError};

/// What a second refund of a payment is answered with (contract, 11).
const REFUNDED_ALREADY: &str = "CHARGE_ALREADY_REFUNDED";

/// An invoice to be made.
#[derive(Clone, Debug)]
pub struct NewInvoice<'a> {
    /// At most 32 characters.
    pub title: &'a str,
    /// At most 255 characters.
    pub description: &'a str,
    /// Comes back with everything that happens to the invoice; at most 128 bytes.
    pub payload: &'a str,
    /// Whole Stars.
    pub amount: u32,
}

/// A movement of Stars, as the list has it.
#[derive(Clone, Debug, Deserialize)]
pub struct Transaction {
    /// The same for a payment and its refund.
    pub id: String,
    pub amount: i64,
    /// Seconds since the Unix epoch.
    pub date: i64,
    /// Who paid; `None` for what goes out.
    pub source: Option<Partner>,
    /// Who is paid; `None` for what comes in.
    pub receiver: Option<Partner>,
}

/// The other side of a movement.
#[derive(Clone, Debug, Deserialize)]
pub struct Partner {
    /// `user`, `fragment`, `telegram_ads` and what comes to that.
    pub r#type: String,
    /// What a movement from or to a person is about: an invoice, a gift, paid media.
    pub transaction_type: Option<String>,
    pub user: Option<Person>,
    pub invoice_payload: Option<String>,
}

impl Partner {
    /// Whether it is a person who paid an invoice, or got his payment back.
    pub fn is_of_an_invoice(&self) -> bool {
        self.r#type == "user" && self.transaction_type.as_deref() == Some("invoice_payment")
    }
}

/// A person, as far as he is read.
#[derive(Clone, Debug, Deserialize)]
pub struct Person {
    pub id: i64,
}

#[derive(Deserialize)]
struct Transactions {
    transactions: Vec<Transaction>,
}

/// `getStarTransactions`; the library's own payload has limits of another type.
#[derive(Serialize)]
struct GetStarTransactions {
    offset: u64,
    limit: u8,
}

impl Payload for GetStarTransactions {
    type Output = ();

    const NAME: &'static str = "GetStarTransactions";
}

/// Stars of one bot.
#[derive(Clone, Debug)]
pub struct StarsApi {
    api: BotApi,
}

impl StarsApi {
    /// The Stars of the bot that this calls for.
    pub fn new(api: BotApi) -> StarsApi {
        StarsApi { api }
    }

    /// Makes an invoice and gives the address at which it is paid.
    pub async fn invoice(&self, invoice: &NewInvoice<'_>) -> Result<String, PaymentError> {
        let price = LabeledPrice::new(invoice.title, invoice.amount);
        let call = CreateInvoiceLink::new(
            invoice.title,
            invoice.description,
            invoice.payload,
            "XTR",
            vec![price],
        );
        // A link that was made and lost costs nothing: the next one is as good.
        let made: Result<String, CallError> = self.api.call(&call).await;
        made.map_err(|error| classify(error, Effect::None))
    }

    /// Answers the question before a payment. Lost or late, no money moves.
    pub async fn answer_checkout(
        &self,
        query: &str,
        answer: Result<(), String>,
    ) -> Result<(), PaymentError> {
        let id = PreCheckoutQueryId(query.to_owned());
        let mut call = AnswerPreCheckoutQuery::new(id, answer.is_ok());
        call.error_message = answer.err();
        let answered: Result<bool, CallError> = self.api.call(&call).await;
        answered
            .map(|_| ())
            .map_err(|error| classify(error, Effect::None))
    }

    /// Gives a payment back as a whole. A payment that was given back before is a success.
    pub async fn refund(&self, user: i64, charge: &str) -> Result<(), PaymentError> {
        let user = u64::try_from(user).map_err(|_| PaymentError::Broken {
            cause: "the payer is no person",
        })?;
        let id = TelegramTransactionId(charge.to_owned());
        let call = RefundStarPayment::new(UserId(user), id);
        let refunded: Result<bool, CallError> = self.api.call(&call).await;
        match refunded {
            Ok(_) => Ok(()),
            Err(CallError::Refused(refusal)) if refusal.description.contains(REFUNDED_ALREADY) => {
                Ok(())
            }
            Err(error) => Err(classify(error, Effect::Money)),
        }
    }

    /// A page of movements, oldest first.
    pub async fn transactions(
        &self,
        offset: u64,
        limit: u8,
    ) -> Result<Vec<Transaction>, PaymentError> {
        let call = GetStarTransactions { offset, limit };
        let page: Result<Transactions, CallError> = self.api.call(&call).await;
        page.map(|page| page.transactions)
            .map_err(|error| classify(error, Effect::None))
    }
}

/// What a call can do though its answer is lost.
#[derive(Clone, Copy)]
enum Effect {
    None,
    Money,
}

fn classify(error: CallError, effect: Effect) -> PaymentError {
    let later = |after, cause| PaymentError::Retryable { after, cause };
    match error {
        CallError::NotSent => later(None, "no connection"),
        CallError::Lost | CallError::Gateway { .. } => match effect {
            Effect::None => later(None, "the answer was lost"),
            Effect::Money => PaymentError::Ambiguous {
                cause: "the answer was lost",
            },
        },
        CallError::Refused(refusal) => match refusal.code {
            429 => later(refusal.retry_after, "telegram asks to slow down"),
            401 | 404 => PaymentError::Broken {
                cause: "the bot's token is refused",
            },
            500..=599 => later(None, "telegram is failing"),
            _ => PaymentError::Refused {
                reason: word_of(&refusal.description),
            },
        },
    }
}

/// The refusal's word: `Bad Request: CHARGE_ID_INVALID` is `charge_id_invalid`.
fn word_of(description: &str) -> String {
    let word = description.rsplit(' ').next().unwrap_or_default();
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    if !word.is_empty() && word.len() <= 64 && word.chars().all(is_plain) {
        word.to_ascii_lowercase()
    } else {
        "refused".to_owned()
    }
}
