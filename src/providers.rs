//! Providers: one file each, behind the port `Provider`.

mod nano_banana;

pub use nano_banana::{NanoBanana, SetupError};
