//! What holds for channels.

use serde_json::json;
use synmon_core::{channel::ChannelKind, flow::MAX_URL_CHARS};

use super::{Constraint, names, patterns};
use crate::channels::{MAX_SETTINGS, MAX_VALUE_CHARS};

pub(super) fn all() -> Vec<Constraint> {
    let value =
        json!({"type": "string", "maxLength": MAX_VALUE_CHARS, "pattern": "^[^\\u0000\\r\\n]*$"});
    let mut all = vec![
        ("NewChannel", "kind", names(ChannelKind::ALL, ChannelKind::as_str)),
        ("Channel", "email", json!({"format": "email"})),
    ];
    for schema in ["NewChannel", "ChannelChange"] {
        all.extend([
            (schema, "name", json!({"minLength": 1, "pattern": patterns::LINE})),
            (schema, "email", json!({"format": "email"})),
            (schema, "url", json!({"maxLength": MAX_URL_CHARS})),
            (
                schema,
                "settings",
                json!({"maxProperties": MAX_SETTINGS, "additionalProperties": value}),
            ),
        ]);
    }
    all
}
