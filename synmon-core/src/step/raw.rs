//! The flat form in which steps are sent and stored.

use serde::{Deserialize, Serialize};

use super::Step;

/// A step as it is written down: any of the fields may be there, none is checked yet.
///
/// The JSON of this type is what stores keep, so its names are a promise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawStep {
    /// Its place in the flow, from 1 on.
    pub number: i64,
    /// What it does: a name of [`super::ActionName`], or `type` for `tapping`.
    pub action: String,
    /// The element, by XPath.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector_xpath: Option<String>,
    /// What is typed, pressed, chosen, opened or expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// How `content` is compared by an assertion: `equals` or `contains`.
    #[serde(default, rename = "match", skip_serializing_if = "Option::is_none")]
    pub how: Option<String>,
    /// What the step is called in logs and mails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How long it may take, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<i64>,
}

impl From<&Step> for RawStep {
    fn from(step: &Step) -> Self {
        let action = &step.action;
        Self {
            number: i64::from(step.number),
            action: action.name().as_str().to_owned(),
            selector_xpath: action.selector().map(|selector| selector.as_str().to_owned()),
            content: action.content().map(str::to_owned),
            // What goes without saying is not written down.
            how: action
                .how()
                .filter(|how| action.name().default_match() != Some(*how))
                .map(|how| how.as_str().to_owned()),
            name: step.name.clone(),
            timeout_ms: step.timeout.and_then(|limit| i64::try_from(limit.as_millis()).ok()),
        }
    }
}
