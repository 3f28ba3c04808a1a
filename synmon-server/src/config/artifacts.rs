//! Where pictures go: a folder, or a bucket and who asks for it.
//!
//! Who asks is named as everywhere, by `AWS_*`. Each name that is read is here, and no other one
//! counts: not those that would turn off signatures or allow plain HTTP.

use std::path::{Path, PathBuf};

use synmon_store::{S3Credentials, S3Settings};
use url::{Host, Url};

use super::{ConfigError, error, from_file};

/// Where pictures go.
#[derive(Clone, Debug)]
pub enum ArtifactStore {
    /// To a folder.
    Folder(PathBuf),
    /// To a bucket of S3, or of what speaks its protocol.
    S3(Box<S3Settings>),
}

const NAME: &str = "SYNMON_ARTIFACTS_URL";
/// Where a bucket is if somebody else's endpoint does not care.
const SOME_REGION: &str = "us-east-1";
/// Those who tell a pod or a task its role by plain HTTP, on its own machine.
const ROLE_SERVICES: [&str; 3] = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"];

pub(super) fn store(
    text: impl Fn(&'static str) -> Result<Option<String>, ConfigError> + Copy,
    data_dir: &Path,
) -> Result<ArtifactStore, ConfigError> {
    let Some(url) = text(NAME)? else {
        return Ok(ArtifactStore::Folder(data_dir.join("artifacts")));
    };
    if let Some(path) = url.strip_prefix("file://").filter(|path| !path.is_empty()) {
        return Ok(ArtifactStore::Folder(PathBuf::from(path)));
    }
    let Some((bucket, prefix)) = url.strip_prefix("s3://").and_then(place) else {
        let wanted = "must be a folder such as file:///var/lib/synmon/artifacts, or a bucket such \
                      as s3://bucket/prefix";
        return Err(error(NAME, wanted));
    };
    let endpoint = endpoint(text)?;
    let region = match (text("AWS_REGION")?, text("AWS_DEFAULT_REGION")?, &endpoint) {
        (Some(region), ..) => named("AWS_REGION", region)?,
        (None, Some(region), _) => named("AWS_DEFAULT_REGION", region)?,
        (None, None, Some(_)) => SOME_REGION.to_owned(),
        (None, None, None) => {
            let problem = "is needed for s3://, or AWS_ENDPOINT_URL if it is not Amazon's";
            return Err(error("AWS_REGION", problem));
        }
    };
    let credentials = credentials(text)?;
    Ok(ArtifactStore::S3(Box::new(S3Settings { bucket, prefix, region, endpoint, credentials })))
}

/// The bucket and the prefix, of characters that mean the same to all servers.
fn place(place: &str) -> Option<(String, String)> {
    let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
    let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let is_bucket = (3..=63).contains(&bucket.len())
        && bucket.starts_with(plain)
        && bucket.ends_with(plain)
        && bucket.chars().all(|c| plain(c) || matches!(c, '.' | '-'));
    let is_segment = |segment: &str| {
        !matches!(segment, "" | "." | "..")
            && segment.chars().all(|c| c.is_ascii_alphanumeric() || "-_.=".contains(c))
    };
    let is_prefix = prefix.is_empty() || prefix.split('/').all(is_segment);
    (is_bucket && is_prefix).then(|| (bucket.to_owned(), prefix.to_owned()))
}

/// It becomes a part of a host's name.
fn named(name: &'static str, region: String) -> Result<String, ConfigError> {
    if region.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Ok(region);
    }
    Err(error(name, "must be a region such as eu-central-1"))
}

fn endpoint(
    text: impl Fn(&'static str) -> Result<Option<String>, ConfigError>,
) -> Result<Option<Url>, ConfigError> {
    for name in ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"] {
        if let Some(url) = text(name)? {
            let url = Url::parse(&url).ok().filter(|url| {
                matches!(url.scheme(), "http" | "https")
                    && url.has_host()
                    && url.username().is_empty()
                    && url.password().is_none()
                    && url.query().is_none()
                    && url.fragment().is_none()
            });
            let wanted = "must be an address such as https://minio.example.com:9000";
            return url.ok_or_else(|| error(name, wanted)).map(Some);
        }
    }
    Ok(None)
}

