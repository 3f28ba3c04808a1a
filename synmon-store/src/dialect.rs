//! The seams between the databases, and nothing else.

use serde_json::Value;
use sqlx::{Postgres, Sqlite};
use synmon_core::Timestamp;

use crate::{
    PgStore, SqliteStore,
    columns::{flow_columns, freed_columns, notice_columns, run_columns},
};

/// What differs from one database to the other.
pub(crate) trait Dialect {
    type Db: sqlx::Database;

    /// How a transaction begins that writes. SQLite must take the write lock at once: a deferred
    /// transaction fails in spite of the busy time-out when it turns into a writing one.
    const BEGIN_WRITE: &'static str;

    /// Flows that are due. PostgreSQL skips those that another scheduler is dealing with.
    const DUE_FLOWS: &'static str;

    /// Moves the due times of flows, given as JSON, and returns the flows whose old one was right.
    const ADVANCE_FLOWS: &'static str;

    /// Which of some flows, given as JSON, have a run that is queued or running.
    const FLOWS_WITH_OPEN_RUNS: &'static str;

    /// Stores runs, given as JSON, and returns those that were new.
    const INSERT_RUNS: &'static str;

    /// Stores snapshots, given as JSON.
    const INSERT_SNAPSHOTS: &'static str;

    /// Lets owners, given as JSON, wait for their turn. One who waits already waits since the
    /// earlier of the two times.
    const JOIN_QUEUE: &'static str;

    /// Counts what owners, given as JSON, use up of a quota, and returns how much it is now.
    const TAKE_ALL: &'static str;

    /// Chooses the owner who is served next and locks his turn. The statements are tried one after
    /// the other: PostgreSQL first skips the owners whose turn another worker has locked, and only
    /// if there are no others waits for one of them.
    const CHOOSE_OWNER: &'static [&'static str];

    /// Claims an owner's next run, unless he has as many running as he may. PostgreSQL must skip
    /// rows that somebody else has locked.
    const CLAIM_RUN: &'static str;

    /// Claims notices that are due, likewise.
    const CLAIM_NOTICES: &'static str;

    /// Removes runs that ended long ago.
    const REMOVE_RUNS: &'static str;

    /// The runs of an owner whose pictures are worth least.
    const LEAST_WORTH: &'static str;

    /// Notes that the pictures of runs, given as JSON, are removed.
    const MARK_CHOSEN: &'static str;

    /// Notes that the pictures of runs that ended long ago are removed.
    const MARK_PICTURES_REMOVED: &'static str;

    /// Takes the pictures out of the logs of runs, given as JSON, and says why.
    const FORGET_PICTURES: &'static str;

    /// Removes notices that were settled long ago.
    const REMOVE_NOTICES: &'static str;

    /// Puts folders, given as JSON, into the trash.
    const ADD_ALL_TRASH: &'static str;

    /// Takes folders out of the trash for a time.
    const TAKE_TRASH: &'static str;

    /// Takes browser sessions that nobody needs any more.
    const TAKE_FORGOTTEN_SESSIONS: &'static str;

    /// Wakes other processes up when the transaction commits. SQLite has none to wake.
    const WAKE: &'static str;

    /// Keeps others who lock the same text out until the transaction ends. In SQLite nobody else
    /// writes anyway.
    const LOCK_TEXT: &'static str;

    /// What a connection is told that is to migrate: it may take its time.
    const BEFORE_MIGRATIONS: &'static [&'static str];

    /// What it is told once it is its turn: how long it may wait for a lock. PostgreSQL puts
    /// everybody in line behind a migration that waits for one.
    const FOR_MIGRATIONS: &'static [&'static str];

    /// Counts the column of the list of migrations that says which synmon applied each.
    const MIGRATIONS_ARE_SIGNED: &'static str;

    /// An instant in a statement's JSON.
    fn json_instant(instant: Timestamp) -> Value;
}

macro_rules! due_flows {
    ($lock:literal) => {
        concat!(
            "SELECT ",
            flow_columns!(""),
            " FROM flows WHERE active AND next_run_at IS NOT NULL \
             AND next_run_at <= $1 AND (next_run_at, id) > ($2, $3) \
             ORDER BY next_run_at, id LIMIT $4",
            $lock
        )
    };
}

