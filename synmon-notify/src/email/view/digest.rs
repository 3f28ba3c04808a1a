//! A mail about many runs.

use serde::Serialize;
use synmon_core::{
    alert::Alert,
    notice::{Digest, DigestEntry},
};

use super::{
    super::{clean, link::Links},
    words,
};

/// The longest text of a row, in characters.
const ROW: usize = 200;
/// The longest name of a flow in the subject: the count behind it must be seen, too.
const IN_SUBJECT: usize = 60;

/// A mail about many runs.
#[derive(Serialize)]
pub(in super::super) struct DigestView {
    pub(super) home: String,
    name: Option<String>,
    total: u32,
    /// How many more there are than listed.
    more: u32,
    /// The name of the first flow, shortened.
    first: String,
    entries: Vec<EntryView>,
}

#[derive(Serialize)]
struct EntryView {
    /// `failure`, `reminder` or `recovery`.
    alert: &'static str,
    /// The same in words.
    what: &'static str,
    flow: String,
    link: String,
    finished_at: String,
    code: Option<String>,
    message: Option<String>,
}

impl DigestView {
    pub(super) fn of(links: &Links, name: Option<String>, digest: &Digest) -> Self {
        let listed = u32::try_from(digest.entries.len()).unwrap_or(u32::MAX);
        let first = digest.entries.first().map_or("", |entry| entry.flow_name.as_str());
        Self {
            home: links.home(),
            name,
            total: digest.total,
            more: digest.total.saturating_sub(listed),
            first: clean::line(first, IN_SUBJECT),
            entries: digest.entries.iter().map(|entry| EntryView::of(links, entry)).collect(),
        }
    }
}

impl EntryView {
    fn of(links: &Links, entry: &DigestEntry) -> Self {
        let line = |text: &Option<String>, most| {
            text.as_deref().map(|text| clean::line(text, most)).filter(|text| !text.is_empty())
        };
        Self {
            alert: entry.alert.as_str(),
            what: match entry.alert {
                Alert::Failure => "Failed",
                Alert::Reminder => "Still failing",
                Alert::Recovery => "Works again",
            },
            flow: clean::line(&entry.flow_name, ROW),
            link: links.run(entry.run),
            finished_at: words::instant(entry.finished_at),
            code: line(&entry.code, clean::NAME),
            message: line(&entry.message, ROW),
        }
    }
}
