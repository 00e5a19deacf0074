//! Touches the outside world and wires the house together.

pub mod assets;
pub mod pictures;
pub mod store;
pub mod telegram;
