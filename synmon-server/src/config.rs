//! The settings: read once, from the environment, into types. Nobody else reads it.

mod access;
mod artifacts;
mod browser;
mod egress;
mod exposure;
mod from_file;

pub use artifacts::ArtifactStore;
pub use browser::{BrowserSource, LocalEngine, Warmth, WebDriverClient};
pub use egress::EgressProxyConfig;

use std::{
    env, fmt,
    net::SocketAddr,
    num::{NonZeroU32, NonZeroUsize},
    path::PathBuf,
    time::Duration,
};

use secrecy::SecretString;
use synmon_core::{
    egress::EgressAllowList,
    engine::{DEFAULT_OWNER_CONCURRENCY, Retention, Roles as EngineRoles},
    secret::{Keyring, SealingKey},
    store::{AlertCap, Quotas},
};
use url::Url;

use crate::{accounts::Rates, visit::TrustedProxies};

/// All settings, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// What this process does.
    pub roles: Roles,
    /// Where the server listens; a worker need not.
    pub listen: Option<SocketAddr>,
    /// The address that links in letters carry; by default `http://` and where it listens.
    pub public_url: Option<Url>,
    /// The embedded default's files.
    pub data_dir: PathBuf,
    /// Which database.
    pub database: Database,
    /// Where pictures go.
    pub artifacts: ArtifactStore,
    /// How letters leave.
    pub mail: Mail,
    /// Who they are from.
    pub mail_from: String,
    /// The key that access tokens are signed with; generated once where none is given.
    pub jwt_secret: Option<SecretString>,
    /// Another one, whose access tokens are good, too, until they expire.
    pub jwt_secret_old: Option<SecretString>,
    /// What owners' secrets are sealed with; generated once where none is given.
    pub secrets_key: Option<Keyring>,
    /// The reverse proxies whose word is taken for where a request came from.
    pub trusted_proxies: TrustedProxies,
    /// How often what may be done.
    pub rates: Rates,
    /// How long the audit log is kept.
    pub keep_audit: Duration,
    /// For how long a refresh token that comes again may be one whose answer was lost.
    pub refresh_grace: Duration,
    /// Which browsers runs happen in.
    pub browser: BrowserSource,
    /// How many runs at a time.
    pub concurrency: NonZeroUsize,
    /// How many runs of one owner at a time, over all processes.
    pub owner_concurrency: NonZeroU32,
    /// How long runs, pictures and notices are kept.
    pub retention: Retention,
    /// Where flows may go besides public addresses.
    pub egress_allow: EgressAllowList,
    /// The guard that browsers elsewhere go through, as their machine sees it.
    pub egress_proxy: Option<String>,
    /// The shortest time between two firings of a schedule.
    pub minimum_interval: Duration,
    /// The folder of plug-ins that deliver notices.
    pub plugin_dir: PathBuf,
    /// How many alerts an owner gets one by one in ten minutes; the rest comes as a digest.
    pub alert_cap: u32,
    /// A folder whose templates take the place of the built-in ones.
    pub templates_dir: Option<PathBuf>,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Which log lines are written, as for `RUST_LOG`.
    pub log_filter: Option<String>,
    /// Where the demo site listens, if it is wanted.
    pub demo_listen: Option<SocketAddr>,
    /// How much an owner may have and do.
    pub quotas: Quotas,
    /// How many connections a listener takes at a time; none is as many as files allow.
    pub max_connections: Option<NonZeroUsize>,
    /// Whose pages may call the API from a browser: none, unless they are named.
    pub cors_origins: Vec<String>,
    /// What has to be known to read the metrics.
    pub metrics_token: Option<SecretString>,
}

/// The program that reads its settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// `synmon-server`: all roles by default.
    Server,
    /// `synmon-worker`: all but the API.
    Worker,
}

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roles {
    /// It serves the API and the pages.
    pub api: bool,
    /// What of the engine works in it.
    pub engine: EngineRoles,
}

/// Which database.
#[derive(Clone, Debug)]
pub enum Database {
    /// An SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL database, by its url with the password in it.
    Postgres(SecretString),
}

/// How letters leave.
#[derive(Clone, Debug)]
pub enum Mail {
    /// Each is a file in this folder.
    Folder(PathBuf),
    /// By SMTP; the url has the password in it.
    Smtp(SecretString),
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: a JSON object a line.
    Json,
}

