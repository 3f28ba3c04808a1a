//! What holds for a flow's settings.

use serde_json::json;
use synmon_core::{
    flow::{
        BrowserVariant, DEVICES, HarPolicy, MAX_BASIC_AUTH_CHARS, MAX_BLOCKED_HOSTS, MAX_COOKIES,
        MAX_HEADERS, MAX_LOCALE_CHARS, MAX_VARIABLE_CHARS, MAX_VARIABLES, PictureFormat,
    },
    step::MAX_COOKIE_BYTES,
};

use super::{Constraint, list, names, patterns, steps};

/// What is written is checked before places are filled in.
pub(super) fn all() -> Vec<Constraint> {
    let devices: Vec<_> = DEVICES.iter().map(|device| device.name).collect();
    let mut cookies = list(MAX_COOKIES, patterns::COOKIE);
    // Of bytes; there are no more characters.
    cookies["items"]["maxLength"] = json!(MAX_COOKIE_BYTES);
    let header = json!({"type": "string", "pattern": patterns::HEADER_VALUE});
    let variable =
        json!({"type": "string", "maxLength": MAX_VARIABLE_CHARS, "pattern": patterns::TEXT});
    let settings = [
        ("device", json!({ "enum": devices })),
        ("viewport", json!({"pattern": patterns::VIEWPORT})),
        ("locale", json!({"maxLength": MAX_LOCALE_CHARS, "pattern": patterns::LOCALE})),
        ("browser_timezone", patterns::timezone()),
        ("user_agent", json!({"pattern": patterns::HEADER_VALUE})),
        ("headers", json!({"maxProperties": MAX_HEADERS, "additionalProperties": header})),
        ("cookies", cookies),
        ("block_hosts", list(MAX_BLOCKED_HOSTS, patterns::BLOCKED_HOST)),
        ("picture_format", names(PictureFormat::ALL, PictureFormat::as_str)),
        ("browser_variant", names(BrowserVariant::ALL, BrowserVariant::as_str)),
        ("step_timeout_ms", steps::timeout()),
        ("har", names(HarPolicy::ALL, HarPolicy::as_str)),
        ("variables", json!({"maxProperties": MAX_VARIABLES, "additionalProperties": variable})),
    ];
    let username =
        json!({"maxLength": MAX_BASIC_AUTH_CHARS, "pattern": patterns::TEXT_WITHOUT_COLON});
    let password = json!({"maxLength": MAX_BASIC_AUTH_CHARS, "pattern": patterns::TEXT});
    let basic_auth = [("BasicAuth", "username", username), ("BasicAuth", "password", password)];
    let settings = settings.map(|(field, constraint)| ("FlowSettings", field, constraint));
    settings.into_iter().chain(basic_auth).collect()
}
