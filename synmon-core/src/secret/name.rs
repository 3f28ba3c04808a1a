//! What secrets are called.

use std::{fmt, str::FromStr};

use crate::step::is_variable_name;

/// The name of a secret: letters, digits and `_`, not a digit first. Small and capital letters
/// differ.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretName(String);

impl SecretName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SecretName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if is_variable_name(text) {
            Ok(Self(text.to_owned()))
        } else {
            let message = "has up to 64 letters, digits and _, and does not begin with a digit";
            Err(message.to_owned())
        }
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
