//! The form in which a flow's settings are sent and stored.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::{Deserialize, Serialize};

use super::{BasicAuth, BrowserSettings, DEVICES, choice};
use crate::{
    invalid::{Invalid, check_text},
    nearest,
    schedule::check_timezone,
    step::{Cookie, Header, Variables, is_variable_name, parse_step_timeout},
};

/// How many headers settings may have.
pub const MAX_HEADERS: usize = 20;
/// How many cookies they may have.
pub const MAX_COOKIES: usize = 50;
/// How many hosts they may block.
pub const MAX_BLOCKED_HOSTS: usize = 100;
/// How long the name and the password for a site may be.
pub const MAX_BASIC_AUTH_CHARS: usize = 500;
/// How long a language tag may be.
pub const MAX_LOCALE_CHARS: usize = 35;
/// How many variables they may give.
pub const MAX_VARIABLES: usize = 50;
/// How long the value of a variable may be.
pub const MAX_VARIABLE_CHARS: usize = 5_000;

/// How a flow's steps and its browser are to be, apart from the steps themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlowSettings {
    /// Of the browser.
    pub browser: BrowserSettings,
    /// How long a step may take that does not say.
    pub step_timeout: Option<Duration>,
    /// Whether only the first way to find an element counts: a step that needs another one fails.
    pub strict_selectors: bool,
    /// Variables that steps find given.
    pub variables: Variables,
    /// When the requests of a run are kept as a HAR.
    pub har: HarPolicy,
    /// The settings as they are written down.
    written: RawSettings,
}

choice! {
    /// When the requests of a run are kept as a HAR.
    #[derive(Default)]
    HarPolicy {
        /// Never.
        #[default]
        Off = "off",
        /// When the run has failed.
        OnFailure = "on_failure",
        /// Always.
        On = "on",
    }
}

/// A flow's settings as they are written down: none is checked yet, and what is left out gets its
/// default.
///
/// The JSON of this type is what stores keep, so its names are a promise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RawSettings {
    /// The name of a device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The size of the viewport: `1280x720`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub viewport: Option<String>,
    /// A language and region: `de-DE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// The IANA time zone that pages see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub browser_timezone: Option<String>,
    /// What the browser calls itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// Headers by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<BTreeMap<String, String>>,
    /// A name and a password for the site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basic_auth: Option<RawBasicAuth>,
    /// Cookies, each as a server would set it: `name=value; Path=/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cookies: Option<Vec<String>>,
    /// Whether pages are opened whose certificate is not valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore_certificate_errors: Option<bool>,
    /// Hosts that pages get nothing from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block_hosts: Option<Vec<String>>,
    /// `png` or `jpeg`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture_format: Option<String>,
    /// `auto` or `full`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub browser_variant: Option<String>,
    /// How long a step may take that does not say, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_timeout_ms: Option<i64>,
    /// Whether only the first way to find an element counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict_selectors: Option<bool>,
    /// `off`, `on_failure` or `on`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub har: Option<String>,
    /// Variables that steps find given, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variables: Option<BTreeMap<String, String>>,
}

/// A name and a password for the site as they are written down.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawBasicAuth {
    /// The name.
    pub username: String,
    /// The password; left out, it stays what it was for this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

impl fmt::Debug for RawBasicAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawBasicAuth({}, …)", self.username)
    }
}

impl FlowSettings {
    /// The settings as they are written down.
    #[must_use]
    pub fn written(&self) -> &RawSettings {
        &self.written
    }
}