/// A setting that can't be used. It names the setting and never tells its value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} {problem}")]
pub struct ConfigError {
    name: &'static str,
    problem: String,
}

impl Config {
    /// Reads the environment of the process.
    pub fn from_env(program: Program) -> Result<Self, ConfigError> {
        Self::from_lookup(program, environment)
    }

    /// Where a process with this environment listens, whatever its other settings are.
    pub fn listen_from_env(program: Program) -> Result<Option<SocketAddr>, ConfigError> {
        listen(program, |name| text(&environment, name))
    }

    /// Reads settings from anywhere. An empty value counts as unset.
    pub fn from_lookup(
        program: Program,
        lookup: impl Fn(&'static str) -> Result<Option<String>, &'static str>,
    ) -> Result<Self, ConfigError> {
        let text = |name| text(&lookup, name);
        let secret = |setting| from_file::secret(text, setting);
        let data_dir = PathBuf::from(text("SYNMON_DATA_DIR")?.unwrap_or_else(|| "./data".into()));
        let concurrency = parsed(text, "SYNMON_CONCURRENCY", "a whole number from 1 on")?
            .or_else(|| std::thread::available_parallelism().ok())
            .unwrap_or(NonZeroUsize::MIN);
        let owner_concurrency =
            parsed(text, "SYNMON_OWNER_CONCURRENCY", "a whole number from 1 on")?
                .unwrap_or(DEFAULT_OWNER_CONCURRENCY);
        let interval: Option<u64> =
            parsed(text, "SYNMON_MIN_INTERVAL_SECONDS", "a whole number of seconds")?;
        let kept = Retention::default();
        let browser = browser::browser_source(text)?;
        let jwt_secret = |setting| secret(setting).and_then(|found| signing_key(setting, found));
        Ok(Self {
            roles: roles(program, text("SYNMON_ROLES")?)?,
            listen: listen(program, text)?,
            public_url: text("SYNMON_PUBLIC_URL")?.map(|url| public_url(&url)).transpose()?,
            database: database(secret(from_file::DATABASE_URL)?, &data_dir)?,
            artifacts: artifacts::store(text, &data_dir)?,
            mail: mail(secret(from_file::SMTP_URL)?, &data_dir)?,
            mail_from: text("SYNMON_MAIL_FROM")?
                .unwrap_or_else(|| "synmon <synmon@localhost>".to_owned()),
            jwt_secret: jwt_secret(from_file::JWT_SECRET)?,
            jwt_secret_old: jwt_secret(from_file::JWT_SECRET_OLD)?,
            secrets_key: secret(from_file::SECRETS_KEY)?.map(|keys| keyring(&keys)).transpose()?,
            trusted_proxies: access::trusted_proxies(text)?,
            rates: access::rates(text)?,
            refresh_grace: access::refresh_grace(text)?,
            keep_audit: days(text, "SYNMON_KEEP_AUDIT_DAYS")?.unwrap_or(access::KEEP_AUDIT),
            egress_allow: egress::allow(text)?,
            egress_proxy: egress::proxy(text, &browser)?,
            browser,
            concurrency,
            owner_concurrency,
            retention: Retention {
                runs: days(text, "SYNMON_KEEP_RUNS_DAYS")?.unwrap_or(kept.runs),
                pictures: days(text, "SYNMON_KEEP_PICTURES_DAYS")?.unwrap_or(kept.pictures),
                notices: days(text, "SYNMON_KEEP_DELIVERIES_DAYS")?.unwrap_or(kept.notices),
            },
            minimum_interval: Duration::from_secs(interval.unwrap_or(60)),
            plugin_dir: text("SYNMON_PLUGIN_DIR")?
                .map_or_else(|| data_dir.join("plugins"), PathBuf::from),
            alert_cap: alert_cap(text)?,
            templates_dir: text("SYNMON_TEMPLATES_DIR")?.map(PathBuf::from),
            log_format: log_format(text)?,
            log_filter: text("RUST_LOG")?,
            demo_listen: parsed(
                text,
                "SYNMON_DEMO_LISTEN",
                "an address and port such as 127.0.0.1:8081",
            )?,
            quotas: exposure::quotas(text)?,
            max_connections: parsed(text, "SYNMON_MAX_CONNECTIONS", "a whole number from 1 on")?,
            cors_origins: exposure::cors_origins(text)?,
            metrics_token: exposure::metrics_token(secret(from_file::METRICS_TOKEN)?)?,
            data_dir,
        })
    }
}

/// HMAC-SHA-256 wants a key as long as its output (RFC 7518, section 3.2).
const MIN_SECRET_BYTES: usize = 32;

fn error(name: &'static str, problem: impl fmt::Display) -> ConfigError {
    ConfigError { name, problem: problem.to_string() }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads it")]
fn environment(name: &'static str) -> Result<Option<String>, &'static str> {
    match env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err("is not valid UTF-8"),
    }
}

/// A setting without the white space around it. An empty one counts as unset.
fn text(
    lookup: &impl Fn(&'static str) -> Result<Option<String>, &'static str>,
    name: &'static str,
) -> Result<Option<String>, ConfigError> {
    match lookup(name) {
        Ok(value) => Ok(value.map(|v| v.trim().to_owned()).filter(|v| !v.is_empty())),
        Err(problem) => Err(error(name, problem)),
    }
}

fn log_format(
    text: impl Fn(&'static str) -> Result<Option<String>, ConfigError>,
) -> Result<LogFormat, ConfigError> {
    match text("SYNMON_LOG_FORMAT")?.as_deref() {
        None | Some("text") => Ok(LogFormat::Text),
        Some("json") => Ok(LogFormat::Json),
        Some(_) => Err(error("SYNMON_LOG_FORMAT", "must be text or json")),
    }
}

fn signing_key(
    setting: from_file::SecretSetting,
    secret: Option<String>,
) -> Result<Option<SecretString>, ConfigError> {
    if secret.as_ref().is_some_and(|secret| secret.len() < MIN_SECRET_BYTES) {
        let problem = format!("is shorter than {MIN_SECRET_BYTES} bytes: make a random one");
        return Err(error(setting.name, problem));
    }
    Ok(secret.map(SecretString::from))
}

/// Keys with commas between them: the first seals, all of them open.
fn keyring(list: &str) -> Result<Keyring, ConfigError> {
    const NAME: &str = "SYNMON_SECRETS_KEY";
    let keys = list.split([',', '\n']).map(str::trim).filter(|key| !key.is_empty());
    let keys = keys.map(|key| key.parse::<SealingKey>().map_err(|why| error(NAME, why)));
    Keyring::new(keys.collect::<Result<_, _>>()?).ok_or_else(|| error(NAME, "holds no key"))
}

fn listen(
    program: Program,
    text: impl Fn(&'static str) -> Result<Option<String>, ConfigError>,
) -> Result<Option<SocketAddr>, ConfigError> {
    let default = match program {
        Program::Server => Some(SocketAddr::from(([127, 0, 0, 1], 8080))),
        Program::Worker => None,
    };
    let given = parsed(text, "SYNMON_LISTEN", "an address and port such as 127.0.0.1:8080")?;
    Ok(given.or(default))
}

fn parsed<T: std::str::FromStr>(
    text: impl Fn(&'static str) -> Result<Option<String>, ConfigError>,
    name: &'static str,
    wanted: &str,
) -> Result<Option<T>, ConfigError> {
    text(name)?
        .map(|value| value.parse().map_err(|_| error(name, format_args!("must be {wanted}"))))
        .transpose()
}

/// A number of days, as a length of time.
fn days(
    text: impl Fn(&'static str) -> Result<Option<String>, ConfigError>,
    name: &'static str,
) -> Result<Option<Duration>, ConfigError> {
    let wanted = "a whole number of days, 1 to 3650";
    let days: Option<u64> = parsed(text, name, wanted)?;
    if days.is_some_and(|days| !(1..=3_650).contains(&days)) {
        return Err(error(name, format_args!("must be {wanted}")));
    }
    Ok(days.map(|days| Duration::from_hours(24 * days)))
}

fn alert_cap(
    text: impl Fn(&'static str) -> Result<Option<String>, ConfigError>,
) -> Result<u32, ConfigError> {
    const NAME: &str = "SYNMON_ALERT_CAP";
    const WANTED: &str = "a whole number from 1 to 10000";
    match parsed(text, NAME, WANTED)? {
        None => Ok(AlertCap::default().count),
        Some(count) if (1..=10_000).contains(&count) => Ok(count),
        Some(_) => Err(error(NAME, format_args!("must be {WANTED}"))),
    }
}

/// A comma-separated list of `api`, `scheduler`, `runs` and `notices`.
fn roles(program: Program, list: Option<String>) -> Result<Roles, ConfigError> {
    let server = program == Program::Server;
    let Some(list) = list else {
        return Ok(Roles { api: server, engine: EngineRoles::ALL });
    };
    let none = EngineRoles { scheduler: false, runs: false, notices: false };
    let mut roles = Roles { api: false, engine: none };
    for role in list.split(',').map(str::trim).filter(|role| !role.is_empty()) {
        match role {
            "api" if server => roles.api = true,
            "scheduler" => roles.engine.scheduler = true,
            "runs" => roles.engine.runs = true,
            "notices" => roles.engine.notices = true,
            _ => {
                let api = if server { "api, " } else { "" };
                let wanted = format!("must be a list of {api}scheduler, runs, notices");
                return Err(error("SYNMON_ROLES", wanted));
            }
        }
    }
    Ok(roles)
}

fn public_url(text: &str) -> Result<Url, ConfigError> {
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| {
            error("SYNMON_PUBLIC_URL", "must be an address such as https://synmon.example.com")
        })
}

fn database(url: Option<String>, data_dir: &std::path::Path) -> Result<Database, ConfigError> {
    let Some(url) = url else {
        return Ok(Database::Sqlite(data_dir.join("synmon.db")));
    };
    if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        return Ok(Database::Postgres(url.into()));
    }
    url.strip_prefix("sqlite://")
        .or_else(|| url.strip_prefix("sqlite:"))
        .filter(|path| !path.is_empty() && !path.contains('?'))
        .map(|path| Database::Sqlite(PathBuf::from(path)))
        .ok_or_else(|| error("SYNMON_DATABASE_URL", "must be sqlite://PATH or postgres://…"))
}

fn mail(url: Option<String>, data_dir: &std::path::Path) -> Result<Mail, ConfigError> {
    match url {
        None => Ok(Mail::Folder(data_dir.join("mail"))),
        Some(url) if url.starts_with("smtp://") || url.starts_with("smtps://") => {
            Ok(Mail::Smtp(url.into()))
        }
        Some(_) => Err(error("SYNMON_SMTP_URL", "must begin with smtp:// or smtps://")),
    }
}

impl Database {
    /// What may be shown of it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    pub(super) fn config(settings: &[(&'static str, &str)]) -> Result<Config, ConfigError> {
        let map: HashMap<_, _> = settings.iter().map(|(k, v)| (*k, (*v).to_owned())).collect();
        Config::from_lookup(Program::Server, |name| Ok(map.get(name).cloned()))
    }

    #[test]
    fn without_settings_the_embedded_default_serves() {
        let config = config(&[]).unwrap();
        assert_eq!(config.listen.unwrap().to_string(), "127.0.0.1:8080");
        assert!(
            matches!(&config.database, Database::Sqlite(path) if path.ends_with("data/synmon.db"))
        );
        let artifacts = ArtifactStore::Folder("./data/artifacts".into());
        assert_eq!(format!("{:?}", config.artifacts), format!("{artifacts:?}"));
        assert!(matches!(&config.mail, Mail::Folder(path) if path.ends_with("data/mail")));
        assert!(config.demo_listen.is_none());
        assert_eq!(config.plugin_dir, PathBuf::from("./data/plugins"));
        assert_eq!(config.alert_cap, 10);
    }

    #[test]
    fn the_folder_of_plug_ins_and_the_cap_of_alerts_can_be_set() {
        let settings = [("SYNMON_PLUGIN_DIR", "/opt/plugins"), ("SYNMON_ALERT_CAP", "10000")];
        let config = config(&settings).unwrap();
        assert_eq!(config.plugin_dir, PathBuf::from("/opt/plugins"));
        assert_eq!(config.alert_cap, 10_000);
    }

    #[test]
    fn a_wrong_setting_is_named_and_its_value_is_not_told() {
        for (name, value) in [
            ("SYNMON_LISTEN", "canary"),
            ("SYNMON_ROLES", "api,canary"),
            ("SYNMON_PUBLIC_URL", "canary"),
            ("SYNMON_DATABASE_URL", "mysql://canary"),
            ("SYNMON_ARTIFACTS_URL", "ftp://canary"),
            ("SYNMON_SMTP_URL", "http://canary"),
            ("SYNMON_JWT_SECRET", "canary"),
            ("SYNMON_JWT_SECRET_OLD", "canary"),
            ("SYNMON_SECRETS_KEY", "canary"),
            ("SYNMON_SECRETS_KEY", ", ,"),
            ("SYNMON_WEBDRIVER_URL", "canary"),
            ("SYNMON_CONCURRENCY", "0"),
            ("SYNMON_OWNER_CONCURRENCY", "0"),
            ("SYNMON_KEEP_RUNS_DAYS", "0"),
            ("SYNMON_KEEP_PICTURES_DAYS", "3651"),
            ("SYNMON_KEEP_DELIVERIES_DAYS", "canary"),
            ("SYNMON_MIN_INTERVAL_SECONDS", "canary"),
            ("SYNMON_LOG_FORMAT", "canary"),
            ("SYNMON_DEMO_LISTEN", "canary"),
            ("SYNMON_MAX_FLOWS", "0"),
            ("SYNMON_MAX_RUNS_PER_HOUR", "-1"),
            ("SYNMON_MAX_MESSAGES_PER_DAY", "canary"),
            ("SYNMON_MAX_LETTERS_PER_DAY", "0"),
            ("SYNMON_MAX_STORAGE_MIB", "0"),
            ("SYNMON_MAX_STORAGE_MIB", "canary"),
            ("SYNMON_MAX_CONNECTIONS", "0"),
            ("SYNMON_CORS_ORIGINS", "https://a.test,*"),
            ("SYNMON_CORS_ORIGINS", "https://canary.test/path"),
            ("SYNMON_CORS_ORIGINS", "null"),
            ("SYNMON_METRICS_TOKEN", "canary"),
            ("SYNMON_KEEP_AUDIT_DAYS", "0"),
            ("SYNMON_TRUSTED_PROXIES", "canary"),
            ("SYNMON_RATE_LIMITS", "canary"),
            ("SYNMON_RATE_LIMITS", "log_in=canary"),
            ("SYNMON_ALERT_CAP", "canary"),
            ("SYNMON_ALERT_CAP", "0"),
            ("SYNMON_ALERT_CAP", "-1"),
            ("SYNMON_ALERT_CAP", "10001"),
        ] {
            let message = config(&[(name, value)]).unwrap_err().to_string();
            assert!(message.starts_with(name), "{message}");
            assert!(!message.contains("canary"), "{message}");
        }
    }

    #[test]
    fn what_is_kept_is_set_in_days() {
        let day = Duration::from_hours(24);
        let kept = config(&[]).unwrap().retention;
        assert_eq!((kept.runs, kept.pictures, kept.notices), (90 * day, 14 * day, 90 * day));
        let settings = [
            ("SYNMON_KEEP_RUNS_DAYS", "1"),
            ("SYNMON_KEEP_PICTURES_DAYS", "3650"),
            ("SYNMON_KEEP_DELIVERIES_DAYS", "7"),
        ];
        let kept = config(&settings).unwrap().retention;
        assert_eq!((kept.runs, kept.pictures, kept.notices), (day, 3_650 * day, 7 * day));
    }

    #[test]
    fn secrets_do_not_show_when_settings_are_printed() {
        let shown = format!(
            "{:?}",
            config(&[
                ("SYNMON_DATABASE_URL", "postgres://u:canary@localhost/x"),
                ("SYNMON_SMTP_URL", "smtp://u:canary@localhost"),
                ("SYNMON_JWT_SECRET", "canarycanarycanarycanarycanarycanary"),
                ("SYNMON_JWT_SECRET_OLD", "canarycanarycanarycanarycanarycanary"),
                ("SYNMON_SECRETS_KEY", "canarycanarycanarycanarycanarycanarycanary0"),
                ("SYNMON_WEBDRIVER_URL", "http://u:canary@grid:4444"),
            ])
            .unwrap()
        );
        assert!(!shown.contains("canary"), "{shown}");
    }
}
