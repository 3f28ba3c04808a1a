//! The last mail of a day.

use serde::Serialize;
use synmon_core::Timestamp;

use super::{super::link::Links, words};

/// A mail about the mails that there are no more of today.
#[derive(Serialize)]
pub(in super::super) struct UsedUpView {
    pub(super) home: String,
    /// The documentation of the API.
    docs: String,
    name: Option<String>,
    most: u32,
    until: String,
}

impl UsedUpView {
    pub(super) fn of(links: &Links, name: Option<String>, most: u32, until: Timestamp) -> Self {
        Self { home: links.home(), docs: links.docs(), name, most, until: words::instant(until) }
    }
}
