-- The ledger: the journal, the chain's heads, the cache of balances and the holds.
-- Money is BIGINT kopecks, time BIGINT microseconds since the epoch, the same on both databases.

-- One row is one shard. SQLite has one writer, so one shard is all it can use. The number of
-- rows never changes: an account belongs to one shard for ever.
CREATE TABLE ledger_shards (
    shard BIGINT PRIMARY KEY CHECK (shard >= 0),
    head_seq BIGINT NOT NULL CHECK (head_seq >= 0),
    head_hash TEXT NOT NULL CHECK (length(head_hash) = 64),
    head_at BIGINT NOT NULL
);
INSERT INTO ledger_shards (shard, head_seq, head_hash, head_at)
VALUES (0, 0, '0000000000000000000000000000000000000000000000000000000000000000', 0);

-- The journal, append-only, the source of truth about money. SQLite has no roles: whoever can
-- write the file can change a row, and the chain of hashes tells.
CREATE TABLE ledger (
    shard BIGINT NOT NULL REFERENCES ledger_shards (shard),
    seq BIGINT NOT NULL CHECK (seq > 0),
    debit TEXT NOT NULL,
    credit TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    kind TEXT NOT NULL CHECK (kind IN ('bonus', 'hold', 'capture', 'void', 'provider_cost', 'loss')),
    idempotency_key TEXT NOT NULL UNIQUE,
    reference TEXT NOT NULL,
    at BIGINT NOT NULL,
    hash TEXT NOT NULL CHECK (length(hash) = 64),
    PRIMARY KEY (shard, seq),
    CHECK (debit <> credit)
);

-- What the journal adds up to, kept by the three triggers below and by nothing else.
CREATE TABLE user_balance_cache (
    account TEXT PRIMARY KEY,
    user_id BIGINT,
    balance BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    -- No user's account goes below zero, whatever the code does.
    CONSTRAINT user_balance_not_negative CHECK (balance >= 0 OR user_id IS NULL)
);
CREATE INDEX user_balance_cache_user ON user_balance_cache (user_id) WHERE user_id IS NOT NULL;

-- `user:42:available` casts to 42: SQLite reads a number as far as it goes.
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

-- Money set aside for one job each.
CREATE TABLE holds (
    id TEXT PRIMARY KEY,
    user_id BIGINT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    state TEXT NOT NULL CHECK (state IN ('open', 'captured', 'voided')),
    placed_at BIGINT NOT NULL,
    closed_at BIGINT,
    expires_at BIGINT NOT NULL,
    CHECK ((state = 'open') = (closed_at IS NULL))
);
CREATE INDEX holds_open ON holds (user_id) WHERE state = 'open';
