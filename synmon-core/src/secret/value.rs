//! The value of a secret, while it is open.

use std::fmt;

use zeroize::Zeroize as _;

use super::{MAX_SECRET_BYTES, MIN_SECRET_CHARS};
use crate::invalid::{Invalid, check_text};

/// The value of a secret. It does not show in logs, and its memory is wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretValue(String);

impl SecretValue {
    /// A value, whatever it is: one that was checked before, or that we made.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// A value that somebody sent.
    ///
    /// # Errors
    /// It is too short, too long, or holds control characters.
    pub fn parse(field: &str, mut text: String) -> Result<Self, Invalid> {
        let check = if text.chars().count() < MIN_SECRET_CHARS {
            let message = format!(
                "has at least {MIN_SECRET_CHARS} characters: a shorter one is found in every text \
                 and can't be kept out of logs"
            );
            Err(Invalid::field(field, message))
        } else if text.len() > MAX_SECRET_BYTES {
            Err(Invalid::field(field, format_args!("has at most {MAX_SECRET_BYTES} bytes")))
        } else if text.trim().is_empty() {
            Err(Invalid::field(field, "can't be blank"))
        } else {
            check_text(field, &text, MAX_SECRET_BYTES)
        };
        match check {
            Ok(()) => Ok(Self(text)),
            Err(invalid) => {
                text.zeroize();
                Err(invalid)
            }
        }
    }

    /// The value: for what seals, types or hides it, nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Drop for SecretValue {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValue(…)")
    }
}
