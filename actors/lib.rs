//! Coordinates: supervised actors and the ports they need.
