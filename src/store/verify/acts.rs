//! Acts of admins: done once, by as many as they need, with the money and the audit entry (I25).

use super::check::{Check, Patience};
use crate::store::stmt::statements;

pub(super) const CHECKS: &[Check] = &[
    Check {
        invariant: "I25",
        sentence: "an act that is done moved the money it was about, and no other did",
        text: MOVED,
        patience: Patience::None,
    },
    Check {
        invariant: "I25",
        sentence: "an act stands in the audit log as it stands in its row",
        text: LOGGED,
        patience: Patience::None,
    },
    Check {
        invariant: "I25",
        sentence: "an act that needs two was allowed by two",
        text: BY_TWO,
        patience: Patience::None,
    },
    Check {
        invariant: "I25",
        sentence: "a ban of an admin is an act that is done",
        text: BANS,
        patience: Patience::None,
    },
];

statements! {
    MOVED = "
        SELECT COUNT(*) AS broken,
               MIN('act ' || act.id || ' is ' || act.state || ' over '
                   || COALESCE(CAST(act.amount AS TEXT), 'nothing') || ', moved '
                   || COALESCE(CAST(move.amount AS TEXT), 'nothing')) AS example
        FROM acts act LEFT JOIN ledger move ON move.idempotency_key = 'act:' || act.id
        WHERE CASE WHEN act.state = 'done'
                        AND act.kind IN ('credit', 'debit', 'owe', 'refund_job')
                   THEN move.seq IS NULL OR move.amount <> act.amount
                   ELSE move.seq IS NOT NULL END";

    LOGGED = "
        SELECT COUNT(*) AS broken, MIN('act ' || act.id || ' is ' || act.state) AS example
        FROM acts act
        LEFT JOIN audit entry ON entry.key = 'act:' || act.id || ':' || act.state
        WHERE entry.seq IS NULL OR entry.outcome <> act.state
           OR entry.target <> 'user:' || act.user_id";

    BY_TWO = "
        SELECT COUNT(*) AS broken, MIN('act ' || id || ' of ' || asker) AS example
        FROM acts
        WHERE state = 'done' AND needs_second <> 0 AND (approver IS NULL OR approver = asker)";

    BANS = "
        SELECT COUNT(*) AS broken, MIN('user ' || ban.user_id) AS example
        FROM bans ban LEFT JOIN acts act ON act.id = ban.act_id
        WHERE ban.act_id IS NOT NULL
          AND (act.id IS NULL OR act.kind <> 'ban' OR act.state <> 'done'
               OR act.user_id <> ban.user_id)";
}
