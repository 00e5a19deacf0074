//! Lots and caps: where money came from adds up to what there is, and windows count what was
//! held in them (I2, I8, I11).

use super::check::{Check, Patience};
use crate::store::stmt::statements;

pub(super) const CHECKS: &[Check] = &[
    Check {
        invariant: "I2",
        sentence: "what is left of a user's lots is what he has available",
        text: LEFT,
        patience: Patience::None,
    },
    Check {
        invariant: "I2",
        sentence: "what is left of a lot is what its moves add up to",
        text: MOVED,
        patience: Patience::None,
    },
    Check {
        invariant: "I2",
        sentence: "each transfer of available money is broken down by lot",
        text: BROKEN_DOWN,
        patience: Patience::None,
    },
    Check {
        invariant: "I2",
        sentence: "a lot is as large as the transfer that brought it in, and of its origin",
        text: BROUGHT_IN,
        patience: Patience::None,
    },
    Check {
        invariant: "I3",
        sentence: "a debt account is at or below zero",
        text: DEBTS,
        patience: Patience::None,
    },
    Check {
        invariant: "I8",
        sentence: "a hold is what its transfers set aside, took and gave back",
        text: PARTS,
        patience: Patience::None,
    },
    Check {
        invariant: "I8",
        sentence: "a hold for a refund is drawn from its own payment",
        text: OWN_PAYMENT,
        patience: Patience::None,
    },
    Check {
        invariant: "I11",
        sentence: "a user's window counts what was held in it and not given back",
        text: COUNTED,
        patience: Patience::None,
    },
];

statements! {
    LEFT = "
        SELECT COUNT(*) AS broken,
               MIN('user ' || user_id || ': ' || available || ' available, lots of ' || remaining)
                   AS example
        FROM (
            SELECT user_id, SUM(available) AS available, SUM(remaining) AS remaining
            FROM (
                SELECT user_id, balance AS available, 0 AS remaining FROM user_balance_cache
                WHERE account LIKE 'user:%:available'
                UNION ALL
                SELECT user_id, 0, remaining FROM lots
            ) both_sides
            GROUP BY user_id
        ) sums
        WHERE available <> remaining";

    MOVED = "
        SELECT COUNT(*) AS broken,
               MIN('lot ' || id || ': ' || remaining || ' left, moves of ' || moved) AS example
        FROM (
            SELECT lot.id, lot.remaining, COALESCE(SUM(move.amount), 0) AS moved
            FROM lots lot LEFT JOIN lot_moves move ON move.lot_id = lot.id
            GROUP BY lot.id, lot.remaining
        ) sums
        WHERE remaining <> moved";

    BROKEN_DOWN = "
        SELECT COUNT(*) AS broken,
               MIN('row ' || shard || '/' || seq || ': ' || change || ' of lots ' || moved)
                   AS example
        FROM (
            SELECT shard, seq, SUM(change) AS change, SUM(moved) AS moved
            FROM (
                SELECT shard, seq, 0 AS moved,
                       CASE WHEN debit LIKE 'user:%:available' THEN -amount
                            WHEN credit LIKE 'user:%:available' THEN amount
                            ELSE 0 END AS change
                FROM ledger
                UNION ALL
                SELECT shard, seq, amount, 0 FROM lot_moves
            ) both_sides
            GROUP BY shard, seq
        ) sums
        WHERE change <> moved";

    BROUGHT_IN = "
        SELECT COUNT(*) AS broken,
               MIN('lot ' || lot.id || ' of ' || lot.amount || ' from ' || lot.origin) AS example
        FROM lots lot LEFT JOIN ledger move ON move.idempotency_key = lot.id
        WHERE move.seq IS NULL OR move.amount <> lot.amount
           OR move.credit <> 'user:' || lot.user_id || ':available'
           OR move.kind <> CASE lot.origin WHEN 'admin' THEN 'admin_credit' ELSE lot.origin END";

    DEBTS = "
        SELECT COUNT(*) AS broken, MIN(account || ' stands at ' || balance) AS example
        FROM user_balance_cache WHERE account LIKE 'debt:%' AND balance > 0";

    PARTS = "
        SELECT COUNT(*) AS broken,
               MIN('hold ' || id || ': ' || amount || ' held, ' || captured || ' taken, '
                   || refunded || ' given back; by its lots ' || drawn) AS example
        FROM (
            SELECT hold.id, hold.amount, hold.captured, hold.refunded, hold.state,
                   COALESCE(-SUM(move.amount), 0) AS drawn
            FROM holds hold LEFT JOIN lot_moves move ON move.hold_id = hold.id
            GROUP BY hold.id, hold.amount, hold.captured, hold.refunded, hold.state
        ) sums
        WHERE drawn <> CASE WHEN state = 'open' THEN amount ELSE captured END - refunded";

    OWN_PAYMENT = "
        SELECT COUNT(*) AS broken, MIN('hold ' || hold.id || ', lot ' || lot.id) AS example
        FROM holds hold
        JOIN lot_moves move ON move.hold_id = hold.id
        JOIN lots lot ON lot.id = move.lot_id
        WHERE hold.purpose = 'refund'
          AND (lot.topup_id IS NULL OR lot.topup_id <> hold.topup_id)";

    COUNTED = "
        SELECT COUNT(*) AS broken,
               MIN('user ' || owner || ', ' || period || ' of ' || window_start || ': counted '
                   || counted || ', kept ' || kept) AS example
        FROM (
            SELECT owner, period, window_start, SUM(counted) AS counted, SUM(kept) AS kept
            FROM (
                SELECT owner, period, window_start, spent AS counted, 0 AS kept
                FROM spending WHERE scope = 'user'
                UNION ALL
                SELECT user_id, period, placed_at - (placed_at + 10800000000) % length, 0,
                       CASE WHEN state = 'open' THEN amount ELSE captured END - refunded
                FROM holds, (SELECT 'hour' AS period, 3600000000 AS length
                             UNION ALL SELECT 'day', 86400000000) periods
                WHERE purpose <> 'refund'
            ) both_sides
            GROUP BY owner, period, window_start
        ) sums
        WHERE counted <> kept";
}
