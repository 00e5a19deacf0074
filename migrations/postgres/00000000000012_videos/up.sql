-- Videos beside pictures.

-- How a video is to look, as JSON (src/store/codec.rs); NULL: a picture is asked for. The shape
-- and the quality stand in the columns aspect and size, as those of a picture do.
ALTER TABLE drafts ADD COLUMN video TEXT;
ALTER TABLE jobs ADD COLUMN video TEXT;

-- What comes out. Jobs of one kind share a queue.
ALTER TABLE jobs ADD COLUMN kind TEXT NOT NULL DEFAULT 'image' CHECK (kind IN ('image', 'video'));
DROP INDEX jobs_waiting;
DROP INDEX jobs_leased;
CREATE INDEX jobs_waiting ON jobs (kind, lane, created_at, id) WHERE state = 'queued';
CREATE INDEX jobs_leased ON jobs (kind, lane, lease_until) WHERE lease_until IS NOT NULL;

ALTER TABLE assets DROP CONSTRAINT assets_kind_check;
ALTER TABLE assets ADD CONSTRAINT assets_kind_check CHECK (kind IN ('png', 'jpeg', 'webp', 'mp4'));
-- Milliseconds; zero for a picture.
ALTER TABLE assets ADD COLUMN millis BIGINT NOT NULL DEFAULT 0 CHECK (millis >= 0);
