//! Coordinates: supervised actors, one per concern, and the ports they need from outside.
//!
//! Actors are thin: they order work, hold back-pressure and time, and leave decisions to
//! `rei_domain` and everything that touches the world to the ports. Nothing that must not be
//! lost lives in an actor or its mailbox: a restart reads its state back from rows.

pub mod supervision;

pub mod audit;
pub mod batch;
pub mod bell;
pub mod gate;
pub mod meter;
pub mod metrics;
pub mod mirror;
pub mod notary;
pub mod nudges;
pub mod orders;
pub mod patience;
pub mod ports;

pub mod cashier;
pub mod courier;
pub mod etas;
pub mod gc;
pub mod intake;
pub mod late;
pub mod ledger;
pub mod poller;
pub mod provider;
pub mod renewals;
pub mod routes;
pub mod routine;
pub mod runner;
pub mod scheduler;
pub mod series;
pub mod session;
