-- What was given for a refresh token, so that it can be given again if the answer is lost.

-- The access token that was given with a refresh token, and the token that both were given for: none where the
-- log-in began, and none where a process of an earlier version has written the row.
ALTER TABLE refresh_tokens ADD COLUMN access_id BLOB;
ALTER TABLE refresh_tokens ADD COLUMN parent BLOB;
-- When the access token was first used, as far as that matters.
ALTER TABLE refresh_tokens ADD COLUMN used_at INTEGER;
-- When others took the place of both.
ALTER TABLE refresh_tokens ADD COLUMN replaced_at INTEGER;
CREATE INDEX refresh_tokens_by_access ON refresh_tokens (access_id);
CREATE INDEX refresh_tokens_by_parent ON refresh_tokens (parent);
