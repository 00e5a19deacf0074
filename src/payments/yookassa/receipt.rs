//! What a fiscal receipt needs (54-FZ; contract, *Receipts*).
//!
//! One line for the whole sum, so that lines always add up to the payment.

use serde::Serialize;

use super::sum::Sum;
use crate::config;

/// `receipt` of a payment or a partial refund.
#[derive(Serialize)]
pub(super) struct Receipt<'a> {
    customer: Customer<'a>,
    items: [Item<'a>; 1],
    /// Sold at a distance.
    internet: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    tax_system_code: Option<u8>,
}

#[derive(Serialize)]
struct Customer<'a> {
    email: &'a str,
}

#[derive(Serialize)]
struct Item<'a> {
    description: &'a str,
    quantity: u8,
    amount: Sum,
    vat_code: u8,
    measure: &'a str,
    payment_mode: &'a str,
    payment_subject: &'a str,
}

impl<'a> Receipt<'a> {
    /// A receipt for this sum, paid or given back: both name the same thing.
    pub fn of(settings: &'a config::Yookassa, email: &'a str, amount: Sum) -> Receipt<'a> {
        let item = Item {
            description: &settings.receipt_item,
            quantity: 1,
            amount,
            vat_code: settings.receipt_vat_code,
            measure: &settings.receipt_measure,
            payment_mode: &settings.receipt_mode,
            payment_subject: &settings.receipt_subject,
        };
        let tax_system = settings.receipt_tax_system;
        Receipt {
            customer: Customer { email },
            items: [item],
            internet: true,
            tax_system_code: (tax_system > 0).then_some(tax_system),
        }
    }
}
