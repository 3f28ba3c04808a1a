-- Who comes in, from where, how often, and what was done.

-- How much of a rate is used up: the instant, in microseconds since the Unix epoch, at which all of it is there
-- again. A number, because it is calculated with. Keys are SHA-256: neither addresses nor names are kept here.
CREATE TABLE rate_limits (
    key BYTEA PRIMARY KEY,
    full_at BIGINT NOT NULL
);
CREATE INDEX rate_limits_by_time ON rate_limits (full_at);

-- Keys of programs, as SHA-256.
CREATE TABLE api_keys (
    id UUID PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    hash BYTEA NOT NULL UNIQUE,
    name TEXT NOT NULL,
    -- Comma-separated.
    scopes TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ,
    last_used_at TIMESTAMPTZ
);
CREATE INDEX api_keys_by_account ON api_keys (account_id, id);

-- Who did what. It goes with its account.
CREATE TABLE audit (
    id UUID PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    at TIMESTAMPTZ NOT NULL,
    -- `session`, `api_key` or `nobody`, and which.
    actor_kind TEXT NOT NULL,
    actor_id UUID,
    operation TEXT NOT NULL,
    thing_kind TEXT,
    thing_id TEXT,
    -- Comma-separated names.
    fields TEXT NOT NULL,
    address TEXT,
    status BIGINT NOT NULL
);
CREATE INDEX audit_by_account ON audit (account_id, id);
CREATE INDEX audit_by_time ON audit (at);

-- Where a log-in was last seen.
ALTER TABLE sessions ADD COLUMN last_used_at TIMESTAMPTZ;
ALTER TABLE sessions ADD COLUMN address TEXT;
ALTER TABLE sessions ADD COLUMN user_agent TEXT;

-- The new address, where the token is for a change of it.
ALTER TABLE account_tokens ADD COLUMN email TEXT;

-- As at the end of 0002: the first release has `SELECT *` prepared.
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = current_user
    AND application_name = 'synmon' AND pid <> pg_backend_pid();
