//! Sessions by the second: what is set aside, charged and counted agrees (I13, I14, I15).

use super::check::{Check, Patience};
use crate::store::stmt::statements;

pub(super) const CHECKS: &[Check] = &[
    Check {
        invariant: "I13",
        sentence: "a session by the second has its meter, and set its windows aside",
        text: HELD,
        patience: Patience::None,
    },
    Check {
        invariant: "I14",
        sentence: "a session by the second has money set aside exactly while it runs",
        text: OPEN,
        patience: Patience::None,
    },
    Check {
        invariant: "I15",
        sentence: "a session by the second charges its whole seconds at its rate",
        text: CHARGED,
        patience: Patience::None,
    },
    Check {
        invariant: "I13",
        sentence: "a transfer for a session by the second names one",
        text: STRANGERS,
        patience: Patience::None,
    },
];

statements! {
    HELD = "
        SELECT COUNT(*) AS broken,
               MIN('session ' || id || ': ' || held || ' held, ' || placed || ' set aside')
                   AS example
        FROM (
            SELECT session.id, session.held, session.rate, meter.windows_held,
                   meter.window_secs, COALESCE(SUM(move.amount), 0) AS placed
            FROM usage_sessions session
            LEFT JOIN meters meter ON meter.usage_id = session.id
            LEFT JOIN ledger move
              ON move.reference = 'usage:' || session.id AND move.kind = 'hold'
            WHERE session.unit = 'running_second'
            GROUP BY session.id, session.held, session.rate, meter.windows_held,
                     meter.window_secs
        ) sums
        WHERE windows_held IS NULL OR held <> placed
           OR placed <> rate * window_secs * windows_held";

    OPEN = "
        SELECT COUNT(*) AS broken,
               MIN('session ' || id || ': ' || left_open || ' set aside') AS example
        FROM (
            SELECT session.id, session.ended_at, session.rate * meter.window_secs
                       * (meter.windows_held - meter.windows_charged) AS expected,
                   SUM(CASE WHEN move.kind = 'hold' THEN move.amount ELSE -move.amount END)
                       AS left_open
            FROM usage_sessions session
            JOIN meters meter ON meter.usage_id = session.id
            JOIN ledger move
              ON move.reference = 'usage:' || session.id
             AND move.kind IN ('hold', 'capture', 'void')
            GROUP BY session.id, session.ended_at, session.rate, meter.window_secs,
                     meter.windows_held, meter.windows_charged
        ) sums
        WHERE left_open <> CASE WHEN ended_at IS NULL THEN expected ELSE 0 END";

    CHARGED = "
        SELECT COUNT(*) AS broken,
               MIN('session ' || id || ': ' || charged || ' charged, ' || captured
                   || ' captured for ' || metered_seconds || ' s') AS example
        FROM (
            SELECT session.id, session.charged, session.rate, session.metered_seconds,
                   session.ended_at,
                   COALESCE(SUM(move.amount), 0) AS captured
            FROM usage_sessions session
            LEFT JOIN ledger move
              ON move.reference = 'usage:' || session.id AND move.kind = 'capture'
            WHERE session.unit = 'running_second'
            GROUP BY session.id, session.charged, session.rate, session.metered_seconds,
                     session.ended_at
        ) sums
        WHERE charged <> captured
           OR (ended_at IS NOT NULL AND charged <> rate * metered_seconds)";

    STRANGERS = "
        SELECT COUNT(*) AS broken,
               MIN(move.kind || ' of ' || move.amount || ' for ' || move.reference) AS example
        FROM ledger move
        LEFT JOIN usage_sessions session ON move.reference = 'usage:' || session.id
        WHERE move.reference LIKE 'usage:%' AND session.id IS NULL";
}
