//! The id of a notification under Standard Webhooks, which a signing proxy in front of the shop
//! would add. YooKassa itself signs nothing.

use sha2::{Digest, Sha256};

use crate::hex::hex;
pub use crate::standard_webhooks::Signing;

/// Characters of the hash in a `webhook-id`.
const ID_CHARS: usize = 24;

/// The id every delivery of one event shares.
pub fn webhook_id(event: &str, object_id: &str) -> String {
    let hash = hex(&Sha256::digest(format!("{event}:{object_id}")));
    format!("yk_{}", &hash[..ID_CHARS])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redeliveries_share_an_id_and_events_do_not() {
        let id = webhook_id("payment.succeeded", "a");
        assert_eq!(id, webhook_id("payment.succeeded", "a"));
        assert_ne!(id, webhook_id("payment.canceled", "a"));
        assert_eq!(id.len(), 3 + ID_CHARS);
    }
}
