-- How a result is to look, as JSON (src/store/codec.rs): a video, or a picture by another model
-- than the first. NULL: a picture by the first model.
ALTER TABLE drafts RENAME COLUMN video TO look;
ALTER TABLE jobs RENAME COLUMN video TO look;
