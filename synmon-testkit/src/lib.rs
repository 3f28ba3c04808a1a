#![doc = include_str!("../README.md")]
#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    reason = "this is test code: what does not hold panics, and the panic is the report"
)]

pub mod addresses;
mod artifacts;
mod browser;
#[cfg(feature = "program-fixture")]
mod child;
mod clock;
pub mod conformance;
pub mod factory;
#[cfg(feature = "browser-conformance")]
pub mod flows;
#[cfg(feature = "program-fixture")]
mod letter;
mod memory;
mod notifier;
mod poll;
#[cfg(feature = "postgres-fixture")]
pub mod postgres;
#[cfg(feature = "postgres-fixture")]
pub mod proxy;
mod resolver;
#[cfg(feature = "s3-fixture")]
pub mod s3;
#[cfg(feature = "browser-conformance")]
mod site;
#[cfg(feature = "browser-conformance")]
mod together;

pub use artifacts::MemoryArtifacts;
pub use browser::{Element, FakeBrowser, Page, Shot, Start, Trouble};
#[cfg(feature = "program-fixture")]
pub use child::{Program, processes_of};
pub use clock::ManualClock;
#[cfg(feature = "program-fixture")]
pub use letter::{Letter, letters_in};
pub use memory::{MemoryStore, NoticeState};
pub use notifier::{RecordingNotifier, Reply};
pub use poll::{until, until_within};
pub use resolver::StaticResolver;
#[cfg(feature = "browser-conformance")]
pub use site::{Answer, Pages, Request, Site};
#[cfg(feature = "browser-conformance")]
pub use together::{Share, Shared, together};
