-- How much the pictures of owners take, and answers that are given again.

-- Bytes that a run keeps in the artifact store; they count until its pictures are removed.
ALTER TABLE runs ADD COLUMN stored_bytes BIGINT NOT NULL DEFAULT 0;
-- Whose pictures go first: those of runs that passed, the oldest of them first.
CREATE INDEX IF NOT EXISTS runs_with_pictures_by_worth
    ON runs (owner_id, (CASE WHEN status = 'passed' THEN 0 ELSE 1 END), finished_at)
    WHERE finished_at IS NOT NULL AND NOT pictures_removed AND fencing > 0;
-- The same, of all runs of an owner.
CREATE TABLE storage_use (
    owner_id UUID PRIMARY KEY,
    bytes BIGINT NOT NULL
);

-- What was asked for under an `Idempotency-Key`.
CREATE TABLE keyed_requests (
    owner_id UUID NOT NULL,
    -- SHA-256 of the key.
    hash BYTEA NOT NULL,
    -- SHA-256 of the operation and its body.
    request BYTEA NOT NULL,
    -- The id of what is made, whoever makes it in the end.
    thing_id UUID NOT NULL,
    began_at TIMESTAMPTZ NOT NULL,
    -- Until when one process has it; null when it was answered.
    claimed_until TIMESTAMPTZ,
    -- Sealed: an answer may hold a secret. Null while there is none.
    answer TEXT,
    PRIMARY KEY (owner_id, hash)
);
CREATE INDEX keyed_requests_by_time ON keyed_requests (began_at);
