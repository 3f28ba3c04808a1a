//! What one step of a run did: its evidence.

use std::time::Duration;

use super::{ErrorCode, Evidence};
use crate::{Timestamp, artifact::ArtifactKey, flow::choice, step::Step};

choice! {
    /// How a step ended.
    StepStatus {
        /// It was proved to work.
        Passed = "passed",
        /// It did not work.
        Failed = "failed",
        /// It was not tried, because the run had ended.
        Skipped = "skipped",
    }
}

/// What one step of a run did.
#[derive(Clone, Debug, PartialEq)]
pub struct StepLog {
    /// Its number; 0 is the opening of the flow's url.
    pub number: u32,
    /// Its name on the wire; `open` for number 0.
    pub action: String,
    /// What the step is called, if it has a name.
    pub name: Option<String>,
    /// The element that it was about.
    pub selector_xpath: Option<String>,
    /// What was typed, pressed, chosen, opened or expected; the beginning of it where the step was
    /// not tried.
    pub content: Option<String>,
    /// How it ended.
    pub status: StepStatus,
    /// When it began; none if it was not tried.
    pub started_at: Option<Timestamp>,
    /// How long the step itself took: waiting and acting, without the picture.
    pub duration: Option<Duration>,
    /// Where the time went.
    pub timing: StepTiming,
    /// The address of the page as the step left it.
    pub url: Option<String>,
    /// The title of the page as the step left it.
    pub title: Option<String>,
    /// Why it did not work.
    pub error: Option<StepError>,
    /// The picture of the page as the step left it.
    pub screenshot: Screenshot,
    /// The texts of the dialogs that the page opened meanwhile.
    pub dialogs: Vec<String>,
    /// What else it leaves behind.
    pub evidence: Evidence,
}

/// Where a step's time went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepTiming {
    /// Until the page was ready for it.
    pub wait: Duration,
    /// The act itself.
    pub act: Duration,
    /// Taking the picture, which is not part of the step's duration.
    pub picture: Duration,
}

/// Why a step did not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepError {
    /// The kind of failure.
    pub code: ErrorCode,
    /// What happened, in words.
    pub message: String,
    /// What was expected, where something was.
    pub expected: Option<String>,
    /// What was there instead.
    pub found: Option<String>,
}

impl StepError {
    /// A failure that is not about an expectation.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), expected: None, found: None }
    }
}

/// What the log of a step that was not tried has of a text.
const MAX_UNTRIED_CHARS: usize = 200;

/// Why a picture is not there any more that was.
pub const REMOVED_BY_AGE: &str = "it was removed because of its age";
/// The same, where it had to make room.
pub const REMOVED_FOR_ROOM: &str =
    "it was removed to make room for newer ones: the pictures of an account may take only so much";

/// The picture of a step: best effort, and never a reason for a step to fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Screenshot {
    /// It is in the artifact store.
    Captured(ArtifactKey),
    /// It could not be had.
    Unavailable {
        /// Why not.
        why: String,
    },
    /// None was to be taken, or the step was not tried.
    Disabled,
}

impl StepLog {
    /// The log of opening the flow's url.
    #[must_use]
    pub fn open(url: &str) -> Self {
        Self { content: Some(url.to_owned()), ..Self::empty(0, "open") }
    }

    /// The log of a step.
    #[must_use]
    pub fn step(step: &Step) -> Self {
        let written = step.written();
        Self {
            name: step.name.clone(),
            selector_xpath: written.selector_xpath.clone(),
            content: written.content.clone(),
            evidence: Evidence {
                part_of: step.part_of.clone(),
                selectors: written.selectors.clone(),
                ..Evidence::default()
            },
            ..Self::empty(step.number, &written.action)
        }
    }

    /// The same for a step that was not tried: of long texts, the beginning. Whoever has flows fail
    /// at their first step should not fill the store with what they would have typed.
    #[must_use]
    pub fn shortened(self) -> Self {
        let short = |text: String| match text.char_indices().nth(MAX_UNTRIED_CHARS) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        };
        let selectors = self.evidence.selectors;
        Self {
            selector_xpath: self.selector_xpath.map(short),
            content: self.content.map(short),
            evidence: Evidence {
                selectors: selectors.map(|all| all.into_iter().map(short).collect()),
                ..self.evidence
            },
            ..self
        }
    }

    /// How much its picture takes in the artifact store.
    #[must_use]
    pub fn stored_bytes(&self) -> u64 {
        let kept = matches!(self.screenshot, Screenshot::Captured(_));
        self.evidence.picture.as_ref().filter(|_| kept).map_or(0, |picture| picture.bytes)
    }

    /// Whether both are of one step as it is written, and not of two that have the same number in
    /// two versions of a flow.
    #[must_use]
    pub fn is_same_step(&self, other: &Self) -> bool {
        let key = |log: &Self| (log.number, log.action.clone(), log.selector_xpath.clone());
        key(self) == key(other) && self.evidence.selectors == other.evidence.selectors
    }

    /// A step that was not tried.
    fn empty(number: u32, action: &str) -> Self {
        Self {
            number,
            action: action.to_owned(),
            name: None,
            selector_xpath: None,
            content: None,
            status: StepStatus::Skipped,
            started_at: None,
            duration: None,
            timing: StepTiming::default(),
            url: None,
            title: None,
            error: None,
            screenshot: Screenshot::Disabled,
            dialogs: Vec::new(),
            evidence: Evidence::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_step_that_was_not_tried_long_texts_are_cut() {
        let long = "ü".repeat(10_000);
        let whole = StepLog {
            selector_xpath: Some("//a".to_owned()),
            evidence: Evidence {
                selectors: Some(vec!["//a".to_owned(), long.clone()]),
                ..Evidence::default()
            },
            ..StepLog::open(&long)
        };
        let cut = format!("{}…", "ü".repeat(200));
        let short = whole.shortened();
        assert_eq!(short.content.as_ref(), Some(&cut));
        assert_eq!(short.selector_xpath.as_deref(), Some("//a"));
        assert_eq!(short.evidence.selectors, Some(vec!["//a".to_owned(), cut]));
        assert_eq!(short.clone().shortened().content.map(|text| text.len()), Some(403));
    }
}
