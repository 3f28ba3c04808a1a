-- Channels, and what their owners are told when.

CREATE TABLE channels (
    id UUID PRIMARY KEY,
    owner_id UUID NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- JSON: where it leads.
    target TEXT NOT NULL,
    status TEXT NOT NULL,
    status_reason TEXT,
    last_delivered_at TIMESTAMPTZ,
    last_error TEXT,
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX channels_by_owner ON channels (owner_id, id);

-- Tokens that confirm the addresses of channels, as SHA-256. They outlive their channel: how many
-- an address was sent must not be forgotten with it.
CREATE TABLE channel_tokens (
    hash BYTEA PRIMARY KEY,
    channel_id UUID NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ
);
CREATE INDEX channel_tokens_by_email ON channel_tokens (email_key, created_at);
CREATE INDEX channel_tokens_by_channel ON channel_tokens (channel_id);

-- JSON: what the owner wants to be told; null is what the first release knew of, `alert_policy`.
ALTER TABLE flows ADD COLUMN alerts TEXT;
-- JSON: the ids of the channels that it is told by; none is the owner's own address.
ALTER TABLE flows ADD COLUMN channels TEXT NOT NULL DEFAULT '[]';
ALTER TABLE flows ADD COLUMN failures_in_row BIGINT NOT NULL DEFAULT 0;
ALTER TABLE flows ADD COLUMN failing_since TIMESTAMPTZ;
-- When the owner was last told that the site fails; null if not since it last worked.
ALTER TABLE flows ADD COLUMN told_at TIMESTAMPTZ;
UPDATE flows SET failures_in_row = 1, failing_since = updated_at, told_at = updated_at
    WHERE site_health = 'failing';

-- JSON: whether the verdict was told, and why.
ALTER TABLE runs ADD COLUMN alert_decision TEXT;

-- What came of the attempts that others followed.
CREATE TABLE run_attempts (
    run_id UUID NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    attempt BIGINT NOT NULL,
    status TEXT NOT NULL,
    error_code TEXT,
    error_message TEXT,
    error_step BIGINT,
    finished_at TIMESTAMPTZ NOT NULL,
    browser_version TEXT,
    PRIMARY KEY (run_id, attempt)
);

-- Null is the owner's own address.
ALTER TABLE notices ADD COLUMN channel_id UUID;
ALTER TABLE notices ADD COLUMN run_id UUID;
ALTER TABLE notices ADD COLUMN event TEXT;
-- How often it was tried since it was last asked for; `attempts` only ever counts up.
ALTER TABLE notices ADD COLUMN tries BIGINT NOT NULL DEFAULT 0;
ALTER TABLE notices ADD COLUMN claimed_until TIMESTAMPTZ;
CREATE INDEX notices_by_channel ON notices (channel_id, id) WHERE channel_id IS NOT NULL;
CREATE INDEX notices_by_run ON notices (run_id) WHERE run_id IS NOT NULL;
CREATE INDEX notices_told ON notices (owner_id, created_at) WHERE run_id IS NOT NULL;
CREATE INDEX notices_held ON notices (due_at) WHERE status = 'held';
CREATE INDEX notices_claimed ON notices (claimed_until) WHERE claimed_until IS NOT NULL;

-- A process of the first release has `SELECT *` prepared, which fails for good on a connection once
-- columns were added: its connections are ended, and it prepares anew on others.
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = current_user
    AND application_name = 'synmon' AND pid <> pg_backend_pid();
