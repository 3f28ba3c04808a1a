//! What holds for answers: the closed sets that their values come from.

use serde_json::{Value, json};
use synmon_core::{
    alert::{Alert, AlertPolicy, AlertRule},
    channel::{ChannelKind, ChannelStatus},
    flow::{BrowserKind, DialogPolicy},
    lint::WarningCode,
    run::{ErrorCode, RunStatus, StepStatus, Trigger},
    step::MAX_STEPS,
    store::DeliveryState,
};

use super::{Constraint, names};

pub(super) fn all() -> Vec<Constraint> {
    let browser = || names(BrowserKind::ALL, BrowserKind::as_str);
    let error = || names(ErrorCode::ALL, ErrorCode::as_str);
    let mut rule = names(AlertRule::ALL, AlertRule::as_str);
    if let Value::Array(rules) = &mut rule["enum"] {
        rules.insert(0, json!("pending"));
    }
    vec![
        ("Flow", "browser", browser()),
        ("Flow", "alert_policy", names(AlertPolicy::ALL, AlertPolicy::as_str)),
        ("Flow", "dialogs", names(DialogPolicy::ALL, DialogPolicy::as_str)),
        ("Flow", "steps", json!({"maxItems": MAX_STEPS})),
        ("FlowWarning", "code", names(WarningCode::ALL, WarningCode::as_str)),
        ("Run", "browser", browser()),
        ("Run", "trigger", names(Trigger::ALL, Trigger::as_str)),
        ("Run", "status", names(RunStatus::ALL, RunStatus::as_str)),
        ("RunAttempt", "status", names(RunStatus::ALL, RunStatus::as_str)),
        ("RunError", "code", error()),
        ("StepError", "code", error()),
        ("StepLog", "status", names(StepStatus::ALL, StepStatus::as_str)),
        ("PictureFacts", "sha256", json!({"pattern": "^[0-9a-f]{64}$"})),
        ("AlertDecision", "rule", rule),
        ("AlertDecision", "alert", names(&Alert::ALL, Alert::as_str)),
        ("Channel", "kind", names(ChannelKind::ALL, ChannelKind::as_str)),
        ("Channel", "status", names(ChannelStatus::ALL, ChannelStatus::as_str)),
        ("Delivery", "status", names(DeliveryState::ALL, DeliveryState::as_str)),
        ("Firing", "utc", json!({"format": "date-time"})),
        ("Firing", "local", json!({"format": "date-time"})),
    ]
}
