//! A flow's settings on the wire.

use std::collections::BTreeMap;

use poem_openapi::Object;
use synmon_core::flow::{RawBasicAuth, RawSettings};

/// How a flow's browser and its steps are to be; what is left out gets its default.
#[derive(Object)]
#[oai(rename = "FlowSettings", skip_serializing_if_is_none)]
pub(crate) struct SettingsView {
    /// A device to pretend to be, with its viewport, its touch screen and its name for itself.
    device: Option<String>,
    /// The size of the viewport, `1280x720` by default; not beside `device`.
    viewport: Option<String>,
    /// The language and region that pages see (BCP 47): `de-DE`.
    locale: Option<String>,
    /// The IANA time zone that pages see.
    browser_timezone: Option<String>,
    /// What the browser calls itself.
    user_agent: Option<String>,
    /// Headers that go with each request, by name: at most 20. Values, cookies and `basic_auth` may
    /// hold `{{ secret.NAME }}`, `{{ var.NAME }}` and the other places of steps.
    headers: Option<BTreeMap<String, String>>,
    /// A name and a password for the site (HTTP Basic).
    basic_auth: Option<BasicAuthView>,
    /// Cookies that are there from the beginning, each as a server would set it: `name=value;
    /// Path=/; Secure`. At most 50.
    cookies: Option<Vec<String>>,
    /// Whether pages are opened whose certificate is not valid.
    ignore_certificate_errors: Option<bool>,
    /// Hosts that pages get nothing from, with all below them: at most 100.
    block_hosts: Option<Vec<String>>,
    /// How pictures are encoded: `png` (default) or `jpeg`.
    picture_format: Option<String>,
    /// Which form of Chrome: `auto` (default: the one without windows, where it is installed) or
    /// `full`, for pages that need its codecs or its PDF viewer.
    browser_variant: Option<String>,
    /// How long a step may take that does not say: 100 to 60000 milliseconds, 20000 by default.
    step_timeout_ms: Option<i64>,
    /// Whether only the first way to find an element counts. By default a later one is taken where
    /// the first finds nothing, and the log says so (`healed`).
    strict_selectors: Option<bool>,
    /// When the requests of a run are kept as a HAR: `off` (default), `on_failure` or `on`.
    har: Option<String>,
    /// Variables that steps find given, by name: they write `{{ var.NAME }}`. At most 50.
    variables: Option<BTreeMap<String, String>>,
}

/// A name and a password for the site.
#[derive(Object)]
#[oai(rename = "BasicAuth", skip_serializing_if_is_none)]
pub(crate) struct BasicAuthView {
    username: String,
    /// A secret: `{{ secret.NAME }}`; one that is written out is refused. Never in answers. Left out, it stays what
    /// it was for this name.
    #[oai(write_only)]
    password: Option<String>,
}

macro_rules! settings_fields {
    ($from:ident => $to:ident, $basic_auth:expr) => {
        $to {
            device: $from.device,
            viewport: $from.viewport,
            locale: $from.locale,
            browser_timezone: $from.browser_timezone,
            user_agent: $from.user_agent,
            headers: $from.headers,
            basic_auth: $from.basic_auth.map($basic_auth),
            cookies: $from.cookies,
            ignore_certificate_errors: $from.ignore_certificate_errors,
            block_hosts: $from.block_hosts,
            picture_format: $from.picture_format,
            browser_variant: $from.browser_variant,
            step_timeout_ms: $from.step_timeout_ms,
            strict_selectors: $from.strict_selectors,
            har: $from.har,
            variables: $from.variables,
        }
    };
}

impl From<SettingsView> for RawSettings {
    fn from(view: SettingsView) -> Self {
        settings_fields!(view => Self, |auth| RawBasicAuth {
            username: auth.username,
            password: auth.password,
        })
    }
}

impl From<RawSettings> for SettingsView {
    fn from(raw: RawSettings) -> Self {
        settings_fields!(raw => Self, |auth| BasicAuthView {
            username: auth.username,
            password: None,
        })
    }
}
