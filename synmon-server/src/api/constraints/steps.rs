//! What holds for steps.

use serde_json::{Value, json};
use synmon_core::step::{
    ActionName, Button, MAX_ATTRIBUTE_BYTES, MAX_CANDIDATES, MAX_CLICKS, MAX_DISTANCE, MAX_MASKS,
    MAX_METHOD_CHARS, MAX_RETRIES, MAX_STEP_TIMEOUT, MAX_STEPS, MIN_STEP_TIMEOUT, Match, OnFailure,
    ScreenshotPolicy, TypingMode,
};

use super::{Constraint, list, millis, names, patterns};

pub(super) fn all() -> Vec<Constraint> {
    let mut actions: Vec<_> = ActionName::ALL.iter().map(|name| name.as_str()).collect();
    actions.push(ActionName::TAPPING_ALIAS);
    let text = json!({"pattern": patterns::TEXT_AND_BLANKS});
    let way = patterns::way_to_find();
    let mut target = list(MAX_CANDIDATES, &way);
    target["minItems"] = json!(1);
    let method = format!("^[A-Za-z]{{1,{MAX_METHOD_CHARS}}}$");
    let attribute = json!({
        "minLength": 1,
        // Of bytes; there are no more characters.
        "maxLength": MAX_ATTRIBUTE_BYTES,
        "pattern": patterns::ATTRIBUTE,
    });
    let step = [
        ("number", json!({"minimum": 1, "maximum": MAX_STEPS})),
        ("action", json!({ "enum": actions })),
        ("selector_xpath", text.clone()),
        ("selectors", list(MAX_CANDIDATES, &way)),
        ("content", text.clone()),
        ("match", names(&Match::ALL, Match::as_str)),
        ("name", text.clone()),
        ("timeout_ms", timeout()),
        ("button", names(Button::ALL, Button::as_str)),
        ("count", json!({"minimum": 1, "maximum": MAX_CLICKS})),
        ("target", target),
        ("mode", names(TypingMode::ALL, TypingMode::as_str)),
        ("attribute", attribute),
        ("variable", json!({"pattern": patterns::variable_name()})),
        ("text", text.clone()),
        ("url", text),
        ("method", json!({ "pattern": method })),
        ("on_failure", names(OnFailure::ALL, OnFailure::as_str)),
        ("screenshot", names(ScreenshotPolicy::ALL, ScreenshotPolicy::as_str)),
        ("mask", list(MAX_MASKS, &way)),
        ("retries", json!({"minimum": 0, "maximum": MAX_RETRIES})),
    ];
    let inside = json!({"minimum": 0, "maximum": MAX_DISTANCE});
    let far = json!({"minimum": -MAX_DISTANCE, "maximum": MAX_DISTANCE});
    let places = [
        ("Point", "x", inside.clone()),
        ("Point", "y", inside),
        ("Distance", "x", far.clone()),
        ("Distance", "y", far),
    ];
    let step = step.map(|(field, constraint)| ("Step", field, constraint));
    step.into_iter().chain(places).collect()
}

/// How long a step may take.
pub(super) fn timeout() -> Value {
    json!({"minimum": millis(MIN_STEP_TIMEOUT), "maximum": millis(MAX_STEP_TIMEOUT)})
}
