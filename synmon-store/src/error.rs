//! From what a database says to what a caller can do.

use sqlx::error::{DatabaseError, ErrorKind};
use synmon_core::store::StoreError;

/// Sorts an error. Unique violations are conflicts over `entity`.
pub(crate) fn store_error(entity: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
    move |error| match &error {
        sqlx::Error::Database(cause) => match cause.kind() {
            ErrorKind::UniqueViolation | ErrorKind::ForeignKeyViolation => {
                StoreError::Conflict { entity }
            }
            _ if is_passing(&**cause) => StoreError::Unavailable(error.into()),
            _ => StoreError::Internal(error.into()),
        },
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => StoreError::Unavailable(error.into()),
        _ => StoreError::Internal(error.into()),
    }
}

/// What the database holds is not what was ever stored.
pub(crate) fn corrupt(entity: &str, why: impl std::fmt::Display) -> StoreError {
    StoreError::Internal(format!("a stored {entity} can't be read: {why}").into())
}

/// Errors that go away: of the connection, of resources, of concurrency, of a server that starts
/// or stops (PostgreSQL's classes 08, 40, 53, 57 and 25006; SQLite's BUSY, LOCKED, FULL, IOERR,
/// CANTOPEN and READONLY).
fn is_passing(error: &dyn DatabaseError) -> bool {
    let Some(code) = error.code() else {
        return false;
    };
    if let Ok(sqlite) = code.parse::<u32>()
        && code.len() < 5
    {
        return matches!(sqlite & 0xff, 5 | 6 | 8 | 10 | 13 | 14);
    }
    ["08", "40", "53", "57"].iter().any(|class| code.starts_with(class)) || code == "25006"
}
