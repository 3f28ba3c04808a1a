//! The stores, held to the conformance suites on both databases, on a folder and on S3.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "in a test what does not hold panics")]

mod collisions;
mod deeds;
mod folder;
mod outage;
mod postgres;
mod s3;
mod sqlite;
mod upgrade;
