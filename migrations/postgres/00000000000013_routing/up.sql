-- Routing: why an attempt was made where it was, how providers do, and who was taken out.

-- JSON (actors/routes/decision.rs); NULL for attempts of older versions.
ALTER TABLE attempts ADD COLUMN decision TEXT;

-- The health of a provider for a kind of result, as JSON (src/store/routes.rs).
CREATE TABLE provider_health (
    provider TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('image', 'video')),
    health TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (provider, kind)
);

-- Providers that an operator took out.
CREATE TABLE cordons (
    provider TEXT NOT NULL PRIMARY KEY,
    reason TEXT NOT NULL,
    since BIGINT NOT NULL,
    -- NULL: until it is lifted.
    until BIGINT
);
