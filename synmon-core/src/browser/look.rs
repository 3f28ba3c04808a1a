//! What a session sees, and what came of an attempt to act.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use super::{NavigationTiming, WebVitals};

/// What a selector found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observation {
    /// Which of the selector's candidates found it, from 0 on.
    pub candidate: usize,
    /// How many elements match that candidate.
    pub matches: usize,
    /// Whether the element can be seen: it has an area and is not hidden by style.
    pub visible: bool,
    /// Its text as it is rendered.
    pub text: String,
    /// What it holds, if it is a form field.
    pub value: Option<String>,
    /// Whether it is ticked, if it is a box or a radio button.
    pub checked: Option<bool>,
    /// The attribute that was asked for, if the element has it.
    pub attribute: Option<String>,
}

/// What came of one attempt to act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// It was done.
    Done(Deed),
    /// It was not done yet; trying again may help.
    NotReady(NotReady),
    /// It will never be done, in words.
    Refused(String),
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deed {
    /// Which of the selector's candidates found the element, from 0 on.
    pub candidate: usize,
    /// How long the page took after the act until it had settled.
    pub settle: Duration,
}

/// What an element lacks to be acted upon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotReady {
    /// The selector finds nothing.
    Missing,
    /// It can't be seen.
    Hidden,
    /// It moves.
    Moving,
    /// It is disabled.
    Disabled,
    /// It can't be written into.
    ReadOnly,
    /// The page gives the focus to something else.
    Unfocused {
        /// What has it instead, such as `input#search`.
        to: String,
    },
    /// It gets no clicks: by its style, or because it or what it is in is inert.
    Inert {
        /// What makes it so.
        by: String,
    },
    /// Another element would get the event.
    Covered {
        /// The other element, such as `div.cookie-banner`.
        by: String,
    },
    /// It can't be scrolled into view.
    OutOfView,
    /// A `<select>` has no such option (yet).
    NoSuchOption,
    /// It is a box that did not take the state that it should.
    Unchanged,
    /// There is no such frame or tab (yet).
    NoSuchPlace,
}

impl fmt::Display for NotReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("no element matches"),
            Self::Hidden => f.write_str("the element is not visible"),
            Self::Moving => f.write_str("the element is still moving"),
            Self::Disabled => f.write_str("the element is disabled"),
            Self::ReadOnly => f.write_str("the element is read-only"),
            Self::Unfocused { to } => {
                write!(f, "the page moves the focus from the element to {to}")
            }
            Self::Inert { by } => write!(f, "the element takes no clicks: {by}"),
            Self::Covered { by } => write!(f, "the element is covered by {by}"),
            Self::OutOfView => f.write_str("the element can't be scrolled into view"),
            Self::NoSuchOption => f.write_str("the element has no such option"),
            Self::Unchanged => f.write_str("the box did not change when it was clicked"),
            Self::NoSuchPlace => f.write_str("there is no such frame or tab"),
        }
    }
}

/// What a tab shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PageState {
    /// Its address.
    pub url: String,
    /// Its title.
    pub title: String,
    /// Whether it is the site's page or one of the browser's own about an error.
    pub error_page: bool,
    /// The browser's code for that error, such as `net::ERR_TOO_MANY_REDIRECTS`, where it tells.
    pub net_error: Option<String>,
    /// Why no flow may reach its address, if that is why it shows an error page.
    pub blocked: Option<String>,
    /// The HTTP status of the main document, where the browser tells.
    pub http_status: Option<u16>,
    /// A token that differs for each document: a new one means that the tab has navigated.
    pub document: String,
    /// How the document was loaded, once it is.
    pub timing: Option<NavigationTiming>,
    /// What a person has noticed of it so far.
    pub vitals: WebVitals,
}

/// What a failed step's page was like, for whoever mends the step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// How many elements each candidate of the selector finds, and how many of them can be seen.
    pub candidates: Vec<CandidateMatches>,
    /// The page's html around the element, or around where it should be; values of fields and
    /// scripts are left out.
    pub html: Option<String>,
}

/// What one candidate of a selector finds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CandidateMatches {
    /// The candidate as it was written.
    pub selector: String,
    /// How many elements it finds.
    pub matches: usize,
    /// How many of them can be seen.
    pub visible: usize,
    /// Why it can't be read, if it can't.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invalid: Option<String>,
}
