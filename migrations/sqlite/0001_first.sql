-- Times are microseconds since the Unix epoch; ids are the 16 bytes of UUIDv7.

CREATE TABLE accounts (
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    -- The address as it is compared: one mailbox, one account.
    email_key TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    confirmed_at INTEGER,
    created_at INTEGER NOT NULL
) STRICT;

-- Tokens that letters carry, as SHA-256.
CREATE TABLE account_tokens (
    hash BLOB PRIMARY KEY,
    account_id BLOB NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    purpose TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    -- Set when it is spent or when a newer one takes its place.
    ended_at INTEGER
) STRICT;
CREATE INDEX account_tokens_by_account ON account_tokens (account_id, purpose);

CREATE TABLE sessions (
    id BLOB PRIMARY KEY,
    account_id BLOB NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;
CREATE INDEX sessions_by_account ON sessions (account_id);

CREATE TABLE refresh_tokens (
    hash BLOB PRIMARY KEY,
    session_id BLOB NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    issued_at INTEGER NOT NULL,
    spent_at INTEGER
) STRICT;
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);

CREATE TABLE flows (
    id BLOB PRIMARY KEY,
    -- Opaque: an embedder may have no accounts here.
    owner_id BLOB NOT NULL,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    -- Name and address in lower case, for the search.
    search TEXT NOT NULL,
    browser TEXT NOT NULL,
    scheduling TEXT NOT NULL,
    timezone TEXT NOT NULL,
    spread_seconds INTEGER NOT NULL,
    active INTEGER NOT NULL,
    alert_policy TEXT NOT NULL,
    dialogs TEXT NOT NULL,
    run_timeout_ms INTEGER NOT NULL,
    -- JSON: the flat form of steps.
    steps TEXT NOT NULL,
    next_run_at INTEGER,
    site_health TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX flows_by_owner ON flows (owner_id, id);
-- What the scheduler reads: its cost follows what is due.
CREATE INDEX flows_due ON flows (next_run_at) WHERE active AND next_run_at IS NOT NULL;

CREATE TABLE runs (
    id BLOB PRIMARY KEY,
    owner_id BLOB NOT NULL,
    flow_id BLOB NOT NULL REFERENCES flows (id) ON DELETE CASCADE,
    flow_name TEXT NOT NULL,
    triggered_by TEXT NOT NULL,
    status TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    -- How often its worker was lost.
    losses INTEGER NOT NULL DEFAULT 0,
    scheduled_for INTEGER,
    queued_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    duration_us INTEGER,
    browser TEXT NOT NULL,
    browser_version TEXT,
    error_code TEXT,
    error_message TEXT,
    error_step INTEGER,
    missed_count INTEGER,
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    -- The lease: only the holder of the newest fencing number may write.
    fencing INTEGER NOT NULL DEFAULT 0,
    worker_id BLOB,
    lease_until INTEGER
) STRICT;
-- Each slot has one run, however many schedulers there are.
CREATE UNIQUE INDEX runs_one_per_slot ON runs (flow_id, scheduled_for);
CREATE INDEX runs_by_owner ON runs (owner_id, id);
CREATE INDEX runs_by_flow ON runs (flow_id, id);
CREATE INDEX runs_queued ON runs (queued_at) WHERE status = 'queued';
CREATE INDEX runs_running ON runs (lease_until) WHERE status = 'running';
CREATE INDEX runs_open_by_flow ON runs (flow_id) WHERE status IN ('queued', 'running');

-- What a run is to do, as JSON; gone when it has ended.
CREATE TABLE run_snapshots (
    run_id BLOB PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    body TEXT NOT NULL
) STRICT;

-- When an owner was last served, so that owners take turns.
CREATE TABLE owner_turns (
    owner_id BLOB PRIMARY KEY,
    served_at INTEGER NOT NULL
) STRICT;

CREATE TABLE step_logs (
    run_id BLOB NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    attempt INTEGER NOT NULL,
    number INTEGER NOT NULL,
    action TEXT NOT NULL,
    name TEXT,
    selector_xpath TEXT,
    content TEXT,
    status TEXT NOT NULL,
    started_at INTEGER,
    duration_us INTEGER,
    wait_us INTEGER NOT NULL,
    act_us INTEGER NOT NULL,
    picture_us INTEGER NOT NULL,
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
) STRICT;

-- The outbox.
CREATE TABLE notices (
    id BLOB PRIMARY KEY,
    owner_id BLOB,
    created_at INTEGER NOT NULL,
    -- JSON: all that it tells.
    body TEXT NOT NULL,
    status TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    last_error TEXT,
    settled_at INTEGER
) STRICT;
CREATE INDEX notices_due ON notices (due_at) WHERE status = 'pending';
CREATE INDEX notices_by_owner ON notices (owner_id);

-- Folders of the artifact store that nothing refers to any more.
CREATE TABLE trash (
    prefix TEXT PRIMARY KEY
) STRICT;
