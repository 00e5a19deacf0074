//! Telegram: the only place that knows its wire, its limits and its words.

pub mod catalogue;
pub mod commands;
pub mod view;