macro_rules! insert_runs {
    ($rows:literal) => {
        concat!(
            "INSERT INTO runs (id, owner_id, flow_id, flow_name, triggered_by, status, attempt, \
             scheduled_for, queued_at, finished_at, browser, error_code, error_message, \
             error_step, missed_count) ",
            $rows,
            " ON CONFLICT DO NOTHING RETURNING id"
        )
    };
}

macro_rules! join_queue {
    ($rows:literal) => {
        concat!(
            "INSERT INTO owner_turns (owner_id, served_at, waiting_since) ",
            $rows,
            " ORDER BY 1 ON CONFLICT (owner_id) DO UPDATE SET waiting_since = \
             CASE WHEN owner_turns.waiting_since <= excluded.waiting_since \
             THEN owner_turns.waiting_since ELSE excluded.waiting_since END"
        )
    };
}

macro_rules! take_all {
    ($rows:literal) => {
        concat!(
            "INSERT INTO quota_use (owner_id, quota, period, used) ",
            $rows,
            " ORDER BY 1 ON CONFLICT (owner_id, quota) DO UPDATE SET used = \
             CASE WHEN quota_use.period = excluded.period THEN quota_use.used + excluded.used \
             ELSE excluded.used END, period = excluded.period RETURNING owner_id, used"
        )
    };
}

macro_rules! choose_owner {
    ($lock:literal) => {
        concat!(
            "SELECT t.owner_id FROM owner_turns t WHERE t.waiting_since IS NOT NULL \
             AND (SELECT COUNT(*) FROM runs r WHERE r.owner_id = t.owner_id \
             AND r.status = 'running') < $1 \
             ORDER BY t.served_at, t.waiting_since, t.owner_id LIMIT 1",
            $lock
        )
    };
}

macro_rules! claim_run {
    ($lock:literal) => {
        concat!(
            "UPDATE runs SET status = 'running', worker_id = $1, \
             started_at = CASE WHEN queued_at > $2 THEN queued_at ELSE $2 END, \
             lease_until = $3, fencing = fencing + 1 \
             WHERE id = (SELECT r.id FROM runs r WHERE r.owner_id = $4 AND r.status = 'queued' \
             AND (SELECT COUNT(*) FROM runs o WHERE o.owner_id = $4 AND o.status = 'running') < $5 \
             ORDER BY r.queued_at, r.id LIMIT 1",
            $lock,
            ") RETURNING ",
            run_columns!("")
        )
    };
}

// A receiver is a channel or an owner's own address; a letter to nobody's account is its own. Each
// has a place for every notice of its that is under way or due, and only the first $4 places count.
macro_rules! claim_notices {
    ($lock:literal) => {
        concat!(
            "UPDATE notices SET attempts = attempts + 1, tries = tries + 1, due_at = $2, \
             claimed_until = $2 WHERE id IN (SELECT id FROM notices WHERE id IN (\
             SELECT id FROM (SELECT n.id, n.due_at, COALESCE(b.busy, 0) + ROW_NUMBER() OVER (\
             PARTITION BY COALESCE(n.channel_id, n.owner_id, n.id) ORDER BY n.due_at, n.id) AS place \
             FROM notices n LEFT JOIN (SELECT COALESCE(channel_id, owner_id, id) AS receiver, \
             COUNT(*) AS busy FROM notices WHERE status = 'pending' AND claimed_until > $1 \
             AND claimed_until IS NOT NULL GROUP BY 1) b \
             ON b.receiver = COALESCE(n.channel_id, n.owner_id, n.id) \
             WHERE n.status = 'pending' AND n.due_at <= $1) q \
             WHERE place <= $4 ORDER BY due_at, id LIMIT $3) \
             AND status = 'pending' AND due_at <= $1",
            $lock,
            ") RETURNING ",
            notice_columns!("")
        )
    };
}

// What is chosen with a limit and locked is chosen once, before the rest of its statement.

macro_rules! old_runs {
    ($which:literal, $lock:literal, $then:expr) => {
        concat!(
            "WITH old AS MATERIALIZED (SELECT id FROM runs WHERE finished_at IS NOT NULL \
             AND finished_at < $1 AND status NOT IN ('queued', 'running')",
            $which,
            " ORDER BY finished_at LIMIT $2",
            $lock,
            ") ",
            $then
        )
    };
}

