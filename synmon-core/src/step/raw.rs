//! The flat form in which steps are sent and stored.

use serde::{Deserialize, Serialize};

use super::{Distance, Point, Step};

/// A step as it is written down: any of the fields may be there, none is checked yet.
///
/// The JSON of this type is what stores keep, so its names are a promise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RawStep {
    /// Its place in the flow, from 1 on.
    pub number: i64,
    /// What it does: a name of [`super::ActionName`], or `type` for `tapping`.
    pub action: String,
    /// The element, by XPath.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector_xpath: Option<String>,
    /// What is typed, pressed, chosen, opened or expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// How texts are compared: `equals`, `contains` or `matches`.
    #[serde(rename = "match", skip_serializing_if = "Option::is_none")]
    pub how: Option<String>,
    /// What the step is called in logs and mails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How long it may take, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<i64>,
    /// Further ways to find the element, in the order in which they are tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selectors: Option<Vec<String>>,
    /// The mouse button: `left`, `middle` or `right`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub button: Option<String>,
    /// How often the element is clicked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<i64>,
    /// Where on the element the pointer goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Point>,
    /// Ways to find the element that another one is dropped on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Vec<String>>,
    /// `append` or `replace`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// How far the wheel is turned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance: Option<Distance>,
    /// The name of an attribute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribute: Option<String>,
    /// The name under which something is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variable: Option<String>,
    /// Which part of it is kept: a regular expression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// What a prompt is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The address of a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The method of a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Whether the picture shows all of the page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_page: Option<bool>,
    /// What follows when it fails: `stop` or `continue`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<String>,
    /// Whether it is carried out even after a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub always: Option<bool>,
    /// When a picture is taken: `on`, `off` or `on_failure`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub screenshot: Option<String>,
    /// What is painted over in its picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mask: Option<Vec<String>>,
    /// How often it is tried again when it fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<i64>,
}

impl From<&Step> for RawStep {
    fn from(step: &Step) -> Self {
        step.written.clone()
    }
}
