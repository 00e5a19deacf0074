//! What waits for too long (I15, I16, I24). It says that nobody works, not that rows are wrong,
//! so it is overdue and never broken.

use rei_domain::time::Span;

use super::check::{Check, Patience};
use crate::store::stmt::statements;

/// A job that is past its deadline by this much should have failed and given its money back.
const DEADLINE_GRACE: Span = Span::from_secs(15 * 60);

/// A paid picture should have reached its user by then.
const DELIVERY_GRACE: Span = Span::from_secs(60 * 60);

/// An update should have been processed by then.
const UPDATE_GRACE: Span = Span::from_secs(10 * 60);

pub(super) const CHECKS: &[Check] = &[
    Check {
        invariant: "I15",
        sentence: "a paid picture reaches its user within an hour, if Telegram lets it",
        text: UNDELIVERED,
        patience: Patience::For(DELIVERY_GRACE),
    },
    Check {
        invariant: "I16",
        sentence: "a job is finished fifteen minutes after its deadline",
        text: LATE_JOBS,
        patience: Patience::For(DEADLINE_GRACE),
    },
    Check {
        invariant: "I24",
        sentence: "an update is processed within ten minutes",
        text: LATE_UPDATES,
        patience: Patience::For(UPDATE_GRACE),
    },
];

statements! {
    // A user who blocked the bot is waited for.
    UNDELIVERED = "
        SELECT COUNT(*) AS broken,
               MIN('job ' || job.id || ': message ' || message.state) AS example
        FROM jobs job JOIN outbox message ON message.key = 'result:' || job.id
        WHERE job.state = 'settled' AND job.finished_at < ? AND message.state <> 'unreachable'";

    LATE_JOBS = "
        SELECT COUNT(*) AS broken, MIN('job ' || id || ' is ' || state) AS example
        FROM jobs
        WHERE state IN ('queued', 'leased', 'submitting', 'running', 'rendered', 'unknown')
          AND deadline_at < ?";

    LATE_UPDATES = "
        SELECT COUNT(*) AS broken, MIN('update ' || update_id) AS example
        FROM inbox WHERE processed_at IS NULL AND received_at < ?";
}
