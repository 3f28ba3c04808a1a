//! What holds for accounts, their keys and their secrets.

use serde_json::json;
use synmon_core::{
    secret::{MAX_SECRET_BYTES, MIN_SECRET_CHARS},
    store::Scope,
};

use super::{Constraint, names, patterns};
use crate::accounts::{MAX_PASSWORD_CHARS, MIN_PASSWORD_CHARS};

pub(super) fn all() -> Vec<Constraint> {
    let password = json!({"minLength": MIN_PASSWORD_CHARS, "maxLength": MAX_PASSWORD_CHARS});
    let name = json!({"minLength": 1, "pattern": patterns::LINE});
    let mut scope = names(&Scope::ALL, Scope::as_str);
    scope["type"] = json!("string");
    let secret = json!({
        "minLength": MIN_SECRET_CHARS,
        // Of bytes; there are no more characters.
        "maxLength": MAX_SECRET_BYTES,
        "pattern": patterns::TEXT,
    });
    let mut all = vec![
        ("NewApiKey", "scopes", json!({"minItems": 1, "items": scope})),
        ("ApiKey", "scopes", json!({"minItems": 1, "uniqueItems": true, "items": scope})),
        ("NewApiKey", "expires_at", json!({"format": "date-time"})),
        ("NewSecretValue", "value", secret),
        ("Secret", "name", json!({"pattern": patterns::variable_name()})),
    ];
    for schema in ["Registration", "PasswordChange", "PasswordReset"] {
        all.push((schema, "password", password.clone()));
    }
    for schema in ["Registration", "AccountChange", "NewApiKey"] {
        all.push((schema, "name", name.clone()));
    }
    for schema in ["Registration", "Credentials", "Address", "EmailChange", "Account"] {
        all.push((schema, "email", json!({"format": "email"})));
    }
    all
}
