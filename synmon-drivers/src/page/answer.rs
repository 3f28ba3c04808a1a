//! What our scripts answer.

use serde::Deserialize;
use synmon_core::browser::{NavigationTiming, WebVitals};

/// What a selector finds.
#[derive(Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum Found {
    Invalid {
        why: String,
    },
    Missing,
    Here {
        candidate: usize,
        matches: usize,
        visible: bool,
        text: String,
        value: Option<String>,
        checked: Option<bool>,
        attribute: Option<String>,
    },
}

/// Whether an element can be acted upon.
#[derive(Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum Readiness {
    Ready(Target),
    /// The tab is behind another one: it gets neither input nor frames.
    Behind,
    Missing,
    Hidden,
    Moving,
    Disabled,
    ReadOnly,
    Unfocused {
        to: String,
    },
    Inert {
        by: String,
    },
    Covered {
        by: String,
    },
    OutOfView,
    NoSuchOption,
    Refused {
        why: String,
    },
    Invalid {
        why: String,
    },
}

/// An element that is ready.
#[derive(Deserialize)]
pub(crate) struct Target {
    /// Where to press.
    #[serde(default)]
    pub(crate) x: i64,
    #[serde(default)]
    pub(crate) y: i64,
    /// Whether text is typed into it or set.
    pub(crate) how: Option<Writing>,
    /// Whether the End key must move the caret first.
    #[serde(default)]
    pub(crate) end: bool,
    /// Which candidate of the selector found it.
    #[serde(default)]
    pub(crate) candidate: usize,
    /// Whether it is as it should be already.
    #[serde(default)]
    pub(crate) done: bool,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Writing {
    Keys,
    Set,
    File,
}

/// What a script that changes a field says of it.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Changed<T> {
    /// What it holds now.
    Held(T),
    /// The field was removed since it was looked at.
    Gone(()),
}

/// What the page is like after an input.
#[derive(Deserialize)]
pub(crate) struct Settled {
    pub(crate) hidden: bool,
    /// What was in the way of a press after all: it was kept from the page.
    pub(crate) missed: Option<String>,
    /// Where keys would have gone instead: they were kept from the page.
    pub(crate) strayed: Option<Strayed>,
}

/// Keys that did not reach their element.
#[derive(Deserialize)]
pub(crate) struct Strayed {
    pub(crate) to: String,
    /// How many had reached it before.
    pub(crate) arrived: usize,
}

/// What the tab shows.
#[derive(Debug, Deserialize)]
pub(crate) struct Shown {
    pub(crate) url: String,
    pub(crate) title: String,
    /// The code on an error page of the browser's own.
    error: Option<String>,
    status: Option<u16>,
    pub(crate) document: String,
    pub(crate) timing: Option<NavigationTiming>,
    pub(crate) vitals: WebVitals,
}

impl Shown {
    /// Whether this is a page of the browser's own.
    pub(crate) fn is_error(&self) -> bool {
        self.error.is_some()
    }

    /// Why there is no page, if there is none.
    pub(crate) fn net_error(&self) -> Option<String> {
        let code = self.error.as_deref()?;
        // The browser shows a page of its own for an answer without a body, too.
        if self.status.is_some() || code.starts_with("HTTP ERROR ") {
            return None;
        }
        Some(if code.starts_with("ERR_") { format!("net::{code}") } else { code.to_owned() })
    }

    /// The status, which for an answer without a body is found only in the browser's own page.
    pub(crate) fn http_status(&self) -> Option<u16> {
        let told = || self.error.as_deref()?.strip_prefix("HTTP ERROR ")?.parse().ok();
        self.status.or_else(told)
    }
}

/// What a selector's candidates find, in their order, and the html around the element.
#[derive(Debug, Deserialize)]
pub(crate) struct Explained {
    pub(crate) candidates: Vec<Tally>,
    pub(crate) html: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Tally {
    pub(crate) matches: usize,
    pub(crate) visible: usize,
    pub(crate) invalid: Option<String>,
}

/// Whether pictures are painted over.
#[derive(Debug, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum Masked {
    Whole,
    /// The page has meddled with it.
    Torn,
    Invalid {
        why: String,
    },
}

/// Where an element is, in CSS pixels.
#[derive(Debug, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum Located {
    Invalid {
        why: String,
    },
    Missing,
    Hidden,
    Here {
        width: f64,
        height: f64,
        /// In its viewport.
        left: f64,
        top: f64,
    },
}

/// A size in CSS pixels.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Size {
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// An element, handed over as the protocol does it.
#[derive(Debug, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum Element {
    Invalid { why: String },
    Missing,
    Hidden,
    Refused { why: String },
    Here { element: serde_json::Value },
}

/// The middle of the viewport.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Middle {
    pub(crate) x: i64,
    pub(crate) y: i64,
}

/// An element, handed over as the protocol does it, and where its in-view centre point is.
#[derive(Debug, Deserialize)]
pub(crate) struct Anchor {
    pub(crate) element: serde_json::Value,
    pub(crate) x: i64,
    pub(crate) y: i64,
}
