//! Steps on the wire.

use poem_openapi::Object;
use synmon_core::step::{RawStep, Step};

/// One step of a flow.
///
/// `action` is one of `click`, `double_click`, `hover`, `tapping` (or `type`), `clear`, `press`,
/// `select`, `navigate`, `back`, `reload`, `wait_visible`, `wait_hidden`, `assert_visible`,
/// `assert_hidden`, `assert_text`, `assert_value`, `assert_url`, `assert_title`.
#[derive(Object)]
#[oai(rename = "Step", skip_serializing_if_is_none)]
pub(crate) struct StepView {
    /// Its place in the flow: 1 to n, without a gap.
    number: i64,
    /// What it does.
    action: String,
    /// The element, by XPath. Every action needs it but `navigate`, `back`, `reload`,
    /// `assert_url`, `assert_title` and (where the focus is right) `press`.
    selector_xpath: Option<String>,
    /// What is typed (`tapping`), pressed (`press`: `Enter`, `Control+A`), chosen (`select`: label
    /// or value), opened (`navigate`) or expected (`assert_…`).
    content: Option<String>,
    /// How an assertion compares: `equals` or `contains`. By default values are compared whole,
    /// texts, titles and addresses by a part.
    #[oai(rename = "match")]
    how: Option<String>,
    /// What it is called in logs and letters.
    name: Option<String>,
    /// How long it may take in milliseconds, waiting included: 100 to 60000, 20000 by default.
    timeout_ms: Option<i64>,
}

impl From<StepView> for RawStep {
    fn from(view: StepView) -> Self {
        let StepView { number, action, selector_xpath, content, how, name, timeout_ms } = view;
        Self { number, action, selector_xpath, content, how, name, timeout_ms }
    }
}

impl From<&Step> for StepView {
    fn from(step: &Step) -> Self {
        let RawStep { number, action, selector_xpath, content, how, name, timeout_ms } =
            RawStep::from(step);
        Self { number, action, selector_xpath, content, how, name, timeout_ms }
    }
}
