//! Kling's video API on loopback, in both generations, with its callbacks and its files.
//!
//! A caller talks to it over HTTP as to Kling, under the prefix `/kling`. A test, or a person,
//! sets the account and orders faults: [`Handle`], or `/control/kling`.
//!
//! Promised: keys and tokens, every rule the official pages state for the live models, files of
//! an order fetched and looked into, tasks that go on by a clock a test moves, ids of the
//! caller's that are never taken twice, bills by the official list, limits on parallel tasks and
//! on money, every documented code on request, callbacks with Standard Webhooks, and MP4 files
//! that play.
//!
//! Deliberately absent: pictures, try-on, lengthening, elements and voices as things one makes,
//! and any judgement of what a prompt says. Nothing is kept beyond the process.

mod account;
mod control;
mod create;
mod faults;
mod fields;
mod film;
mod handle;
mod http;
mod legacy;
mod lists;
mod model;
mod order;
mod refusal;
mod results;
mod spoil;
mod state;
mod task;
mod token;

pub use crate::calls::{Answered, Call};
pub use crate::outbox::{Callbacks, Delivery, DeliveryState, Proof};
pub use crate::standard_webhooks::Signing;
pub use account::{
    ACCESS_KEY, API_KEY, Account, EditDuration, MissingTask, PayBy, Retired, SECRET_KEY,
    UNIT_MICROS,
};
pub use faults::{Fault, FaultKind, MAGIC_WORDS, RISK_CONTROL};
pub use handle::Handle;
pub use refusal::CODES;
pub use task::{End, RESULTS_KEPT};

/// Routes `/kling/*` and `/control/kling/*`.
pub fn configure(service: &mut actix_web::web::ServiceConfig, handle: &Handle) {
    service.app_data(actix_web::web::Data::new(handle.clone()));
    results::configure(service);
    http::configure(service);
    control::configure(service);
}
