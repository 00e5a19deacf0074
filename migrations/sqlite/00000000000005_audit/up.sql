-- The audit log: append-only, hash-chained, and without a reference to any other row, so that it
-- outlives whoever it tells of.

CREATE TABLE audit (
    seq BIGINT NOT NULL PRIMARY KEY CHECK (seq > 0),
    key TEXT NOT NULL UNIQUE,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    via TEXT NOT NULL CHECK (via IN ('bot', 'http', 'cli')),
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('asked', 'confirmed', 'done', 'refused', 'withdrawn',
                                             'expired')),
    hash TEXT NOT NULL CHECK (length(hash) = 64)
);
CREATE INDEX audit_by_target ON audit (target, seq);
CREATE INDEX audit_by_actor ON audit (actor, seq);

-- The end of the chain, one row.
CREATE TABLE audit_head (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    head_seq BIGINT NOT NULL CHECK (head_seq >= 0),
    head_hash TEXT NOT NULL CHECK (length(head_hash) = 64),
    head_at BIGINT NOT NULL
);
INSERT INTO audit_head (id, head_seq, head_hash, head_at)
VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000', 0);

-- SQLite has no roles: whoever can write the file can drop these, and the chain tells.
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
