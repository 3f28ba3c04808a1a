-- Secrets of owners for the steps of flows, sealed: nothing in here can be read without the key.

CREATE TABLE secrets (
    owner_id BLOB NOT NULL,
    name TEXT NOT NULL,
    -- The name of the key that it is sealed with.
    key_id TEXT NOT NULL,
    sealed TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (owner_id, name)
) STRICT;
CREATE INDEX secrets_by_seal ON secrets (key_id);
