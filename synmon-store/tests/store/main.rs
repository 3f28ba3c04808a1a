//! The stores, held to the conformance suites on both databases and on a folder.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "in a test what does not hold panics")]

mod collisions;
mod deeds;
mod folder;
mod outage;
mod postgres;
mod sqlite;
mod upgrade;
