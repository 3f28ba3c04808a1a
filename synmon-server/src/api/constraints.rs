//! What the document says of values beyond their type. The checks themselves are where the values
//! are read; schemathesis holds the two together.

use serde_json::{Map, Value, json};
use synmon_core::{
    alert::{MAX_ALERT_AFTER, MAX_CONFIRM_RETRIES},
    run::RunStatus,
};

/// The bodies that flows are written with.
const FLOW_BODIES: [&str; 2] = ["NewFlow", "FlowChange"];

/// What holds for the query and path parameters of this name, wherever they are.
pub(super) fn of_parameter(name: &str) -> Option<Value> {
    Some(match name {
        "limit" => json!({"type": "integer", "minimum": 1, "maximum": 100, "default": 50}),
        "cursor" => json!({"type": "string", "pattern": "^[0-9a-f-]{36}\\.[0-9a-f]{16}$"}),
        "status" => json!({"type": "string", "enum": names_of_statuses()}),
        "from" | "to" => json!({"type": "string", "format": "date-time"}),
        "flow_id" => json!({"type": "string", "format": "uuid"}),
        "q" => json!({"type": "string", "maxLength": 1000, "pattern": "^[^\\u0000]*$"}),
        "number" | "attempt" => {
            json!({"type": "integer", "format": "uint32", "minimum": 0, "maximum": u32::MAX})
        }
        _ => return None,
    })
}

/// Adds what holds for fields of bodies.
pub(super) fn add(schemas: &mut Map<String, Value>) {
    let password = json!({"minLength": 8, "maxLength": 256});
    let not_empty = json!({"minLength": 1});
    for (schema, field, constraint) in [
        ("Registration", "password", &password),
        ("PasswordReset", "password", &password),
        ("Registration", "name", &not_empty),
        ("AccountChange", "name", &not_empty),
        ("NewChannel", "kind", &json!({"enum": ["email", "webhook", "plugin"]})),
        ("PreviewRequest", "count", &json!({"minimum": 1, "maximum": 100})),
    ] {
        extend(schemas, schema, field, constraint);
    }
    for (field, constraint) in [
        ("browser", json!({"enum": ["chrome", "firefox"]})),
        ("name", not_empty),
        ("alert_policy", json!({"enum": ["every_failure", "on_change"]})),
        ("alert_after", json!({"minimum": 1, "maximum": MAX_ALERT_AFTER})),
        ("confirm_retries", json!({"minimum": 0, "maximum": MAX_CONFIRM_RETRIES})),
        ("remind_minutes", json!({"minimum": 0, "maximum": 10_080})),
        ("dialogs", json!({"enum": ["dismiss", "accept", "fail"]})),
        ("spread_seconds", json!({"minimum": 0, "maximum": 300})),
        ("run_timeout_ms", json!({"minimum": 1_000, "maximum": 300_000})),
        ("channels", json!({"maxItems": 10})),
        ("maintenance", json!({"maxItems": 20})),
    ] {
        for schema in FLOW_BODIES {
            extend(schemas, schema, field, &constraint);
        }
    }
}

fn extend(schemas: &mut Map<String, Value>, schema: &str, field: &str, constraint: &Value) {
    let place = schemas.get_mut(schema).and_then(|schema| schema["properties"].get_mut(field));
    if let (Some(Value::Object(place)), Some(constraint)) = (place, constraint.as_object()) {
        place.extend(constraint.clone());
        // In OpenAPI 3.0 a list of values is a list of all values.
        let nullable = place.get("nullable") == Some(&Value::Bool(true));
        if let Some(Value::Array(values)) = place.get_mut("enum").filter(|_| nullable) {
            values.push(Value::Null);
        }
    }
}

/// An event of a stream, as it arrives: its data are JSON in a text.
pub(super) fn event() -> Value {
    json!({
        "type": "object",
        "title": "RunEvent",
        "required": ["event", "data"],
        "properties": {
            "event": {
                "type": "string",
                "enum": ["step", "run"],
                "description": "What has ended.",
            },
            "id": {"type": "string", "description": "In events named `step`, its number."},
            "data": {
                "type": "string",
                "description": "As JSON: a `StepLog` in events named `step`, the `Run` in the one \
                    named `run`, which is the last.",
            },
        },
    })
}

fn names_of_statuses() -> Vec<&'static str> {
    RunStatus::ALL.iter().map(|status| status.as_str()).collect()
}
