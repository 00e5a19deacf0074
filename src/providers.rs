//! Providers: one file each, behind the port `Provider`.

mod call;
pub mod download;
mod fal;
mod kling;
mod nano_banana;

pub use fal::{Fal, SetupError as FalSetupError};
pub use kling::{Kling, SetupError as KlingSetupError};
pub use nano_banana::{NanoBanana, SetupError};