/// In the order in which Amazon's own programs look.
fn credentials(
    text: impl Fn(&'static str) -> Result<Option<String>, ConfigError> + Copy,
) -> Result<S3Credentials, ConfigError> {
    const ID: &str = "AWS_ACCESS_KEY_ID";
    match (text(ID)?, from_file::secret(text, from_file::AWS_SECRET)?) {
        (Some(id), Some(secret)) => {
            let session_token = from_file::secret(text, from_file::AWS_SESSION_TOKEN)?;
            return Ok(S3Credentials::Key {
                id,
                secret: secret.into(),
                session_token: session_token.map(Into::into),
            });
        }
        (Some(_), None) => {
            return Err(error(from_file::AWS_SECRET.name, format_args!("is needed beside {ID}")));
        }
        (None, Some(_)) => {
            let problem = format_args!("is needed beside {}", from_file::AWS_SECRET.name);
            return Err(error(ID, problem));
        }
        (None, None) => {}
    }
    if let Some(token_file) = text("AWS_WEB_IDENTITY_TOKEN_FILE")? {
        let Some(role) = text("AWS_ROLE_ARN")? else {
            return Err(error("AWS_ROLE_ARN", "is needed beside AWS_WEB_IDENTITY_TOKEN_FILE"));
        };
        let session = text("AWS_ROLE_SESSION_NAME")?;
        return Ok(S3Credentials::WebIdentity { token_file: token_file.into(), role, session });
    }
    if let Some(path) = text("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")? {
        if !path.starts_with('/') {
            let wanted = "must be a path that begins with /";
            return Err(error("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", wanted));
        }
        return Ok(S3Credentials::Task(path));
    }
    if let Some(url) = text("AWS_CONTAINER_CREDENTIALS_FULL_URI")? {
        let Some(token_file) = text("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")? else {
            let problem = "is needed beside AWS_CONTAINER_CREDENTIALS_FULL_URI";
            return Err(error("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", problem));
        };
        let url = Url::parse(&url).ok().filter(may_tell_a_role).ok_or_else(|| {
            let wanted = "must be an https address, or one of this machine";
            error("AWS_CONTAINER_CREDENTIALS_FULL_URI", wanted)
        })?;
        return Ok(S3Credentials::Pod { url, token_file: token_file.into() });
    }
    if text("AWS_EC2_METADATA_DISABLED")?.is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return Err(error(ID, "is needed for s3://, with AWS_SECRET_ACCESS_KEY"));
    }
    Ok(S3Credentials::Machine)
}

