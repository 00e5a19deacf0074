//! Touches the outside world and wires the house together.

pub mod config;
pub mod logging;
