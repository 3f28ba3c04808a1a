//! Passwords: Argon2id, a few at a time.

use std::{
    collections::HashSet,
    sync::{Arc, LazyLock},
    time::Duration,
};

use argon2::{
    ARGON2ID_IDENT, Argon2, Params,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use synmon_core::invalid::Invalid;
use tokio::{sync::Semaphore, time::timeout};

use super::turns::Turns;

pub(crate) const MIN_PASSWORD_CHARS: usize = 8;
pub(crate) const MAX_PASSWORD_CHARS: usize = 256;
/// How many passwords are hashed at once; each takes 19 MiB.
const AT_ONCE: usize = 4;
/// How many of them are anybody's: the others are for everybody else.
const AT_ONCE_EACH: usize = AT_ONCE / 2;
/// How long somebody waits for that. An answer that comes later is of use to nobody.
const PATIENCE: Duration = Duration::from_secs(2);

/// The 3000 most common passwords that are long enough, in lower case (OWASP ASVS 6.2.4), as
/// Royce Williams has counted them in leaks: the beginning of the list that Django ships.
static COMMON: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

/// Hashes and checks passwords with the parameters of OWASP's Password Storage Cheat Sheet
/// (Argon2id, 19 MiB, 2 passes), off the threads that serve requests.
#[derive(Clone)]
pub struct Passwords {
    permits: Arc<Semaphore>,
    turns: Arc<Turns>,
    /// The hash that is checked where there is none, so that it takes as long.
    decoy: Arc<str>,
}

/// More passwords are to be hashed than can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many log in at the moment: try again")]
pub struct Busy;

impl Busy {
    /// When it is worth trying again.
    pub const RETRY_AFTER: Duration = PATIENCE;
}

/// Checks a new password: its length, and that it is none of the most common ones. What it is made
/// of does not matter (OWASP ASVS 6.2.1, 6.2.4, 6.2.5, 6.2.9).
pub fn check_password(password: &str) -> Result<(), Invalid> {
    let length = password.chars().count();
    if !(MIN_PASSWORD_CHARS..=MAX_PASSWORD_CHARS).contains(&length) {
        let message = format!("must have {MIN_PASSWORD_CHARS} to {MAX_PASSWORD_CHARS} characters");
        return Err(Invalid::field("password", message));
    }
    if COMMON.contains(password.to_lowercase().as_str()) {
        let message = "is one of the first that anybody would try: take another";
        return Err(Invalid::field("password", message));
    }
    Ok(())
}

impl Default for Passwords {
    fn default() -> Self {
        let decoy = hash("not anybody's password").into();
        let turns = Arc::new(Turns::new(AT_ONCE_EACH));
        Self { permits: Arc::new(Semaphore::new(AT_ONCE)), turns, decoy }
    }
}

impl Passwords {
    /// The hash of a password, with a salt of its own, as a PHC string. `who` asks for it: a
    /// network, or an account.
    pub async fn hash(&self, who: &[u8], password: &str) -> Result<String, Busy> {
        let password = password.to_owned();
        self.work(who, move || hash(&password)).await
    }

    /// Whether a password fits a hash. Without a hash it does not, after the same work.
    pub async fn verify(
        &self,
        who: &[u8],
        password: &str,
        known: Option<String>,
    ) -> Result<bool, Busy> {
        // Longer than any that was ever accepted: not worth a hash, and it tells nothing.
        if password.len() > MAX_PASSWORD_CHARS * 4 {
            return Ok(false);
        }
        let password = password.to_owned();
        let decoy = Arc::clone(&self.decoy);
        self.work(who, move || {
            let exists = known.is_some();
            verify(&password, known.as_deref().unwrap_or(&decoy)) && exists
        })
        .await
    }

    async fn work<T: Send + 'static>(
        &self,
        who: &[u8],
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let permits = async {
            // Whoever has his share waits apart: the line is not his alone.
            let turn = self.turns.take(who).await;
            Arc::clone(&self.permits).acquire_owned().await.map(|permit| (turn, permit))
        };
        let Ok(Ok(permits)) = timeout(PATIENCE, permits).await else { return Err(Busy) };
        metrics::counter!("synmon_password_hashes_total").increment(1);
        // The permits go with the work: a client that hangs up does not make room for another.
        let work = move || {
            let _permits = permits;
            job()
        };
        #[expect(clippy::expect_used, reason = "hashing does not panic, and is never aborted")]
        Ok(tokio::task::spawn_blocking(work).await.expect("hashing ends"))
    }
}

