-- Series: variations of one request, a job each, one after the other.
CREATE TABLE series (
    -- The draft of the first step; the others are called after it.
    id TEXT NOT NULL PRIMARY KEY REFERENCES drafts (id),
    user_id BIGINT NOT NULL,
    chat_id BIGINT NOT NULL,
    wanted BIGINT NOT NULL CHECK (wanted > 1),
    -- Kopecks for each step, locked at the start.
    price BIGINT NOT NULL CHECK (price > 0),
    -- Whether the user asked to end it after the running step, and was told that money or cap
    -- covers no further one.
    stopping TEXT NOT NULL CHECK (stopping IN ('no', 'asked')),
    warned TEXT NOT NULL CHECK (warned IN ('no', 'yes')),
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    end_reason TEXT CHECK (end_reason IN
        ('completed', 'stopped', 'balance', 'cap', 'banned', 'refused', 'failed')),
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);
CREATE INDEX series_running ON series (id) WHERE ended_at IS NULL;
CREATE INDEX series_by_user ON series (user_id, started_at);
