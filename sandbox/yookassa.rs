//! YooKassa's API v3 on loopback, with its checkout page and its notifications.
//!
//! A shop talks to it over HTTP as to YooKassa, under the prefix `/yookassa/v3`. A test, or a
//! person at the checkout page, plays the payer and the merchant's cabinet: [`Handle`], or
//! `/control/yookassa`.
//!
//! Promised: credentials, idempotence keys kept for 24 hours, payments and refunds with their
//! states, sums that are guarded, receipts on demand, lists with cursors, errors of the
//! documented table, and notifications that are repeated until the answer is exactly 200. All
//! of it goes by a clock that a test moves forward.
//!
//! Deliberately absent: saved methods, invoices, payouts, deals, splits, `GET /receipts`,
//! OAuth, and limits on the rate of calls. Nothing is kept beyond the process.

pub(crate) mod courier;

mod amount;
mod cabinet;
mod calls;
mod chance;
mod checkout;
mod control;
mod declines;
mod faults;
mod fields;
mod handle;
pub(crate) mod html;
mod http;
mod idempotence;
mod lists;
mod moment;
mod notices;
mod operation;
mod order;
mod payment;
mod receipt;
mod refund;
mod refusal;
mod shelf;
mod shop;
mod signature;
mod spoil;
mod state;
mod till;

pub use calls::{Answered, Call};
pub use faults::{Fault, FaultKind};
pub use handle::Handle;
pub use notices::{Delivery, DeliveryState, EVENTS, Notice, Notifications, Order, Tally};
pub use refund::{RefundEnd, RefundPlan};
pub use refusal::Refusal;
pub use shop::{Environment, Method, Receipts, SECRET_KEY, SHOP_ID, Shop};
pub use signature::Signing;
pub use till::TIME_TO_PAY;

/// Routes `/yookassa/*` and `/control/yookassa/*`.
pub fn configure(service: &mut actix_web::web::ServiceConfig, handle: &Handle) {
    service.app_data(actix_web::web::Data::new(handle.clone()));
    http::configure(service);
    checkout::configure(service);
    cabinet::configure(service);
    control::configure(service);
}
