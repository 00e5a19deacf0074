//! Providers: one file each, behind the port `Provider`.

mod call;
pub mod download;
mod kling;
mod nano_banana;

pub use kling::{Kling, SetupError as KlingSetupError};
pub use nano_banana::{NanoBanana, SetupError};
