//! How a step is written down, and which places of it are filled in.

use super::{
    ActionName, Match, Need, Placeholder, RawStep,
    template::{self, Reading},
};
use crate::invalid::Invalid;

/// The step as it is kept: without what is empty, or goes without saying.
pub(super) fn normalised(raw: &RawStep, action: ActionName) -> RawStep {
    let mut step = raw.clone();
    action.as_str().clone_into(&mut step.action);
    let spec = action.spec();
    let blank = |text: &Option<String>| text.as_deref().is_some_and(str::is_empty);
    if blank(&step.selector_xpath) && spec.selector != Need::Needed {
        step.selector_xpath = None;
    }
    if blank(&step.content) && spec.content.0 != Need::Needed {
        step.content = None;
    }
    if step.how.as_deref() == spec.compares.map(Match::as_str) {
        step.how = None;
    }
    step.name = step.name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    step
}

/// The fields in which places may stand.
fn templates(step: &mut RawStep) -> [(&'static str, Option<&mut String>); 4] {
    [
        ("content", step.content.as_mut()),
        ("text", step.text.as_mut()),
        ("url", step.url.as_mut()),
        ("selector_xpath", step.selector_xpath.as_mut()),
    ]
}

/// What a step's fields hold between braces, with the fields in which it does.
pub(super) fn readings(step: &RawStep) -> Vec<(&'static str, Reading)> {
    let RawStep { content, text, url, selector_xpath, .. } = step;
    [("content", content), ("text", text), ("url", url), ("selector_xpath", selector_xpath)]
        .into_iter()
        .flat_map(|(field, text)| {
            let readings = text.as_deref().map(template::readings).unwrap_or_default();
            readings.into_iter().map(move |reading| (field, reading))
        })
        .collect()
}

/// The variables that a step names, with the fields in which it does.
pub(super) fn variables(step: &RawStep) -> Vec<(&'static str, String)> {
    let readings = readings(step).into_iter();
    readings
        .filter_map(|(field, reading)| match reading {
            Reading::Place(Placeholder::Variable(name)) => Some((field, name)),
            _ => None,
        })
        .collect()
}

/// Whether a field is given to the page, rather than looked for in it or shown in its address: only
/// there may a secret stand.
pub(super) fn takes_secrets(action: ActionName, field: &str) -> bool {
    match field {
        "content" => matches!(
            action,
            ActionName::Tapping
                | ActionName::Select
                | ActionName::SetCookie
                | ActionName::SetHeader
        ),
        "text" => action == ActionName::Dialog,
        _ => false,
    }
}

/// The step with something else in its places.
pub(super) fn with_values(
    step: &RawStep,
    mut fill: impl FnMut(&'static str, &str) -> Result<String, String>,
) -> Result<RawStep, Invalid> {
    let mut filled = step.clone();
    for (field, text) in templates(&mut filled) {
        if let Some(text) = text {
            *text = fill(field, text).map_err(|why| Invalid::field(field, why))?;
        }
    }
    Ok(filled)
}
