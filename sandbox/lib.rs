//! Pretends: the outside world on loopback.
//!
//! One address serves every emulator under a prefix of its own (`/telegram`, `/gemini`,
//! `/kling`, `/fal`, `/yookassa`, `/s3`), a control API (`/control`) by which a test plays the people and
//! orders faults, and a chat page (`/`). Other people's clients work against it unchanged; see `README.md`.
//!
//! Nothing is kept beyond the process, nothing is fetched from elsewhere, and there are no
//! users to authenticate: whoever reaches the address may do anything. So it binds to loopback
//! unless told otherwise.

pub mod fal;
pub mod gemini;
pub mod kling;
pub mod s3;
pub mod telegram;
pub mod video;
pub mod yookassa;

mod broken;
mod calls;
mod clock;
mod control;
mod faults;
mod hex;
mod inputs;
mod outbox;
mod page;
mod patch;
mod server;
mod stage;
mod standard_webhooks;

pub use server::{Config, Exposure, Sandbox};
