//! Bodies that work as they are, for the document: whoever reads it can send them.

use serde_json::{Value, json};

/// The example of an operation's body.
pub(super) fn of(operation: &str) -> Option<Value> {
    Some(match operation {
        "create_flow" => json!({
            "name": "Home page",
            "url": "https://example.com/",
            "browser": "chrome",
            "scheduling": "*/5 * * * *",
        }),
        "set_steps" => json!([
            {"number": 1, "action": "assert_title", "content": "Example Domain"},
            {"number": 2, "action": "click", "selector_xpath": "//a"},
        ]),
        "create_channel" => {
            json!({"kind": "email", "name": "On call", "email": "oncall@example.com"})
        }
        "preview_schedule" => json!({"scheduling": "0 9 * * 1-5", "timezone": "Europe/Berlin"}),
        "change_flow" => json!({"name": "Front page"}),
        "change_channel" => json!({"name": "At night"}),
        "change_me" => json!({"name": "Ann"}),
        _ => return None,
    })
}
