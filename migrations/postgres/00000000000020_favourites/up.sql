-- Since when a user wants the result of a job kept for good; NULL: he does not.
ALTER TABLE jobs ADD COLUMN favourite_at BIGINT;
CREATE INDEX jobs_favourite ON jobs (user_id) WHERE favourite_at IS NOT NULL;
CREATE INDEX acts_undecided ON acts (subject) WHERE ended_at IS NULL AND subject IS NOT NULL;

-- As before, and nothing that its user wants kept, nor what an admin was asked to decide about since
-- it was marked.
DROP VIEW idle_assets;
CREATE VIEW idle_assets AS
SELECT asset.id, asset.size, asset.created_at, asset.marked_at,
       CASE WHEN job.result = asset.id THEN 'result'
            WHEN job.id <> asset.id THEN 'input'
            ELSE 'orphan' END AS class,
       COALESCE(job.finished_at, asset.created_at) AS idle_since
FROM assets asset
LEFT JOIN jobs job
    ON job.id = CASE WHEN asset.id LIKE '%clip' THEN substr(asset.id, 1, length(asset.id) - 4)
                     ELSE asset.id END
WHERE asset.removed_at IS NULL
  AND (job.id IS NULL OR job.finished_at IS NOT NULL)
  AND (job.favourite_at IS NULL OR job.id <> asset.id)
  AND NOT EXISTS (SELECT 1 FROM acts act
                  WHERE act.subject = job.id AND act.ended_at IS NULL
                    AND act.expires_at > asset.marked_at)
  AND NOT EXISTS (SELECT 1 FROM drafts draft
                  WHERE draft.state IN ('asking', 'open')
                    AND draft.inputs LIKE '%"' || asset.id || '"%')
  AND NOT EXISTS (SELECT 1 FROM jobs other
                  WHERE other.finished_at IS NULL
                    AND other.inputs LIKE '%"' || asset.id || '"%');
