-- How much the pictures of owners take, and answers that are given again.

-- Bytes that a run keeps in the artifact store; they count until its pictures are removed.
ALTER TABLE runs ADD COLUMN stored_bytes INTEGER NOT NULL DEFAULT 0;
-- Whose pictures go first: those of runs that passed, the oldest of them first.
CREATE INDEX IF NOT EXISTS runs_with_pictures_by_worth
    ON runs (owner_id, (CASE WHEN status = 'passed' THEN 0 ELSE 1 END), finished_at)
    WHERE finished_at IS NOT NULL AND NOT pictures_removed AND fencing > 0;
-- The same, of all runs of an owner.
CREATE TABLE storage_use (
    owner_id BLOB PRIMARY KEY,
    bytes INTEGER NOT NULL
) STRICT;

-- What was asked for under an `Idempotency-Key`.
CREATE TABLE keyed_requests (
    owner_id BLOB NOT NULL,
    -- SHA-256 of the key.
    hash BLOB NOT NULL,
    -- SHA-256 of the operation and its body.
    request BLOB NOT NULL,
    -- The id of what is made, whoever makes it in the end.
    thing_id BLOB NOT NULL,
    began_at INTEGER NOT NULL,
    -- Until when one process has it; null when it was answered.
    claimed_until INTEGER,
    -- Sealed: an answer may hold a secret. Null while there is none.
    answer TEXT,
    PRIMARY KEY (owner_id, hash)
) STRICT;
CREATE INDEX keyed_requests_by_time ON keyed_requests (began_at);
