//! What holds for flows and their schedules, apart from settings and steps.

use serde_json::{Value, json};
use synmon_core::{
    alert::{
        AlertPolicy, MAX_ALERT_AFTER, MAX_CONFIRM_RETRIES, MAX_REMIND, MAX_REPEATING, MAX_WINDOWS,
    },
    flow::{
        BrowserKind, DialogPolicy, MAX_RUN_TIMEOUT, MAX_SPREAD, MAX_URL_CHARS, MIN_RUN_TIMEOUT,
    },
};

use super::{
    Constraint, millis, names,
    patterns::{self, crontab_line, timezone},
};
use crate::api::schedules::MAX_COUNT;

pub(super) fn all() -> Vec<Constraint> {
    let minutes = MAX_REPEATING.as_secs() / 60;
    let mut all = vec![
        ("MaintenanceWindow", "minutes", json!({"minimum": 1, "maximum": minutes})),
        ("MaintenanceWindow", "scheduling", crontab_line()),
        ("MaintenanceWindow", "timezone", timezone()),
        ("PreviewRequest", "scheduling", crontab_line()),
        ("PreviewRequest", "timezone", timezone()),
        ("PreviewRequest", "from", json!({"format": "date-time"})),
        ("PreviewRequest", "count", json!({"minimum": 1, "maximum": MAX_COUNT})),
    ];
    for schema in ["NewFlow", "FlowChange"] {
        all.extend(of_flow().into_iter().map(|(field, constraint)| (schema, field, constraint)));
    }
    all
}

/// What is written of a flow. Of its channels, each counts once however often it is there: how long
/// the list is says nothing.
fn of_flow() -> [(&'static str, Value); 13] {
    [
        ("name", json!({"minLength": 1, "pattern": patterns::LINE})),
        ("url", json!({"maxLength": MAX_URL_CHARS})),
        ("browser", names(BrowserKind::ALL, BrowserKind::as_str)),
        ("scheduling", crontab_line()),
        ("timezone", timezone()),
        ("alert_policy", names(AlertPolicy::ALL, AlertPolicy::as_str)),
        ("alert_after", json!({"minimum": 1, "maximum": MAX_ALERT_AFTER})),
        ("confirm_retries", json!({"minimum": 0, "maximum": MAX_CONFIRM_RETRIES})),
        ("remind_minutes", json!({"minimum": 0, "maximum": MAX_REMIND.as_secs() / 60})),
        ("maintenance", json!({"maxItems": MAX_WINDOWS})),
        ("dialogs", names(DialogPolicy::ALL, DialogPolicy::as_str)),
        ("spread_seconds", json!({"minimum": 0, "maximum": MAX_SPREAD.as_secs()})),
        (
            "run_timeout_ms",
            json!({
                "minimum": millis(MIN_RUN_TIMEOUT),
                "maximum": millis(MAX_RUN_TIMEOUT),
            }),
        ),
    ]
}
