//! What webhooks are signed with.

use std::str::FromStr;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use sha2::Sha256;
use synmon_core::NoticeId;

const PREFIX: &str = "whsec_";
/// The fewest and the most bytes (Standard Webhooks, "Signature scheme").
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

/// A secret that one receiver shares with us, written `whsec_` and base64. It does not show in
/// logs.
#[derive(Clone, Debug)]
pub struct WebhookSecret(SecretSlice<u8>);

/// A text is no secret of a webhook. It does not repeat the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookSecretError {
    /// It does not begin as one.
    #[error("a secret begins with {PREFIX}")]
    Prefix,
    /// The rest is not base64.
    #[error("what follows {PREFIX} must be base64")]
    NotBase64,
    /// It is too short or too long.
    #[error("a secret has 24 to 64 bytes, not {0}")]
    Length(usize),
}

impl WebhookSecret {
    /// A new secret of 256 random bits.
    ///
    /// # Panics
    /// If the operating system has no random numbers: nothing would be safe then.
    #[must_use]
    #[expect(clippy::expect_used, reason = "without random numbers nothing may go on")]
    pub fn generate() -> Self {
        let mut bytes = vec![0; 32];
        getrandom::fill(&mut bytes).expect("the operating system has random numbers");
        Self(bytes.into())
    }

    /// The secret as text: for the receiver's owner, and to be sealed and kept.
    #[must_use]
    pub fn reveal(&self) -> SecretString {
        format!("{PREFIX}{}", STANDARD.encode(self.0.expose_secret())).into()
    }

    /// The signature of one attempt: `v1,` and the base64 of an HMAC-SHA256.
    #[expect(clippy::expect_used, reason = "RFC 2104: a key of any length will do")]
    pub(super) fn sign(&self, id: NoticeId, unix_seconds: i64, body: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret()).expect("a key");
        mac.update(format!("{id}.{unix_seconds}.").as_bytes());
        mac.update(body.as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl FromStr for WebhookSecret {
    type Err = WebhookSecretError;

    fn from_str(text: &str) -> Result<Self, WebhookSecretError> {
        let encoded = text.strip_prefix(PREFIX).ok_or(WebhookSecretError::Prefix)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| WebhookSecretError::NotBase64)?;
        match bytes.len() {
            length if LENGTHS.contains(&length) => Ok(Self(bytes.into())),
            length => Err(WebhookSecretError::Length(length)),
        }
    }
}

impl TryFrom<&SecretString> for WebhookSecret {
    type Error = WebhookSecretError;

    fn try_from(text: &SecretString) -> Result<Self, WebhookSecretError> {
        text.expose_secret().parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_bytes(count: usize) -> String {
        format!("{PREFIX}{}", STANDARD.encode(vec![7; count]))
    }

    #[test]
    fn a_secret_has_24_to_64_bytes() {
        for count in [24, 32, 63, 64] {
            let text = of_bytes(count);
            let secret: WebhookSecret = text.parse().unwrap();
            assert_eq!(secret.reveal().expose_secret(), text);
        }
        for (text, expected) in [
            (of_bytes(23), WebhookSecretError::Length(23)),
            (of_bytes(65), WebhookSecretError::Length(65)),
            (PREFIX.to_owned(), WebhookSecretError::Length(0)),
            (String::new(), WebhookSecretError::Prefix),
            (of_bytes(32).replace("whsec", "WHSEC"), WebhookSecretError::Prefix),
            (format!("{PREFIX}hunter2!"), WebhookSecretError::NotBase64),
            (format!("{}\n", of_bytes(32)), WebhookSecretError::NotBase64),
        ] {
            assert_eq!(text.parse::<WebhookSecret>().unwrap_err(), expected);
        }
    }

    #[test]
    fn new_secrets_differ_and_can_be_read_again() {
        let (one, other) = (WebhookSecret::generate(), WebhookSecret::generate());
        assert_ne!(one.reveal().expose_secret(), other.reveal().expose_secret());
        assert!(WebhookSecret::try_from(&one.reveal()).is_ok());
    }

    #[test]
    fn debugging_a_secret_does_not_show_it() {
        let secret: WebhookSecret = of_bytes(32).parse().unwrap();
        let text = format!("{secret:?} {:?}", secret.reveal());
        assert!(!text.contains("BwcH") && !text.contains("7, 7"), "{text}");
    }
}
