//! How a step is written down, and where variables stand in it.

use super::{ActionName, Match, Need, RawStep, template};
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

/// The fields in which variables may stand.
fn templates(step: &mut RawStep) -> [(&'static str, Option<&mut String>); 4] {
    [
        ("content", step.content.as_mut()),
        ("text", step.text.as_mut()),
        ("url", step.url.as_mut()),
        ("selector_xpath", step.selector_xpath.as_mut()),
    ]
}

/// The variables that a step names, with the fields in which it does.
pub(super) fn variables(step: &RawStep) -> Vec<(&'static str, &str)> {
    let RawStep { content, text, url, selector_xpath, .. } = step;
    [("content", content), ("text", text), ("url", url), ("selector_xpath", selector_xpath)]
        .into_iter()
        .flat_map(|(field, text)| {
            let names = text.as_deref().map(template::names).unwrap_or_default();
            names.into_iter().map(move |name| (field, name))
        })
        .collect()
}

/// The step with something else in the place of its variables.
pub(super) fn with_variables(
    step: &RawStep,
    mut fill: impl FnMut(&str) -> Result<String, String>,
) -> Result<RawStep, Invalid> {
    let mut filled = step.clone();
    for (field, text) in templates(&mut filled) {
        if let Some(text) = text {
            *text = fill(text).map_err(|why| Invalid::field(field, why))?;
        }
    }
    Ok(filled)
}
