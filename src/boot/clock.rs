//! The real clock and the real source of ids.

use rei_actors::ports::clock::{Clock, Ids};
use rei_domain::time::Moment;
use uuid::Uuid;

/// The system's wall clock, UTC.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        Moment(chrono::Utc::now().timestamp_micros())
    }
}

/// UUIDs: ids sort by the time of their making, nonces are random.
#[derive(Clone, Copy, Debug)]
pub struct UuidIds;

impl Ids for UuidIds {
    fn id(&self) -> String {
        Uuid::now_v7().simple().to_string()
    }

    fn nonce(&self) -> String {
        let digits = Uuid::new_v4().simple().to_string();
        // Without the version and variant digits, which are the same in every UUID.
        digits[20..32].to_owned() + &digits[0..4]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_nonces_have_the_promised_form() {
        let (id, nonce) = (UuidIds.id(), UuidIds.nonce());
        assert_eq!((id.len(), nonce.len()), (32, 16));
        assert!((id + &nonce).bytes().all(|b| b.is_ascii_hexdigit()));
        assert_ne!(UuidIds.nonce(), UuidIds.nonce());
    }
}
