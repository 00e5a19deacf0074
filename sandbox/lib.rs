//! Pretends: the outside world on loopback.

pub mod gemini;
