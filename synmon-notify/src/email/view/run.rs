//! Mails about one flow.

use serde::Serialize;
use synmon_core::{
    RunId, Timestamp,
    alert::Alert,
    notice::{FailedStep, RunNotice},
};

use super::{
    super::{clean, link::Links, picture::Picture, templates::Kind},
    words,
};

/// A mail about a run.
#[derive(Serialize)]
pub(in super::super) struct RunView {
    home: String,
    pub(super) link: String,
    name: Option<String>,
    flow: FlowView,
    run: VerdictView,
    failing: Option<FailingView>,
    failure: Option<FailureView>,
    picture: Option<String>,
    picture_problem: Option<&'static str>,
}

/// A mail about a flow that was paused.
#[derive(Serialize)]
pub(in super::super) struct PausedView {
    home: String,
    pub(super) link: String,
    name: Option<String>,
    flow: FlowView,
    reason: String,
    paused_at: String,
}

#[derive(Serialize)]
struct FlowView {
    name: String,
    url: String,
}

#[derive(Serialize)]
struct VerdictView {
    trigger: String,
    browser: String,
    finished_at: String,
}

/// For how long the site has been failing, or had been.
#[derive(Serialize)]
struct FailingView {
    count: u32,
    since: String,
    span: String,
}

#[derive(Serialize)]
struct FailureView {
    place: String,
    place_in_words: String,
    name: Option<String>,
    action: String,
    selector: Option<String>,
    code: String,
    message: String,
    expected: Option<String>,
    found: Option<String>,
    page_url: Option<String>,
    page_title: Option<String>,
}

/// What mail a verdict is told by.
pub(super) fn kind(alert: Alert) -> Kind {
    match alert {
        Alert::Failure => Kind::RunFailed,
        Alert::Reminder => Kind::RunStillFailing,
        Alert::Recovery => Kind::RunRecovered,
    }
}

impl RunView {
    pub(super) fn of(
        links: &Links,
        name: Option<String>,
        run: &RunNotice,
        (picture, cid): (&Picture, &str),
    ) -> Self {
        Self {
            home: links.home(),
            link: links.run(run.run),
            name,
            flow: FlowView {
                name: clean::line(&run.flow_name, clean::TITLE),
                url: clean::line(&run.flow_url, clean::ADDRESS),
            },
            run: VerdictView {
                trigger: clean::line(&run.trigger, clean::NAME),
                browser: clean::line(&run.browser, clean::NAME),
                finished_at: words::instant(run.finished_at),
            },
            failing: run.failing_since.map(|since| FailingView {
                count: run.failures_in_row,
                since: words::instant(since),
                span: words::span(run.finished_at.since(since)),
            }),
            failure: run.failure.as_ref().map(FailureView::of),
            picture: matches!(picture, Picture::Ready { .. }).then(|| cid.to_owned()),
            picture_problem: match picture {
                Picture::Missing { why } => Some(why),
                Picture::None | Picture::Ready { .. } => None,
            },
        }
    }
}

impl PausedView {
    pub(super) fn of(
        links: &Links,
        name: Option<String>,
        (flow_name, reason, run): (&str, &str, RunId),
        at: Timestamp,
    ) -> Self {
        Self {
            home: links.home(),
            link: links.run(run),
            name,
            flow: FlowView { name: clean::line(flow_name, clean::TITLE), url: String::new() },
            reason: clean::block(reason, clean::BLOCK),
            paused_at: words::instant(at),
        }
    }
}

impl FailureView {
    fn of(step: &FailedStep) -> Self {
        let line = |text: &Option<String>, most| {
            text.as_deref().map(|text| clean::line(text, most)).filter(|text| !text.is_empty())
        };
        let block =
            |text: &Option<String>| text.as_deref().map(|text| clean::block(text, clean::BLOCK));
        let (place, place_in_words) = match step.number {
            0 => ("opening the page".to_owned(), "while opening the page".to_owned()),
            number => {
                let place = format!("step {number} of {}", step.of);
                let place_in_words = format!("at {place}");
                (place, place_in_words)
            }
        };
        Self {
            place,
            place_in_words,
            name: line(&step.name, clean::TITLE),
            action: clean::line(&step.action, clean::NAME),
            selector: line(&step.selector_xpath, clean::ADDRESS),
            code: clean::line(&step.code, clean::NAME),
            message: clean::block(&step.message, clean::BLOCK),
            expected: block(&step.expected),
            found: block(&step.found),
            page_url: line(&step.page_url, clean::ADDRESS),
            page_title: line(&step.page_title, clean::TITLE),
        }
    }
}
