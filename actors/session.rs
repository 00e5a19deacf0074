//! placeholder
mod bonus;
pub mod conversation;
mod other;
mod requests;
mod taps;
