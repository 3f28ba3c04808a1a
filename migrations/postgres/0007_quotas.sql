-- What owners have used up of what they may use within a time.

CREATE TABLE quota_use (
    owner_id UUID NOT NULL,
    quota TEXT NOT NULL,
    -- Which hour or day since the Unix epoch is counted: with the next one it begins anew.
    period BIGINT NOT NULL,
    used BIGINT NOT NULL,
    PRIMARY KEY (owner_id, quota)
);
