//! Ways to pay: one file each, behind the port `PaymentMethod`.

mod yookassa;

pub use yookassa::{SetupError, Yookassa};
