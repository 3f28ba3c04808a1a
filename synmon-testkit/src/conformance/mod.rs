//! What every implementation of a trait must do, as cases that run on any of them: ours, the fakes
//! of this crate, and those that embedders write.

pub mod artifacts;
#[cfg(feature = "browser-conformance")]
pub mod browser;
pub mod store;