/// The token is shown to it, and what it says is believed.
fn may_tell_a_role(url: &Url) -> bool {
    let is_near = match url.host() {
        Some(Host::Ipv4(address)) => {
            address.is_loopback() || ROLE_SERVICES.contains(&&*address.to_string())
        }
        Some(Host::Ipv6(address)) => {
            address.is_loopback() || ROLE_SERVICES.contains(&&*address.to_string())
        }
        _ => false,
    };
    url.has_host() && (url.scheme() == "https" || (url.scheme() == "http" && is_near))
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, fs, os::unix::fs::PermissionsExt as _};

    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::config::{Config, Program, tests::config};

    const BUCKET: (&str, &str) = (NAME, "s3://pictures/synmon/one");
    const KEY: [(&str, &str); 2] =
        [("AWS_ACCESS_KEY_ID", "AKIACANARY"), ("AWS_SECRET_ACCESS_KEY", "canary")];
    const REGION: (&str, &str) = ("AWS_REGION", "eu-central-1");

    fn s3(settings: &[(&'static str, &str)]) -> S3Settings {
        match config(settings).unwrap().artifacts {
            ArtifactStore::S3(settings) => *settings,
            ArtifactStore::Folder(folder) => panic!("{}", folder.display()),
        }
    }

    fn refusal(settings: &[(&'static str, &str)]) -> String {
        let message = config(settings).unwrap_err().to_string();
        assert!(!message.to_lowercase().contains("canary"), "{message}");
        message
    }

    #[test]
    fn a_folder_is_taken_as_it_is() {
        let config = config(&[(NAME, "file:///srv/pictures"), ("AWS_ENDPOINT_URL", "no matter")]);
        let artifacts = config.unwrap().artifacts;
        assert!(
            matches!(artifacts, ArtifactStore::Folder(path) if path == Path::new("/srv/pictures"))
        );
    }

    #[test]
    fn a_bucket_is_read_with_who_asks_for_it() {
        let found = s3(&[BUCKET, KEY[0], KEY[1], REGION, ("AWS_SESSION_TOKEN", "a token")]);
        assert_eq!((&*found.bucket, &*found.prefix), ("pictures", "synmon/one"));
        assert_eq!((&*found.region, &found.endpoint), ("eu-central-1", &None));
        let S3Credentials::Key { id, secret, session_token } = found.credentials else {
            panic!("no key")
        };
        assert_eq!((&*id, secret.expose_secret()), ("AKIACANARY", "canary"));
        assert_eq!(session_token.unwrap().expose_secret(), "a token");
        for (url, prefix) in
            [("s3://pictures", ""), ("s3://pictures/", ""), ("s3://pictures/a/", "a")]
        {
            assert_eq!(s3(&[(NAME, url), KEY[0], KEY[1], REGION]).prefix, prefix);
        }
    }

    #[test]
    fn another_endpoint_needs_no_region_and_the_one_for_s3_goes_first() {
        let other = ("AWS_ENDPOINT_URL", "https://all.example.com");
        let found = s3(&[BUCKET, KEY[0], KEY[1], other]);
        assert_eq!(found.endpoint.unwrap().as_str(), "https://all.example.com/");
        let own = ("AWS_ENDPOINT_URL_S3", "http://minio:9000");
        let default_region = ("AWS_DEFAULT_REGION", "eu-west-1");
        let found = s3(&[BUCKET, KEY[0], KEY[1], other, own, default_region]);
        assert_eq!(found.endpoint.unwrap().as_str(), "http://minio:9000/");
        assert_eq!(found.region, "eu-west-1");
    }

    #[test]
    fn a_key_may_come_from_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, "canary\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let file = ("AWS_SECRET_ACCESS_KEY_FILE", path.to_str().unwrap());
        let found = s3(&[BUCKET, KEY[0], file, REGION]);
        assert!(matches!(found.credentials,
            S3Credentials::Key { secret, .. } if secret.expose_secret() == "canary"));
        let twice = refusal(&[BUCKET, KEY[0], KEY[1], file, REGION]);
        assert!(
            twice.starts_with("AWS_SECRET_ACCESS_KEY and AWS_SECRET_ACCESS_KEY_FILE"),
            "{twice}"
        );
    }

    #[test]
    fn roles_are_found_in_order() {
        let web = [
            ("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/token"),
            ("AWS_ROLE_ARN", "arn:aws:iam::1:role/synmon"),
        ];
        let task = ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/1");
        let pod = [
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/var/run/pod"),
        ];
        let kind = |settings: &[(&'static str, &str)]| {
            let all = [&[BUCKET, REGION][..], settings].concat();
            match s3(&all).credentials {
                S3Credentials::Key { .. } => "key",
                S3Credentials::WebIdentity { .. } => "web identity",
                S3Credentials::Task(_) => "task",
                S3Credentials::Pod { .. } => "pod",
                S3Credentials::Machine => "machine",
            }
        };
        assert_eq!(kind(&[KEY[0], KEY[1], web[0], web[1]]), "key");
        assert_eq!(kind(&[web[0], web[1], task]), "web identity");
        assert_eq!(kind(&[task, pod[0], pod[1]]), "task");
        assert_eq!(kind(&pod), "pod");
        assert_eq!(kind(&[]), "machine");
    }

    #[test]
    fn names_that_would_weaken_it_do_not_count() {
        let weak = [("AWS_SKIP_SIGNATURE", "true"), ("AWS_ALLOW_HTTP", "true")];
        let asked = RefCell::new(Vec::new());
        let settings = [&[BUCKET, KEY[0], KEY[1], REGION][..], &weak].concat();
        Config::from_lookup(Program::Server, |name| {
            asked.borrow_mut().push(name);
            let found = settings.iter().find(|(known, _)| *known == name);
            Ok(found.map(|(_, value)| (*value).to_owned()))
        })
        .unwrap();
        let asked = asked.borrow();
        assert!(asked.contains(&"AWS_ACCESS_KEY_ID"));
        assert!(weak.iter().all(|(name, _)| !asked.contains(name)), "{asked:?}");
    }

    #[test]
    fn what_can_not_be_used_is_named_and_not_told() {
        for url in [
            "s3://",
            "s3:///canary",
            "s3://ca",
            "s3://Canary",
            "s3://canary?x",
            "s3://u:canary@host",
            "s3://canary//a",
            "s3://canary/../a",
            "s3://canary/a b",
            "s3://canary/a?b",
            "file://",
        ] {
            let message = refusal(&[(NAME, url), KEY[0], KEY[1], REGION]);
            assert!(
                message.starts_with(NAME) && message.contains("s3://bucket/prefix"),
                "{message}"
            );
        }
        assert!(refusal(&[BUCKET, KEY[0], KEY[1]]).starts_with("AWS_REGION "));
        assert!(refusal(&[BUCKET, KEY[0], REGION]).starts_with("AWS_SECRET_ACCESS_KEY "));
        assert!(refusal(&[BUCKET, KEY[1], REGION]).starts_with("AWS_ACCESS_KEY_ID "));
        for (name, value) in [
            ("AWS_REGION", "canary.example.com/"),
            ("AWS_ENDPOINT_URL", "canary:9000"),
            ("AWS_ENDPOINT_URL_S3", "https://u:canary@minio"),
            ("AWS_ENDPOINT_URL_S3", "ftp://canary"),
        ] {
            let message = refusal(&[BUCKET, KEY[0], KEY[1], (name, value)]);
            assert!(message.starts_with(name), "{message}");
        }
        for (name, value) in [
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://canary.example.com/"),
            ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", ".canary.example.com/"),
        ] {
            let token = ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/canary");
            let message = refusal(&[BUCKET, REGION, (name, value), token]);
            assert!(message.starts_with(name), "{message}");
        }
        let lone = refusal(&[BUCKET, REGION, ("AWS_WEB_IDENTITY_TOKEN_FILE", "/canary")]);
        assert!(lone.starts_with("AWS_ROLE_ARN "), "{lone}");
        let none = refusal(&[BUCKET, REGION, ("AWS_EC2_METADATA_DISABLED", "true")]);
        assert!(none.starts_with("AWS_ACCESS_KEY_ID "), "{none}");
    }

    #[test]
    fn keys_do_not_show_when_settings_are_printed() {
        let token = ("AWS_SESSION_TOKEN", "canary");
        let shown = format!("{:?}", config(&[BUCKET, KEY[0], KEY[1], token, REGION]).unwrap());
        assert!(!shown.contains("canary"), "{shown}");
    }
}
