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

-- The end of the chain, one row. Locking it puts entries in order, across processes too.
CREATE TABLE audit_head (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    head_seq BIGINT NOT NULL CHECK (head_seq >= 0),
    head_hash TEXT NOT NULL CHECK (length(head_hash) = 64),
    head_at BIGINT NOT NULL
);
INSERT INTO audit_head (id, head_seq, head_hash, head_at) VALUES (1, 0, repeat('0', 64), 0);

-- Refused to everyone, the owner and a superuser included; the missing rights stand behind it.
CREATE FUNCTION audit_is_append_only() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only';
END $$;
CREATE TRIGGER audit_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
REVOKE UPDATE, DELETE, TRUNCATE ON audit FROM PUBLIC, CURRENT_USER;
