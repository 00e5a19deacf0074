-- Money: lots, caps, bans, refunds and debts.

ALTER TABLE ledger DROP CONSTRAINT ledger_kind_check;
ALTER TABLE ledger ADD CONSTRAINT ledger_kind_check CHECK (kind IN (
    'bonus', 'payment', 'admin_credit', 'admin_debit', 'debt', 'debt_payment', 'reversal', 'hold',
    'capture', 'void', 'refund', 'job_refund', 'provider_cost', 'loss'));

-- What a hold is for, what became of it in parts, and what the provider was expected to charge.
ALTER TABLE holds ADD COLUMN purpose TEXT NOT NULL DEFAULT 'job'
    CHECK (purpose IN ('job', 'window', 'refund'));
ALTER TABLE holds ADD COLUMN topup_id TEXT
    CHECK ((purpose = 'refund') = (topup_id IS NOT NULL));
ALTER TABLE holds ADD COLUMN platform_cost BIGINT NOT NULL DEFAULT 0 CHECK (platform_cost >= 0);
ALTER TABLE holds ADD COLUMN captured BIGINT NOT NULL DEFAULT 0
    CHECK (captured >= 0 AND captured <= amount AND (state <> 'voided' OR captured = 0));
UPDATE holds SET captured = amount WHERE state = 'captured';
ALTER TABLE holds ADD COLUMN refunded BIGINT NOT NULL DEFAULT 0
    CHECK (refunded >= 0 AND refunded <= captured AND (state <> 'captured' OR captured > 0));
CREATE INDEX holds_by_user ON holds (user_id, placed_at);

-- Where available money came from, and what is left of it.
CREATE TABLE lots (
    -- The idempotency key of the transfer that brought it in.
    id TEXT NOT NULL PRIMARY KEY,
    user_id BIGINT NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('bonus', 'admin', 'payment')),
    topup_id TEXT UNIQUE,
    amount BIGINT NOT NULL CHECK (amount > 0),
    remaining BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    CHECK (remaining >= 0 AND remaining <= amount),
    CHECK ((origin = 'payment') = (topup_id IS NOT NULL))
);
CREATE INDEX lots_left ON lots (user_id) WHERE remaining > 0;

-- Each row of the ledger that touches an available account, broken down by lot.
CREATE TABLE lot_moves (
    shard BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    lot_id TEXT NOT NULL,
    -- Below zero: taken from the lot.
    amount BIGINT NOT NULL CHECK (amount <> 0),
    hold_id TEXT,
    PRIMARY KEY (shard, seq, lot_id)
);
CREATE INDEX lot_moves_by_hold ON lot_moves (hold_id) WHERE hold_id IS NOT NULL;
CREATE INDEX lot_moves_by_lot ON lot_moves (lot_id);

-- Until now a user's only money was his welcome bonus: one lot each.
INSERT INTO lots (id, user_id, origin, amount, remaining, created_at)
SELECT move.idempotency_key, cache.user_id, 'bonus', move.amount, cache.balance, move.at
FROM ledger move JOIN user_balance_cache cache ON cache.account = move.credit
WHERE move.kind = 'bonus';
INSERT INTO lot_moves (shard, seq, lot_id, amount, hold_id)
SELECT move.shard, move.seq, lot.id,
       CASE WHEN move.kind IN ('bonus', 'void') THEN move.amount ELSE -move.amount END,
       job.hold_id
FROM ledger move
JOIN user_balance_cache cache
  ON cache.account = CASE WHEN move.kind = 'hold' THEN move.debit ELSE move.credit END
JOIN lots lot ON lot.user_id = cache.user_id
LEFT JOIN jobs job ON move.reference = 'job:' || job.id AND move.kind IN ('hold', 'void')
WHERE move.kind IN ('bonus', 'hold', 'void');

-- Caps: set by an admin in place of the default, and by the user himself, lower.
CREATE TABLE user_caps (
    user_id BIGINT NOT NULL,
    setter TEXT NOT NULL CHECK (setter IN ('admin', 'user')),
    hour BIGINT CHECK (hour >= 0),
    day BIGINT CHECK (day >= 0),
    set_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, setter)
);

-- What is held or spent in each window: of a user, or of the platform in one shard.
CREATE TABLE spending (
    scope TEXT NOT NULL CHECK (scope IN ('user', 'platform')),
    owner BIGINT NOT NULL,
    period TEXT NOT NULL CHECK (period IN ('hour', 'day')),
    window_start BIGINT NOT NULL,
    spent BIGINT NOT NULL CHECK (spent >= 0),
    PRIMARY KEY (scope, owner, period, window_start)
);
CREATE INDEX spending_by_window ON spending (window_start);
-- Days are Moscow's, three hours ahead of UTC.
INSERT INTO spending (scope, owner, period, window_start, spent)
SELECT 'user', user_id, period, placed_at - (placed_at + 10800000000) % length, SUM(amount)
FROM (
    SELECT user_id, placed_at, amount, 'hour' AS period, 3600000000 AS length
    FROM holds WHERE state <> 'voided'
    UNION ALL
    SELECT user_id, placed_at, amount, 'day', 86400000000 FROM holds WHERE state <> 'voided'
) kept
GROUP BY user_id, period, placed_at - (placed_at + 10800000000) % length;

-- Who may not order. A row is lifted by its end or by an admin.
CREATE TABLE bans (
    user_id BIGINT NOT NULL PRIMARY KEY,
    since BIGINT NOT NULL,
    -- NULL: until it is lifted.
    until BIGINT,
    reason TEXT NOT NULL,
    act_id TEXT
);


-- The lots' journal is append-only as the ledger is.
REVOKE UPDATE, DELETE, TRUNCATE ON lot_moves FROM PUBLIC, CURRENT_USER;
