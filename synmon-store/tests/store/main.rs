//! The stores, held to the conformance suites on both databases and on a folder.

mod folder;
mod postgres;
mod sqlite;
