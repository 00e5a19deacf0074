//! Telegram: reads what people do, says what the bot answers. The only place that knows its
//! wire, its limits and its words.
//!
//! Inward, an update is a raw body that is stored first and read later, so reading it never
//! fails and never loses it. Outward, calls go through one thin layer of our own:
//! `teloxide_core` gives the shapes of the calls, not the transport, because its transport
//! forgets status codes, sleeps ten seconds on a server error and drops message content it does
//! not know.
//!
//! This module does not pace, retry or store: the courier and the inbox do.

pub mod call;
pub mod catalogue;
pub mod checkout;
pub mod commands;
pub mod interpreter;
pub mod menu;
pub mod messenger;
pub mod polling;
pub mod source;
pub mod stars;
pub mod view;
pub mod webhook_setup;

#[cfg(test)]
mod fake;

pub use call::BotApi;
pub use interpreter::{TelegramInterpreter, chat_of};
pub use menu::publish_menu;
pub use messenger::TelegramMessenger;
pub use polling::Poller;
pub use webhook_setup::{WebhookSetup, set_webhook};

use teloxide_core::types::AllowedUpdate;

/// The kinds of updates the bot asks for, in both ways of intake. All others are not even sent,
/// and are ignored when they come during a change of this list.
pub(crate) const ALLOWED_UPDATES: [AllowedUpdate; 4] = [
    AllowedUpdate::Message,
    AllowedUpdate::CallbackQuery,
    AllowedUpdate::MyChatMember,
    AllowedUpdate::PreCheckoutQuery,
];
