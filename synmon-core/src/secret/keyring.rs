//! Sealing values for stores, and opening them again.

use std::{fmt, str::FromStr};

use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use data_encoding::{
    BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD, HEXLOWER, HEXLOWER_PERMISSIVE,
};
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

use super::{SecretName, SecretValue};
use crate::{ChannelId, OwnerId};

/// What a sealed value begins with: how it is sealed.
const VERSION: &str = "s1";
const NONCE_BYTES: usize = 24;
const KEY_BYTES: usize = 32;

/// A key of 256 bits. It does not show in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct SealingKey([u8; KEY_BYTES]);

/// A text is no key. It does not repeat the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 32 bytes, as 64 hexadecimal digits or in base64")]
pub struct KeyError;

/// Keys that seal and open: the first seals, all of them open.
#[derive(Clone)]
pub struct Keyring(Vec<SealingKey>);

/// A value that is sealed, with the name of the key that opens it: `s1.KEY.…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedSecret(String);

/// What a sealed value is of: it can't be opened as anything else, or as anybody else's.
#[derive(Clone, Copy, Debug)]
pub enum Place<'a> {
    /// A secret for steps.
    Secret {
        /// Whom it belongs to.
        owner: OwnerId,
        /// Its name.
        name: &'a SecretName,
    },
    /// What a webhook is signed with.
    Signing {
        /// Whom the channel belongs to.
        owner: OwnerId,
        /// The channel.
        channel: ChannelId,
    },
    /// The answer to a request with a key.
    Answer {
        /// Whose request it was.
        owner: OwnerId,
        /// What its key is known by.
        request: &'a [u8; 32],
    },
}

/// Why a value can't be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The key that it was sealed with is not there.
    #[error("it was sealed with a key that is not among SYNMON_SECRETS_KEY any more")]
    UnknownKey,
    /// It was changed since it was sealed, or it is another place's.
    #[error("it is damaged, or not what it is taken for")]
    Damaged,
}

impl SealingKey {
    /// A new key.
    ///
    /// # Panics
    /// If the operating system has no random numbers: nothing would be safe then.
    #[must_use]
    pub fn random() -> Self {
        let mut key = [0; KEY_BYTES];
        fill(&mut key);
        Self(key)
    }

    /// The key as text, for the file that keeps it.
    #[must_use]
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64.encode(&self.0))
    }

    /// The key's name: what is sealed with it says so. It tells nothing of the key.
    #[must_use]
    pub fn id(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(b"synmon sealing key\0");
        hash.update(self.0);
        HEXLOWER.encode(&hash.finalize()[..6])
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.0.into())
    }
}

impl FromStr for SealingKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        let ways = [HEXLOWER_PERMISSIVE, BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD];
        ways.into_iter()
            .find_map(|way| {
                let bytes = Zeroizing::new(way.decode(text.as_bytes()).ok()?);
                Some(Self(bytes.as_slice().try_into().ok()?))
            })
            .ok_or(KeyError)
    }
}

impl Drop for SealingKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingKey({})", self.id())
    }
}

impl Keyring {
    /// A ring of keys; none if there is no key.
    #[must_use]
    pub fn new(keys: Vec<SealingKey>) -> Option<Self> {
        (!keys.is_empty()).then_some(Self(keys))
    }

    /// A ring with a key that is gone with it.
    #[must_use]
    pub fn random() -> Self {
        Self(vec![SealingKey::random()])
    }

    /// The name of the key that seals.
    #[must_use]
    pub fn newest(&self) -> String {
        self.0[0].id()
    }

    /// Seals a value.
    ///
    /// # Panics
    /// If the operating system has no random numbers, or the value has 256 GiB.
    #[must_use]
    #[expect(clippy::expect_used, reason = "the cipher refuses nothing shorter than 256 GiB")]
    pub fn seal(&self, place: Place<'_>, value: &SecretValue) -> SealedSecret {
        let key = &self.0[0];
        let mut nonce = [0; NONCE_BYTES];
        fill(&mut nonce);
        let bound = place.bound();
        let payload = Payload { msg: value.expose().as_bytes(), aad: &bound };
        let sealed = key.cipher().encrypt(&XNonce::from(nonce), payload).expect("a short text");
        let body = BASE64URL_NOPAD.encode(&[&nonce[..], &sealed].concat());
        SealedSecret(format!("{VERSION}.{}.{body}", key.id()))
    }

    /// Opens a value.
    ///
    /// # Errors
    /// Its key is not there, or it is not what it should be.
    pub fn open(&self, place: Place<'_>, sealed: &SealedSecret) -> Result<SecretValue, OpenError> {
        let (id, body) = sealed.parts().ok_or(OpenError::Damaged)?;
        let key = self.0.iter().find(|key| key.id() == id).ok_or(OpenError::UnknownKey)?;
        let body = BASE64URL_NOPAD.decode(body.as_bytes()).map_err(|_| OpenError::Damaged)?;
        let (nonce, text) = body.split_first_chunk::<NONCE_BYTES>().ok_or(OpenError::Damaged)?;
        let bound = place.bound();
        let payload = Payload { msg: text, aad: &bound };
        let open = key.cipher().decrypt(&XNonce::from(*nonce), payload);
        let open = open.map_err(|_| OpenError::Damaged)?;
        // Only texts are sealed.
        String::from_utf8(open).map(SecretValue::new).map_err(|_| OpenError::Damaged)
    }

    /// Seals a value anew with the newest key; none if it is sealed with that already.
    ///
    /// # Errors
    /// It can't be opened.
    pub fn renewed(
        &self,
        place: Place<'_>,
        sealed: &SealedSecret,
    ) -> Result<Option<SealedSecret>, OpenError> {
        if sealed.key() == Some(&self.newest()) {
            return Ok(None);
        }
        Ok(Some(self.seal(place, &self.open(place, sealed)?)))
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.0).finish()
    }
}

