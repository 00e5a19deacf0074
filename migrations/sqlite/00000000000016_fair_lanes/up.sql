-- Each user's oldest waiting job is found without reading those of everybody before him.
CREATE INDEX jobs_waiting_of_users ON jobs (kind, lane, user_id, created_at, id, due_at)
    WHERE state = 'queued';
