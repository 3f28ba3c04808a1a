//! Secrets by file: `NAME_FILE` names a file that holds what `NAME` would. Environments show up in
//! places where files do not: in `docker inspect`, in crash reports, in every child process.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

use super::{ConfigError, error};

/// A setting that is a secret, and the one that names a file with it.
#[derive(Clone, Copy)]
pub(super) struct SecretSetting {
    pub(super) name: &'static str,
    file: &'static str,
}

pub(super) const DATABASE_URL: SecretSetting =
    SecretSetting { name: "SYNMON_DATABASE_URL", file: "SYNMON_DATABASE_URL_FILE" };
pub(super) const JWT_SECRET: SecretSetting =
    SecretSetting { name: "SYNMON_JWT_SECRET", file: "SYNMON_JWT_SECRET_FILE" };
pub(super) const JWT_SECRET_OLD: SecretSetting =
    SecretSetting { name: "SYNMON_JWT_SECRET_OLD", file: "SYNMON_JWT_SECRET_OLD_FILE" };
pub(super) const SECRETS_KEY: SecretSetting =
    SecretSetting { name: "SYNMON_SECRETS_KEY", file: "SYNMON_SECRETS_KEY_FILE" };
pub(super) const SMTP_URL: SecretSetting =
    SecretSetting { name: "SYNMON_SMTP_URL", file: "SYNMON_SMTP_URL_FILE" };
/// A Grid's url may hold a user and a password.
pub(super) const WEBDRIVER_URL: SecretSetting =
    SecretSetting { name: "SYNMON_WEBDRIVER_URL", file: "SYNMON_WEBDRIVER_URL_FILE" };

/// The address of a browser is as good as its key.
pub(super) const CDP_URL: SecretSetting =
    SecretSetting { name: "SYNMON_CDP_URL", file: "SYNMON_CDP_URL_FILE" };

pub(super) const METRICS_TOKEN: SecretSetting =
    SecretSetting { name: "SYNMON_METRICS_TOKEN", file: "SYNMON_METRICS_TOKEN_FILE" };

/// Named as everybody names them.
pub(super) const AWS_SECRET: SecretSetting =
    SecretSetting { name: "AWS_SECRET_ACCESS_KEY", file: "AWS_SECRET_ACCESS_KEY_FILE" };
pub(super) const AWS_SESSION_TOKEN: SecretSetting =
    SecretSetting { name: "AWS_SESSION_TOKEN", file: "AWS_SESSION_TOKEN_FILE" };

/// More than any address or key; a file of another kind is told before it fills the memory.
const MAX_BYTES: u64 = 16 * 1024;

/// Where container engines put secrets, readable by everybody in the container by default: there,
/// the container is what keeps others out.
const MOUNTED: [&str; 2] = ["/run/secrets", "/var/run/secrets"];

