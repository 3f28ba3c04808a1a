//! Who may call the server, and how much they may ask of it.

use std::num::NonZeroU64;

use secrecy::SecretString;
use synmon_core::store::Quotas;
use url::Url;

use super::{ConfigError, error, parsed};

/// What can be guessed is none.
const MIN_TOKEN_BYTES: usize = 16;

const MAX_STORAGE: &str = "SYNMON_MAX_STORAGE_MIB";
const STORAGE_WANTED: &str = "a whole number of MiB from 1 on";

/// How much an owner may have and do.
pub(super) fn quotas(
    text: impl Fn(&'static str) -> Result<Option<String>, ConfigError>,
) -> Result<Quotas, ConfigError> {
    let usual = Quotas::default();
    let quota = |name, usual| Ok(parsed(&text, name, "a whole number from 1 on")?.unwrap_or(usual));
    let storage = parsed(&text, MAX_STORAGE, STORAGE_WANTED)?.map(|mebibytes: u32| {
        NonZeroU64::new(u64::from(mebibytes) << 20)
            .ok_or_else(|| error(MAX_STORAGE, format_args!("must be {STORAGE_WANTED}")))
    });
    Ok(Quotas {
        flows: quota("SYNMON_MAX_FLOWS", usual.flows)?,
        runs_per_hour: quota("SYNMON_MAX_RUNS_PER_HOUR", usual.runs_per_hour)?,
        messages_per_day: quota("SYNMON_MAX_MESSAGES_PER_DAY", usual.messages_per_day)?,
        letters_per_day: quota("SYNMON_MAX_LETTERS_PER_DAY", usual.letters_per_day)?,
        storage: storage.transpose()?.unwrap_or(usual.storage),
    })
}

/// Exact origins, comma-separated: no patterns.
pub(super) fn cors_origins(
    text: impl Fn(&'static str) -> Result<Option<String>, ConfigError>,
) -> Result<Vec<String>, ConfigError> {
    const NAME: &str = "SYNMON_CORS_ORIGINS";
    let list = text(NAME)?.unwrap_or_default();
    let origins = list.split(',').map(str::trim).filter(|origin| !origin.is_empty());
    origins
        .map(|text| {
            let origin =
                Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
            origin
                .map(|url| url.origin().ascii_serialization())
                // As a browser writes it, or it would never match.
                .filter(|origin| origin == text)
                .ok_or_else(|| {
                    error(NAME, "must be a list of origins such as https://app.example.com")
                })
        })
        .collect()
}

pub(super) fn metrics_token(token: Option<String>) -> Result<Option<SecretString>, ConfigError> {
    if token.as_ref().is_some_and(|token| token.len() < MIN_TOKEN_BYTES) {
        let problem = format!("is shorter than {MIN_TOKEN_BYTES} bytes: make a random one");
        return Err(error("SYNMON_METRICS_TOKEN", problem));
    }
    Ok(token.map(SecretString::from))
}

#[cfg(test)]
mod tests {
    use super::super::tests::config;

    #[test]
    fn origins_are_taken_as_browsers_write_them() {
        let origins = config(&[("SYNMON_CORS_ORIGINS", "https://a.test, http://b.test:81")]);
        assert_eq!(origins.unwrap().cors_origins, ["https://a.test", "http://b.test:81"]);
        assert!(config(&[]).unwrap().cors_origins.is_empty());
        for bad in ["https://a.test/", "https://A.test", "a.test", "https://a.test:443", "*"] {
            assert!(config(&[("SYNMON_CORS_ORIGINS", bad)]).is_err(), "{bad}");
        }
    }

    #[test]
    fn storage_is_set_in_mebibytes() {
        let storage = |settings: &[_]| config(settings).unwrap().quotas.storage.get();
        assert_eq!(storage(&[]), 5 << 30);
        assert_eq!(storage(&[("SYNMON_MAX_STORAGE_MIB", "3")]), 3 << 20);
    }

    #[test]
    fn a_token_that_can_be_guessed_is_refused() {
        assert!(config(&[("SYNMON_METRICS_TOKEN", "0123456789abcde")]).is_err());
        assert!(config(&[("SYNMON_METRICS_TOKEN", "0123456789abcdef")]).is_ok());
    }
}
