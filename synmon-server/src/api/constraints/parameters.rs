//! What holds for parameters.

use serde_json::{Value, json};
use synmon_core::run::RunStatus;

use super::{names, patterns};
use crate::api::{
    flows::MAX_QUERY_BYTES,
    paging::{DEFAULT_LIMIT, MAX_LIMIT},
};

/// What holds for the query and path parameters of this name, wherever they are.
pub(crate) fn of_parameter(name: &str) -> Option<Value> {
    let text = |constraint: Value| with_type("string", constraint);
    Some(match name {
        "limit" => with_type(
            "integer",
            json!({"minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}),
        ),
        "cursor" => text(json!({"pattern": "^[0-9a-f-]{36}\\.[0-9a-f]{16}$"})),
        "status" => text(names(RunStatus::ALL, RunStatus::as_str)),
        "from" | "to" => text(json!({"format": "date-time"})),
        "flow_id" => text(json!({"format": "uuid"})),
        "q" => text(json!({"maxLength": MAX_QUERY_BYTES, "pattern": patterns::STORABLE})),
        // Of a secret.
        "name" => text(json!({"pattern": patterns::variable_name()})),
        "number" | "attempt" => {
            with_type("integer", json!({"format": "uint32", "minimum": 0, "maximum": u32::MAX}))
        }
        _ => return None,
    })
}

fn with_type(kind: &str, mut constraint: Value) -> Value {
    constraint["type"] = json!(kind);
    constraint
}
