//! Notices as JSON, for machines: what webhooks carry and plug-ins read. Its names are a promise.

use serde::Serialize;
use synmon_core::{
    FlowId, RunId, Timestamp,
    alert::Alert,
    notice::{FailedStep, Notice, NoticeBody, RunNotice},
};
use url::Url;

/// The longest text, in characters: a page's title may be of any length.
const LONGEST: usize = 2_000;

/// Links can't be made from the public url.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the public url must begin with http:// or https://, and name a host")]
pub struct PublicUrlError;

/// Where the pages of runs are.
#[derive(Clone, Debug)]
pub(crate) struct RunPages {
    base: Url,
}

/// One notice, as it is told to a machine.
#[derive(Debug, Serialize)]
pub(crate) struct Event<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    timestamp: Timestamp,
    data: EventData<'a>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "nearly all are of the large kind")]
enum EventData<'a> {
    Verdict {
        alert: &'static str,
        flow: FlowView<'a>,
        run: RunView<'a>,
        failed_step: Option<StepView<'a>>,
    },
    Pause {
        flow: PausedFlowView<'a>,
        run: LastRunView,
        reason: &'a str,
    },
}

#[derive(Debug, Serialize)]
struct FlowView<'a> {
    id: FlowId,
    name: &'a str,
    url: &'a str,
}

#[derive(Debug, Serialize)]
struct RunView<'a> {
    id: RunId,
    url: String,
    trigger: &'a str,
    browser: &'a str,
    finished_at: Timestamp,
}

#[derive(Debug, Serialize)]
struct PausedFlowView<'a> {
    id: FlowId,
    name: &'a str,
}

#[derive(Debug, Serialize)]
struct LastRunView {
    id: RunId,
    url: String,
}

#[derive(Debug, Serialize)]
struct StepView<'a> {
    number: u32,
    of: u32,
    name: Option<&'a str>,
    action: &'a str,
    selector_xpath: Option<&'a str>,
    code: &'a str,
    message: &'a str,
    expected: Option<&'a str>,
    found: Option<&'a str>,
    page_url: Option<&'a str>,
    page_title: Option<&'a str>,
}

impl RunPages {
    /// The pages below `base`, which may have a path.
    pub(crate) fn below(mut base: Url) -> Result<Self, PublicUrlError> {
        if !matches!(base.scheme(), "http" | "https") || !base.has_host() {
            return Err(PublicUrlError);
        }
        base.set_query(None);
        base.set_fragment(None);
        Ok(Self { base })
    }

    fn of(&self, run: RunId) -> String {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push("runs").push(&run.to_string());
        }
        url.into()
    }
}

impl<'a> Event<'a> {
    /// What a notice tells a machine; nothing if it is a letter about an account, which is for
    /// the account's holder alone.
    pub(crate) fn of(notice: &'a Notice, pages: &RunPages) -> Option<Self> {
        let (kind, data) = match &notice.body {
            NoticeBody::Run(run) => verdict(run, pages),
            NoticeBody::FlowPaused { flow, flow_name, run, reason } => {
                let data = EventData::Pause {
                    flow: PausedFlowView { id: *flow, name: cut(flow_name) },
                    run: LastRunView { id: *run, url: pages.of(*run) },
                    reason: cut(reason),
                };
                ("flow.paused", data)
            }
            NoticeBody::Account(_) => return None,
        };
        Some(Self { kind, timestamp: notice.created_at, data })
    }
}

/// As JSON, in one line: line ends within texts are escaped.
#[expect(
    clippy::expect_used,
    reason = "views have string keys and write to memory: nothing of it can fail"
)]
pub(crate) fn json(view: &impl Serialize) -> String {
    serde_json::to_string(view).expect("a view is JSON")
}

fn verdict<'a>(run: &'a RunNotice, pages: &RunPages) -> (&'static str, EventData<'a>) {
    let (kind, alert) = match run.alert {
        Alert::Failure => ("run.failed", "failure"),
        Alert::Recovery => ("run.recovered", "recovery"),
    };
    let data = EventData::Verdict {
        alert,
        flow: FlowView { id: run.flow, name: cut(&run.flow_name), url: cut(&run.flow_url) },
        run: RunView {
            id: run.run,
            url: pages.of(run.run),
            trigger: &run.trigger,
            browser: &run.browser,
            finished_at: run.finished_at,
        },
        failed_step: run.failure.as_ref().map(step),
    };
    (kind, data)
}

fn step(step: &FailedStep) -> StepView<'_> {
    StepView {
        number: step.number,
        of: step.of,
        name: step.name.as_deref().map(cut),
        action: &step.action,
        selector_xpath: step.selector_xpath.as_deref().map(cut),
        code: &step.code,
        message: cut(&step.message),
        expected: step.expected.as_deref().map(cut),
        found: step.found.as_deref().map(cut),
        page_url: step.page_url.as_deref().map(cut),
        page_title: step.page_title.as_deref().map(cut),
    }
}

fn cut(text: &str) -> &str {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(base: &str) -> Result<RunPages, PublicUrlError> {
        RunPages::below(base.parse().unwrap())
    }

    #[test]
    fn pages_are_below_the_public_url() {
        let run: RunId = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        for (base, expected) in [
            ("http://localhost:8080", "http://localhost:8080/runs/"),
            ("https://mon.example/a", "https://mon.example/a/runs/"),
            ("https://mon.example/a/?b=c#d", "https://mon.example/a/runs/"),
        ] {
            let page = pages(base).unwrap().of(run);
            assert_eq!(page, format!("{expected}{run}"));
        }
        for base in ["javascript:alert(1)", "ftp://mon.example", "data:text/html,x"] {
            assert_eq!(pages(base).unwrap_err(), PublicUrlError, "{base}");
        }
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let long = "日".repeat(LONGEST);
        assert_eq!(cut(&long), long);
        assert_eq!(cut(&format!("{long}本")), long);
    }
}
