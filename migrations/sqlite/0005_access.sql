-- Who comes in, from where, how often, and what was done.

-- How much of a rate is used up: the instant, in microseconds since the Unix epoch, at which all of it is there
-- again. A number, because it is calculated with. Keys are SHA-256: neither addresses nor names are kept here.
CREATE TABLE rate_limits (
    key BLOB PRIMARY KEY,
    full_at INTEGER NOT NULL
) STRICT;
CREATE INDEX rate_limits_by_time ON rate_limits (full_at);

-- Keys of programs, as SHA-256.
CREATE TABLE api_keys (
    id BLOB PRIMARY KEY,
    account_id BLOB NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    hash BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    -- Comma-separated.
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    last_used_at INTEGER
) STRICT;
CREATE INDEX api_keys_by_account ON api_keys (account_id, id);

-- Who did what. It goes with its account.
CREATE TABLE audit (
    id BLOB PRIMARY KEY,
    account_id BLOB NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    -- `session`, `api_key` or `nobody`, and which.
    actor_kind TEXT NOT NULL,
    actor_id BLOB,
    operation TEXT NOT NULL,
    thing_kind TEXT,
    thing_id TEXT,
    -- Comma-separated names.
    fields TEXT NOT NULL,
    address TEXT,
    status INTEGER NOT NULL
) STRICT;
CREATE INDEX audit_by_account ON audit (account_id, id);
CREATE INDEX audit_by_time ON audit (at);

-- Where a log-in was last seen.
ALTER TABLE sessions ADD COLUMN last_used_at INTEGER;
ALTER TABLE sessions ADD COLUMN address TEXT;
ALTER TABLE sessions ADD COLUMN user_agent TEXT;

-- The new address, where the token is for a change of it.
ALTER TABLE account_tokens ADD COLUMN email TEXT;
