//! Coordinates: supervised actors and the ports they need.

pub mod batch;
pub mod gate;
pub mod metrics;
pub mod supervision;
