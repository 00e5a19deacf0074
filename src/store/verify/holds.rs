//! Holds: each belongs to one job, is as large as its price, and is closed the way the job ended
//! (I13, I14, I15).

use super::check::{Check, Patience};
use crate::store::stmt::statements;

pub(super) const CHECKS: &[Check] = &[
    Check {
        invariant: "I13",
        sentence: "a job has a hold of its user and of its price",
        text: JOBS_WITHOUT,
        patience: Patience::None,
    },
    Check {
        invariant: "I13",
        sentence: "a hold for a job belongs to one",
        text: ORPHANS,
        patience: Patience::None,
    },
    Check {
        invariant: "I13",
        sentence: "a job's price was set aside once, from its user and in full",
        text: PLACED,
        patience: Patience::None,
    },
    Check {
        invariant: "I14",
        sentence: "a hold is open exactly while its job is not finished",
        text: OPEN,
        patience: Patience::None,
    },
    Check {
        invariant: "I15",
        sentence: "a hold is captured for a stored result and voided for any other end",
        text: CLOSED,
        patience: Patience::None,
    },
    Check {
        invariant: "I15",
        sentence: "a closed hold was captured or voided by one transfer of its whole amount",
        text: SETTLED,
        patience: Patience::None,
    },
    Check {
        invariant: "I15",
        sentence: "a transfer of held money names a job, a session or a refund",
        text: STRANGERS,
        patience: Patience::None,
    },
];

statements! {
    JOBS_WITHOUT = "
        SELECT COUNT(*) AS broken,
               MIN('job ' || job.id || ': price ' || job.price || ', hold '
                   || COALESCE(CAST(hold.amount AS TEXT), 'none')) AS example
        FROM jobs job LEFT JOIN holds hold ON hold.id = job.hold_id
        WHERE hold.id IS NULL OR hold.user_id <> job.user_id OR hold.amount <> job.price";

    ORPHANS = "
        SELECT COUNT(*) AS broken, MIN('hold ' || hold.id || ' of ' || hold.amount) AS example
        FROM holds hold LEFT JOIN jobs job ON job.hold_id = hold.id
        WHERE hold.purpose = 'job' AND job.id IS NULL";

    PLACED = "
        SELECT COUNT(*) AS broken,
               MIN('job ' || id || ': price ' || price || ', set aside ' || placed
                   || ' in ' || transfers || ' transfers') AS example
        FROM (
            SELECT job.id, job.price, COUNT(move.seq) AS transfers,
                   COALESCE(SUM(move.amount), 0) AS placed
            FROM jobs job
            LEFT JOIN ledger move
              ON move.reference = 'job:' || job.id AND move.kind = 'hold'
             AND move.debit = 'user:' || job.user_id || ':available'
            GROUP BY job.id, job.price
        ) sums
        WHERE transfers <> 1 OR placed <> price";

    OPEN = "
        SELECT COUNT(*) AS broken,
               MIN('job ' || job.id || ' is ' || job.state || ', its hold ' || hold.state)
                   AS example
        FROM jobs job JOIN holds hold ON hold.id = job.hold_id
        WHERE (hold.state = 'open')
              <> (job.state IN ('queued', 'leased', 'submitting', 'running', 'rendered',
                                'unknown'))";

    CLOSED = "
        SELECT COUNT(*) AS broken,
               MIN('job ' || job.id || ' is ' || job.state || ', its hold ' || hold.state)
                   AS example
        FROM jobs job JOIN holds hold ON hold.id = job.hold_id
        WHERE (job.state IN ('settled', 'delivered') AND hold.state = 'voided')
           OR (job.state IN ('failed', 'cancelled') AND hold.state = 'captured')";

    SETTLED = "
        SELECT COUNT(*) AS broken,
               MIN('job ' || id || ': hold ' || state || ', ' || captures || ' captures, '
                   || voids || ' voids of ' || moved || ' together') AS example
        FROM (
            SELECT job.id, hold.state, hold.amount, COALESCE(SUM(move.amount), 0) AS moved,
                   COUNT(CASE WHEN move.kind = 'capture' THEN 1 END) AS captures,
                   COUNT(CASE WHEN move.kind = 'void' THEN 1 END) AS voids
            FROM jobs job
            JOIN holds hold ON hold.id = job.hold_id
            LEFT JOIN ledger move
              ON move.reference = 'job:' || job.id AND move.kind IN ('capture', 'void')
             AND move.debit = 'user:' || hold.user_id || ':held'
            GROUP BY job.id, hold.state, hold.amount
        ) sums
        WHERE captures <> CASE WHEN state = 'captured' THEN 1 ELSE 0 END
           OR voids <> CASE WHEN state = 'voided' THEN 1 ELSE 0 END
           OR moved <> CASE WHEN state = 'open' THEN 0 ELSE amount END";

    STRANGERS = "
        SELECT COUNT(*) AS broken,
               MIN(move.kind || ' of ' || move.amount || ' for ' || move.reference) AS example
        FROM ledger move LEFT JOIN jobs job ON move.reference = 'job:' || job.id
        WHERE move.kind IN ('hold', 'capture', 'void') AND job.id IS NULL
          AND move.reference NOT LIKE 'usage:%' AND move.reference NOT LIKE 'refund:%'";
}
