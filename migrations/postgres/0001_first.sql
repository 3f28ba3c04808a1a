-- Times are instants with microseconds; ids are UUIDv7.

CREATE TABLE accounts (
    id UUID PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    -- The address as it is compared: one mailbox, one account.
    email_key TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    confirmed_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL
);

-- Tokens that letters carry, as SHA-256.
CREATE TABLE account_tokens (
    hash BYTEA PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    purpose TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    -- Set when it is spent or when a newer one takes its place.
    ended_at TIMESTAMPTZ
);
CREATE INDEX account_tokens_by_account ON account_tokens (account_id, purpose);

CREATE TABLE sessions (
    id UUID PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ
);
CREATE INDEX sessions_by_account ON sessions (account_id);

CREATE TABLE refresh_tokens (
    hash BYTEA PRIMARY KEY,
    session_id UUID NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    issued_at TIMESTAMPTZ NOT NULL,
    spent_at TIMESTAMPTZ
);
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);

CREATE TABLE flows (
    id UUID PRIMARY KEY,
    -- Opaque: an embedder may have no accounts here.
    owner_id UUID NOT NULL,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    -- Name and address in lower case, for the search.
    search TEXT NOT NULL,
    browser TEXT NOT NULL,
    scheduling TEXT NOT NULL,
    timezone TEXT NOT NULL,
    spread_seconds BIGINT NOT NULL,
    active BOOLEAN NOT NULL,
    alert_policy TEXT NOT NULL,
    dialogs TEXT NOT NULL,
    run_timeout_ms BIGINT NOT NULL,
    -- JSON: the flat form of steps.
    steps TEXT NOT NULL,
    next_run_at TIMESTAMPTZ,
    site_health TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX flows_by_owner ON flows (owner_id, id);
-- What the scheduler reads: its cost follows what is due.
CREATE INDEX flows_due ON flows (next_run_at) WHERE active AND next_run_at IS NOT NULL;

CREATE TABLE runs (
    id UUID PRIMARY KEY,
    owner_id UUID NOT NULL,
    flow_id UUID NOT NULL REFERENCES flows (id) ON DELETE CASCADE,
    flow_name TEXT NOT NULL,
    triggered_by TEXT NOT NULL,
    status TEXT NOT NULL,
    attempt BIGINT NOT NULL,
    -- How often its worker was lost.
    losses BIGINT NOT NULL DEFAULT 0,
    scheduled_for TIMESTAMPTZ,
    queued_at TIMESTAMPTZ NOT NULL,
    started_at TIMESTAMPTZ,
    finished_at TIMESTAMPTZ,
    duration_us BIGINT,
    browser TEXT NOT NULL,
    browser_version TEXT,
    error_code TEXT,
    error_message TEXT,
    error_step BIGINT,
    missed_count BIGINT,
    cancel_requested BOOLEAN NOT NULL DEFAULT FALSE,
    -- The lease: only the holder of the newest fencing number may write.
    fencing BIGINT NOT NULL DEFAULT 0,
    worker_id UUID,
    lease_until TIMESTAMPTZ
);
-- Each slot has one run, however many schedulers there are.
CREATE UNIQUE INDEX runs_one_per_slot ON runs (flow_id, scheduled_for);
CREATE INDEX runs_by_owner ON runs (owner_id, id);
CREATE INDEX runs_by_flow ON runs (flow_id, id);
CREATE INDEX runs_queued ON runs (queued_at) WHERE status = 'queued';
CREATE INDEX runs_running ON runs (lease_until) WHERE status = 'running';
CREATE INDEX runs_open_by_flow ON runs (flow_id) WHERE status IN ('queued', 'running');

-- What a run is to do, as JSON; gone when it has ended.
CREATE TABLE run_snapshots (
    run_id UUID PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    body TEXT NOT NULL
);

-- When an owner was last served, so that owners take turns.
CREATE TABLE owner_turns (
    owner_id UUID PRIMARY KEY,
    served_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE step_logs (
    run_id UUID NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    attempt BIGINT NOT NULL,
    number BIGINT NOT NULL,
    action TEXT NOT NULL,
    name TEXT,
    selector_xpath TEXT,
    content TEXT,
    status TEXT NOT NULL,
    started_at TIMESTAMPTZ,
    duration_us BIGINT,
    wait_us BIGINT NOT NULL,
    act_us BIGINT NOT NULL,
    picture_us BIGINT NOT NULL,
    url TEXT,
    title TEXT,
    error_code TEXT,
    error_message TEXT,
    error_expected TEXT,
    error_found TEXT,
    -- The key in the artifact store, or why there is no picture, or neither.
    screenshot_key TEXT,
    screenshot_missing TEXT,
    -- JSON: the texts of dialogs.
    dialogs TEXT NOT NULL,
    PRIMARY KEY (run_id, attempt, number)
);

-- The outbox.
CREATE TABLE notices (
    id UUID PRIMARY KEY,
    owner_id UUID,
    created_at TIMESTAMPTZ NOT NULL,
    -- JSON: all that it tells.
    body TEXT NOT NULL,
    status TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    due_at TIMESTAMPTZ NOT NULL,
    last_error TEXT,
    settled_at TIMESTAMPTZ
);
CREATE INDEX notices_due ON notices (due_at) WHERE status = 'pending';
CREATE INDEX notices_by_owner ON notices (owner_id);

-- Folders of the artifact store that nothing refers to any more.
CREATE TABLE trash (
    prefix TEXT PRIMARY KEY
);
