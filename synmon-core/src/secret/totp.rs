//! Codes of authenticators: RFC 6238.

use std::{fmt, time::Duration};

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use url::Url;
use zeroize::Zeroizing;

use super::SecretValue;
use crate::Timestamp;

/// What an authenticator shows codes by.
pub struct Totp {
    key: Zeroizing<Vec<u8>>,
    algorithm: Algorithm,
    digits: u32,
    period: u64,
}

#[derive(Clone, Copy)]
enum Algorithm {
    Sha1,
    Sha256,
    Sha512,
}

/// A secret is no key of an authenticator. It does not repeat the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "is no key of an authenticator: it must be base32, as a site shows it beside its QR code, or \
     the otpauth://totp/… address that the QR code holds"
)]
pub struct TotpError;

impl Totp {
    /// Reads a key in base32, spaces and dashes left aside, or an `otpauth://totp/` address.
    ///
    /// # Errors
    /// It is neither.
    pub fn parse(secret: &SecretValue) -> Result<Self, TotpError> {
        let text = secret.expose().trim();
        let mut totp =
            Self { key: Zeroizing::default(), algorithm: Algorithm::Sha1, digits: 6, period: 30 };
        if !text.get(..10).is_some_and(|start| start.eq_ignore_ascii_case("otpauth://")) {
            totp.key = key(text)?;
            return Ok(totp);
        }
        let url = Url::parse(text).map_err(|_| TotpError)?;
        if !url.host_str().is_some_and(|kind| kind.eq_ignore_ascii_case("totp")) {
            return Err(TotpError);
        }
        let mut known = None;
        for (name, value) in url.query_pairs() {
            match &*name {
                "secret" => known = Some(key(&value)?),
                "algorithm" => {
                    totp.algorithm = match &*value.to_ascii_uppercase().replace('-', "") {
                        "SHA1" => Algorithm::Sha1,
                        "SHA256" => Algorithm::Sha256,
                        "SHA512" => Algorithm::Sha512,
                        _ => return Err(TotpError),
                    };
                }
                "digits" => totp.digits = number(&value, 6..=8)?,
                "period" => totp.period = number(&value, 1..=3_600)?.into(),
                _ => {}
            }
        }
        totp.key = known.ok_or(TotpError)?;
        Ok(totp)
    }

    /// The code at a time.
    #[must_use]
    pub fn code(&self, now: Timestamp) -> SecretValue {
        let seconds = now.since(Timestamp::UNIX_EPOCH).as_secs();
        let counter = (seconds / self.period).to_be_bytes();
        let hash = match self.algorithm {
            Algorithm::Sha1 => mac::<Hmac<sha1::Sha1>>(&self.key, counter),
            Algorithm::Sha256 => mac::<Hmac<sha2::Sha256>>(&self.key, counter),
            Algorithm::Sha512 => mac::<Hmac<sha2::Sha512>>(&self.key, counter),
        };
        // RFC 4226, section 5.3: the last four bits say where the code is.
        let at = usize::from(hash.last().copied().unwrap_or(0) & 0xf);
        let mut part = [0; 4];
        part.copy_from_slice(&hash[at..at + 4]);
        let code = (u32::from_be_bytes(part) & 0x7fff_ffff) % 10_u32.pow(self.digits);
        let width = usize::try_from(self.digits).unwrap_or(6);
        SecretValue::new(format!("{code:0width$}"))
    }

    /// How long the code of a time still is the one.
    #[must_use]
    pub fn valid_for(&self, now: Timestamp) -> Duration {
        let period = Duration::from_secs(self.period);
        let since = now.since(Timestamp::UNIX_EPOCH);
        let past = Duration::from_secs(since.as_secs() / self.period * self.period);
        period.saturating_sub(since.saturating_sub(past))
    }
}

impl fmt::Debug for Totp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Totp(…)")
    }
}

fn key(text: &str) -> Result<Zeroizing<Vec<u8>>, TotpError> {
    let folded: Zeroizing<String> = Zeroizing::new(
        text.chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '='))
            .map(|c| c.to_ascii_uppercase())
            .collect(),
    );
    let key = BASE32_NOPAD.decode(folded.as_bytes()).map_err(|_| TotpError)?;
    if key.is_empty() { Err(TotpError) } else { Ok(Zeroizing::new(key)) }
}

fn number(text: &str, range: std::ops::RangeInclusive<u32>) -> Result<u32, TotpError> {
    text.parse().ok().filter(|number| range.contains(number)).ok_or(TotpError)
}

#[expect(clippy::expect_used, reason = "RFC 2104: a key of any length will do")]
fn mac<M: Mac + KeyInit>(key: &[u8], counter: [u8; 8]) -> Vec<u8> {
    let mut mac = <M as KeyInit>::new_from_slice(key).expect("a key");
    mac.update(&counter);
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn code(secret: &str, seconds: u64) -> String {
        let totp = Totp::parse(&SecretValue::new(secret.to_owned())).unwrap();
        totp.code(at(seconds)).expose().to_owned()
    }

    fn address(key: &[u8], algorithm: &str) -> String {
        let key = BASE32_NOPAD.encode(key);
        format!("otpauth://totp/Site:ann?secret={key}&issuer=S&algorithm={algorithm}&digits=8")
    }

    /// RFC 6238, appendix B.
    #[test]
    fn codes_are_those_of_the_standard() {
        let key = b"1234567890".repeat(7);
        for (seconds, sha1, sha256, sha512) in [
            (59, "94287082", "46119246", "90693936"),
            (1_111_111_109, "07081804", "68084774", "25091201"),
            (1_111_111_111, "14050471", "67062674", "99943326"),
            (1_234_567_890, "89005924", "91819424", "93441116"),
            (2_000_000_000, "69279037", "90698825", "38618901"),
            (20_000_000_000, "65353130", "77737706", "47863826"),
        ] {
            assert_eq!(code(&address(&key[..20], "SHA1"), seconds), sha1);
            assert_eq!(code(&address(&key[..32], "SHA256"), seconds), sha256);
            assert_eq!(code(&address(&key[..64], "SHA512"), seconds), sha512);
        }
    }

    #[test]
    fn a_key_is_read_as_sites_show_it() {
        let plain = BASE32_NOPAD.encode(b"12345678901234567890");
        let expected = "287082";
        let shown = plain.to_lowercase();
        let shown = format!(" {} {}-{}== ", &shown[..4], &shown[4..8], &shown[8..]);
        for text in [plain.clone(), shown, format!("OTPAUTH://TOTP/x?secret={plain}")] {
            assert_eq!(code(&text, 59), expected, "{text}");
        }
        let totp = Totp::parse(&SecretValue::new(plain)).unwrap();
        assert_eq!(totp.valid_for(at(59)), Duration::from_secs(1));
        assert_eq!(totp.valid_for(at(60)), Duration::from_secs(30));
    }

    #[test]
    fn what_is_no_key_is_refused_and_not_repeated() {
        for text in [
            "canary1",
            "otpauth://hotp/x?secret=MFRGG",
            "otpauth://totp/canary",
            "otpauth://totp/x?secret=MFRGG&digits=9",
            "otpauth://totp/x?secret=MFRGG&period=0",
            "otpauth://totp/x?secret=MFRGG&algorithm=MD5",
            "====",
        ] {
            let error = Totp::parse(&SecretValue::new(text.to_owned())).unwrap_err();
            assert!(!error.to_string().contains("canary"));
        }
    }
}
