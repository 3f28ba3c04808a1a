//! What an owner had better know of a flow, on the wire.

use poem_openapi::Object;
use synmon_core::lint::Warning;

/// What its owner had better know of a flow.
#[derive(Object)]
#[oai(rename = "Lint")]
pub(crate) struct LintView {
    /// By the order of the steps; empty where there is nothing to say.
    warnings: Vec<WarningView>,
}

/// Something that its owner had better know of a flow: it can be carried out, but may deceive.
#[derive(Object)]
#[oai(rename = "FlowWarning")]
pub(crate) struct WarningView {
    /// One of a closed set of codes.
    code: String,
    /// The number of the step; null if it is about the flow as a whole.
    step: Option<u32>,
    /// The field, of the step or of the flow.
    #[oai(skip_serializing_if_is_none)]
    field: Option<String>,
    /// What is the matter, and the remedy.
    message: String,
}

pub(crate) fn warnings(found: Vec<Warning>) -> Vec<WarningView> {
    found
        .into_iter()
        .map(|Warning { code, step, field, message }| WarningView {
            code: code.to_string(),
            step,
            field,
            message,
        })
        .collect()
}

impl From<Vec<Warning>> for LintView {
    fn from(found: Vec<Warning>) -> Self {
        Self { warnings: warnings(found) }
    }
}
