//! Ports: what the actors need from outside. Adapters in the root package implement them.
//!
//! Errors are classified by what the caller does next, never by what the wire said.

pub mod acts;
pub mod assets;
pub mod audit;
pub mod caps;
pub mod checkpoints;
pub mod clock;
pub mod commands;
pub mod drafts;
pub mod inbox;
pub mod intake;
pub mod jobs;
pub mod ledger;
pub mod links;
pub mod messenger;
pub mod mirror;
pub mod notices;
pub mod outbox;
pub mod payments;
pub mod provider;
pub mod rates;
pub mod retention;
pub mod routes;
pub mod series;
pub mod statements;
pub mod topups;
pub mod updates;
pub mod usage;
pub mod users;
pub mod view;

/// Why a store could not answer.
///
/// A write that ends in `Retryable` may have happened: the commit can succeed and its answer
/// be lost. Every write of these ports is therefore safe to repeat with the same arguments.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The database, or the place of pictures, is away, busy or restarting; the same call may work
    /// later.
    #[error("the store does not answer: {0}")]
    Retryable(String),
    /// A statement, a row or an object is wrong; repeating will not help.
    #[error("the store refused what it was asked: {0}")]
    Broken(String),
}
