#![doc = include_str!("../README.md")]
#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    reason = "this is test code: what does not hold panics, and the panic is the report"
)]

mod artifacts;
mod browser;
mod clock;
pub mod conformance;
pub mod factory;
mod memory;
mod notifier;
#[cfg(feature = "postgres-fixture")]
pub mod postgres;
mod resolver;

pub use artifacts::MemoryArtifacts;
pub use browser::{Element, FakeBrowser, Page, Shot, Start, Trouble};
pub use clock::ManualClock;
pub use memory::{MemoryStore, NoticeState};
pub use notifier::{RecordingNotifier, Reply};
pub use resolver::StaticResolver;
