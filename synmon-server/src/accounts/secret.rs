//! Random tokens that are handed out once and kept as hashes only.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use synmon_core::store::TokenHash;

/// 256 random bits, as text. It does not show in logs.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// A new one.
    ///
    /// # Panics
    /// If the operating system has no random numbers: nothing would be safe then.
    #[must_use]
    #[expect(clippy::expect_used, reason = "without random numbers nothing may go on")]
    pub fn random() -> Self {
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes).expect("the operating system has random numbers");
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The token as text: for the one who gets it, nobody else.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        Self::hash_of(&self.0)
    }

    /// The hash of what somebody sent as a token. A plain hash will do: nobody guesses 256 bits.
    #[must_use]
    pub fn hash_of(token: &str) -> TokenHash {
        TokenHash(Sha256::digest(token.as_bytes()).into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
