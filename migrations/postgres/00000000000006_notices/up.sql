-- What payment methods tell us on their own, as it came.
CREATE TABLE notices (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    method TEXT NOT NULL,
    event TEXT NOT NULL,
    object TEXT NOT NULL,
    -- The id under which our relay signed it; NULL when the sender's address spoke for it.
    signed_id TEXT,
    body TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL CHECK (attempts >= 0),
    finished_at BIGINT,
    set_aside_cause TEXT,
    CHECK (set_aside_cause IS NULL OR finished_at IS NOT NULL)
);
CREATE UNIQUE INDEX notices_signed ON notices (method, signed_id) WHERE signed_id IS NOT NULL;
CREATE UNIQUE INDEX notices_listed ON notices (method, event, object) WHERE signed_id IS NULL;
CREATE INDEX notices_waiting ON notices (due_at, id) WHERE finished_at IS NULL;
