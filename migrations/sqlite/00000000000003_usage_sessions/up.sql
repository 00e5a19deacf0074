-- What was sold: opened with the hold, closed with it.
CREATE TABLE usage_sessions (
    id TEXT NOT NULL PRIMARY KEY,
    user_id BIGINT NOT NULL,
    job_id TEXT NOT NULL UNIQUE REFERENCES jobs (id),
    unit TEXT NOT NULL CHECK (unit IN ('image')),
    -- Kopecks for one unit.
    rate BIGINT NOT NULL CHECK (rate > 0),
    held BIGINT NOT NULL CHECK (held >= 0),
    metered_seconds BIGINT NOT NULL CHECK (metered_seconds >= 0),
    charged BIGINT NOT NULL CHECK (charged >= 0 AND charged <= held),
    end_reason TEXT,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);
CREATE INDEX usage_sessions_by_user ON usage_sessions (user_id, started_at);
