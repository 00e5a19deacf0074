//! Top-ups and refunds: every payment is credited once, with evidence, and never given back
//! beyond itself (I5, I7, I8, I9).

use rei_domain::time::Span;

use super::check::{Check, Patience};
use crate::store::stmt::statements;

/// A refund that takes longer than banks do is an operator's business.
const REFUND_GRACE: Span = Span::from_secs(7 * 24 * 3_600);

/// A payment that waits for a person should not wait for longer than a day.
const PARKED_GRACE: Span = Span::from_secs(24 * 3_600);

pub(super) const CHECKS: &[Check] = &[
    Check {
        invariant: "I5",
        sentence: "a top-up is credited exactly when it succeeded, once, to its user, with its sum",
        text: CREDITS,
        patience: Patience::None,
    },
    Check {
        invariant: "I5",
        sentence: "every credited payment has its top-up",
        text: STRAY_CREDITS,
        patience: Patience::None,
    },
    Check {
        invariant: "I7",
        sentence: "a credit has evidence that agrees and is not younger than it",
        text: EVIDENCE,
        patience: Patience::None,
    },
    Check {
        invariant: "I8",
        sentence: "the refunds of a payment are at most what it brought in",
        text: REFUNDED,
        patience: Patience::None,
    },
    Check {
        invariant: "I8",
        sentence: "a refund stands as its hold or its reversal does",
        text: REFUND_HOLDS,
        patience: Patience::None,
    },
    Check {
        invariant: "I8",
        sentence: "a hold or a reversal of a payment has its refund",
        text: STRAY_REFUNDS,
        patience: Patience::None,
    },
    Check {
        invariant: "I9",
        sentence: "a refund ends within a week",
        text: LATE_REFUNDS,
        patience: Patience::For(REFUND_GRACE),
    },
    Check {
        invariant: "I6",
        sentence: "a payment that does not agree is decided by a person within a day",
        text: PARKED,
        patience: Patience::For(PARKED_GRACE),
    },
];

statements! {
    CREDITS = "
        SELECT COUNT(*) AS broken, MIN('top-up ' || topup.id || ' is ' || topup.state) AS example
        FROM topups topup
        LEFT JOIN ledger credit ON credit.idempotency_key = 'topup:' || topup.id
        WHERE (topup.state = 'succeeded') <> (credit.idempotency_key IS NOT NULL)
           OR credit.kind <> 'payment' OR credit.amount <> topup.amount
           OR credit.credit <> 'user:' || topup.user_id || ':available'";

    STRAY_CREDITS = "
        SELECT COUNT(*) AS broken, MIN('transfer ' || credit.idempotency_key) AS example
        FROM ledger credit
        LEFT JOIN topups topup ON topup.id = SUBSTR(credit.idempotency_key, 7)
        WHERE credit.kind = 'payment'
          AND (topup.id IS NULL OR credit.idempotency_key <> 'topup:' || topup.id)";

    EVIDENCE = "
        SELECT COUNT(*) AS broken, MIN('top-up ' || id) AS example FROM topups
        WHERE state = 'succeeded'
          AND (seen_state IS NULL OR seen_state <> 'succeeded' OR external_id IS NULL
               OR seen_at IS NULL OR seen_at > finished_at
               OR seen_amount <> due_amount OR seen_currency <> due_currency)";

    REFUNDED = "
        SELECT COUNT(*) AS broken,
               MIN('top-up ' || over.id || ': ' || over.amount || ' came in, ' || over.returned
                   || ' went back') AS example
        FROM (
            SELECT topup.id, topup.amount, SUM(refund.amount) AS returned
            FROM refunds refund JOIN topups topup ON topup.id = refund.topup_id
            WHERE refund.stage <> 'failed'
            GROUP BY topup.id, topup.amount
            HAVING SUM(refund.amount) > topup.amount
        ) over";

    REFUND_HOLDS = "
        SELECT COUNT(*) AS broken,
               MIN('refund ' || refund.id || ' is ' || refund.stage || ', its hold '
                   || COALESCE(hold.state, 'none')) AS example
        FROM refunds refund
        LEFT JOIN holds hold ON hold.id = refund.id
        LEFT JOIN ledger reversal
          ON reversal.idempotency_key = 'reverse:' || refund.method || ':' || refund.external_id
        WHERE CASE WHEN refund.asked_by = 'method'
            THEN reversal.kind IS NULL OR reversal.kind <> 'reversal'
                 OR reversal.amount <> refund.amount OR hold.id IS NOT NULL
            ELSE hold.id IS NULL OR hold.amount <> refund.amount
                 OR hold.user_id <> refund.user_id OR hold.topup_id IS NULL
                 OR hold.topup_id <> refund.topup_id
                 OR hold.state <> CASE refund.stage WHEN 'succeeded' THEN 'captured'
                                                    WHEN 'failed' THEN 'voided'
                                                    ELSE 'open' END
            END";

    STRAY_REFUNDS = "
        SELECT COUNT(*) AS broken, MIN(stray.what) AS example FROM (
            SELECT 'hold ' || hold.id AS what
            FROM holds hold LEFT JOIN refunds refund ON refund.id = hold.id
            WHERE hold.purpose = 'refund' AND refund.id IS NULL
            UNION ALL
            SELECT 'transfer ' || reversal.idempotency_key
            FROM ledger reversal
            LEFT JOIN refunds refund ON refund.id = SUBSTR(reversal.idempotency_key, 9)
            WHERE reversal.kind = 'reversal' AND refund.id IS NULL
        ) stray";

    LATE_REFUNDS = "
        SELECT COUNT(*) AS broken, MIN('refund ' || id || ' is ' || stage) AS example
        FROM refunds WHERE finished_at IS NULL AND created_at < ?";

    PARKED = "
        SELECT COUNT(*) AS broken, MIN('top-up ' || id || ': ' || cause) AS example
        FROM topups WHERE state = 'parked' AND seen_at < ?";
}