macro_rules! remove_runs {
    ($lock:literal) => {
        old_runs!(
            "",
            $lock,
            concat!(
                "DELETE FROM runs WHERE id IN (SELECT id FROM old) RETURNING id, flow_id, \
                 fencing > 0 AND NOT pictures_removed AS has_pictures, ",
                freed_columns!()
            )
        )
    };
}

macro_rules! mark_pictures_removed {
    ($lock:literal) => {
        old_runs!(
            " AND NOT pictures_removed",
            $lock,
            "UPDATE runs SET pictures_removed = TRUE WHERE id IN (SELECT id FROM old) \
             RETURNING id, owner_id, flow_id, stored_bytes, fencing > 0 AS has_pictures"
        )
    };
}

// As the index has it: that of its owner, and then what is worth least.
macro_rules! least_worth {
    ($lock:literal) => {
        concat!(
            "SELECT id, owner_id, flow_id, stored_bytes, TRUE AS has_pictures FROM runs \
             WHERE owner_id = $1 AND finished_at IS NOT NULL AND NOT pictures_removed \
             AND fencing > 0 ORDER BY CASE WHEN status = 'passed' THEN 0 ELSE 1 END, finished_at \
             LIMIT $2",
            $lock
        )
    };
}

macro_rules! mark_chosen {
    ($ids:literal) => {
        concat!("UPDATE runs SET pictures_removed = TRUE WHERE id IN (", $ids, ")")
    };
}

macro_rules! forget_pictures {
    ($ids:literal) => {
        concat!(
            "UPDATE step_logs SET screenshot_key = NULL, screenshot_missing = $2 \
             WHERE screenshot_key IS NOT NULL AND run_id IN (",
            $ids,
            ")"
        )
    };
}

macro_rules! remove_notices {
    ($lock:literal) => {
        concat!(
            "WITH old AS MATERIALIZED (SELECT id FROM notices WHERE settled_at IS NOT NULL \
             AND settled_at < $1 AND status <> 'pending' ORDER BY settled_at LIMIT $2",
            $lock,
            ") DELETE FROM notices WHERE id IN (SELECT id FROM old)"
        )
    };
}

macro_rules! take_trash {
    ($lock:literal) => {
        concat!(
            "WITH due AS MATERIALIZED (SELECT prefix FROM trash WHERE due_at <= $1 \
             ORDER BY due_at, prefix LIMIT $3",
            $lock,
            ") UPDATE trash SET due_at = $2 WHERE prefix IN (SELECT prefix FROM due) \
             RETURNING prefix"
        )
    };
}

// A run that ended a moment ago still closes its sessions; one that runs needs them while its worker
// is there.
macro_rules! take_forgotten_sessions {
    ($lock:literal) => {
        concat!(
            "WITH due AS MATERIALIZED (SELECT s.tag FROM browser_sessions s \
             WHERE NOT s.leaked AND s.due_at <= $1 AND (s.entered_at < $3 OR NOT EXISTS \
             (SELECT 1 FROM runs r WHERE r.id = s.run_id AND r.fencing = s.fencing \
             AND ((r.status = 'running' AND r.lease_until >= $1) OR r.finished_at >= $2))) \
             ORDER BY s.due_at, s.tag LIMIT $5",
            $lock,
            ") UPDATE browser_sessions SET due_at = $4, tries = tries + 1 \
             WHERE tag IN (SELECT tag FROM due) RETURNING tag, session_id, entered_at, tries"
        )
    };
}

