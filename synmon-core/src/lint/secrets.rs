//! What looks like a secret.

use super::{Warning, WarningCode};
use crate::{
    flow::RawSettings,
    step::{Action, Gesture, Placeholder, RawStep, Reading, Step, template::readings},
};

/// Words that password fields are called by, in the languages that most forms are written in.
const PASSWORD_WORDS: [&str; 14] = [
    "password",
    "passwd",
    "passwort",
    "passcode",
    "passphrase",
    "pwd",
    "kennwort",
    "contraseña",
    "contrasena",
    "mot de passe",
    "mot_de_passe",
    "senha",
    "пароль",
    "parolă",
];

/// What keys and tokens of wide-spread services begin with.
const TOKEN_STARTS: [&str; 14] = [
    "sk-",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "ghp_",
    "gho_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "AKIA",
    "AIza",
    "whsec_",
    "-----BEGIN",
];

/// Headers by which somebody says who they are.
const SECRET_HEADERS: [&str; 6] =
    ["authorization", "cookie", "x-api-key", "api-key", "x-auth-token", "x-access-token"];

/// The shortest text that is looked at as a random key.
const MIN_RANDOM_CHARS: usize = 24;

/// A warning for what a step writes that should not be read by everybody.
pub(super) fn in_step(step: &Step) -> Option<Warning> {
    let written = step.written();
    let content = written.content.as_deref().unwrap_or_default();
    let what = match &step.action {
        // Another step's find is no secret of the flow's author.
        _ if content.contains("{{") => return None,
        Action::Act { gesture: Gesture::Type { .. }, .. } if is_password_field(written) => {
            "this looks like a password"
        }
        Action::SetHeader(header) if is_secret_header(&header.name) && !header.value.is_empty() => {
            "this header says who asks"
        }
        Action::Act { gesture: Gesture::Type { text: content, .. }, .. }
        | Action::Dialog(crate::browser::DialogAnswer::Accept(Some(content)))
            if is_token(content) =>
        {
            "this looks like a key or a token"
        }
        _ => return None,
    };
    let field = if matches!(step.action, Action::Dialog(_)) { "text" } else { "content" };
    Some(Warning::of_step(step, WarningCode::PlainSecret, field, explained(what)))
}

/// Warnings for what a flow's settings hold by which somebody says who they are.
pub(super) fn in_settings(settings: &RawSettings) -> Vec<Warning> {
    let told = settings.headers.iter().flatten().filter_map(|(name, value)| {
        let is_written_out = !value.contains("{{");
        let (code, message) = if is_written_out && (is_secret_header(name) || is_token(value)) {
            (WarningCode::PlainSecret, explained("this header says who asks"))
        } else if has_secret(value) {
            (WarningCode::SecretHeader, GOES_EVERYWHERE.to_owned())
        } else {
            return None;
        };
        Some(Warning { code, step: None, field: Some(format!("settings.headers.{name}")), message })
    });
    told.collect()
}

/// A warning for a step that sends a secret to whomever a page asks for anything.
pub(super) fn in_header_of(step: &Step) -> Option<Warning> {
    let has_secret = || step.places().iter().any(Placeholder::is_secret);
    (matches!(step.action, Action::SetHeader(_)) && has_secret())
        .then(|| Warning::of_step(step, WarningCode::SecretHeader, "content", GOES_EVERYWHERE))
}

/// What is the matter with a secret in a header.
const GOES_EVERYWHERE: &str = "a header goes along with every request of a page, so this secret is \
    told to each server that the page loads anything from, and to where it redirects: use \
    basic_auth, which the flow's own site alone is told, or a cookie of that site, or block_hosts";

fn has_secret(text: &str) -> bool {
    readings(text).iter().any(Reading::is_secret)
}

fn explained(what: &str) -> String {
    format!(
        "{what}: it is kept as it is written, and may show in logs and letters. PUT it to /api/v1/secrets/NAME and \
         write {{{{ secret.NAME }}}}; and use an account that is made for this flow and may do no \
         more than it does"
    )
}

fn is_password_field(step: &RawStep) -> bool {
    let selectors = step.selectors.iter().flatten();
    step.selector_xpath.iter().chain(selectors).chain(&step.name).any(|text| {
        let text = text.to_lowercase();
        PASSWORD_WORDS.iter().any(|word| text.contains(word))
    })
}

fn is_secret_header(name: &str) -> bool {
    SECRET_HEADERS.iter().any(|secret| secret.eq_ignore_ascii_case(name.trim()))
}

fn is_token(text: &str) -> bool {
    let text = text.trim();
    let known = TOKEN_STARTS.iter().any(|start| text.starts_with(start) && text.len() > 12);
    known || is_jwt(text) || is_random(text)
}

/// Three parts in base64url, the first of which is a JSON object (RFC 7519).
fn is_jwt(text: &str) -> bool {
    text.starts_with("eyJ") && text.split('.').count() == 3
}

/// Small and capital letters and digits, all mixed: nobody writes so.
fn is_random(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "+/=_-".contains(c);
    let has = |kind: fn(&char) -> bool| text.chars().filter(kind).count() >= 2;
    text.len() >= MIN_RANDOM_CHARS
        && text.chars().all(fits)
        && has(char::is_ascii_lowercase)
        && has(char::is_ascii_uppercase)
        && has(char::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_told_from_what_people_write() {
        for text in [
            "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
            "dGhpcyBpcyBhIHNlY3JldCBrZXk0MTIz",
            "-----BEGIN PRIVATE KEY-----",
        ] {
            assert!(is_token(text), "{text}");
        }
        for text in [
            "Name",
            "user@example.com",
            "068888888",
            "https://site.example/Path/With/Many/Parts/123",
            "01890a5d-ac96-774b-bcce-b302099a8057",
            "Donaudampfschifffahrtsgesellschaft",
            "a quite ordinary sentence with 3 Capital Letters in IT",
            "",
        ] {
            assert!(!is_token(text), "{text}");
        }
    }
}
