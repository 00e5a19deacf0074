//! Series: steps are jobs of its user at its price, none after its end (I13, I14).

use super::check::{Check, Patience};
use crate::store::stmt::statements;

pub(super) const CHECKS: &[Check] = &[
    Check {
        invariant: "I13",
        sentence: "a step of a series is a job of its user at its price",
        text: STEPS,
        patience: Patience::None,
    },
    Check {
        invariant: "I14",
        sentence: "no step of a series is at work after its end",
        text: AFTER,
        patience: Patience::None,
    },
];

statements! {
    STEPS = "
        SELECT COUNT(*) AS broken,
               MIN('series ' || series.id || ' at ' || series.price || ', job ' || job.id
                   || ' at ' || job.price) AS example
        FROM series
        JOIN jobs job ON job.draft_id = series.id
            OR (job.draft_id > series.id || 'x' AND job.draft_id < series.id || 'y')
        WHERE job.user_id <> series.user_id OR job.price <> series.price";

    AFTER = "
        SELECT COUNT(*) AS broken,
               MIN('series ' || series.id || ', job ' || job.id || ' is ' || job.state)
                   AS example
        FROM series
        JOIN jobs job ON job.draft_id = series.id
            OR (job.draft_id > series.id || 'x' AND job.draft_id < series.id || 'y')
        WHERE series.ended_at IS NOT NULL AND job.finished_at IS NULL";
}
