-- What owners have used up of what they may use within a time.

CREATE TABLE quota_use (
    owner_id BLOB NOT NULL,
    quota TEXT NOT NULL,
    -- Which hour or day since the Unix epoch is counted: with the next one it begins anew.
    period INTEGER NOT NULL,
    used INTEGER NOT NULL,
    PRIMARY KEY (owner_id, quota)
) STRICT;
