//! Touches the outside world and wires the house together.

pub mod assets;
pub mod boot;
pub mod cli;
pub mod clips;
pub mod config;
pub mod http;
pub mod links;
pub mod logging;
pub mod media;
pub mod payments;
pub mod pictures;
pub mod providers;
pub mod rates;
pub mod receipts;
pub mod retention;
pub mod store;
pub mod telegram;
pub mod tls;
pub mod webhooks;

#[cfg(test)]
mod loopback;
