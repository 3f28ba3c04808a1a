//! What a step leaves behind besides its picture.

use serde::{Deserialize, Serialize};

use crate::{
    browser::{CandidateMatches, ConsoleError, Exchange, NavigationTiming, WebVitals},
    step::PartOf,
};

/// What a step leaves behind besides its picture. All of it is bounded in size, and best effort:
/// none of it can make a step fail.
///
/// The JSON of this type is what stores keep, so its names are a promise.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Evidence {
    /// The step of another flow that it was, if `use_flow` brought it here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part_of: Option<PartOf>,
    /// The ways to find the element, if the step names any but an XPath.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selectors: Option<Vec<String>>,
    /// How the element was found, if not in the first way that the step names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healed: Option<Healed>,
    /// How often the step was tried again.
    #[serde(skip_serializing_if = "is_zero")]
    pub retried: u32,
    /// What `extract` has kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extracted: Option<String>,
    /// With which HTTP status the tab's document came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u16>,
    /// How long the page took to settle after the act, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settle_ms: Option<u64>,
    /// How the tab's document was loaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub navigation: Option<NavigationTiming>,
    /// What a person has noticed of its loading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vitals: Option<WebVitals>,
    /// Errors that the page logged meanwhile.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub console_errors: Vec<ConsoleError>,
    /// How many requests ended meanwhile.
    #[serde(skip_serializing_if = "is_zero")]
    pub requests: u32,
    /// Those that failed, and those that were slow.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remarkable_requests: Vec<Exchange>,
    /// How many console errors and requests are not listed because there were too many.
    #[serde(skip_serializing_if = "is_zero")]
    pub dropped: u32,
    /// What each way to find the element found, if the step failed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<CandidateMatches>,
    /// The page's html around the element, or around where it should be, if the step failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// What is known of the picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<PictureFacts>,
}

/// How an element was found, if not in the first way that the step names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Healed {
    /// The way that found it, as it is written.
    pub selector: String,
    /// Its place among the step's ways, from 1 on.
    pub candidate: usize,
}

/// What is known of a picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PictureFacts {
    /// How large the file is.
    pub bytes: u64,
    /// The file's SHA-256, in hexadecimal.
    pub sha256: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}
