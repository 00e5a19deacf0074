-- The ledger: the journal, the chain's heads, the cache of balances and the holds.
-- Money is BIGINT kopecks, time BIGINT microseconds since the epoch, the same on both databases.

-- One row is one shard. Locking it serialises everything that happens in the shard, across
-- processes too. The number of rows never changes: an account belongs to one shard for ever.
CREATE TABLE ledger_shards (
    shard BIGINT PRIMARY KEY CHECK (shard >= 0),
    head_seq BIGINT NOT NULL CHECK (head_seq >= 0),
    head_hash TEXT NOT NULL CHECK (length(head_hash) = 64),
    head_at BIGINT NOT NULL
);
INSERT INTO ledger_shards (shard, head_seq, head_hash, head_at)
VALUES (0, 0, repeat('0', 64), 0), (1, 0, repeat('0', 64), 0);

-- The journal, append-only, the source of truth about money.
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

-- The user of an account's name, `user:42:available`; NULL for the platform's.
CREATE FUNCTION ledger_account_user(account TEXT) RETURNS BIGINT
    LANGUAGE SQL IMMUTABLE PARALLEL SAFE
    AS $$ SELECT CASE WHEN account LIKE 'user:%' THEN split_part(account, ':', 2)::BIGINT END $$;

-- Statement triggers: a batch of transfers is one update of each account it touches, and the
-- CHECK looks at the sum of the batch.
CREATE FUNCTION ledger_insert_into_cache() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    -- Accounts are made first and filled then: the CHECK of a new row would refuse a debit that
    -- an existing balance covers, before the conflict is seen.
    INSERT INTO user_balance_cache (account, user_id, balance, updated_at)
    SELECT account, ledger_account_user(account), 0, MAX(at)
    FROM (SELECT credit AS account, at FROM added UNION ALL SELECT debit, at FROM added) legs
    GROUP BY account
    ORDER BY account
    ON CONFLICT (account) DO NOTHING;
    UPDATE user_balance_cache cache
    SET balance = cache.balance + moved.amount,
        updated_at = GREATEST(cache.updated_at, moved.at)
    FROM (
        SELECT account, SUM(amount)::BIGINT AS amount, MAX(at) AS at FROM (
            SELECT credit AS account, amount, at FROM added
            UNION ALL
            SELECT debit, -amount, at FROM added
        ) legs GROUP BY account
    ) moved
    WHERE cache.account = moved.account;
    RETURN NULL;
END $$;

CREATE FUNCTION ledger_update_into_cache() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO user_balance_cache (account, user_id, balance, updated_at)
    SELECT account, ledger_account_user(account), 0, MAX(at)
    FROM (SELECT credit AS account, at FROM added UNION ALL SELECT debit, at FROM added) legs
    GROUP BY account
    ORDER BY account
    ON CONFLICT (account) DO NOTHING;
    UPDATE user_balance_cache cache
    SET balance = cache.balance + moved.amount
    FROM (
        SELECT account, SUM(amount)::BIGINT AS amount FROM (
            SELECT credit AS account, amount FROM added
            UNION ALL
            SELECT debit, -amount FROM added
            UNION ALL
            SELECT credit, -amount FROM gone
            UNION ALL
            SELECT debit, amount FROM gone
        ) legs GROUP BY account
    ) moved
    WHERE cache.account = moved.account;
    RETURN NULL;
END $$;

CREATE FUNCTION ledger_delete_from_cache() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    UPDATE user_balance_cache cache
    SET balance = cache.balance + moved.amount
    FROM (
        SELECT account, SUM(amount)::BIGINT AS amount FROM (
            SELECT credit AS account, -amount AS amount FROM gone
            UNION ALL
            SELECT debit, amount FROM gone
        ) legs GROUP BY account
    ) moved
    WHERE cache.account = moved.account;
    RETURN NULL;
END $$;

CREATE TRIGGER update_balance_cache_on_ledger_insert
    AFTER INSERT ON ledger REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_insert_into_cache();
CREATE TRIGGER update_balance_cache_on_ledger_update
    AFTER UPDATE ON ledger REFERENCING OLD TABLE AS gone NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_update_into_cache();
CREATE TRIGGER update_balance_cache_on_ledger_delete
    AFTER DELETE ON ledger REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_delete_from_cache();

-- Append-only for the application, which is the owner here and may give up its own rights. A
-- superuser is exempt: do not run the bot as one.
REVOKE UPDATE, DELETE, TRUNCATE ON ledger FROM PUBLIC, CURRENT_USER;

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
