-- When a picture or clip was copied to the second place; NULL: not yet, or there is none.
ALTER TABLE assets ADD COLUMN mirrored_at BIGINT;
CREATE INDEX assets_unmirrored ON assets (created_at, id)
    WHERE mirrored_at IS NULL AND removed_at IS NULL;
