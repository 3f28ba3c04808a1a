//! Whom mails come from.

use std::str::FromStr;

use lettre::message::Mailbox;

/// The sender of all mails, such as `synmon <synmon@localhost>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender(Mailbox);

/// A text names no sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an e-mail address, with or without a name: synmon <synmon@example.com>")]
pub struct SenderError;

impl Sender {
    pub(super) fn mailbox(&self) -> &Mailbox {
        &self.0
    }
}

impl FromStr for Sender {
    type Err = SenderError;

    fn from_str(text: &str) -> Result<Self, SenderError> {
        if text.chars().any(char::is_control) {
            return Err(SenderError);
        }
        text.parse().map(Self).map_err(|_| SenderError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_one_mailbox() {
        for text in ["synmon <synmon@localhost>", "synmon@localhost", "\"a, b\" <c@example.com>"] {
            assert!(text.parse::<Sender>().is_ok(), "{text}");
        }
        for text in ["", "synmon", "a@example.com, b@example.com", "x\r\nBcc: e@f.gh <a@b.cd>"] {
            assert_eq!(text.parse::<Sender>(), Err(SenderError), "{text}");
        }
    }
}