impl SealedSecret {
    /// A sealed value as a store has kept it; none if it is something else.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let sealed = Self(text.to_owned());
        sealed.parts().is_some().then_some(sealed)
    }

    /// The form in which it is kept.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the key that it was sealed with.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.parts().map(|(key, _)| key)
    }

    fn parts(&self) -> Option<(&str, &str)> {
        self.0.strip_prefix(VERSION)?.strip_prefix('.')?.split_once('.')
    }
}

impl Place<'_> {
    /// What the seal is bound to: each part with its length before it, so that no two places are
    /// the same bytes.
    fn bound(self) -> Vec<u8> {
        let (kind, owner, name) = match self {
            Self::Secret { owner, name } => ("secret", owner, name.to_string()),
            Self::Signing { owner, channel } => ("signing", owner, channel.to_string()),
            Self::Answer { owner, request } => ("answer", owner, BASE64URL_NOPAD.encode(request)),
        };
        let owner = owner.to_string();
        let mut bound = Vec::new();
        for part in ["synmon", VERSION, kind, &owner, &name] {
            bound.push(u8::try_from(part.len()).unwrap_or(u8::MAX));
            bound.extend_from_slice(part.as_bytes());
        }
        bound
    }
}

#[expect(clippy::expect_used, reason = "without random numbers nothing may go on")]
fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system has random numbers");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;

    fn owner() -> OwnerId {
        OwnerId::new(Timestamp::UNIX_EPOCH)
    }

    fn value() -> SecretValue {
        SecretValue::new("hunter2 — 秘密".to_owned())
    }

    #[test]
    fn a_sealed_value_opens_for_its_owner_and_its_name_alone() {
        let (ring, mine) = (Keyring::random(), owner());
        let (name, other): (SecretName, SecretName) = ("A".parse().unwrap(), "B".parse().unwrap());
        let place = Place::Secret { owner: mine, name: &name };
        let sealed = ring.seal(place, &value());
        assert!(!sealed.as_str().contains("hunter2"));
        assert_ne!(sealed, ring.seal(place, &value()), "no two seals are alike");
        let sealed = SealedSecret::read(sealed.as_str()).unwrap();
        assert_eq!(ring.open(place, &sealed), Ok(value()));
        let channel = ChannelId::new(Timestamp::UNIX_EPOCH);
        for elsewhere in [
            Place::Secret { owner: mine, name: &other },
            Place::Secret { owner: owner(), name: &name },
            Place::Signing { owner: mine, channel },
        ] {
            assert_eq!(ring.open(elsewhere, &sealed), Err(OpenError::Damaged));
        }
    }

    #[test]
    fn what_was_changed_does_not_open() {
        let (ring, owner) = (Keyring::random(), owner());
        let name = "A".parse().unwrap();
        let place = Place::Secret { owner, name: &name };
        let sealed = ring.seal(place, &value());
        let text = sealed.as_str();
        for at in VERSION.len() + 1..text.len() {
            let mut bytes = text.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
            let changed = SealedSecret(String::from_utf8(bytes).unwrap());
            let opened = ring.open(place, &changed);
            // The last letter of base64 has bits to spare.
            assert!(opened.is_err(), "at {at} of {text}");
        }
        assert_eq!(SealedSecret::read("whsec_abc"), None);
        assert_eq!(SealedSecret::read("s2.key.abc"), None);
        for cut in ["s1..", "s1.key.", "s1.key.???"] {
            assert!(ring.open(place, &SealedSecret::read(cut).unwrap()).is_err());
        }
    }

    #[test]
    fn a_key_is_changed_step_by_step() {
        let (old, new) = (SealingKey::random(), SealingKey::random());
        let ring =
            |keys: &[&SealingKey]| Keyring::new(keys.iter().copied().cloned().collect()).unwrap();
        let (owner, name) = (owner(), "A".parse().unwrap());
        let place = Place::Secret { owner, name: &name };
        let sealed = ring(&[&old]).seal(place, &value());
        let both = ring(&[&new, &old]);
        assert_eq!(both.open(place, &sealed), Ok(value()));
        assert_eq!(ring(&[&new]).open(place, &sealed), Err(OpenError::UnknownKey));
        let renewed = both.renewed(place, &sealed).unwrap().unwrap();
        assert_eq!(renewed.key(), Some(&*new.id()));
        assert_eq!(ring(&[&new]).open(place, &renewed), Ok(value()));
        assert_eq!(both.renewed(place, &renewed), Ok(None));
        assert!(Keyring::new(Vec::new()).is_none());
    }

    #[test]
    fn a_key_is_written_in_several_ways_and_never_shown() {
        let key = SealingKey::random();
        let bytes = key.0;
        for text in [
            HEXLOWER.encode(&bytes),
            HEXLOWER.encode(&bytes).to_uppercase(),
            BASE64.encode(&bytes),
            BASE64URL_NOPAD.encode(&bytes),
            format!(" {}\n", &*key.to_base64()),
        ] {
            assert!(text.parse::<SealingKey>() == Ok(key.clone()));
            let shown = format!("{key:?} {:?}", Keyring::new(vec![key.clone()]));
            assert!(!shown.contains(text.trim()), "{shown}");
        }
        for text in ["", "canary", "00ff", &"0".repeat(63), &"0".repeat(66)] {
            let error = text.parse::<SealingKey>().unwrap_err().to_string();
            assert!(!error.contains("canary"), "{error}");
        }
    }
}