impl RawSettings {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The same with the password that was there before, where only its name is written: what is
    /// shown of a flow does not hold it, and can be sent back all the same.
    #[must_use]
    pub fn keeping_password_of(mut self, before: &Self) -> Self {
        if let (Some(auth), Some(before)) = (&mut self.basic_auth, &before.basic_auth)
            && auth.password.is_none()
            && auth.username == before.username
        {
            auth.password.clone_from(&before.password);
        }
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn parse(self) -> Result<FlowSettings, Invalid> {
        let mut settings = FlowSettings::default();
        let browser = &mut settings.browser;
        let checks = [
            set(&mut browser.device, "device", self.device.as_deref(), |name| {
                device(name).map(Some)
            }),
            set(&mut browser.viewport, "viewport", self.viewport.as_deref(), str::parse),
            set(&mut browser.locale, "locale", self.locale.as_deref(), |text| {
                locale(text).map(Some)
            }),
            set(
                &mut browser.timezone,
                "browser_timezone",
                self.browser_timezone.as_deref(),
                |zone| {
                    check_timezone(zone).map_err(|e| e.to_string())?;
                    Ok(Some(zone.to_owned()))
                },
            ),
            set(&mut browser.user_agent, "user_agent", self.user_agent.as_deref(), |agent| {
                Header::new("User-Agent", agent).map(|header| Some(header.value))
            }),
            self.set_headers(&mut browser.headers),
            self.set_basic_auth(&mut browser.basic_auth),
            self.set_cookies(&mut browser.cookies),
            self.set_block_hosts(&mut browser.block_hosts),
            self.set_variables(&mut settings.variables),
            set(
                &mut browser.picture_format,
                "picture_format",
                self.picture_format.as_deref(),
                str::parse,
            ),
            set(
                &mut browser.variant,
                "browser_variant",
                self.browser_variant.as_deref(),
                str::parse,
            ),
            set(&mut settings.har, "har", self.har.as_deref(), str::parse),
            self.step_timeout_ms.map_or(Ok(()), |millis| {
                settings.step_timeout = Some(parse_step_timeout("step_timeout_ms", millis)?);
                Ok(())
            }),
            match (&self.device, &self.viewport) {
                (Some(_), Some(_)) => {
                    Err(Invalid::field("viewport", "is the device's: leave one of them out"))
                }
                _ => Ok(()),
            },
        ];
        Invalid::all(checks)?;
        if let Some(device) = settings.browser.device {
            settings.browser.viewport = device.viewport;
        }
        settings.browser.ignore_certificate_errors =
            self.ignore_certificate_errors.unwrap_or(false);
        settings.strict_selectors = self.strict_selectors.unwrap_or(false);
        settings.written = self;
        Ok(settings)
    }

    fn set_headers(&self, headers: &mut Vec<Header>) -> Result<(), Invalid> {
        let written = self.headers.iter().flatten();
        if written.clone().count() > MAX_HEADERS {
            return Err(Invalid::field("headers", format_args!("{MAX_HEADERS} of them at most")));
        }
        for (name, value) in written {
            let header = Header::new(name, value);
            headers.push(header.map_err(|why| Invalid::field(format!("headers.{name}"), why))?);
        }
        Ok(())
    }

    fn set_basic_auth(&self, auth: &mut Option<BasicAuth>) -> Result<(), Invalid> {
        let Some(written) = &self.basic_auth else { return Ok(()) };
        check_text("basic_auth.username", &written.username, MAX_BASIC_AUTH_CHARS)?;
        let password = written.password.as_ref().ok_or_else(|| {
            Invalid::field("basic_auth.password", "is needed with a name that is new")
        })?;
        check_text("basic_auth.password", password, MAX_BASIC_AUTH_CHARS)?;
        if written.username.contains(':') {
            return Err(Invalid::field("basic_auth.username", "can't hold a colon (RFC 7617)"));
        }
        *auth = Some(BasicAuth { username: written.username.clone(), password: password.clone() });
        Ok(())
    }

    fn set_cookies(&self, cookies: &mut Vec<Cookie>) -> Result<(), Invalid> {
        let written = self.cookies.as_deref().unwrap_or_default();
        if written.len() > MAX_COOKIES {
            return Err(Invalid::field("cookies", format_args!("{MAX_COOKIES} of them at most")));
        }
        for (index, cookie) in written.iter().enumerate() {
            let field = || format!("cookies[{index}]");
            cookies.push(cookie.parse().map_err(|why: String| Invalid::field(field(), why))?);
        }
        Ok(())
    }

    fn set_block_hosts(&self, hosts: &mut Vec<String>) -> Result<(), Invalid> {
        let written = self.block_hosts.as_deref().unwrap_or_default();
        if written.len() > MAX_BLOCKED_HOSTS {
            let message = format_args!("{MAX_BLOCKED_HOSTS} of them at most");
            return Err(Invalid::field("block_hosts", message));
        }
        for (index, host) in written.iter().enumerate() {
            let host = host.trim().trim_start_matches("*.").to_ascii_lowercase();
            let fits = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
            if host.is_empty() || host.len() > 253 || !host.chars().all(fits) {
                let field = format!("block_hosts[{index}]");
                return Err(Invalid::field(field, "must be a host, such as stats.example.com"));
            }
            hosts.push(host);
        }
        Ok(())
    }
}

impl RawSettings {
    fn set_variables(&self, variables: &mut Variables) -> Result<(), Invalid> {
        let written = self.variables.iter().flatten();
        if written.clone().count() > MAX_VARIABLES {
            let message = format_args!("{MAX_VARIABLES} of them at most");
            return Err(Invalid::field("variables", message));
        }
        for (name, value) in written {
            let field = format!("variables.{name}");
            if !is_variable_name(name) {
                let message = "has up to 64 letters, digits and _, and does not begin with a digit";
                return Err(Invalid::field(field, message));
            }
            check_text(&field, value, MAX_VARIABLE_CHARS)?;
            variables.insert(name.clone(), value.clone());
        }
        Ok(())
    }
}

fn set<T>(
    field: &mut T,
    name: &str,
    text: Option<&str>,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<(), Invalid> {
    if let Some(text) = text {
        *field = parse(text).map_err(|why| Invalid::field(name, why))?;
    }
    Ok(())
}

fn device(name: &str) -> Result<&'static super::Device, String> {
    DEVICES.iter().find(|device| device.name == name).ok_or_else(|| {
        let names: Vec<&str> = DEVICES.iter().map(|device| device.name).collect();
        match nearest::of(name, &names) {
            Some(near) => format!("is not known; did you mean {near}?"),
            None => format!("is not known; there are {}", names.join(", ")),
        }
    })
}

/// A language tag (BCP 47), as far as its form goes.
fn locale(text: &str) -> Result<String, String> {
    let part = |part: &str| {
        (1..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric())
    };
    let language = text.split('-').next().unwrap_or_default();
    let fits = text.len() <= MAX_LOCALE_CHARS
        && text.split('-').all(part)
        && (2..=3).contains(&language.len())
        && language.chars().all(|c| c.is_ascii_alphabetic());
    fits.then(|| text.to_owned()).ok_or_else(|| "must be a language tag such as de-DE".to_owned())
}
