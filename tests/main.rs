//! Promises: the whole house on real databases, with the sandbox for the outside world.
//!
//! One binary, so that it is linked once. A test's name is the promise it keeps.

mod support;

mod admin;
mod conformance;
mod conversations;
mod crashes;
mod fallback;
mod page;
mod payments;
mod providers;
mod rates;
mod statements;
mod storage;
mod tidy;
mod topups;
mod videos;