/// The secret, by the setting itself or by file. Neither the secret nor what was taken for the
/// file's name is ever told: somebody may have mixed the two settings up.
pub(super) fn secret(
    text: impl Fn(&'static str) -> Result<Option<String>, ConfigError>,
    setting: SecretSetting,
) -> Result<Option<String>, ConfigError> {
    let SecretSetting { name, file } = setting;
    match (text(name)?, text(file)?) {
        (value, None) => Ok(value),
        (Some(_), Some(_)) => Err(error(name, format_args!("and {file} are both set: keep one"))),
        (None, Some(path)) => {
            read(Path::new(&path)).map(Some).map_err(|problem| error(file, problem))
        }
    }
}

/// What the file holds, without the line break at its end.
fn read(path: &Path) -> Result<String, String> {
    let unreadable = |error: io::Error| format!("names a file that can't be read: {error}");
    // Looked at before it is opened: opening a pipe would wait for a writer.
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err("does not name a file".to_owned());
    }
    let mounted = MOUNTED.iter().any(|folder| path.starts_with(folder));
    if metadata.permissions().mode() & 0o004 != 0 && !mounted {
        return Err("names a file that everybody can read: chmod o-rwx".to_owned());
    }
    let mut content = String::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(MAX_BYTES + 1).read_to_string(&mut content).map_err(unreadable)?;
    if content.len() as u64 > MAX_BYTES {
        return Err(format!("names a file of more than {MAX_BYTES} bytes"));
    }
    match content.trim() {
        // Falling back to the default here would mean another database, or another key.
        "" => Err("names an empty file".to_owned()),
        secret => Ok(secret.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, path::PathBuf};

    use secrecy::ExposeSecret as _;
    use tempfile::TempDir;

    use super::*;
    use crate::config::{BrowserSource, Config, Database, Mail, Program};

    const KEY: &str = "canary-canary-canary-canary-canary";

    fn config(settings: &[(&'static str, &str)]) -> Result<Config, ConfigError> {
        let map: HashMap<_, _> = settings.iter().map(|(k, v)| (*k, (*v).to_owned())).collect();
        Config::from_lookup(Program::Server, |name| Ok(map.get(name).cloned()))
    }

    fn file(folder: &TempDir, name: &str, content: impl AsRef<[u8]>, mode: u32) -> PathBuf {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    /// The refusal of a file; it tells neither the content nor the name.
    fn refusal(path: &Path) -> String {
        let path = path.to_str().unwrap();
        let message = config(&[("SYNMON_JWT_SECRET_FILE", path)]).unwrap_err().to_string();
        assert!(message.starts_with("SYNMON_JWT_SECRET_FILE "), "{message}");
        assert!(!message.contains("canary"), "{message}");
        message
    }

    #[test]
    fn every_secret_can_come_from_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let given = [
            (DATABASE_URL, "postgres://u:p@db/synmon"),
            (JWT_SECRET, KEY),
            (SMTP_URL, "smtps://u:p@mail:465"),
            (WEBDRIVER_URL, "http://u:p@grid:4444/"),
        ];
        let paths = given.map(|(setting, value)| {
            file(&folder, setting.name, format!("{value}\n"), 0o640).display().to_string()
        });
        let settings: Vec<_> =
            given.iter().zip(&paths).map(|((setting, _), path)| (setting.file, &**path)).collect();
        let config = config(&settings).unwrap();
        let Database::Postgres(database) = &config.database else { panic!("SQLite") };
        assert_eq!(database.expose_secret(), given[0].1);
        assert_eq!(config.jwt_secret.as_ref().unwrap().expose_secret(), given[1].1);
        let Mail::Smtp(smtp) = &config.mail else { panic!("a folder") };
        assert_eq!(smtp.expose_secret(), given[2].1);
        let BrowserSource::WebDriver(grid, _) = &config.browser else { panic!("a local browser") };
        assert_eq!(grid.as_str(), given[3].1);
    }

    #[test]
    fn a_secret_that_is_given_twice_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(&folder, "key", KEY, 0o600).display().to_string();
        for setting in [DATABASE_URL, JWT_SECRET, SMTP_URL, WEBDRIVER_URL] {
            let both = [(setting.name, KEY), (setting.file, &*path)];
            let message = config(&both).unwrap_err().to_string();
            assert!(message.starts_with(setting.name), "{message}");
            assert!(message.contains(setting.file), "{message}");
            assert!(!message.contains("canary"), "{message}");
        }
    }

    #[test]
    fn a_file_that_can_t_be_used_is_refused_and_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("canary");
        assert!(refusal(&missing).contains("can't be read"));
        assert!(refusal(folder.path()).contains("does not name a file"));
        assert!(refusal(Path::new("/dev/zero")).contains("does not name a file"));
        assert!(refusal(&file(&folder, "empty", " \n", 0o600)).contains("empty"));
        assert!(refusal(&file(&folder, "bytes", b"canary\xff", 0o600)).contains("can't be read"));
        let large = "canary".repeat(20_000);
        assert!(refusal(&file(&folder, "large", large, 0o600)).contains("more than"));
        assert!(refusal(&file(&folder, "open", KEY, 0o644)).contains("everybody"));
    }

    #[test]
    fn the_secret_in_a_file_is_checked_like_any_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(&folder, "short", "canary", 0o600);
        let message =
            config(&[("SYNMON_JWT_SECRET_FILE", path.to_str().unwrap())]).unwrap_err().to_string();
        assert!(message.starts_with("SYNMON_JWT_SECRET is shorter"), "{message}");
    }
}
