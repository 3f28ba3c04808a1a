#![doc = include_str!("../README.md")]

mod accounts;
mod api_keys;
mod artifacts;
mod attempt_rows;
mod audit;
mod browser_sessions;
mod channel_rows;
mod channels;
mod collision;
mod columns;
mod connect;
mod dialect;
mod error;
mod file_lock;
mod flow_rows;
mod flows;
mod guard;
mod keyed_requests;
mod log_rows;
mod lost;
#[cfg(test)]
mod migration_tests;
mod migrations;
mod notices;
mod pruning;
mod queue;
mod quotas;
mod rate_limits;
mod retention;
mod run_rows;
mod runs;
mod secrets;
mod sessions;
mod slots;
mod sql;
mod stamp;
mod storage;
#[cfg(test)]
mod tests;
mod trash;
mod verdicts;
mod wakeups;

pub use artifacts::{ObjectArtifacts, S3Credentials, S3Settings, S3Trouble};
pub use connect::{ConnectError, PgStore, SqliteStore};
pub use file_lock::LockError;
pub use migrations::MigrationError;
