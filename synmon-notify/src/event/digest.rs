//! Many verdicts in one.

use serde::Serialize;
use synmon_core::{
    FlowId, RunId, Timestamp,
    notice::{Digest, DigestEntry},
};

use super::{cut, cut_at, pages::RunPages};

/// The longest message, in characters: there are up to a hundred, and receivers like small bodies.
const LONGEST_MESSAGE: usize = 300;

/// Many verdicts in one.
#[derive(Debug, Serialize)]
pub(super) struct DigestData<'a> {
    total: u32,
    entries: Vec<EntryView<'a>>,
}

#[derive(Debug, Serialize)]
struct EntryView<'a> {
    alert: &'static str,
    flow: FlowView<'a>,
    run: RunView,
    code: Option<&'a str>,
    message: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct FlowView<'a> {
    id: FlowId,
    name: &'a str,
}

#[derive(Debug, Serialize)]
struct RunView {
    id: RunId,
    url: String,
    finished_at: Timestamp,
}

impl<'a> DigestData<'a> {
    pub(super) fn of(digest: &'a Digest, pages: &RunPages) -> Self {
        let entries = digest.entries.iter().map(|entry| EntryView::of(entry, pages));
        Self { total: digest.total, entries: entries.collect() }
    }
}

impl<'a> EntryView<'a> {
    fn of(entry: &'a DigestEntry, pages: &RunPages) -> Self {
        Self {
            alert: entry.alert.as_str(),
            flow: FlowView { id: entry.flow, name: cut(&entry.flow_name) },
            run: RunView {
                id: entry.run,
                url: pages.of(entry.run),
                finished_at: entry.finished_at,
            },
            code: entry.code.as_deref(),
            message: entry.message.as_deref().map(|text| cut_at(text, LONGEST_MESSAGE)),
        }
    }
}
