#![doc = include_str!("../README.md")]

mod accounts;
mod artifacts;
mod connect;
mod dialect;
mod error;
mod flow_rows;
mod flows;
mod log_rows;
mod notices;
mod run_rows;
mod runs;
mod slots;
mod sql;
mod stamp;
#[cfg(test)]
mod tests;
mod trash;
mod wakeups;

pub use artifacts::ObjectArtifacts;
pub use connect::{ConnectError, PgStore, SqliteStore};
