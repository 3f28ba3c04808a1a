-- What is bounded or removed because of its age is found without reading whole tables.

CREATE INDEX IF NOT EXISTS account_tokens_by_time ON account_tokens (expires_at);
CREATE INDEX IF NOT EXISTS channel_tokens_by_time ON channel_tokens (expires_at);
CREATE INDEX IF NOT EXISTS sessions_by_time ON sessions (expires_at);
CREATE INDEX IF NOT EXISTS sessions_by_end ON sessions (ended_at) WHERE ended_at IS NOT NULL;
-- Accounts that nobody confirms.
CREATE INDEX IF NOT EXISTS accounts_unconfirmed ON accounts (created_at) WHERE confirmed_at IS NULL;
-- The oldest requests of an owner make room.
CREATE INDEX IF NOT EXISTS keyed_requests_by_owner ON keyed_requests (owner_id, began_at);
