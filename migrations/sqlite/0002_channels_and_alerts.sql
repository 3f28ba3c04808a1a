-- Channels, and what their owners are told when.

CREATE TABLE channels (
    id BLOB PRIMARY KEY,
    owner_id BLOB NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- JSON: where it leads.
    target TEXT NOT NULL,
    status TEXT NOT NULL,
    status_reason TEXT,
    last_delivered_at INTEGER,
    last_error TEXT,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX channels_by_owner ON channels (owner_id, id);

-- Tokens that confirm the addresses of channels, as SHA-256. They outlive their channel: how many
-- an address was sent must not be forgotten with it.
CREATE TABLE channel_tokens (
    hash BLOB PRIMARY KEY,
    channel_id BLOB NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;
CREATE INDEX channel_tokens_by_email ON channel_tokens (email_key, created_at);
CREATE INDEX channel_tokens_by_channel ON channel_tokens (channel_id);

-- JSON: what the owner wants to be told; null is what the first release knew of, `alert_policy`.
ALTER TABLE flows ADD COLUMN alerts TEXT;
-- JSON: the ids of the channels that it is told by; none is the owner's own address.
ALTER TABLE flows ADD COLUMN channels TEXT NOT NULL DEFAULT '[]';
ALTER TABLE flows ADD COLUMN failures_in_row INTEGER NOT NULL DEFAULT 0;
ALTER TABLE flows ADD COLUMN failing_since INTEGER;
-- When the owner was last told that the site fails; null if not since it last worked.
ALTER TABLE flows ADD COLUMN told_at INTEGER;
UPDATE flows SET failures_in_row = 1, failing_since = updated_at, told_at = updated_at
    WHERE site_health = 'failing';

-- JSON: whether the verdict was told, and why.
ALTER TABLE runs ADD COLUMN alert_decision TEXT;

-- What came of the attempts that others followed.
CREATE TABLE run_attempts (
    run_id BLOB NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    attempt INTEGER NOT NULL,
    status TEXT NOT NULL,
    error_code TEXT,
    error_message TEXT,
    error_step INTEGER,
    finished_at INTEGER NOT NULL,
    browser_version TEXT,
    PRIMARY KEY (run_id, attempt)
) STRICT;

-- Null is the owner's own address.
ALTER TABLE notices ADD COLUMN channel_id BLOB;
ALTER TABLE notices ADD COLUMN run_id BLOB;
ALTER TABLE notices ADD COLUMN event TEXT;
-- How often it was tried since it was last asked for; `attempts` only ever counts up.
ALTER TABLE notices ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE notices ADD COLUMN claimed_until INTEGER;
CREATE INDEX notices_by_channel ON notices (channel_id, id) WHERE channel_id IS NOT NULL;
CREATE INDEX notices_by_run ON notices (run_id) WHERE run_id IS NOT NULL;
CREATE INDEX notices_told ON notices (owner_id, created_at) WHERE run_id IS NOT NULL;
CREATE INDEX notices_held ON notices (due_at) WHERE status = 'held';
CREATE INDEX notices_claimed ON notices (claimed_until) WHERE claimed_until IS NOT NULL;
