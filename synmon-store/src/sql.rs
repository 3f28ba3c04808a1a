//! The statements that both databases understand. `$N` is a place in both.

// A parameter that may be null stands beside its column first: so PostgreSQL learns its type.

macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)+) => {
        $($(#[$doc])* pub(crate) const $name: &str = $text;)+

        /// Every statement, for the test that prepares them on both databases.
        #[cfg(test)]
        pub(crate) const ALL: &[(&str, &str)] = &[$((stringify!($name), $text)),+];
    };
}

statements! {
    PING = "SELECT 1";

    INSERT_FLOW = "INSERT INTO flows (id, owner_id, name, url, search, browser, scheduling, \
        timezone, spread_seconds, active, alert_policy, dialogs, run_timeout_ms, steps, \
        next_run_at, site_health, version, created_at, updated_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)";
    FLOW = "SELECT * FROM flows WHERE id = $1 AND owner_id = $2";
    LIST_FLOWS = "SELECT * FROM flows WHERE owner_id = $1 AND (active = $2 OR $2 IS NULL) \
        AND (search LIKE $3 ESCAPE '\\' OR $3 IS NULL) AND (id < $4 OR $4 IS NULL) \
        ORDER BY id DESC LIMIT $5";
    LAST_RUNS = "SELECT r.* FROM flows f JOIN runs r ON r.id = (SELECT n.id FROM runs n \
        WHERE n.flow_id = f.id ORDER BY n.id DESC LIMIT 1) \
        WHERE f.owner_id = $1 AND f.id >= $2 AND f.id <= $3";
    UPDATE_FLOW = "UPDATE flows SET name = $3, url = $4, search = $5, browser = $6, \
        scheduling = $7, timezone = $8, spread_seconds = $9, active = $10, alert_policy = $11, \
        dialogs = $12, run_timeout_ms = $13, steps = $14, updated_at = $15, \
        next_run_at = CASE WHEN $16 THEN $17 ELSE next_run_at END, version = version + 1 \
        WHERE id = $1 AND version = $2";
    DELETE_FLOW = "DELETE FROM flows WHERE id = $1 AND owner_id = $2";
    DUE_FLOWS = "SELECT * FROM flows WHERE active AND next_run_at IS NOT NULL \
        AND next_run_at <= $1 ORDER BY next_run_at, id LIMIT $2";
    NEXT_DUE = "SELECT next_run_at FROM flows WHERE active AND next_run_at IS NOT NULL \
        ORDER BY next_run_at LIMIT 1";
    ADVANCE_FLOW = "UPDATE flows SET next_run_at = $3 WHERE id = $1 AND active AND next_run_at = $2";
    PAUSE_FLOW = "UPDATE flows SET active = $2, next_run_at = NULL, version = version + 1 \
        WHERE id = $1";
    /// What ends a run locks its flow first, as the deletion of a flow does: in the other order the
    /// two would wait for each other.
    LOCK_FLOW_OF_RUN = "UPDATE flows SET site_health = site_health \
        WHERE id = (SELECT flow_id FROM runs WHERE id = $1) RETURNING site_health";
    SET_HEALTH = "UPDATE flows SET site_health = $2 WHERE id = $1";
    DELETE_FLOWS_OF_OWNER = "DELETE FROM flows WHERE owner_id = $1";

    INSERT_RUN = "INSERT INTO runs (id, owner_id, flow_id, flow_name, triggered_by, status, \
        attempt, scheduled_for, queued_at, finished_at, browser, error_code, error_message, \
        error_step, missed_count) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) \
        ON CONFLICT (flow_id, scheduled_for) DO NOTHING";
    INSERT_SNAPSHOT = "INSERT INTO run_snapshots (run_id, body) VALUES ($1, $2)";
    SNAPSHOT = "SELECT body FROM run_snapshots WHERE run_id = $1";
    DELETE_SNAPSHOT = "DELETE FROM run_snapshots WHERE run_id = $1";
    OPEN_RUNS_OF_FLOW = "SELECT COUNT(*) FROM runs WHERE flow_id = $1 \
        AND status IN ('queued', 'running')";
    TAKE_TURN = "INSERT INTO owner_turns (owner_id, served_at) VALUES ($1, $2) \
        ON CONFLICT (owner_id) DO UPDATE SET served_at = excluded.served_at";
    DELETE_TURN = "DELETE FROM owner_turns WHERE owner_id = $1";
    RENEW = "UPDATE runs SET lease_until = $3 \
        WHERE id = $1 AND fencing = $2 AND status = 'running' RETURNING cancel_requested";
    LOCK_LEASE = "UPDATE runs SET fencing = fencing \
        WHERE id = $1 AND fencing = $2 AND status = 'running'";
    BEGIN_ATTEMPT = "UPDATE runs SET attempt = $3 \
        WHERE id = $1 AND fencing = $2 AND status = 'running'";
    FINISH = "UPDATE runs SET status = $3, attempt = $4, error_code = $5, error_message = $6, \
        error_step = $7, finished_at = $8, duration_us = $9, browser_version = $10, \
        lease_until = NULL, worker_id = NULL \
        WHERE id = $1 AND fencing = $2 AND status = 'running' RETURNING owner_id, flow_id";
    RELEASE = "UPDATE runs SET status = 'queued', fencing = fencing + 1, lease_until = NULL, \
        worker_id = NULL, started_at = NULL \
        WHERE id = $1 AND fencing = $2 AND status = 'running' RETURNING attempt";
    DELETE_ATTEMPT = "DELETE FROM step_logs WHERE run_id = $1 AND attempt = $2";
    LOST_RUNS = "SELECT * FROM runs WHERE status = 'running' AND lease_until < $1 \
        ORDER BY lease_until LIMIT 100";
    REQUEUE_LOST = "UPDATE runs SET status = 'queued', attempt = attempt + 1, \
        losses = losses + 1, fencing = fencing + 1, lease_until = NULL, worker_id = NULL, \
        started_at = NULL \
        WHERE id = $1 AND fencing = $2 AND status = 'running' AND lease_until < $3";
    END_LOST = "UPDATE runs SET status = $4, losses = losses + 1, fencing = fencing + 1, \
        lease_until = NULL, worker_id = NULL, finished_at = $3, error_code = $5, \
        error_message = $6 \
        WHERE id = $1 AND fencing = $2 AND status = 'running' AND lease_until < $3";
    RUN = "SELECT * FROM runs WHERE id = $1 AND owner_id = $2";
    LIST_RUNS = "SELECT * FROM runs WHERE owner_id = $1 AND (status = $2 OR $2 IS NULL) \
        AND (queued_at >= $3 OR $3 IS NULL) AND (queued_at < $4 OR $4 IS NULL) \
        AND (id < $5 OR $5 IS NULL) ORDER BY id DESC LIMIT $6";
    LIST_RUNS_OF_FLOW = "SELECT * FROM runs WHERE owner_id = $1 AND flow_id = $7 \
        AND (status = $2 OR $2 IS NULL) AND (queued_at >= $3 OR $3 IS NULL) \
        AND (queued_at < $4 OR $4 IS NULL) AND (id < $5 OR $5 IS NULL) \
        ORDER BY id DESC LIMIT $6";
    LOCK_RUN = "UPDATE runs SET fencing = fencing WHERE id = $1 AND owner_id = $2 \
        RETURNING status";
    CANCEL_QUEUED = "UPDATE runs SET status = 'cancelled', finished_at = $3, error_code = $4, \
        error_message = $5 WHERE id = $1 AND owner_id = $2 AND status = 'queued'";
    CANCEL_RUNNING = "UPDATE runs SET cancel_requested = $3 \
        WHERE id = $1 AND owner_id = $2 AND status = 'running'";
    QUEUE_DEPTH = "SELECT COUNT(*) FROM runs WHERE status = 'queued'";

    PUT_LOG = "INSERT INTO step_logs (run_id, attempt, number, action, name, selector_xpath, \
        content, status, started_at, duration_us, wait_us, act_us, picture_us, url, title, \
        error_code, error_message, error_expected, error_found, screenshot_key, \
        screenshot_missing, dialogs) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, \
        $13, $14, $15, $16, $17, $18, $19, $20, $21, $22) \
        ON CONFLICT (run_id, attempt, number) DO NOTHING";
    LOGS = "SELECT l.* FROM step_logs l JOIN runs r ON r.id = l.run_id \
        AND r.attempt = l.attempt WHERE l.run_id = $1 ORDER BY l.number";

    INSERT_NOTICE = "INSERT INTO notices (id, owner_id, created_at, body, status, attempts, \
        due_at) VALUES ($1, $2, $3, $4, 'pending', 0, $3)";
    SETTLE_NOTICE = "UPDATE notices SET status = $3, due_at = $4, last_error = $5, \
        settled_at = $6 WHERE id = $1 AND attempts = $2 AND status = 'pending'";
    DELETE_NOTICES_OF_OWNER = "DELETE FROM notices WHERE owner_id = $1";

    ADD_TRASH = "INSERT INTO trash (prefix) VALUES ($1) ON CONFLICT (prefix) DO NOTHING";
    TRASH = "SELECT prefix FROM trash ORDER BY prefix LIMIT $1";
    FORGET_TRASH = "DELETE FROM trash WHERE prefix = $1";

    REGISTER = "INSERT INTO accounts (id, name, email, email_key, password_hash, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (email_key) DO UPDATE \
        SET name = excluded.name, email = excluded.email, password_hash = excluded.password_hash \
        WHERE accounts.confirmed_at IS NULL RETURNING id";
    ACCOUNT = "SELECT * FROM accounts WHERE id = $1";
    ACCOUNT_BY_EMAIL = "SELECT * FROM accounts WHERE email_key = $1";
    RENAME_ACCOUNT = "UPDATE accounts SET name = $2 WHERE id = $1";
    UPGRADE_PASSWORD = "UPDATE accounts SET password_hash = $3 WHERE id = $1 AND password_hash = $2";
    SET_PASSWORD = "UPDATE accounts SET password_hash = $2, \
        confirmed_at = COALESCE(confirmed_at, $3) WHERE id = $1";
    CONFIRM_ACCOUNT = "UPDATE accounts SET confirmed_at = COALESCE(confirmed_at, $2) WHERE id = $1";
    DELETE_ACCOUNT = "DELETE FROM accounts WHERE id = $1";
    LOCK_ACCOUNT = "UPDATE accounts SET name = name WHERE id = $1";
    COUNT_TOKENS = "SELECT COUNT(*) FROM account_tokens \
        WHERE account_id = $1 AND purpose = $2 AND created_at >= $3";
    END_TOKENS = "UPDATE account_tokens SET ended_at = $2 WHERE account_id = $1 \
        AND ended_at IS NULL";
    END_TOKENS_FOR = "UPDATE account_tokens SET ended_at = $3 WHERE account_id = $1 \
        AND purpose = $2 AND ended_at IS NULL";
    INSERT_TOKEN = "INSERT INTO account_tokens (hash, account_id, purpose, created_at, \
        expires_at) VALUES ($1, $2, $3, $4, $5)";
    /// Whoever issues tokens locks the account first; spending one does too.
    LOCK_ACCOUNT_OF_TOKEN = "UPDATE accounts SET name = name \
        WHERE id = (SELECT account_id FROM account_tokens WHERE hash = $1)";
    SPEND_TOKEN = "UPDATE account_tokens SET ended_at = $3 WHERE hash = $1 AND purpose = $2 \
        AND ended_at IS NULL AND expires_at > $3 RETURNING account_id";
    PRUNE_TOKENS = "DELETE FROM account_tokens WHERE expires_at < $1";
    INSERT_SESSION = "INSERT INTO sessions (id, account_id, created_at, expires_at) \
        VALUES ($1, $2, $3, $4)";
    INSERT_REFRESH = "INSERT INTO refresh_tokens (hash, session_id, issued_at) VALUES ($1, $2, $3)";
    SPEND_REFRESH = "UPDATE refresh_tokens SET spent_at = $2 \
        WHERE hash = $1 AND spent_at IS NULL RETURNING session_id";
    SESSION_OF_REFRESH = "SELECT session_id FROM refresh_tokens WHERE hash = $1";
    LIVE_SESSION = "SELECT account_id FROM sessions \
        WHERE id = $1 AND ended_at IS NULL AND expires_at > $2";
    END_SESSION = "UPDATE sessions SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
    END_SESSIONS = "UPDATE sessions SET ended_at = $2 WHERE account_id = $1 AND ended_at IS NULL";
    PRUNE_SESSIONS = "DELETE FROM sessions WHERE expires_at < $1 OR ended_at < $1";
}
