//! What our scripts answer.

use serde::Deserialize;

/// What a selector finds.
#[derive(Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(super) enum Found {
    Invalid { why: String },
    Missing,
    Here { matches: usize, visible: bool, text: String, value: Option<String> },
}

/// Whether an element can be acted upon.
#[derive(Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(super) enum Readiness {
    Ready(Target),
    /// The tab is behind another one: it gets neither input nor frames.
    Behind,
    Missing,
    Hidden,
    Moving,
    Disabled,
    ReadOnly,
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
    Broken {
        why: String,
    },
}

/// An element that is ready.
#[derive(Deserialize)]
pub(super) struct Target {
    /// Where to press.
    #[serde(default)]
    pub(super) x: i64,
    #[serde(default)]
    pub(super) y: i64,
    /// Whether text is typed into it or set.
    pub(super) how: Option<Writing>,
    /// Whether the End key must move the caret first.
    #[serde(default)]
    pub(super) end: bool,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Writing {
    Keys,
    Set,
    File,
}

/// What a script that changes a field says of it.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Changed<T> {
    /// What it holds now.
    Held(T),
    /// The field was removed since it was looked at.
    Gone(()),
}

/// What the page is like after an input.
#[derive(Deserialize)]
pub(super) struct Settled {
    pub(super) hidden: bool,
    /// What was in the way of a press after all: it was kept from the page.
    pub(super) missed: Option<String>,
}
