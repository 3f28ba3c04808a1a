//! Passwords: Argon2id, a few at a time.

use std::sync::Arc;

use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use synmon_core::invalid::Invalid;
use tokio::sync::Semaphore;

const MIN_CHARS: usize = 8;
const MAX_CHARS: usize = 256;
/// How many passwords are hashed at once; each takes 19 MiB.
const AT_ONCE: usize = 4;

/// Hashes and checks passwords with the parameters of OWASP's Password Storage Cheat Sheet
/// (Argon2id, 19 MiB, 2 passes), off the threads that serve requests.
#[derive(Clone)]
pub struct Passwords {
    permits: Arc<Semaphore>,
    /// The hash that is checked where there is none, so that it takes as long.
    decoy: Arc<str>,
}

/// Checks a new password: its length alone (OWASP ASVS 6.2.1, 6.2.5, 6.2.9).
pub fn check_password(password: &str) -> Result<(), Invalid> {
    let length = password.chars().count();
    if (MIN_CHARS..=MAX_CHARS).contains(&length) {
        Ok(())
    } else {
        let message = format!("must have {MIN_CHARS} to {MAX_CHARS} characters");
        Err(Invalid::field("password", message))
    }
}

impl Default for Passwords {
    fn default() -> Self {
        let decoy = hash("not anybody's password").into();
        Self { permits: Arc::new(Semaphore::new(AT_ONCE)), decoy }
    }
}

impl Passwords {
    /// The hash of a password, with a salt of its own, as a PHC string.
    pub async fn hash(&self, password: &str) -> String {
        let password = password.to_owned();
        self.work(move || hash(&password)).await
    }

    /// Whether a password fits a hash. Without a hash it does not, after the same work.
    pub async fn verify(&self, password: &str, known: Option<String>) -> bool {
        // Longer than any that was ever accepted: not worth a hash, and it tells nothing.
        if password.len() > MAX_CHARS * 4 {
            return false;
        }
        let password = password.to_owned();
        let decoy = Arc::clone(&self.decoy);
        self.work(move || {
            let exists = known.is_some();
            verify(&password, known.as_deref().unwrap_or(&decoy)) && exists
        })
        .await
    }

    async fn work<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> T {
        #[expect(clippy::expect_used, reason = "the semaphore is never closed")]
        let permit = self.permits.acquire().await.expect("the semaphore is open");
        let result = tokio::task::spawn_blocking(job).await;
        drop(permit);
        #[expect(clippy::expect_used, reason = "hashing does not panic, and is never aborted")]
        result.expect("hashing ends")
    }
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

    #[tokio::test]
    async fn a_password_fits_its_own_hash_and_nothing_else() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correct horse 🐎").await;
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify("correct horse 🐎", Some(hash.clone())).await);
        assert!(!passwords.verify("correct horse 🐎 ", Some(hash)).await);
        assert!(!passwords.verify("not anybody's password", None).await);
        assert!(!passwords.verify("x", Some("garbage".to_owned())).await);
    }

    #[test]
    fn only_the_length_of_a_new_password_matters() {
        for good in ["        ", "12345678", &"ü".repeat(256)] {
            assert!(check_password(good).is_ok());
        }
        for bad in ["", "1234567", &"x".repeat(257)] {
            assert!(check_password(bad).is_err());
        }
    }
}
