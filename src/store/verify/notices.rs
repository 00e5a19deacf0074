//! Payment notices that wait (I24). Overdue and never broken: the payment method itself may be
//! away, and nothing is credited without its word.

use rei_domain::time::Span;

use super::check::{Check, Patience};
use crate::store::stmt::statements;

/// A notice should have been processed or set aside by then.
const NOTICE_GRACE: Span = Span::from_secs(10 * 60);

pub(super) const CHECKS: &[Check] = &[Check {
    invariant: "I24",
    sentence: "a payment notice is processed within ten minutes",
    text: LATE_NOTICES,
    patience: Patience::For(NOTICE_GRACE),
}];

statements! {
    LATE_NOTICES = "
        SELECT COUNT(*) AS broken, MIN('notice ' || id || ' of ' || method) AS example
        FROM notices WHERE finished_at IS NULL AND received_at < ?";
}
