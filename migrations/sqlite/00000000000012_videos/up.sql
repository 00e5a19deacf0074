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

-- SQLite cannot change a CHECK: the table is written anew.
CREATE TABLE assets_new (
    id TEXT NOT NULL PRIMARY KEY,
    user_id BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('png', 'jpeg', 'webp', 'mp4')),
    width BIGINT NOT NULL CHECK (width > 0),
    height BIGINT NOT NULL CHECK (height > 0),
    -- Milliseconds; zero for a picture.
    millis BIGINT NOT NULL DEFAULT 0 CHECK (millis >= 0),
    size BIGINT NOT NULL CHECK (size > 0),
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    created_at BIGINT NOT NULL
);
INSERT INTO assets_new (id, user_id, kind, width, height, size, sha256, created_at)
SELECT id, user_id, kind, width, height, size, sha256, created_at FROM assets;
DROP TABLE assets;
ALTER TABLE assets_new RENAME TO assets;