/// Whether a hash is weaker than those that are made now.
pub(super) fn is_outdated(hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else { return false };
    let Ok(params) = Params::try_from(&hash) else { return true };
    let now = Params::default();
    hash.algorithm != ARGON2ID_IDENT
        || params.m_cost() < now.m_cost()
        || params.t_cost() < now.t_cost()
}

/// By what the hash of a password is known again, without telling it.
pub(super) fn password_mark(hash: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(format!("mark of {hash}"))[..16])
}

fn hash(password: &str) -> String {
    #[expect(clippy::expect_used, reason = "the default parameters and a fresh salt are valid")]
    Argon2::default()
        .hash_password(password.as_bytes())
        .expect("a password can be hashed")
        .to_string()
}

fn verify(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHO: &[u8] = b"somebody";

    #[tokio::test]
    async fn a_password_fits_its_own_hash_and_nothing_else() {
        let passwords = Passwords::default();
        let hash = passwords.hash(WHO, "correct horse 🐎").await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify(WHO, "correct horse 🐎", Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify(WHO, "correct horse 🐎 ", Some(hash)).await.unwrap());
        assert!(!passwords.verify(WHO, "not anybody's password", None).await.unwrap());
        assert!(!passwords.verify(WHO, "x", Some("garbage".to_owned())).await.unwrap());
    }

    #[tokio::test]
    async fn at_most_a_few_passwords_are_hashed_at_once_and_the_rest_does_not_wait_for_long() {
        let passwords = Passwords::default();
        let all = Arc::clone(&passwords.permits).acquire_many_owned(4).await.unwrap();
        assert!(passwords.permits.try_acquire().is_err(), "there is room for four");
        let waiting = tokio::join!(
            passwords.hash(WHO, "a password"),
            passwords.verify(WHO, "a password", None)
        );
        assert_eq!(waiting, (Err(Busy), Err(Busy)));
        // What is too long is not worth the wait.
        assert_eq!(passwords.verify(WHO, &"x".repeat(1_000_000), None).await, Ok(false));
        drop(all);
        assert!(passwords.hash(WHO, "a password").await.is_ok());
    }

    #[tokio::test]
    async fn nobody_has_more_than_half_of_the_places() {
        let passwords = Passwords::default();
        let (one, two) = (passwords.turns.take(WHO).await, passwords.turns.take(WHO).await);
        assert_eq!(passwords.hash(WHO, "a password").await, Err(Busy));
        assert!(passwords.hash(b"somebody else", "a password").await.is_ok());
        drop((one, two));
        assert!(passwords.hash(WHO, "a password").await.is_ok());
    }

    #[test]
    fn a_weaker_hash_is_known_for_one() {
        let hash = |params: Params| {
            let argon2 = Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
            argon2.hash_password(b"a password").unwrap().to_string()
        };
        assert!(!is_outdated(&hash(Params::default())));
        assert!(!is_outdated(&hash(Params::new(20_000, 3, 1, None).unwrap())));
        assert!(is_outdated(&hash(Params::new(8_192, 2, 1, None).unwrap())));
        assert!(is_outdated(&hash(Params::new(19_456, 1, 1, None).unwrap())));
        assert!(is_outdated(&hash(Params::default()).replace("argon2id", "argon2i")));
        assert!(!is_outdated("garbage"), "nothing was checked against it");
    }

    #[test]
    fn a_new_password_is_judged_by_its_length_and_by_how_common_it_is() {
        let (longest, emoji) = ("ü".repeat(256), "🐎".repeat(64));
        for good in ["        ", "a horse!", " leading", &longest, &emoji] {
            assert!(check_password(good).is_ok(), "{good}");
        }
        for bad in ["", "1234567", &"x".repeat(257), "12345678", "password1", "PassWord1"] {
            assert!(check_password(bad).is_err(), "{bad}");
        }
        assert_eq!(COMMON.len(), 3_000);
        assert!(COMMON.iter().all(|known| check_password(known).is_err()));
    }
}
