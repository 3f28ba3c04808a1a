//! What a run leaves behind, without what differs from run to run.

use synmon_core::{
    run::{ErrorCode, Run, RunStatus, Screenshot, StepLog, StepStatus},
    step::PartOf,
};
use url::Url;

/// What a run has come to: the same in each browser.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// Its verdict.
    pub status: RunStatus,
    /// Why it did not pass, and in which step.
    pub error: Option<(ErrorCode, Option<u32>)>,
    /// What is on record of its steps.
    pub logs: Vec<Line>,
}

/// What is on record of a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its number.
    pub number: u32,
    /// What it did.
    pub action: String,
    /// How it ended.
    pub status: StepStatus,
    /// Why it failed.
    pub error: Option<ErrorCode>,
    /// What was expected and found, where something was.
    pub compared: Option<(String, String)>,
    /// The address that it left the tab at, without host and port.
    pub url: Option<String>,
    /// The title that it left.
    pub title: Option<String>,
    /// The status of the document that it left.
    pub http_status: Option<u16>,
    /// Whether there is a picture.
    pub picture: bool,
    /// What dialogs said.
    pub dialogs: Vec<String>,
    /// Which candidate found the element, from 1 on, if not the first.
    pub healed: Option<usize>,
    /// How often it was tried again.
    pub retried: u32,
    /// What it has kept.
    pub extracted: Option<String>,
    /// What each candidate found where it failed: how many elements, and how many to be seen.
    pub candidates: Vec<(usize, usize)>,
    /// Whether there is html of the page.
    pub html: bool,
    /// The step of this one's flow that brought it here, and its number in its own flow.
    pub part_of: Option<(u32, u32)>,
}

impl Trace {
    /// What is left of a run.
    pub fn of(run: &Run, logs: &[StepLog]) -> Self {
        Self {
            status: run.status,
            error: run.error.as_ref().map(|error| (error.code, error.step)),
            logs: logs.iter().map(Line::of).collect(),
        }
    }
}

impl Line {
    fn of(log: &StepLog) -> Self {
        let evidence = &log.evidence;
        Self {
            number: log.number,
            action: log.action.clone(),
            status: log.status,
            error: log.error.as_ref().map(|error| error.code),
            compared: log
                .error
                .as_ref()
                .and_then(|error| Some((error.expected.as_deref()?, error.found.as_deref()?)))
                .map(|(expected, found)| (without_host(expected), without_host(found))),
            url: log.url.as_deref().map(without_host),
            // A browser's own error page has whatever title that form of the browser gives it.
            title: log.title.clone().filter(|_| evidence.http_status.is_some()),
            http_status: evidence.http_status,
            picture: matches!(log.screenshot, Screenshot::Captured(_)),
            dialogs: log.dialogs.clone(),
            healed: evidence.healed.as_ref().map(|healed| healed.candidate),
            retried: evidence.retried,
            extracted: evidence.extracted.clone(),
            candidates: evidence.candidates.iter().map(|one| (one.matches, one.visible)).collect(),
            html: evidence.html.is_some(),
            part_of: evidence
                .part_of
                .as_ref()
                .map(|PartOf { used_by, number, .. }| (*used_by, *number)),
        }
    }
}

/// The port differs each time.
fn without_host(text: &str) -> String {
    let address = Url::parse(text).ok().filter(Url::has_host);
    address.map_or_else(
        || without_ports(text),
        |url| {
            let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
            format!("{}{query}", url.path())
        },
    )
}

/// A text in which addresses stand, such as where an error has happened.
fn without_ports(text: &str) -> String {
    let mut parts = text.split("127.0.0.1:");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.trim_start_matches(|c: char| c.is_ascii_digit()))
}
