//! Stars: invoices by a link, answers before a payment, refunds and the list.

use serde_json::{Value, json};

use super::Success;
use crate::telegram::entities::units;
use crate::telegram::error::ApiError;
use crate::telegram::params::Params;
use crate::telegram::stars::{self, Invoice};
use crate::telegram::state::State;

/// The longest title and description in characters, and payload in bytes (Bot API,
/// `createInvoiceLink`).
const TITLE_UNITS_MAX: usize = 32;
const DESCRIPTION_UNITS_MAX: usize = 255;
const PAYLOAD_BYTES_MAX: usize = 128;

/// Transactions in one answer (Bot API, `getStarTransactions`).
const TRANSACTIONS_MAX: i64 = 100;

pub fn create_invoice_link(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    let invoice = invoice(params)?;
    let slug = state.fresh_id();
    state.stars.invoices.insert(slug.clone(), invoice);
    let base = state.invoice_base.clone();
    Ok(Success::of(json!(format!(
        "{base}/telegram-invoice/{slug}"
    ))))
}

fn invoice(params: &Params) -> Result<Invoice, ApiError> {
    let text = |name: &str| params.text(name).unwrap_or_default();
    let (title, description, payload) = (text("title"), text("description"), text("payload"));
    if title.is_empty() || units(&title) > TITLE_UNITS_MAX {
        return Err(ApiError::bad_request("INVOICE_TITLE_INVALID"));
    }
    if description.is_empty() || units(&description) > DESCRIPTION_UNITS_MAX {
        return Err(ApiError::bad_request("INVOICE_DESCRIPTION_INVALID"));
    }
    if payload.is_empty() || payload.len() > PAYLOAD_BYTES_MAX {
        return Err(ApiError::bad_request("INVOICE_PAYLOAD_INVALID"));
    }
    if text("currency") != "XTR" {
        return Err(ApiError::bad_request("CURRENCY_INVALID"));
    }
    if !text("provider_token").is_empty() {
        return Err(ApiError::bad_request("PROVIDER_INVALID"));
    }
    let prices = params.json("prices")?.unwrap_or_default();
    let Some([price]) = prices.as_array().map(Vec::as_slice) else {
        return Err(ApiError::bad_request(
            "one price is needed for Telegram Stars",
        ));
    };
    let amount = price["amount"].as_i64().filter(|amount| *amount > 0);
    let label = price["label"].as_str().filter(|label| !label.is_empty());
    let (Some(amount), Some(_)) = (amount, label) else {
        return Err(ApiError::bad_request("STARS_INVOICE_INVALID"));
    };
    Ok(Invoice {
        title,
        description,
        payload,
        amount,
    })
}

pub fn answer_pre_checkout_query(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    let id = params.text("pre_checkout_query_id").unwrap_or_default();
    let answer = if params.flag("ok") {
        Ok(())
    } else {
        let message = params.text("error_message").unwrap_or_default();
        if message.is_empty() {
            return Err(ApiError::bad_request(
                "error_message is needed when ok is false",
            ));
        }
        Err(message)
    };
    stars::answer(state, &id, answer)?;
    Ok(Success::done())
}

pub fn refund_star_payment(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    let user = params.integer("user_id").unwrap_or_default();
    let charge = params
        .text("telegram_payment_charge_id")
        .unwrap_or_default();
    stars::refund(state, user, &charge)?;
    Ok(Success::done())
}

pub fn get_star_transactions(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    let offset = params.integer("offset").unwrap_or(0);
    let limit = params.integer("limit").unwrap_or(TRANSACTIONS_MAX);
    if offset < 0 || !(1..=TRANSACTIONS_MAX).contains(&limit) {
        return Err(ApiError::bad_request("wrong offset or limit"));
    }
    let skip = usize::try_from(offset).unwrap_or(usize::MAX);
    let take = usize::try_from(limit).unwrap_or(0);
    let page = state.stars.transactions.iter().skip(skip).take(take);
    let page: Vec<Value> = page.map(|it| stars::shown(state, it)).collect();
    Ok(Success::of(json!({ "transactions": page })))
}

pub fn get_my_star_balance(state: &mut State, _: &Params) -> Result<Success, ApiError> {
    Ok(Success::of(json!({ "amount": state.stars.earned() })))
}
