//! Ways to pay: one file each, behind the port `PaymentMethod`.

pub mod stars;
mod yookassa;

pub use yookassa::{SetupError, Yookassa};
