//! placeholder
pub mod delivery;
pub mod rounds;
