//! The stores, held to the conformance suites on both databases and on a folder.
#![expect(clippy::unwrap_used, reason = "in a test what does not hold panics")]

mod folder;
mod postgres;
mod sqlite;
