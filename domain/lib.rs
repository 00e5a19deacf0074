//! Decides: the rules of money, prices, drafts, jobs and conversations.
//!
//! Everything here is a pure function of its arguments: no async, no IO, no clock, no
//! randomness, no serde. `now`, ids and nonces come in as values, so a month of use can be
//! replayed in milliseconds and a decision can be tested without a house around it.

pub mod admin;
pub mod audit;
pub mod billing;
pub mod breaker;
pub mod catalogue;
pub mod conversation;
pub mod draft;
pub mod eta;
pub mod health;
pub mod ids;
pub mod job;
pub mod lanes;
pub mod ledger;
pub mod metering;
pub mod money;
pub mod pace;
pub mod payment;
pub mod pricing;
pub mod rates;
pub mod receipt;
pub mod refund;
pub mod retries;
pub mod routing;
pub mod series;
pub mod spec;
pub mod statement;
pub mod time;
pub mod topup;
pub mod turns;
pub mod usage;
