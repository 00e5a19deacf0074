//! fal.ai's queue on loopback: pictures by Nano Banana, videos by Kling, signed webhooks.
//!
//! A caller talks to it over HTTP as to fal, under the prefix `/fal`. A test, or a person, sets
//! the account and orders faults: [`Handle`], or `/control/fal`.
//!
//! Promised: the key, the models of both families with their fields and defaults, a queue with
//! places, priorities and positions that goes by a clock a test moves, cancelling, both shapes of
//! errors, webhooks signed by keys that can be rotated, and files that open and play.
//!
//! Deliberately absent: synchronous calls, the stream of statuses, uploads to fal's own store,
//! the history of requests, and any judgement of what a prompt says. Nothing is kept beyond the
//! process.

mod account;
mod banana;
mod control;
mod failure;
mod faults;
mod fields;
mod files;
mod handle;
mod http;
mod kling;
mod plan;
mod request;
mod signing;
mod spoil;
mod state;

pub use crate::calls::{Answered, Call};
pub use crate::outbox::{Callbacks, Delivery, DeliveryState, Proof};
pub use account::{API_KEY, Account, Kling15, RunningCancel, USER_ID};
pub use failure::{Failure, Shape};
pub use faults::{Fault, FaultKind, MAGIC_WORDS};
pub use handle::Handle;

/// Routes `/fal/*` and `/control/fal/*`.
pub fn configure(service: &mut actix_web::web::ServiceConfig, handle: &Handle) {
    service.app_data(actix_web::web::Data::new(handle.clone()));
    files::configure(service);
    http::configure(service);
    control::configure(service);
}
