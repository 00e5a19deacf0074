-- Money: lots, caps, bans, refunds and debts.

-- SQLite cannot change a CHECK: the journal is written anew with the kinds of today. Its triggers
-- are made after it is filled, so the cache of balances is not touched.
CREATE TABLE ledger_new (
    shard BIGINT NOT NULL REFERENCES ledger_shards (shard),
    seq BIGINT NOT NULL CHECK (seq > 0),
    debit TEXT NOT NULL,
    credit TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    kind TEXT NOT NULL CHECK (kind IN (
        'bonus', 'payment', 'admin_credit', 'admin_debit', 'debt', 'debt_payment', 'reversal',
        'hold', 'capture', 'void', 'refund', 'job_refund', 'provider_cost', 'loss')),
    idempotency_key TEXT NOT NULL UNIQUE,
    reference TEXT NOT NULL,
    at BIGINT NOT NULL,
    hash TEXT NOT NULL CHECK (length(hash) = 64),
    PRIMARY KEY (shard, seq),
    CHECK (debit <> credit)
);
INSERT INTO ledger_new (shard, seq, debit, credit, amount, kind, idempotency_key, reference, at, hash)
SELECT shard, seq, debit, credit, amount, kind, idempotency_key, reference, at, hash
FROM ledger ORDER BY shard, seq;
DROP TRIGGER update_balance_cache_on_ledger_insert;
DROP TRIGGER update_balance_cache_on_ledger_update;
DROP TRIGGER update_balance_cache_on_ledger_delete;
DROP TABLE ledger;
ALTER TABLE ledger_new RENAME TO ledger;

-- As before: `user:42:available` casts to 42, `debt:42:owed` is no user's balance.
CREATE TRIGGER update_balance_cache_on_ledger_insert AFTER INSERT ON ledger
BEGIN
    INSERT INTO user_balance_cache (account, user_id, balance, updated_at)
    SELECT account, CASE WHEN account LIKE 'user:%'
        THEN CAST(substr(account, 6) AS INTEGER) END, 0, NEW.at
    FROM (SELECT NEW.debit AS account UNION ALL SELECT NEW.credit) legs
    WHERE true
    ON CONFLICT (account) DO NOTHING;
    UPDATE user_balance_cache
    SET balance = balance + CASE WHEN account = NEW.credit THEN NEW.amount ELSE -NEW.amount END,
        updated_at = max(updated_at, NEW.at)
    WHERE account IN (NEW.debit, NEW.credit);
END;

-- Giving comes before taking, so that the CHECK sees no balance lower than the true ones.
CREATE TRIGGER update_balance_cache_on_ledger_update AFTER UPDATE ON ledger
BEGIN
    INSERT INTO user_balance_cache (account, user_id, balance, updated_at)
    SELECT account, CASE WHEN account LIKE 'user:%'
        THEN CAST(substr(account, 6) AS INTEGER) END, 0, NEW.at
    FROM (SELECT NEW.debit AS account UNION ALL SELECT NEW.credit) legs
    WHERE true
    ON CONFLICT (account) DO NOTHING;
    UPDATE user_balance_cache SET balance = balance + OLD.amount WHERE account = OLD.debit;
    UPDATE user_balance_cache SET balance = balance + NEW.amount WHERE account = NEW.credit;
    UPDATE user_balance_cache SET balance = balance - OLD.amount WHERE account = OLD.credit;
    UPDATE user_balance_cache SET balance = balance - NEW.amount WHERE account = NEW.debit;
END;

CREATE TRIGGER update_balance_cache_on_ledger_delete AFTER DELETE ON ledger
BEGIN
    UPDATE user_balance_cache
    SET balance = balance + CASE WHEN account = OLD.debit THEN OLD.amount ELSE -OLD.amount END
    WHERE account IN (OLD.debit, OLD.credit);
END;

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
