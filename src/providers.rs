//! Providers: one file each, behind the port `Provider`.

mod call;
pub mod download;
mod fal;
mod kling;
mod nano_banana;

/// Where a provider sends its news; `None` where it cannot, or must not. Asked at each submit,
/// because the listener is bound after the providers are set up.
pub type CallbackAddress = std::sync::Arc<dyn Fn() -> Option<String> + Send + Sync>;

pub use fal::{CallbackKeys, Fal, SetupError as FalSetupError};
pub use kling::{Kling, SetupError as KlingSetupError};
pub use nano_banana::{NanoBanana, SetupError};
