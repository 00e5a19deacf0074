-- What nobody needs any more is marked, and removed when a later look still finds it so. The row
-- of a removed picture or clip stays as the record of what there was.
ALTER TABLE assets ADD COLUMN marked_at BIGINT;
ALTER TABLE assets ADD COLUMN removed_at BIGINT;
CREATE INDEX assets_kept ON assets (created_at) WHERE removed_at IS NULL;
CREATE INDEX assets_marked ON assets (marked_at)
    WHERE marked_at IS NOT NULL AND removed_at IS NULL;

-- Jobs that may still need their inputs.
CREATE INDEX jobs_unfinished ON jobs (id) WHERE finished_at IS NULL;

-- Kept pictures and clips that no open request and no unfinished job refers to, since when, and
-- why they were kept: the result of a job, a clip that a job was made from, or neither.
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
  AND NOT EXISTS (SELECT 1 FROM drafts draft
                  WHERE draft.state IN ('asking', 'open')
                    AND draft.inputs LIKE '%"' || asset.id || '"%')
  AND NOT EXISTS (SELECT 1 FROM jobs other
                  WHERE other.finished_at IS NULL
                    AND other.inputs LIKE '%"' || asset.id || '"%');

-- Updates that were answered.
CREATE INDEX inbox_processed ON inbox (processed_at) WHERE processed_at IS NOT NULL;
-- Requests that became no job.
CREATE INDEX drafts_idle ON drafts (expires_at) WHERE state <> 'confirmed';
