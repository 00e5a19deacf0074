-- Statements and receipts: whose each row is, the published checkpoints, and closing balances.

-- Every row concerns one user or none. The column is made from the accounts' names and never
-- written. Adding it rewrites the table once.
CREATE FUNCTION ledger_user(debit TEXT, credit TEXT) RETURNS BIGINT
    LANGUAGE SQL IMMUTABLE PARALLEL SAFE
    AS $$ SELECT CASE WHEN debit LIKE 'user:%' OR debit LIKE 'debt:%'
                      THEN split_part(debit, ':', 2)::BIGINT
                      WHEN credit LIKE 'user:%' OR credit LIKE 'debt:%'
                      THEN split_part(credit, ':', 2)::BIGINT END $$;
ALTER TABLE ledger ADD COLUMN user_id BIGINT
    GENERATED ALWAYS AS (ledger_user(debit, credit)) STORED;
CREATE INDEX ledger_by_user ON ledger (user_id, seq) WHERE user_id IS NOT NULL;

-- What is published: a run of rows of one shard, all written on one day of UTC.
CREATE TABLE checkpoints (
    shard BIGINT NOT NULL REFERENCES ledger_shards (shard),
    number BIGINT NOT NULL CHECK (number > 0),
    -- 2026-11-23
    day TEXT NOT NULL CHECK (length(day) = 10),
    first_seq BIGINT NOT NULL CHECK (first_seq > 0),
    last_seq BIGINT NOT NULL,
    -- The root of the tree over the rows' hashes, the hash of the last row, and the hash of the
    -- checkpoint before.
    root TEXT NOT NULL CHECK (length(root) = 64),
    head TEXT NOT NULL CHECK (length(head) = 64),
    previous TEXT NOT NULL CHECK (length(previous) = 64),
    hash TEXT NOT NULL CHECK (length(hash) = 64),
    made_at BIGINT NOT NULL,
    PRIMARY KEY (shard, number),
    UNIQUE (shard, first_seq),
    CHECK (last_seq >= first_seq)
);
CREATE INDEX checkpoints_by_day ON checkpoints (day, shard, number);
REVOKE UPDATE, DELETE, TRUNCATE ON checkpoints FROM PUBLIC, CURRENT_USER;

-- What a user had, spendable and set aside together, after a row: one for each run in which
-- there are rows of his. It never changes, because the rows before it do not. A statement adds
-- up from the nearest one, so its cost does not grow with history.
CREATE TABLE closing_balances (
    user_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    balance BIGINT NOT NULL,
    PRIMARY KEY (user_id, seq)
);
REVOKE UPDATE, DELETE, TRUNCATE ON closing_balances FROM PUBLIC, CURRENT_USER;
