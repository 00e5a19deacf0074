-- Usage sessions that are sold by the second, beside those of one job each.

-- SQLite cannot change a CHECK or a NOT NULL: the table is written anew.
CREATE TABLE usage_sessions_new (
    id TEXT NOT NULL PRIMARY KEY,
    user_id BIGINT NOT NULL,
    -- NULL: not sold by the job.
    job_id TEXT UNIQUE REFERENCES jobs (id),
    unit TEXT NOT NULL CHECK (unit IN ('image', 'output_second', 'running_second')),
    -- Kopecks for one unit.
    rate BIGINT NOT NULL CHECK (rate > 0),
    held BIGINT NOT NULL CHECK (held >= 0),
    metered_seconds BIGINT NOT NULL CHECK (metered_seconds >= 0),
    charged BIGINT NOT NULL CHECK (charged >= 0 AND charged <= held),
    end_reason TEXT,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    CHECK ((ended_at IS NULL) = (end_reason IS NULL)),
    CHECK ((unit = 'running_second') = (job_id IS NULL))
);
INSERT INTO usage_sessions_new (id, user_id, job_id, unit, rate, held, metered_seconds, charged,
                                end_reason, started_at, ended_at)
SELECT id, user_id, job_id, unit, rate, held, metered_seconds, charged, end_reason, started_at,
       ended_at
FROM usage_sessions;
DROP TABLE usage_sessions;
ALTER TABLE usage_sessions_new RENAME TO usage_sessions;
CREATE INDEX usage_sessions_by_user ON usage_sessions (user_id, started_at);

-- A user runs one at a time.
CREATE UNIQUE INDEX usage_sessions_running ON usage_sessions (user_id)
    WHERE unit = 'running_second' AND ended_at IS NULL;

-- How a session by the second stands: what is set aside, used and charged.
CREATE TABLE meters (
    usage_id TEXT NOT NULL PRIMARY KEY REFERENCES usage_sessions (id),
    chat_id BIGINT NOT NULL,
    window_secs BIGINT NOT NULL CHECK (window_secs > 0),
    lead_secs BIGINT NOT NULL CHECK (lead_secs >= 0),
    -- Microseconds used, and the moment up to which they were counted.
    metered BIGINT NOT NULL CHECK (metered >= 0),
    counted_until BIGINT NOT NULL,
    windows_held BIGINT NOT NULL CHECK (windows_held > 0),
    windows_charged BIGINT NOT NULL CHECK (windows_charged >= 0 AND windows_charged <= windows_held),
    -- Grows with each write: a writer that read an older row is refused.
    version BIGINT NOT NULL,
    -- Why no further window is set aside; "stopped" ends the session at the next look.
    stopping TEXT CHECK (stopping IN ('stopped', 'balance', 'cap', 'banned'))
);
