//! Steps on the wire.

use std::fmt::Write as _;

use poem_openapi::Object;
use synmon_core::step::{ActionName, Distance, Match, Need, Point, RawStep, Spec, Step};

/// One step of a flow. Which fields it has depends on its `action`.
///
/// `{{ var.NAME }}` in `content`, `text`, `url` and `selector_xpath` stands for what a step before
/// it has extracted as `NAME`.
#[derive(Object)]
#[oai(rename = "Step", skip_serializing_if_is_none)]
pub(crate) struct StepView {
    /// Its place in the flow: 1 to n, without a gap.
    number: i64,
    /// What it does.
    action: String,
    /// The element, by XPath: tried before `selectors`.
    selector_xpath: Option<String>,
    /// Further ways to find the element, at most 10 in all, tried in this order: `css=`, `xpath=`,
    /// `text=` (a part of its visible text, or all of it in quotes), `role=` (such as
    /// `role=button[name="Log in"]`), `label=` (a form field's label), `testid=` (its
    /// `data-testid`). The first that finds anything counts.
    selectors: Option<Vec<String>>,
    /// What is typed, pressed, chosen, opened, waited for or expected; see `action`.
    content: Option<String>,
    /// How texts are compared: `equals`, `contains` or `matches` (a regular expression). White
    /// space is folded first.
    #[oai(rename = "match")]
    how: Option<String>,
    /// What it is called in logs and letters.
    name: Option<String>,
    /// How long it may take in milliseconds, waiting included: 100 to 60000; by default what the
    /// flow's settings say, or 20000.
    timeout_ms: Option<i64>,
    /// The mouse button: `left` (default), `middle` or `right`.
    button: Option<String>,
    /// How often it is clicked: 1 (default) to 3.
    count: Option<i64>,
    /// Where on the element the pointer goes; its middle by default.
    position: Option<PointView>,
    /// Ways to find the element on which another one is dropped, as in `selectors`.
    target: Option<Vec<String>>,
    /// Whether what is typed follows what is there (`append`, default) or replaces it (`replace`).
    mode: Option<String>,
    /// How far the wheel is turned.
    distance: Option<DistanceView>,
    /// The name of an attribute.
    attribute: Option<String>,
    /// The name under which `extract` keeps what it finds.
    variable: Option<String>,
    /// Which part of it is kept: a regular expression, and its first group if it has one.
    pattern: Option<String>,
    /// What a prompt is given before it is accepted.
    text: Option<String>,
    /// The address of an answer, or a part of it; by default the tab's own document.
    url: Option<String>,
    /// The method of a request; any by default.
    method: Option<String>,
    /// Whether the picture shows all of the page, however long.
    full_page: Option<bool>,
    /// What follows when it fails: `stop` (default) or `continue`. The run has failed in any case.
    on_failure: Option<String>,
    /// Whether it is carried out even after a failure, to clear up.
    always: Option<bool>,
    /// When a picture is taken: `on` (default), `off` or `on_failure`.
    screenshot: Option<String>,
    /// What is painted over in its picture: up to 20 of what `selectors` takes.
    mask: Option<Vec<String>>,
    /// How often it is tried again when it fails: 0 (default) to 5.
    retries: Option<i64>,
}

/// A place in an element, in CSS pixels from its upper left corner.
#[derive(Object)]
#[oai(rename = "Point")]
pub(crate) struct PointView {
    /// To the right.
    x: i64,
    /// Downwards.
    y: i64,
}

/// How far the wheel is turned, in CSS pixels; negative is back.
#[derive(Object)]
#[oai(rename = "Distance")]
pub(crate) struct DistanceView {
    /// To the right.
    x: Option<i64>,
    /// Downwards.
    y: Option<i64>,
}

/// The fields that the two forms of a step have in common: all but those that are objects.
macro_rules! step_fields {
    ($from:ident => $to:ident { $($changed:ident: $value:expr),* }) => {
        $to {
            number: $from.number,
            action: $from.action,
            selector_xpath: $from.selector_xpath,
            selectors: $from.selectors,
            content: $from.content,
            how: $from.how,
            name: $from.name,
            timeout_ms: $from.timeout_ms,
            button: $from.button,
            count: $from.count,
            target: $from.target,
            mode: $from.mode,
            attribute: $from.attribute,
            variable: $from.variable,
            pattern: $from.pattern,
            text: $from.text,
            url: $from.url,
            method: $from.method,
            full_page: $from.full_page,
            on_failure: $from.on_failure,
            always: $from.always,
            screenshot: $from.screenshot,
            mask: $from.mask,
            retries: $from.retries,
            $($changed: $value),*
        }
    };
}

impl From<StepView> for RawStep {
    fn from(view: StepView) -> Self {
        step_fields!(view => Self {
            position: view.position.map(|PointView { x, y }| Point { x, y }),
            distance: view.distance.map(|DistanceView { x, y }| Distance {
                x: x.unwrap_or(0),
                y: y.unwrap_or(0),
            })
        })
    }
}

impl From<&Step> for StepView {
    fn from(step: &Step) -> Self {
        let raw = RawStep::from(step);
        step_fields!(raw => Self {
            position: raw.position.map(|Point { x, y }| PointView { x, y }),
            distance: raw.distance.map(|Distance { x, y }| DistanceView { x: Some(x), y: Some(y) })
        })
    }
}

/// Every action with its fields and what it does, as a table in Markdown: in the OpenAPI document
/// and in the README.
#[must_use]
pub fn actions_table() -> String {
    let mut table = "| action | fields | what it does |\n| --- | --- | --- |\n".to_owned();
    for name in ActionName::ALL {
        let spec = name.spec();
        // Writing to a string can't fail.
        let _ = writeln!(
            table,
            "| `{}` | {} | {} |",
            name.as_str(),
            fields(*name, &spec),
            about(&spec)
        );
    }
    table
}

fn fields(name: ActionName, spec: &Spec) -> String {
    let (content, _) = spec.content;
    let marked = |name: &str, need| match need {
        Need::Needed => Some(format!("`{name}`")),
        Need::Optional => Some(format!("`{name}`?")),
        Need::None => None,
    };
    let selector = match spec.selector {
        Need::Needed => Some("element".to_owned()),
        Need::Optional => Some("element?".to_owned()),
        Need::None => None,
    };
    let how = spec.compares.is_some().then(|| "`match`?".to_owned());
    let particular = spec.fields.iter().map(|field| {
        let mark = if name.needs(field) { "" } else { "?" };
        format!("`{field}`{mark}")
    });
    let all = selector.into_iter().chain(marked("content", content)).chain(how).chain(particular);
    all.collect::<Vec<_>>().join(", ")
}

fn about(spec: &Spec) -> String {
    let (_, meaning) = spec.content;
    let content =
        if meaning.is_empty() { String::new() } else { format!(" `content`: {meaning}.") };
    let how = match spec.compares {
        Some(how @ (Match::Equals | Match::Matches)) => {
            format!(" Compared by `{}` unless `match` says otherwise.", how.as_str())
        }
        Some(Match::Contains) | None => String::new(),
    };
    format!("{}{content}{how}", spec.about)
}
