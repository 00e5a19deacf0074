-- Usage sessions that are sold by the second, beside those of one job each.

ALTER TABLE usage_sessions ALTER COLUMN job_id DROP NOT NULL;
ALTER TABLE usage_sessions DROP CONSTRAINT usage_sessions_unit_check;
ALTER TABLE usage_sessions ADD CONSTRAINT usage_sessions_unit_check
    CHECK (unit IN ('image', 'output_second', 'running_second'));
ALTER TABLE usage_sessions ADD CONSTRAINT usage_sessions_job_check
    CHECK ((unit = 'running_second') = (job_id IS NULL));

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
