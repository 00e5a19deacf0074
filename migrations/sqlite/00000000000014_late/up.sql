-- Jobs whose time ran out while their provider went on: a result that comes late is given away.
CREATE INDEX jobs_late ON jobs (finished_at)
    WHERE state = 'failed' AND ending = 'timeout' AND result IS NULL
      AND provider_job IS NOT NULL;
