//! Why something that a user sent can't be accepted, field by field.

use std::fmt;

/// One field and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The path of the field in the request, such as `steps[2].selector_xpath`.
    pub field: String,
    /// What is wrong and, where there is one, the remedy.
    pub message: String,
}

/// A well-formed request that is not valid. It always names at least one field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Invalid(Vec<FieldError>);

impl Invalid {
    /// One field is wrong.
    #[must_use]
    pub fn field(field: impl Into<String>, message: impl fmt::Display) -> Self {
        Self(vec![FieldError { field: field.into(), message: message.to_string() }])
    }

    /// The fields that are wrong, in the order in which they were found.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.0
    }

    /// The same errors with `prefix` in front of each field.
    #[must_use]
    pub fn under(mut self, prefix: &str) -> Self {
        for error in &mut self.0 {
            error.field = format!("{prefix}.{}", error.field);
        }
        self
    }

    /// Joins what several independent checks found; `Ok` where all of them passed.
    pub fn all(checks: impl IntoIterator<Item = Result<(), Self>>) -> Result<(), Self> {
        let errors: Vec<FieldError> =
            checks.into_iter().filter_map(Result::err).flat_map(|invalid| invalid.0).collect();
        if errors.is_empty() { Ok(()) } else { Err(Self(errors)) }
    }
}

impl From<FieldError> for Invalid {
    fn from(error: FieldError) -> Self {
        Self(vec![error])
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{}: {}", error.field, error.message)?;
        }
        Ok(())
    }
}

/// Checks a text that people read: its length in characters, and no control character but
/// tab and line feed (NUL can't be stored everywhere).
pub fn check_text(field: &str, text: &str, max_chars: usize) -> Result<(), Invalid> {
    let length = text.chars().count();
    if length > max_chars {
        return Err(Invalid::field(
            field,
            format_args!("is {length} characters long; at most {max_chars} are allowed"),
        ));
    }
    match text.chars().find(|c| c.is_control() && !matches!(c, '\t' | '\n')) {
        Some(c) => Err(Invalid::field(
            field,
            format_args!("holds the control character U+{:04X}", u32::from(c)),
        )),
        None => Ok(()),
    }
}
