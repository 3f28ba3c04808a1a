//! The seams between the databases, and nothing else.

use sqlx::{Postgres, Sqlite};

use crate::{PgStore, SqliteStore};

/// What differs from one database to the other.
pub(crate) trait Dialect {
    type Db: sqlx::Database;

    /// How a transaction begins that writes. SQLite must take the write lock at once: a deferred
    /// transaction fails in spite of the busy time-out when it turns into a writing one.
    const BEGIN_WRITE: &'static str;

    /// Claims the next run. PostgreSQL must skip rows that another worker is about to claim.
    const CLAIM_RUN: &'static str;

    /// Claims notices that are due, likewise.
    const CLAIM_NOTICES: &'static str;

    /// Wakes other processes up when the transaction commits. SQLite has none to wake.
    const WAKE: &'static str;
}

macro_rules! claim_run {
    ($lock:literal) => {
        concat!(
            "UPDATE runs SET status = 'running', worker_id = $1, started_at = $2, \
             lease_until = $3, fencing = fencing + 1 \
             WHERE id = (SELECT r.id FROM runs r \
             LEFT JOIN owner_turns t ON t.owner_id = r.owner_id \
             WHERE r.status = 'queued' \
             ORDER BY t.served_at NULLS FIRST, r.queued_at, r.id LIMIT 1",
            $lock,
            ") RETURNING *"
        )
    };
}

macro_rules! claim_notices {
    ($lock:literal) => {
        concat!(
            "UPDATE notices SET attempts = attempts + 1, due_at = $2 \
             WHERE id IN (SELECT id FROM notices WHERE status = 'pending' AND due_at <= $1 \
             ORDER BY due_at, id LIMIT $3",
            $lock,
            ") RETURNING *"
        )
    };
}

impl Dialect for SqliteStore {
    type Db = Sqlite;
    const BEGIN_WRITE: &'static str = "BEGIN IMMEDIATE";
    const CLAIM_RUN: &'static str = claim_run!("");
    const CLAIM_NOTICES: &'static str = claim_notices!("");
    const WAKE: &'static str = "SELECT $1";
}

impl Dialect for PgStore {
    type Db = Postgres;
    const BEGIN_WRITE: &'static str = "BEGIN";
    const CLAIM_RUN: &'static str = claim_run!(" FOR UPDATE OF r SKIP LOCKED");
    const CLAIM_NOTICES: &'static str = claim_notices!(" FOR UPDATE SKIP LOCKED");
    const WAKE: &'static str = "SELECT pg_notify('synmon', $1)";
}