impl Dialect for SqliteStore {
    type Db = Sqlite;
    const BEGIN_WRITE: &'static str = "BEGIN IMMEDIATE";
    const DUE_FLOWS: &'static str = due_flows!("");
    const ADVANCE_FLOWS: &'static str = "UPDATE flows SET next_run_at = p.next_due \
        FROM (SELECT unhex(value ->> 'flow_id') AS flow_id, value ->> 'due' AS due, \
        value ->> 'next_due' AS next_due FROM json_each($1)) AS p \
        WHERE flows.id = p.flow_id AND flows.active AND flows.next_run_at = p.due RETURNING id";
    const FLOWS_WITH_OPEN_RUNS: &'static str = "SELECT DISTINCT flow_id FROM runs \
        WHERE finished_at IS NULL \
        AND flow_id IN (SELECT unhex(value) FROM json_each($1))";
    const INSERT_RUNS: &'static str = insert_runs!(
        "SELECT unhex(value ->> 'id'), unhex(value ->> 'owner_id'), unhex(value ->> 'flow_id'), \
         value ->> 'flow_name', value ->> 'triggered_by', value ->> 'status', \
         value ->> 'attempt', value ->> 'scheduled_for', value ->> 'queued_at', \
         value ->> 'finished_at', value ->> 'browser', value ->> 'error_code', \
         value ->> 'error_message', value ->> 'error_step', value ->> 'missed_count' \
         FROM json_each($1) WHERE TRUE"
    );
    const INSERT_SNAPSHOTS: &'static str = "INSERT INTO run_snapshots (run_id, body) \
        SELECT unhex(value ->> 'run_id'), value ->> 'body' FROM json_each($1)";
    const JOIN_QUEUE: &'static str = join_queue!(
        "SELECT unhex(value ->> 'owner_id'), $2, value ->> 'waiting_since' \
         FROM json_each($1) WHERE TRUE"
    );
    const TAKE_ALL: &'static str = take_all!(
        "SELECT unhex(value ->> 'owner_id'), $2, $3, value ->> 'wanted' \
         FROM json_each($1) WHERE TRUE"
    );
    const CHOOSE_OWNER: &'static [&'static str] = &[choose_owner!("")];
    const CLAIM_RUN: &'static str = claim_run!("");
    const CLAIM_NOTICES: &'static str = claim_notices!("");
    const REMOVE_RUNS: &'static str = remove_runs!("");
    const LEAST_WORTH: &'static str = least_worth!("");
    const MARK_CHOSEN: &'static str = mark_chosen!("SELECT unhex(value) FROM json_each($1)");
    const MARK_PICTURES_REMOVED: &'static str = mark_pictures_removed!("");
    const FORGET_PICTURES: &'static str =
        forget_pictures!("SELECT unhex(value) FROM json_each($1)");
    const REMOVE_NOTICES: &'static str = remove_notices!("");
    const ADD_ALL_TRASH: &'static str = "INSERT INTO trash (prefix) \
        SELECT value FROM json_each($1) WHERE TRUE ON CONFLICT (prefix) DO NOTHING";
    const TAKE_TRASH: &'static str = take_trash!("");
    const TAKE_FORGOTTEN_SESSIONS: &'static str = take_forgotten_sessions!("");
    const WAKE: &'static str = "SELECT $1";
    const LOCK_TEXT: &'static str = "SELECT $1";
    const BEFORE_MIGRATIONS: &'static [&'static str] = &[];
    const FOR_MIGRATIONS: &'static [&'static str] = &[];
    const MIGRATIONS_ARE_SIGNED: &'static str = "SELECT COUNT(*) \
        FROM pragma_table_info('_sqlx_migrations') WHERE name = 'synmon_version'";

    fn json_instant(instant: Timestamp) -> Value {
        instant.micros().into()
    }
}

