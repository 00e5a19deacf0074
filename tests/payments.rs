//! What every way to pay promises, and each way by itself.

mod conformance;
mod stars;
mod yookassa;
