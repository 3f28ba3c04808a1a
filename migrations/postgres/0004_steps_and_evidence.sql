-- How a flow's steps and its browser are to be, what a step leaves behind besides its picture, and
-- the browsers that outlive whoever asked for them.

-- JSON: what is set; what is not gets its default.
ALTER TABLE flows ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
-- JSON: null if there is nothing.
ALTER TABLE step_logs ADD COLUMN evidence TEXT;

-- Where the last good picture of a step is looked for.
CREATE INDEX IF NOT EXISTS runs_passed_by_flow ON runs (flow_id, id) WHERE status = 'passed';

-- Browser sessions on machines that others use, too: each from before it is asked for until it is
-- closed. They outlive their run, hence no reference to it.
CREATE TABLE browser_sessions (
    tag TEXT PRIMARY KEY,
    run_id UUID NOT NULL,
    fencing BIGINT NOT NULL,
    -- What the machine calls it; null until that is known.
    session_id TEXT,
    entered_at TIMESTAMPTZ NOT NULL,
    -- When it may be tried (again) to end it, if it is forgotten.
    due_at TIMESTAMPTZ NOT NULL,
    tries BIGINT NOT NULL DEFAULT 0,
    -- Whether that was given up.
    leaked BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX browser_sessions_due ON browser_sessions (due_at, tag) WHERE NOT leaked;
CREATE INDEX browser_sessions_leaked ON browser_sessions (entered_at) WHERE leaked;

-- As at the end of 0002: the first release has `SELECT *` prepared.
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = current_user
    AND application_name = 'synmon' AND pid <> pg_backend_pid();