impl Dialect for PgStore {
    type Db = Postgres;
    const BEGIN_WRITE: &'static str = "BEGIN";
    // The locks are those that a reference to the row does not wait for.
    const DUE_FLOWS: &'static str = due_flows!(" FOR NO KEY UPDATE SKIP LOCKED");
    // What skips locked rows waits for nobody, so that two schedulers can't wait for each other.
    const ADVANCE_FLOWS: &'static str = "WITH held AS (SELECT f.id AS flow_id, p.next_due \
        FROM json_to_recordset($1::json) \
        AS p (flow_id UUID, due TIMESTAMPTZ, next_due TIMESTAMPTZ) \
        JOIN flows f ON f.id = p.flow_id WHERE f.active AND f.next_run_at = p.due \
        FOR NO KEY UPDATE OF f SKIP LOCKED) \
        UPDATE flows SET next_run_at = held.next_due FROM held WHERE flows.id = held.flow_id \
        RETURNING id";
    const FLOWS_WITH_OPEN_RUNS: &'static str = "SELECT DISTINCT flow_id FROM runs \
        WHERE finished_at IS NULL AND flow_id IN \
        (SELECT value::uuid FROM json_array_elements_text($1::json))";
    const INSERT_RUNS: &'static str = insert_runs!(
        "SELECT id, owner_id, flow_id, flow_name, triggered_by, status, attempt, scheduled_for, \
         queued_at, finished_at, browser, error_code, error_message, error_step, missed_count \
         FROM json_to_recordset($1::json) AS r (id UUID, owner_id UUID, flow_id UUID, \
         flow_name TEXT, triggered_by TEXT, status TEXT, attempt BIGINT, \
         scheduled_for TIMESTAMPTZ, queued_at TIMESTAMPTZ, finished_at TIMESTAMPTZ, \
         browser TEXT, error_code TEXT, error_message TEXT, error_step BIGINT, \
         missed_count BIGINT)"
    );
    const INSERT_SNAPSHOTS: &'static str = "INSERT INTO run_snapshots (run_id, body) \
        SELECT run_id, body FROM json_to_recordset($1::json) AS s (run_id UUID, body TEXT)";
    const JOIN_QUEUE: &'static str = join_queue!(
        "SELECT owner_id, $2, waiting_since FROM json_to_recordset($1::json) \
         AS q (owner_id UUID, waiting_since TIMESTAMPTZ)"
    );
    const TAKE_ALL: &'static str = take_all!(
        "SELECT owner_id, $2, $3, wanted FROM json_to_recordset($1::json) \
         AS q (owner_id UUID, wanted BIGINT)"
    );
    const CHOOSE_OWNER: &'static [&'static str] =
        &[choose_owner!(" FOR UPDATE OF t SKIP LOCKED"), choose_owner!(" FOR UPDATE OF t")];
    const CLAIM_RUN: &'static str = claim_run!(" FOR UPDATE OF r SKIP LOCKED");
    const CLAIM_NOTICES: &'static str = claim_notices!(" FOR UPDATE SKIP LOCKED");
    const REMOVE_RUNS: &'static str = remove_runs!(" FOR UPDATE SKIP LOCKED");
    const LEAST_WORTH: &'static str = least_worth!(" FOR UPDATE");
    const MARK_CHOSEN: &'static str =
        mark_chosen!("SELECT value::uuid FROM json_array_elements_text($1::json)");
    const MARK_PICTURES_REMOVED: &'static str = mark_pictures_removed!(" FOR UPDATE SKIP LOCKED");
    const FORGET_PICTURES: &'static str =
        forget_pictures!("SELECT value::uuid FROM json_array_elements_text($1::json)");
    const REMOVE_NOTICES: &'static str = remove_notices!(" FOR UPDATE SKIP LOCKED");
    const ADD_ALL_TRASH: &'static str = "INSERT INTO trash (prefix) \
        SELECT value FROM json_array_elements_text($1::json) ON CONFLICT (prefix) DO NOTHING";
    const TAKE_TRASH: &'static str = take_trash!(" FOR UPDATE SKIP LOCKED");
    const TAKE_FORGOTTEN_SESSIONS: &'static str =
        take_forgotten_sessions!(" FOR UPDATE OF s SKIP LOCKED");
    const WAKE: &'static str = "SELECT pg_notify('synmon', $1)";
    const LOCK_TEXT: &'static str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
    const BEFORE_MIGRATIONS: &'static [&'static str] = &[
        "SET statement_timeout = 0",
        "SET lock_timeout = 0",
        "SET idle_in_transaction_session_timeout = 0",
        // Of a process that is killed meanwhile, nothing goes on.
        "SET client_connection_check_interval = '2s'",
    ];
    const FOR_MIGRATIONS: &'static [&'static str] = &["SET lock_timeout = '2s'"];
    const MIGRATIONS_ARE_SIGNED: &'static str = "SELECT COUNT(*) \
        FROM information_schema.columns WHERE table_schema = current_schema() \
        AND table_name = '_sqlx_migrations' AND column_name = 'synmon_version'";

    fn json_instant(instant: Timestamp) -> Value {
        instant.to_string().into()
    }
}
