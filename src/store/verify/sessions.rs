//! Usage sessions: what was sold is what was held and charged (I13, I14, I15).

use super::check::{Check, Patience};
use crate::store::stmt::statements;

pub(super) const CHECKS: &[Check] = &[
    Check {
        invariant: "I13",
        sentence: "a job has a usage session of its user and of its price",
        text: MISSING,
        patience: Patience::None,
    },
    Check {
        invariant: "I14",
        sentence: "a usage session ends with its job and for the same reason",
        text: OPEN,
        patience: Patience::None,
    },
    Check {
        invariant: "I15",
        sentence: "a usage session charges what was captured",
        text: CHARGED,
        patience: Patience::None,
    },
];

statements! {
    MISSING = "
        SELECT COUNT(*) AS broken,
               MIN('job ' || job.id || ': price ' || job.price || ', session over '
                   || COALESCE(CAST(session.held AS TEXT), 'none')) AS example
        FROM jobs job LEFT JOIN usage_sessions session ON session.job_id = job.id
        WHERE session.id IS NULL OR session.user_id <> job.user_id
           OR session.held <> job.price
           OR (session.unit = 'image' AND session.rate <> job.price)
           OR (session.unit = 'output_second' AND job.price % session.rate <> 0)
           OR (session.unit = 'output_second') <> (job.kind = 'video')";

    OPEN = "
        SELECT COUNT(*) AS broken,
               MIN('job ' || job.id || ' ended ' || COALESCE(job.ending, 'not yet')
                   || ', its session ' || COALESCE(session.end_reason, 'not yet')) AS example
        FROM jobs job JOIN usage_sessions session ON session.job_id = job.id
        WHERE COALESCE(job.ending, '') <> COALESCE(session.end_reason, '')";

    CHARGED = "
        SELECT COUNT(*) AS broken,
               MIN('job ' || job.id || ': charged ' || session.charged || ', hold ' || hold.state
                   || ' of ' || hold.amount) AS example
        FROM usage_sessions session
        JOIN jobs job ON job.id = session.job_id
        JOIN holds hold ON hold.id = job.hold_id
        WHERE session.charged <> CASE WHEN hold.state = 'captured' THEN hold.amount ELSE 0 END
           OR (session.unit = 'output_second'
               AND session.charged <> session.rate * session.metered_seconds)";
}
