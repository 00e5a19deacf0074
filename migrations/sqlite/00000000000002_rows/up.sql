-- Rows beside the ledger. Money in kopecks, time in microseconds since the epoch, ids as text.
-- The same tables stand in the other database's folder; only the numbering of the outbox differs.

CREATE TABLE users (
    id BIGINT NOT NULL PRIMARY KEY,
    chat_id BIGINT NOT NULL,
    language TEXT NOT NULL CHECK (language IN ('ru', 'en')),
    reachable TEXT NOT NULL CHECK (reachable IN ('yes', 'blocked')),
    created_at BIGINT NOT NULL
);
CREATE INDEX users_by_chat ON users (chat_id);

-- Every update as it arrived. A row without processed_at waits; one with a cause was set aside.
CREATE TABLE inbox (
    update_id BIGINT NOT NULL PRIMARY KEY,
    chat_id BIGINT NOT NULL,
    body TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL CHECK (attempts >= 0),
    processed_at BIGINT,
    set_aside_cause TEXT,
    CHECK (set_aside_cause IS NULL OR processed_at IS NOT NULL)
);
CREATE INDEX inbox_waiting ON inbox (chat_id, update_id) WHERE processed_at IS NULL;

CREATE TABLE drafts (
    id TEXT NOT NULL PRIMARY KEY,
    user_id BIGINT NOT NULL,
    chat_id BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('asking', 'open', 'confirmed', 'cancelled')),
    -- One draft becomes one job, however often it is confirmed.
    job_id TEXT UNIQUE,
    prompt TEXT NOT NULL,
    aspect TEXT NOT NULL,
    size TEXT NOT NULL,
    -- A JSON list, src/store/codec.rs.
    inputs TEXT NOT NULL,
    price BIGINT NOT NULL CHECK (price >= 0),
    nonce TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CHECK ((state = 'confirmed') = (job_id IS NOT NULL))
);
CREATE INDEX drafts_unfinished ON drafts (chat_id, created_at) WHERE state IN ('asking', 'open');

CREATE TABLE jobs (
    id TEXT NOT NULL PRIMARY KEY,
    draft_id TEXT NOT NULL UNIQUE,
    user_id BIGINT NOT NULL,
    chat_id BIGINT NOT NULL,
    hold_id TEXT NOT NULL UNIQUE,
    lane TEXT NOT NULL CHECK (lane IN ('high', 'normal', 'low')),
    model TEXT NOT NULL,
    prompt TEXT NOT NULL,
    aspect TEXT NOT NULL,
    size TEXT NOT NULL,
    inputs TEXT NOT NULL,
    price BIGINT NOT NULL CHECK (price > 0),
    state TEXT NOT NULL CHECK (state IN ('queued', 'leased', 'submitting', 'running', 'rendered',
                                         'settled', 'delivered', 'failed', 'cancelled', 'unknown')),
    state_at BIGINT NOT NULL,
    -- Grows with each lease: a write that carries an older one is refused.
    fence BIGINT NOT NULL CHECK (fence >= 0),
    lease_owner TEXT,
    lease_until BIGINT,
    due_at BIGINT NOT NULL,
    attempt BIGINT NOT NULL CHECK (attempt >= 0),
    provider TEXT,
    provider_job TEXT,
    result TEXT,
    ending TEXT,
    created_at BIGINT NOT NULL,
    deadline_at BIGINT NOT NULL,
    finished_at BIGINT,
    -- Somebody works on a job exactly while it has a lease, live or run out.
    CHECK ((lease_until IS NOT NULL)
           = (state IN ('leased', 'submitting', 'running', 'rendered', 'unknown'))),
    CHECK ((lease_owner IS NOT NULL) = (lease_until IS NOT NULL)),
    -- Nothing is settled or delivered without a stored result.
    CHECK (result IS NOT NULL OR state NOT IN ('rendered', 'settled', 'delivered'))
);
CREATE INDEX jobs_waiting ON jobs (lane, created_at, id) WHERE state = 'queued';
CREATE INDEX jobs_leased ON jobs (lane, lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX jobs_by_user ON jobs (user_id, created_at);

CREATE TABLE attempts (
    job_id TEXT NOT NULL REFERENCES jobs (id),
    number BIGINT NOT NULL CHECK (number >= 1),
    -- The lease under which it was begun, so that nobody takes another's attempt for a repeat
    -- of his own.
    fence BIGINT NOT NULL,
    provider TEXT NOT NULL,
    provider_job TEXT,
    outcome TEXT NOT NULL CHECK (outcome IN ('begun', 'accepted', 'rejected', 'lost')),
    begun_at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (job_id, number)
);

CREATE TABLE assets (
    id TEXT NOT NULL PRIMARY KEY,
    user_id BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('png', 'jpeg', 'webp')),
    width BIGINT NOT NULL CHECK (width > 0),
    height BIGINT NOT NULL CHECK (height > 0),
    size BIGINT NOT NULL CHECK (size > 0),
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    created_at BIGINT NOT NULL
);

-- Messages that must arrive, in the order of seq inside a chat.
CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    chat_id BIGINT NOT NULL,
    slot TEXT,
    body TEXT NOT NULL,
    job_id TEXT,
    state TEXT NOT NULL CHECK (state IN ('ready', 'delivered', 'superseded', 'dead', 'unreachable')),
    attempts BIGINT NOT NULL CHECK (attempts >= 0),
    due_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    finished_at BIGINT,
    message_id BIGINT,
    cause TEXT,
    CHECK ((state = 'delivered') = (message_id IS NOT NULL)),
    CHECK ((finished_at IS NOT NULL) = (state IN ('delivered', 'superseded', 'dead')))
);
CREATE INDEX outbox_ready ON outbox (chat_id, seq) WHERE state = 'ready';
CREATE INDEX outbox_unreachable ON outbox (chat_id) WHERE state = 'unreachable';
CREATE INDEX outbox_by_job ON outbox (job_id) WHERE job_id IS NOT NULL;

-- The message that stands in a place of a chat and is edited from then on.
CREATE TABLE outbox_slots (
    chat_id BIGINT NOT NULL,
    slot TEXT NOT NULL,
    message_id BIGINT NOT NULL,
    PRIMARY KEY (chat_id, slot)
);

-- Which job's picture a message of the bot shows, for replies to it.
CREATE TABLE sent_pictures (
    chat_id BIGINT NOT NULL,
    message_id BIGINT NOT NULL,
    job_id TEXT NOT NULL REFERENCES jobs (id),
    asset_id TEXT NOT NULL,
    PRIMARY KEY (chat_id, message_id)
);
