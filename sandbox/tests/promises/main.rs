//! What the sandbox promises, over the wire and from inside.

mod callbacks;
mod control;
mod fal;
mod faults;
mod files;
mod messages;
mod polling;
mod stars;
mod support;
mod webhook;
mod yookassa;
