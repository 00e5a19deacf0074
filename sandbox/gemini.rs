//! The Gemini image API on loopback.
//!
//! A placeholder that serves nothing yet: it only holds the place in the server.

use actix_web::web::ServiceConfig;

/// How the emulator is set up.
#[derive(Clone)]
pub struct Config {
    /// The key callers must present.
    pub api_key: String,
}

/// The emulator, from inside the process.
#[derive(Clone)]
pub struct Handle {
    _config: Config,
}

impl Handle {
    /// An emulator that knows no calls yet.
    pub fn new(config: Config) -> Handle {
        Handle { _config: config }
    }
}

/// Adds the routes of the emulator to a server.
pub fn configure(_service: &mut ServiceConfig, _handle: &Handle) {}
