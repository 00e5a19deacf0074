//! The Telegram Bot API on loopback, and the people on its other side.
//!
//! A bot talks to it over HTTP as to Telegram, by long polling or a webhook. A test, or a
//! person at the chat page, plays the people: [`Handle::player`] gives someone who writes,
//! sends pictures, presses buttons and blocks the bot.
//!
//! It promises the wire: shapes, limits and the exact texts of refusals
//! (Bot API 10.1, <https://core.telegram.org/bots/api>; texts from `tdlib/telegram-bot-api`).
//! It deliberately has private chats only, payments by Stars alone, no Markdown parse modes, no files by
//! URL, and keeps pictures as sent where Telegram compresses them.

pub(crate) mod http;
pub(crate) mod invoice;
pub(crate) mod params;
pub(crate) mod webhook;

mod bot;
mod calls;
mod chat;
mod entities;
mod error;
mod faults;
mod handle;
mod keyboard;
mod limits;
mod media;
mod methods;
mod player;
mod polling;
mod stars;
mod state;
mod updates;
mod view;
mod wire;

use crate::clock;

pub use calls::{Answered, Call};
pub use chat::{Author, Message, Presence, Toast};
pub use entities::{Entity, FormattedText};
pub use faults::{Fault, FaultKind, Faults};
pub use handle::Handle;
pub use keyboard::{Button, ButtonAction};
pub use limits::{FloodLimits, Rate};
pub use media::{Media, MediaKind};
pub use player::Player;
