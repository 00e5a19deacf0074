//! Pretends: the outside world on loopback.
