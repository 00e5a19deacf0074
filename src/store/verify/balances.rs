//! Balances: what the journal adds up to (I1, I2, I3), and that it says everything once (I5).

use super::check::{Check, Patience};
use crate::store::stmt::statements;

pub(super) const CHECKS: &[Check] = &[
    Check {
        invariant: "I1",
        sentence: "all balances together are zero",
        text: ZERO_SUM,
        patience: Patience::None,
    },
    Check {
        invariant: "I2",
        sentence: "the cache shows for each account what its transfers add up to",
        text: CACHE,
        patience: Patience::None,
    },
    Check {
        invariant: "I2",
        sentence: "an account in the cache belongs to the user whom its name says",
        text: OWNERS,
        patience: Patience::None,
    },
    Check {
        invariant: "I2",
        sentence: "what a user has held is the sum of the user's open holds",
        text: HELD,
        patience: Patience::None,
    },
    Check {
        invariant: "I3",
        sentence: "no user's account is below zero",
        text: OVERDRAFTS,
        patience: Patience::None,
    },
    Check {
        invariant: "I5",
        sentence: "a key stands in the journal once",
        text: KEYS,
        patience: Patience::None,
    },
];

statements! {
    ZERO_SUM = "
        SELECT COUNT(*) AS broken, MIN('the sum is ' || total) AS example
        FROM (SELECT SUM(balance) AS total FROM user_balance_cache) sums
        WHERE total <> 0";

    // Both sides in one list, so that an account that only one of them knows is seen too.
    CACHE = "
        SELECT COUNT(*) AS broken,
               MIN(account || ': journal ' || journal || ', cache ' || cached) AS example
        FROM (
            SELECT account, SUM(journal) AS journal, SUM(cached) AS cached
            FROM (
                SELECT credit AS account, amount AS journal, 0 AS cached FROM ledger
                UNION ALL
                SELECT debit, -amount, 0 FROM ledger
                UNION ALL
                SELECT account, 0, balance FROM user_balance_cache
            ) legs
            GROUP BY account
        ) sums
        WHERE journal <> cached";

    OWNERS = "
        SELECT COUNT(*) AS broken,
               MIN(account || ': user ' || COALESCE(CAST(user_id AS TEXT), 'none')) AS example
        FROM user_balance_cache
        WHERE CASE WHEN user_id IS NULL
                   THEN account NOT LIKE 'platform:%' AND account NOT LIKE 'debt:%'
              ELSE account NOT IN ('user:' || user_id || ':available',
                                   'user:' || user_id || ':held') END";

    HELD = "
        SELECT COUNT(*) AS broken,
               MIN(account || ': balance ' || balance || ', open holds ' || held) AS example
        FROM (
            SELECT account, SUM(balance) AS balance, SUM(held) AS held
            FROM (
                SELECT account, balance, 0 AS held FROM user_balance_cache
                WHERE account LIKE 'user:%:held'
                UNION ALL
                SELECT 'user:' || user_id || ':held', 0, amount FROM holds WHERE state = 'open'
            ) sides
            GROUP BY account
        ) sums
        WHERE balance <> held";

    OVERDRAFTS = "
        SELECT COUNT(*) AS broken, MIN(account || ': ' || balance) AS example
        FROM (
            SELECT account, SUM(amount) AS balance
            FROM (
                SELECT credit AS account, amount FROM ledger
                UNION ALL
                SELECT debit, -amount FROM ledger
            ) legs
            WHERE account LIKE 'user:%'
            GROUP BY account
        ) sums
        WHERE balance < 0";

    KEYS = "
        SELECT COUNT(*) AS broken, MIN(idempotency_key) AS example
        FROM (
            SELECT idempotency_key FROM ledger GROUP BY idempotency_key HAVING COUNT(*) > 1
        ) repeated";
}
