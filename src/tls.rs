//! The cryptography of TLS.

use rustls::crypto::{CryptoProvider, ring};

/// Chooses it, once in a process. Whoever builds an HTTP client calls this before: two providers
/// may be linked, and then neither is the default by itself.
pub fn install_crypto() {
    if CryptoProvider::get_default().is_none() {
        // Losing a race here means that a provider is installed, which is all we want.
        let _ = ring::default_provider().install_default();
    }
}
