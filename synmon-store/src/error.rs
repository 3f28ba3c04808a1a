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
        | sqlx::Error::BeginFailed
        | sqlx::Error::WorkerCrashed => StoreError::Unavailable(error.into()),
        _ => StoreError::Internal(error.into()),
    }
}

/// What the database holds is not what was ever stored.
pub(crate) fn corrupt(entity: &str, why: impl std::fmt::Display) -> StoreError {
    StoreError::Internal(format!("a stored {entity} can't be read: {why}").into())
}

/// Errors that go away: of the connection, of resources, of concurrency, of a server that starts,
/// stops or stands by.
///
/// In PostgreSQL the classes 08 (connection), 40 (deadlocks and serialization), 53 (resources) and
/// 57 (a statement is cancelled, a server is shut down, crashed or starts), and 25006 (a standby
/// server writes nothing), 25P03 (a transaction idled for too long), 55P03 (a lock was not had in
/// time) and 58030 (input and output). In SQLite BUSY, LOCKED, READONLY, IOERR, FULL and CANTOPEN.
fn is_passing(error: &dyn DatabaseError) -> bool {
    let Some(code) = error.code() else {
        return false;
    };
    if let Ok(sqlite) = code.parse::<u32>()
        && code.len() < 5
    {
        return matches!(sqlite & 0xff, 5 | 6 | 8 | 10 | 13 | 14);
    }
    is_passing_in_postgres(&code)
}

fn is_passing_in_postgres(code: &str) -> bool {
    ["08", "40", "53", "57"].iter().any(|class| code.starts_with(class))
        || ["25006", "25P03", "55P03", "58030"].contains(&code)
}

/// Whether the database ended a transaction because it and another one were in each other's way
/// (PostgreSQL's class 40): made again, it has all chances.
pub(crate) fn is_collision(error: &StoreError) -> bool {
    let StoreError::Unavailable(cause) = error else { return false };
    let cause = cause.downcast_ref::<sqlx::Error>().and_then(sqlx::Error::as_database_error);
    cause.and_then(DatabaseError::code).is_some_and(|code| code.starts_with("40"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_away_is_told_apart_from_what_stays() {
        for passing in [
            "08000", "08003", "08006", "08001", "40001", "40P01", "53100", "53200", "53300",
            "57014", "57P01", "57P02", "57P03", "57P05", "25006", "25P03", "55P03", "58030",
        ] {
            assert!(is_passing_in_postgres(passing), "{passing}");
        }
        for lasting in ["42P01", "42703", "22021", "23502", "28P01", "3D000", "0A000", "XX000"] {
            assert!(!is_passing_in_postgres(lasting), "{lasting}");
        }
    }

    #[test]
    fn a_connection_that_broke_is_out_of_reach() {
        use std::io::ErrorKind;
        for kind in [
            ErrorKind::ConnectionRefused,
            ErrorKind::ConnectionReset,
            ErrorKind::UnexpectedEof,
            ErrorKind::BrokenPipe,
            ErrorKind::TimedOut,
        ] {
            let error = store_error("flow")(sqlx::Error::Io(kind.into()));
            assert!(error.is_retryable() && !is_collision(&error), "{kind:?}: {error}");
        }
        for error in [sqlx::Error::PoolTimedOut, sqlx::Error::PoolClosed, sqlx::Error::BeginFailed]
        {
            assert!(store_error("flow")(error).is_retryable());
        }
        assert!(!store_error("flow")(sqlx::Error::RowNotFound).is_retryable());
    }
}
