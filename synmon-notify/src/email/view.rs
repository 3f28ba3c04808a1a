//! What templates see. All text of others has been cleaned when it gets here.

use secrecy::SecretString;
use serde::Serialize;
use synmon_core::{
    RunId, Timestamp,
    alert::Alert,
    notice::{FailedStep, RunNotice},
};

use super::{
    addresses::LetterKind,
    clean,
    errors::TemplateError,
    link::Links,
    picture::Picture,
    templates::{Kind, Rendered, Templates},
};

/// A mail about a run.
#[derive(Serialize)]
pub(super) struct RunView {
    home: String,
    link: String,
    name: Option<String>,
    flow: FlowView,
    run: VerdictView,
    failure: Option<FailureView>,
    picture: Option<String>,
    picture_problem: Option<&'static str>,
}

/// A mail about a flow that was paused.
#[derive(Serialize)]
pub(super) struct PausedView {
    home: String,
    link: String,
    name: Option<String>,
    flow: FlowView,
    reason: String,
    paused_at: String,
}

/// A letter about an account.
#[derive(Serialize)]
pub(super) struct AccountView {
    home: String,
    link: String,
    name: Option<String>,
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

/// A mail's kind and what its templates see.
pub(super) enum View {
    /// About a run.
    Run(Kind, Box<RunView>),
    /// About a pause.
    Paused(Box<PausedView>),
    /// About an account.
    Account(Kind, AccountView),
}

impl View {
    /// Of a run's verdict. `cid` is the Content-ID that the picture would get.
    pub(super) fn run(
        links: &Links,
        name: &str,
        run: &RunNotice,
        (picture, cid): (&Picture, &str),
    ) -> Self {
        let kind = match run.alert {
            Alert::Failure => Kind::RunFailed,
            Alert::Recovery => Kind::RunRecovered,
        };
        let view = RunView {
            home: links.home(),
            link: links.run(run.run),
            name: name_of(name),
            flow: FlowView {
                name: clean::line(&run.flow_name, clean::TITLE),
                url: clean::line(&run.flow_url, clean::ADDRESS),
            },
            run: VerdictView {
                trigger: clean::line(&run.trigger, clean::NAME),
                browser: clean::line(&run.browser, clean::NAME),
                finished_at: readable(run.finished_at),
            },
            failure: run.failure.as_ref().map(FailureView::of),
            picture: matches!(picture, Picture::Ready { .. }).then(|| cid.to_owned()),
            picture_problem: match picture {
                Picture::Missing { why } => Some(why),
                Picture::None | Picture::Ready { .. } => None,
            },
        };
        Self::Run(kind, Box::new(view))
    }

    /// Of a pause.
    pub(super) fn paused(
        links: &Links,
        name: &str,
        (flow_name, reason, run): (&str, &str, RunId),
        at: Timestamp,
    ) -> Self {
        Self::Paused(Box::new(PausedView {
            home: links.home(),
            link: links.run(run),
            name: name_of(name),
            flow: FlowView { name: clean::line(flow_name, clean::TITLE), url: String::new() },
            reason: clean::block(reason, clean::BLOCK),
            paused_at: readable(at),
        }))
    }

    /// Of a letter about an account.
    pub(super) fn account(links: &Links, name: &str, kind: &LetterKind) -> Self {
        let of =
            |kind, link, name| Self::Account(kind, AccountView { home: links.home(), link, name });
        let with = |make: fn(&Links, &SecretString) -> String, token| make(links, token);
        match kind {
            LetterKind::Confirm { token } => of(Kind::Confirm, with(Links::confirm, token), None),
            LetterKind::AlreadyRegistered => {
                of(Kind::AlreadyRegistered, links.home(), name_of(name))
            }
            LetterKind::ResetPassword { token } => {
                of(Kind::ResetPassword, with(Links::reset_password, token), name_of(name))
            }
        }
    }

    /// The mail's text.
    pub(super) fn render(&self, templates: &Templates) -> Result<Rendered, TemplateError> {
        match self {
            Self::Run(kind, view) => templates.render(*kind, view.as_ref()),
            Self::Paused(view) => templates.render(Kind::FlowPaused, view.as_ref()),
            Self::Account(kind, view) => templates.render(*kind, view),
        }
    }

    /// The kind of mail.
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Run(kind, _) | Self::Account(kind, _) => *kind,
            Self::Paused(_) => Kind::FlowPaused,
        }
    }

    /// Whether the recipient may be named. An address that has not proved to be its user's may be
    /// a stranger's, and the name an advertisement.
    pub(super) fn names_recipient(&self) -> bool {
        self.kind() != Kind::Confirm
    }

    /// The link that it is about.
    pub(super) fn link(&self) -> &str {
        match self {
            Self::Run(_, view) => &view.link,
            Self::Paused(view) => &view.link,
            Self::Account(_, view) => &view.link,
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

fn name_of(name: &str) -> Option<String> {
    Some(clean::line(name, clean::NAME)).filter(|name| !name.is_empty())
}

fn readable(at: Timestamp) -> String {
    at.datetime().format("%-d %B %Y, %H:%M:%S UTC").to_string()
}
