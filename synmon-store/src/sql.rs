//! The statements that both databases understand. `$N` is a place in both.

use crate::columns::{
    account_columns, alert_state_columns, api_key_columns, attempt_columns, audit_columns,
    channel_columns, delivery_columns, flow_columns, freed_columns, log_columns, login_columns,
    notice_columns, run_columns, secret_columns,
};

// A parameter that may be null stands beside its column first: so PostgreSQL learns its type.

macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)+) => {
        $($(#[$doc])* pub(crate) const $name: &str = $text;)+

        /// Every statement, for the test that prepares them on both databases.
        #[cfg(test)]
        pub(crate) const ALL: &[(&str, &str)] = &[$((stringify!($name), $text)),+];
    };
}

pub(crate) use statements;

statements! {
    PING = "SELECT 1";

    INSERT_FLOW = "INSERT INTO flows (id, owner_id, name, url, search, browser, scheduling, \
        timezone, spread_seconds, active, alert_policy, dialogs, run_timeout_ms, steps, \
        next_run_at, site_health, version, created_at, updated_at, alerts, channels, settings) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, \
        $19, $20, $21, $22)";
    FLOW = concat!("SELECT ", flow_columns!(""), " FROM flows WHERE id = $1 AND owner_id = $2");
    LIST_FLOWS = concat!("SELECT ", flow_columns!(""), " FROM flows WHERE owner_id = $1 \
        AND (active = $2 OR $2 IS NULL) AND (search LIKE $3 ESCAPE '\\' OR $3 IS NULL) \
        AND (id < $4 OR $4 IS NULL) ORDER BY id DESC LIMIT $5");
    LAST_RUNS = concat!("SELECT ", run_columns!("r."), " FROM flows f \
        JOIN runs r ON r.id = (SELECT n.id FROM runs n \
        WHERE n.flow_id = f.id ORDER BY n.id DESC LIMIT 1) \
        WHERE f.owner_id = $1 AND f.id >= $2 AND f.id <= $3");
    UPDATE_FLOW = "UPDATE flows SET name = $3, url = $4, search = $5, browser = $6, \
        scheduling = $7, timezone = $8, spread_seconds = $9, active = $10, alert_policy = $11, \
        dialogs = $12, run_timeout_ms = $13, steps = $14, updated_at = $15, \
        next_run_at = CASE WHEN $16 THEN $17 ELSE next_run_at END, alerts = $18, channels = $19, \
        settings = $20, version = version + 1 WHERE id = $1 AND version = $2";
    DELETE_FLOW = "DELETE FROM flows WHERE id = $1 AND owner_id = $2";
    NEXT_DUE = "SELECT next_run_at FROM flows WHERE active AND next_run_at IS NOT NULL \
        ORDER BY next_run_at LIMIT 1";
    PAUSE_FLOW = "UPDATE flows SET active = $2, next_run_at = NULL, version = version + 1 \
        WHERE id = $1";
    /// What ends a run locks its flow first, as the deletion of a flow does: in the other order the
    /// two would wait for each other.
    LOCK_FLOW_OF_RUN = concat!("UPDATE flows SET site_health = site_health \
        WHERE id = (SELECT flow_id FROM runs WHERE id = $1) RETURNING channels, ",
        alert_state_columns!());
    SET_ALERT_STATE = "UPDATE flows SET site_health = $2, failures_in_row = $3, \
        failing_since = $4, told_at = $5 WHERE id = $1";
    LOCK_FLOWS_OF_CHANNEL = "UPDATE flows SET channels = channels WHERE owner_id = $1 \
        AND channels LIKE $2 RETURNING id, channels";
    SET_CHANNELS = "UPDATE flows SET channels = $2, version = version + 1 WHERE id = $1";
    DELETE_FLOWS_OF_OWNER = "DELETE FROM flows WHERE owner_id = $1";

    LOCK_FLOW = "UPDATE flows SET site_health = site_health WHERE id = $1 AND owner_id = $2";
    CLEAR_RUNS_OF_FLOW = concat!("DELETE FROM runs WHERE id IN (SELECT id FROM runs \
        WHERE flow_id = $1 AND finished_at IS NOT NULL ORDER BY id LIMIT $2) RETURNING ",
        freed_columns!());
    CLEAR_RUNS_OF_OWNER = concat!("DELETE FROM runs WHERE id IN (SELECT id FROM runs \
        WHERE owner_id = $1 AND finished_at IS NOT NULL ORDER BY id LIMIT $2) RETURNING ",
        freed_columns!());
    DELETE_RUNS_OF_FLOW = concat!("DELETE FROM runs WHERE flow_id = $1 RETURNING ",
        freed_columns!());
    SNAPSHOT = "SELECT body FROM run_snapshots WHERE run_id = $1";
    DELETE_SNAPSHOT = "DELETE FROM run_snapshots WHERE run_id = $1";
    END_TURN = "UPDATE owner_turns SET served_at = $2, waiting_since = \
        (SELECT queued_at FROM runs WHERE owner_id = $1 AND status = 'queued' \
        ORDER BY queued_at, id LIMIT 1) WHERE owner_id = $1";
    /// Owners with queued runs who were not put into the queue, by an older version of synmon, say.
    JOIN_ALL_FORGOTTEN = "INSERT INTO owner_turns (owner_id, served_at, waiting_since) \
        SELECT r.owner_id, $1, MIN(r.queued_at) FROM runs r WHERE r.status = 'queued' \
        AND NOT EXISTS (SELECT 1 FROM owner_turns t WHERE t.owner_id = r.owner_id \
        AND t.waiting_since IS NOT NULL) GROUP BY r.owner_id ORDER BY r.owner_id \
        ON CONFLICT (owner_id) DO UPDATE SET waiting_since = excluded.waiting_since";
    DELETE_TURN = "DELETE FROM owner_turns WHERE owner_id = $1";
    RENEW = "UPDATE runs SET lease_until = $3 \
        WHERE id = $1 AND fencing = $2 AND status = 'running' RETURNING cancel_requested";
    /// Locks the run of a lease, and counts what it keeps from now on.
    LOCK_LEASE = "UPDATE runs SET stored_bytes = stored_bytes + $3 \
        WHERE id = $1 AND fencing = $2 AND status = 'running' RETURNING owner_id";
    KEEP_LESS = "UPDATE runs SET stored_bytes = stored_bytes - $2 WHERE id = $1";
    COUNT_STORED = "INSERT INTO storage_use (owner_id, bytes) VALUES ($1, $2) \
        ON CONFLICT (owner_id) DO UPDATE SET bytes = storage_use.bytes + excluded.bytes \
        RETURNING bytes";
    /// Never less than nothing: a process of an earlier version counts nothing.
    COUNT_FREED = "UPDATE storage_use SET bytes = CASE WHEN bytes > $2 THEN bytes - $2 ELSE 0 END \
        WHERE owner_id = $1";
    STORED = "SELECT bytes FROM storage_use WHERE owner_id = $1";
    OWNERS_ABOVE = "SELECT owner_id, bytes FROM storage_use WHERE bytes > $1 \
        ORDER BY bytes DESC LIMIT $2";
    /// Once no run that has ended keeps anything.
    RECOUNT_STORED = "UPDATE storage_use SET bytes = (SELECT CAST(COALESCE(SUM(stored_bytes), 0) \
        AS BIGINT) FROM runs WHERE owner_id = $1 AND finished_at IS NULL) WHERE owner_id = $1";
    DELETE_STORAGE_USE = "DELETE FROM storage_use WHERE owner_id = $1";
    BEGIN_ATTEMPT = "UPDATE runs SET attempt = $3 \
        WHERE id = $1 AND fencing = $2 AND status = 'running'";
    FINISH = "UPDATE runs SET status = $3, attempt = $4, error_code = $5, error_message = $6, \
        error_step = $7, finished_at = $8, duration_us = $9, browser_version = $10, \
        lease_until = NULL, worker_id = NULL \
        WHERE id = $1 AND fencing = $2 AND status = 'running' RETURNING owner_id, flow_id";
    SET_DECISION = "UPDATE runs SET alert_decision = $2 WHERE id = $1";
    DECISION = "SELECT alert_decision FROM runs WHERE id = $1 AND alert_decision IS NOT NULL";
    PUT_ATTEMPT = "INSERT INTO run_attempts (run_id, attempt, status, error_code, error_message, \
        error_step, finished_at, browser_version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
        ON CONFLICT (run_id, attempt) DO NOTHING";
    ATTEMPTS = concat!("SELECT ", attempt_columns!("a."), " FROM run_attempts a \
        JOIN runs r ON r.id = a.run_id AND r.attempt <> a.attempt \
        WHERE a.run_id = $1 ORDER BY a.attempt");
    LOGS_OF_ATTEMPT = concat!("SELECT ", log_columns!(""), " FROM step_logs \
        WHERE run_id = $1 AND attempt = $2 ORDER BY number");
    /// The newest first. What an edit of the flow has changed in a step shows in its columns, or in
    /// its evidence.
    GOOD_PICTURES = "SELECT l.run_id, l.evidence FROM (SELECT id, attempt FROM runs \
        WHERE flow_id = $1 AND id < $2 AND status = 'passed' ORDER BY id DESC LIMIT 50) r \
        JOIN step_logs l ON l.run_id = r.id AND l.attempt = r.attempt \
        WHERE l.number = $3 AND l.action = $4 AND (l.selector_xpath = $5 \
        OR (l.selector_xpath IS NULL AND $5 IS NULL)) AND l.screenshot_key IS NOT NULL \
        ORDER BY l.run_id DESC LIMIT 10";
    RELEASE = "UPDATE runs SET status = 'queued', fencing = fencing + 1, lease_until = NULL, \
        worker_id = NULL, started_at = NULL \
        WHERE id = $1 AND fencing = $2 AND status = 'running' \
        RETURNING attempt, owner_id, queued_at";
    DELETE_ATTEMPT = "DELETE FROM step_logs WHERE run_id = $1 AND attempt = $2";
    LOST_RUNS = concat!("SELECT ", run_columns!(""), " FROM runs WHERE status = 'running' \
        AND lease_until < $1 ORDER BY lease_until LIMIT 100");
    REQUEUE_LOST = "UPDATE runs SET status = 'queued', attempt = attempt + 1, \
        losses = losses + 1, fencing = fencing + 1, lease_until = NULL, worker_id = NULL, \
        started_at = NULL \
        WHERE id = $1 AND fencing = $2 AND status = 'running' AND lease_until < $3";
    END_LOST = "UPDATE runs SET status = $4, losses = losses + 1, fencing = fencing + 1, \
        lease_until = NULL, worker_id = NULL, finished_at = $3, error_code = $5, \
        error_message = $6 \
        WHERE id = $1 AND fencing = $2 AND status = 'running' AND lease_until < $3";
    RUN = concat!("SELECT ", run_columns!(""), " FROM runs WHERE id = $1 AND owner_id = $2");
    LIST_RUNS = concat!("SELECT ", run_columns!(""), " FROM runs WHERE owner_id = $1 \
        AND (status = $2 OR $2 IS NULL) AND (queued_at >= $3 OR $3 IS NULL) \
        AND (queued_at < $4 OR $4 IS NULL) AND (id < $5 OR $5 IS NULL) \
        ORDER BY id DESC LIMIT $6");
    LIST_RUNS_OF_FLOW = concat!("SELECT ", run_columns!(""), " FROM runs WHERE owner_id = $1 \
        AND flow_id = $7 AND (status = $2 OR $2 IS NULL) AND (queued_at >= $3 OR $3 IS NULL) \
        AND (queued_at < $4 OR $4 IS NULL) AND (id < $5 OR $5 IS NULL) \
        ORDER BY id DESC LIMIT $6");
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
        screenshot_missing, dialogs, evidence) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, \
        $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23) \
        ON CONFLICT (run_id, attempt, number) DO NOTHING";
    LOGS = concat!("SELECT ", log_columns!("l."), " FROM step_logs l \
        JOIN runs r ON r.id = l.run_id AND r.attempt = l.attempt \
        WHERE l.run_id = $1 AND l.number >= $2 ORDER BY l.number");

    INSERT_NOTICE = "INSERT INTO notices (id, owner_id, created_at, body, status, attempts, \
        due_at, channel_id, run_id, event) VALUES ($1, $2, $3, $4, $5, 0, $6, $7, $8, $9)";
    SETTLE_NOTICE = "UPDATE notices SET status = $3, due_at = $4, last_error = $5, \
        settled_at = $6, claimed_until = NULL \
        WHERE id = $1 AND attempts = $2 AND status = 'pending'";
    /// What goes to a channel waits there only while the channel is there.
    HOLDS_CHANNEL = "SELECT COUNT(*) FROM channels WHERE id = $1 AND owner_id = $2";
    TOLD_LATELY = "SELECT COUNT(DISTINCT run_id) FROM notices WHERE owner_id = $1 \
        AND run_id IS NOT NULL AND created_at > $2 AND status IN ('pending', 'done', 'given_up')";
    HELD = "SELECT owner_id, channel_id FROM notices WHERE status = 'held' \
        AND owner_id IS NOT NULL AND due_at <= $1 GROUP BY owner_id, channel_id LIMIT 20";
    TAKE_HELD = concat!("UPDATE notices SET settled_at = $3, status = 'digested' \
        WHERE status = 'held' AND owner_id = $1 \
        AND (channel_id = $2 OR (channel_id IS NULL AND $2 IS NULL)) RETURNING ",
        notice_columns!(""));
    NOT_READ = "UPDATE notices SET last_error = $2, status = 'given_up' WHERE id = $1";
    LET_GO = "UPDATE notices SET due_at = $2, settled_at = NULL, status = 'pending' WHERE id = $1";
    REROUTE = "UPDATE notices SET channel_id = NULL, tries = 0 WHERE channel_id = $1 \
        AND owner_id = $2 AND status IN ('pending', 'held')";
    DELIVERIES = concat!("SELECT ", delivery_columns!(""), " FROM notices \
        WHERE owner_id = $1 AND channel_id = $2 AND (id < $3 OR $3 IS NULL) \
        ORDER BY id DESC LIMIT $4");
    DELIVERIES_OF_RUN = concat!("SELECT ", delivery_columns!(""), " FROM notices \
        WHERE owner_id = $1 AND run_id = $2 ORDER BY id");
    RESEND = concat!("UPDATE notices SET due_at = $4, tries = 0, settled_at = NULL, \
        status = 'pending' WHERE owner_id = $1 AND channel_id = $2 AND id = $3 \
        AND status IN ('done', 'given_up') RETURNING ", delivery_columns!(""));
    HAS_DELIVERY = "SELECT COUNT(*) FROM notices WHERE owner_id = $1 AND channel_id = $2 \
        AND id = $3";

    COUNT_FLOWS = "SELECT COUNT(*) FROM (SELECT 1 FROM flows WHERE owner_id = $1 LIMIT $2) AS f";
    TAKE_ONE = "INSERT INTO quota_use (owner_id, quota, period, used) VALUES ($1, $2, $3, 1) \
        ON CONFLICT (owner_id, quota) DO UPDATE SET used = CASE WHEN quota_use.period = \
        excluded.period THEN quota_use.used + 1 ELSE 1 END, period = excluded.period \
        WHERE quota_use.period <> excluded.period OR quota_use.used < $4 RETURNING used";
    PUT_ONE_BACK = "UPDATE quota_use SET used = used - 1 WHERE owner_id = $1 AND quota = $2 \
        AND period = $3 AND used > 0";
    USED = "SELECT quota, period, used FROM quota_use WHERE owner_id = $1";
    DELETE_QUOTA_USE = "DELETE FROM quota_use WHERE owner_id = $1";

    /// The fifth value is now.
    CLAIM_REQUEST = "INSERT INTO keyed_requests (owner_id, hash, request, thing_id, began_at, \
        claimed_until) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (owner_id, hash) DO UPDATE \
        SET claimed_until = excluded.claimed_until WHERE keyed_requests.request = excluded.request \
        AND keyed_requests.answer IS NULL AND keyed_requests.claimed_until <= excluded.began_at \
        RETURNING thing_id";
    KEYED_REQUEST = "SELECT request, answer FROM keyed_requests WHERE owner_id = $1 AND hash = $2";
    ANSWER_REQUEST = "UPDATE keyed_requests SET answer = $4 WHERE owner_id = $1 AND hash = $2 \
        AND request = $3 AND answer IS NULL";
    LET_GO_OF_REQUEST = "UPDATE keyed_requests SET claimed_until = $5 WHERE owner_id = $1 \
        AND hash = $2 AND request = $3 AND claimed_until = $4 AND answer IS NULL";
    FORGET_REQUEST = "DELETE FROM keyed_requests WHERE owner_id = $1 AND hash = $2 \
        AND request = $3 AND claimed_until = $4 AND answer IS NULL";
    REMOVE_KEYED_REQUESTS = "DELETE FROM keyed_requests WHERE (owner_id, hash) IN \
        (SELECT owner_id, hash FROM keyed_requests WHERE began_at < $1 ORDER BY began_at LIMIT $2)";
    DELETE_KEYED_REQUESTS_OF_OWNER = "DELETE FROM keyed_requests WHERE owner_id = $1";

    LOCK_OWNER_OF_CHANNELS = "UPDATE accounts SET name = name WHERE id = $1";
    COUNT_CHANNELS = "SELECT COUNT(*) FROM channels WHERE owner_id = $1";
    INSERT_CHANNEL = "INSERT INTO channels (id, owner_id, name, kind, target, status, \
        status_reason, last_delivered_at, last_error, version, created_at, updated_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    CHANNEL = concat!("SELECT ", channel_columns!(""), " FROM channels WHERE id = $1 \
        AND owner_id = $2");
    CHANNEL_OF_NOTICE = concat!("SELECT ", channel_columns!(""), " FROM channels WHERE id = $1");
    LIST_CHANNELS = concat!("SELECT ", channel_columns!(""), " FROM channels WHERE owner_id = $1 \
        AND (id < $2 OR $2 IS NULL) ORDER BY id DESC LIMIT $3");
    CHANNEL_IDS = "SELECT id FROM channels WHERE owner_id = $1";
    ACTIVE_CHANNELS = "SELECT id FROM channels WHERE owner_id = $1 AND status = 'active'";
    UPDATE_CHANNEL = "UPDATE channels SET name = $3, kind = $4, target = $5, status = $6, \
        status_reason = $7, updated_at = $8, version = version + 1 \
        WHERE id = $1 AND version = $2";
    DELETE_CHANNEL = "DELETE FROM channels WHERE id = $1 AND owner_id = $2";
    DELETE_CHANNELS_OF_OWNER = "DELETE FROM channels WHERE owner_id = $1";
    NOTE_DELIVERY = "UPDATE channels SET last_delivered_at = $2, last_error = NULL WHERE id = $1";
    NOTE_FAILURE = "UPDATE channels SET last_error = $2 WHERE id = $1";
    DISABLE_CHANNEL = "UPDATE channels SET status_reason = $2, updated_at = $3, \
        status = 'disabled', version = version + 1 \
        WHERE id = $1 AND version = $4 AND status = 'active'";
    LOCK_CHANNEL = concat!("UPDATE channels SET name = name WHERE id = $1 \
        AND status = 'unconfirmed' RETURNING ", channel_columns!(""));
    LOCK_CHANNEL_OF_TOKEN = concat!("UPDATE channels SET name = name \
        WHERE id = (SELECT channel_id FROM channel_tokens WHERE hash = $1) \
        AND status = 'unconfirmed' RETURNING ", channel_columns!(""));
    CONFIRM_CHANNEL = "UPDATE channels SET status_reason = NULL, last_error = NULL, \
        updated_at = $2, status = 'active', version = version + 1 WHERE id = $1";
    COUNT_CHANNEL_TOKENS = "SELECT COUNT(*) FROM channel_tokens WHERE email_key = $1 \
        AND created_at >= $2";
    END_CHANNEL_TOKENS = "UPDATE channel_tokens SET ended_at = $2 WHERE channel_id = $1 \
        AND ended_at IS NULL";
    INSERT_CHANNEL_TOKEN = "INSERT INTO channel_tokens (hash, channel_id, email, email_key, \
        created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)";
    SPEND_CHANNEL_TOKEN = "UPDATE channel_tokens SET ended_at = $3 WHERE hash = $1 \
        AND email = $2 AND ended_at IS NULL AND expires_at > $3 RETURNING channel_id";
    WEBHOOKS = concat!("SELECT ", channel_columns!(""), " FROM channels WHERE kind = 'webhook' \
        AND (id > $1 OR $1 IS NULL) ORDER BY id LIMIT $2");
    RESEAL_WEBHOOK = "UPDATE channels SET target = $3 WHERE id = $1 AND version = $2 \
        AND kind = 'webhook'";

    COUNT_OTHER_SECRETS = "SELECT COUNT(*) FROM secrets WHERE owner_id = $1 AND name <> $2";
    PUT_SECRET = "INSERT INTO secrets (owner_id, name, key_id, sealed, created_at, updated_at) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (owner_id, name) DO UPDATE \
        SET key_id = excluded.key_id, sealed = excluded.sealed, updated_at = excluded.updated_at";
    HAS_SECRET = "SELECT COUNT(*) FROM secrets WHERE owner_id = $1 AND name = $2";
    SECRET = concat!("SELECT ", secret_columns!(""), " FROM secrets WHERE owner_id = $1 \
        AND name = $2");
    SECRETS = concat!("SELECT ", secret_columns!(""), " FROM secrets WHERE owner_id = $1");
    DELETE_SECRET = "DELETE FROM secrets WHERE owner_id = $1 AND name = $2";
    DELETE_SECRETS_OF_OWNER = "DELETE FROM secrets WHERE owner_id = $1";
    SECRETS_SEALED_OTHERWISE = concat!("SELECT ", secret_columns!(""), " FROM secrets \
        WHERE key_id <> $1 AND ((owner_id, name) > ($2, $3) OR $2 IS NULL) \
        ORDER BY owner_id, name LIMIT $4");
    RESEAL_SECRET = "UPDATE secrets SET key_id = $4, sealed = $5 \
        WHERE owner_id = $1 AND name = $2 AND sealed = $3";
    DELETE_NOTICES_OF_OWNER = "DELETE FROM notices WHERE owner_id = $1";

    ADD_TRASH = "INSERT INTO trash (prefix) VALUES ($1) ON CONFLICT (prefix) DO NOTHING";
    FORGET_TRASH = "DELETE FROM trash WHERE prefix = $1";

    ENTER_SESSION = "INSERT INTO browser_sessions (tag, run_id, fencing, entered_at, due_at) \
        VALUES ($1, $2, $3, $4, $4) ON CONFLICT (tag) DO NOTHING";
    NAME_SESSION = "UPDATE browser_sessions SET session_id = $2 WHERE tag = $1";
    STRIKE_OUT_SESSION = "DELETE FROM browser_sessions WHERE tag = $1";
    EXPECT_SESSION = "UPDATE browser_sessions SET tries = 0 WHERE tag = $1";
    GIVE_SESSION_UP = "UPDATE browser_sessions SET leaked = $2 WHERE tag = $1";
    FORGET_LEAKED_SESSIONS = "DELETE FROM browser_sessions WHERE leaked AND entered_at < $1";
    LEAKED_SESSIONS = "SELECT COUNT(*) FROM browser_sessions WHERE leaked";

    REGISTER = "INSERT INTO accounts (id, name, email, email_key, password_hash, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (email_key) DO UPDATE \
        SET name = excluded.name, email = excluded.email, password_hash = excluded.password_hash, \
        created_at = excluded.created_at \
        WHERE accounts.confirmed_at IS NULL AND (SELECT COUNT(*) FROM account_tokens t \
        WHERE t.account_id = accounts.id AND t.purpose = 'confirm' AND t.created_at >= $7) < $8 \
        RETURNING id";
    ACCOUNT = concat!("SELECT ", account_columns!(""), " FROM accounts WHERE id = $1");
    ACCOUNT_BY_EMAIL = concat!("SELECT ", account_columns!(""), " FROM accounts WHERE email_key = $1");
    RENAME_ACCOUNT = "UPDATE accounts SET name = $2 WHERE id = $1";
    UPGRADE_PASSWORD = "UPDATE accounts SET password_hash = $3 WHERE id = $1 AND password_hash = $2";
    SET_PASSWORD = "UPDATE accounts SET password_hash = $2, \
        confirmed_at = COALESCE(confirmed_at, $3) WHERE id = $1";
    CHANGE_PASSWORD = "UPDATE accounts SET password_hash = $3 WHERE id = $1 AND password_hash = $2";
    SET_EMAIL = "UPDATE accounts SET email = $2, email_key = $3 WHERE id = $1";
    CONFIRM_ACCOUNT = "UPDATE accounts SET confirmed_at = COALESCE(confirmed_at, $2) WHERE id = $1";
    DELETE_ACCOUNT = "DELETE FROM accounts WHERE id = $1";
    LOCK_ACCOUNT = "UPDATE accounts SET name = name WHERE id = $1";
    LOCK_ACCOUNT_WITH_PASSWORD = "UPDATE accounts SET name = name WHERE id = $1 AND password_hash = $2";
    COUNT_TOKENS = "SELECT COUNT(*) FROM account_tokens \
        WHERE account_id = $1 AND purpose = $2 AND created_at >= $3";
    COUNT_GOOD_TOKENS = "SELECT COUNT(*) FROM account_tokens \
        WHERE account_id = $1 AND purpose = $2 AND ended_at IS NULL AND expires_at > $3";
    END_TOKENS = "UPDATE account_tokens SET ended_at = $2 WHERE account_id = $1 \
        AND ended_at IS NULL";
    END_TOKENS_FOR = "UPDATE account_tokens SET ended_at = $3 WHERE account_id = $1 \
        AND purpose = $2 AND ended_at IS NULL";
    INSERT_TOKEN = "INSERT INTO account_tokens (hash, account_id, purpose, created_at, \
        expires_at, email) VALUES ($1, $2, $3, $4, $5, $6)";
    /// Whoever issues tokens locks the account first; spending one does too.
    LOCK_ACCOUNT_OF_TOKEN = "UPDATE accounts SET name = name \
        WHERE id = (SELECT account_id FROM account_tokens WHERE hash = $1)";
    SPEND_TOKEN = "UPDATE account_tokens SET ended_at = $3 WHERE hash = $1 AND purpose = $2 \
        AND ended_at IS NULL AND expires_at > $3 RETURNING account_id, email";
    INSERT_SESSION = "INSERT INTO sessions (id, account_id, created_at, expires_at, last_used_at, \
        address, user_agent) VALUES ($1, $2, $3, $4, $3, $5, $6)";
    END_OLDEST_SESSIONS = "UPDATE sessions SET ended_at = $2 WHERE ended_at IS NULL AND id IN \
        (SELECT id FROM sessions WHERE account_id = $1 AND ended_at IS NULL AND expires_at > $2 \
        ORDER BY COALESCE(last_used_at, created_at) DESC, id DESC LIMIT 10000 OFFSET $3)";
    LIST_SESSIONS = concat!("SELECT ", login_columns!(""), " FROM sessions \
        WHERE account_id = $1 AND ended_at IS NULL AND expires_at > $2 \
        AND (id < $3 OR $3 IS NULL) ORDER BY id DESC LIMIT $4");
    ADDRESSES_OF = "SELECT address FROM sessions WHERE account_id = $1 AND address IS NOT NULL \
        GROUP BY address ORDER BY MAX(COALESCE(last_used_at, created_at)) DESC LIMIT 200";
    INSERT_REFRESH = "INSERT INTO refresh_tokens (hash, session_id, issued_at, access_id, parent) \
        VALUES ($1, $2, $3, $4, $5)";
    /// Whoever spends a refresh token locks its session first, as the deletion of an account does.
    /// At once, it is noted where it was seen: for a row that is changed twice, PostgreSQL locks
    /// the account, too. Where a spent one is shown, the account does not get to know.
    LOCK_SESSION_OF_REFRESH = "UPDATE sessions SET \
        last_used_at = CASE WHEN t.spent_at IS NULL THEN $2 ELSE last_used_at END, \
        address = CASE WHEN t.spent_at IS NULL THEN $3 ELSE address END, \
        user_agent = CASE WHEN t.spent_at IS NULL THEN $4 ELSE user_agent END \
        FROM refresh_tokens t WHERE t.hash = $1 AND sessions.id = t.session_id";
    SPEND_REFRESH = "UPDATE refresh_tokens SET spent_at = $2 \
        WHERE hash = $1 AND spent_at IS NULL RETURNING session_id";
    /// Of what was given for a token that was spent after $3, unless any of that was used.
    REPLACE_REFRESH = "UPDATE refresh_tokens SET spent_at = $2, replaced_at = $2 \
        WHERE parent = $1 AND spent_at IS NULL AND used_at IS NULL AND session_id = \
        (SELECT session_id FROM refresh_tokens WHERE hash = $1 AND spent_at > $3) \
        RETURNING session_id";
    SESSION_OF_REFRESH = "SELECT s.id, s.account_id FROM refresh_tokens t \
        JOIN sessions s ON s.id = t.session_id WHERE t.hash = $1";
    LIVE_SESSION = "SELECT account_id FROM sessions \
        WHERE id = $1 AND ended_at IS NULL AND expires_at > $2";
    /// And whether its first use is to be noted.
    LIVE_ACCESS = "SELECT s.account_id, t.parent IS NOT NULL AND t.used_at IS NULL \
        AND t.issued_at > $4 AS fresh FROM sessions s \
        LEFT JOIN refresh_tokens t ON t.access_id = $2 AND t.session_id = s.id \
        WHERE s.id = $1 AND s.ended_at IS NULL AND s.expires_at > $3 AND t.replaced_at IS NULL";
    NOTE_ACCESS_USE = "UPDATE refresh_tokens SET used_at = $2 \
        WHERE access_id = $1 AND replaced_at IS NULL";
    END_SESSION = "UPDATE sessions SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
    END_SESSION_OF = "UPDATE sessions SET ended_at = $3 WHERE account_id = $1 AND id = $2 \
        AND ended_at IS NULL AND expires_at > $3";
    END_OTHER_SESSIONS = "UPDATE sessions SET ended_at = $3 WHERE account_id = $1 AND id <> $2 \
        AND ended_at IS NULL";
    END_SESSIONS = "UPDATE sessions SET ended_at = $2 WHERE account_id = $1 AND ended_at IS NULL";

    /// The second value is now, the third what the number is if it begins anew, the fourth what it
    /// grows by, the fifth the greatest to which that may happen.
    ADMIT = "INSERT INTO rate_limits (key, full_at) VALUES ($1, $3) ON CONFLICT (key) DO UPDATE \
        SET full_at = CASE WHEN rate_limits.full_at > $2 THEN rate_limits.full_at ELSE $2 END + $4 \
        WHERE rate_limits.full_at <= $5 RETURNING full_at";
    FULL_AT = "SELECT full_at FROM rate_limits WHERE key = $1";
    GIVE_BACK = "UPDATE rate_limits SET full_at = full_at - $2 WHERE key = $1";
    PRUNE_RATES = "DELETE FROM rate_limits WHERE key IN (SELECT key FROM rate_limits \
        WHERE full_at < $1 ORDER BY full_at LIMIT $2) AND full_at < $1";

    COUNT_API_KEYS = "SELECT COUNT(*) FROM api_keys WHERE account_id = $1";
    INSERT_API_KEY = "INSERT INTO api_keys (id, account_id, hash, name, scopes, created_at, \
        expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    LIST_API_KEYS = concat!("SELECT ", api_key_columns!(""), " FROM api_keys WHERE account_id = $1 \
        AND (id < $2 OR $2 IS NULL) ORDER BY id DESC LIMIT $3");
    DELETE_API_KEY = "DELETE FROM api_keys WHERE account_id = $1 AND id = $2";
    API_KEY_OF_HASH = concat!("SELECT ", api_key_columns!(""), " FROM api_keys WHERE hash = $1 \
        AND (expires_at > $2 OR expires_at IS NULL)");
    NOTE_API_KEY_USE = "UPDATE api_keys SET last_used_at = $2 WHERE id = $1 \
        AND (last_used_at IS NULL OR last_used_at < $3)";

    INSERT_AUDIT = "INSERT INTO audit (id, account_id, at, actor_kind, actor_id, operation, \
        thing_kind, thing_id, fields, address, status) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    LIST_AUDIT = concat!("SELECT ", audit_columns!(""), " FROM audit WHERE account_id = $1 \
        AND (id < $2 OR $2 IS NULL) ORDER BY id DESC LIMIT $3");
}
