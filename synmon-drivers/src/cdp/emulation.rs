//! What a flow wants of Chrome, in the terms of its `DevTools` protocol.

use serde_json::{Map, Value, json};
use synmon_core::{
    flow::BrowserSettings,
    step::{Cookie, Header, Viewport},
};

/// What a flow wants of its browser, with what its steps have changed.
#[derive(Debug)]
pub(crate) struct Wishes {
    pub(crate) settings: BrowserSettings,
    major: String,
    /// Whether headers were ever set: taking the last one back must be told, too.
    headers_set: bool,
    /// Whether the size of the viewport was ever changed: changing it back must be told, too.
    viewport_set: bool,
}

impl Wishes {
    pub(crate) fn new(settings: BrowserSettings) -> Self {
        let headers_set = !settings.headers.is_empty();
        Self { settings, major: String::new(), headers_set, viewport_set: false }
    }

    /// The version of the browser, which devices pretend to be.
    pub(crate) fn set_version(&mut self, major: &str) {
        major.clone_into(&mut self.major);
    }

    /// A header that is sent from now on, or no more if its value is empty.
    pub(crate) fn set_header(&mut self, header: &Header) {
        let headers = &mut self.settings.headers;
        headers.retain(|known| !known.name.eq_ignore_ascii_case(&header.name));
        if !header.value.is_empty() {
            headers.push(header.clone());
        }
        self.headers_set = true;
    }

    /// The viewport has this size from now on; a device that was pretended to be is no more.
    pub(crate) fn set_viewport(&mut self, viewport: Viewport) {
        self.settings.viewport = viewport;
        self.settings.device = None;
        self.viewport_set = true;
    }

    /// Tells the size of the viewport even if it is the usual one.
    pub(crate) fn insist_on_viewport(&mut self) {
        self.viewport_set = true;
    }

    /// How many pixels make one CSS pixel.
    pub(crate) fn scale(&self) -> f64 {
        self.settings.device.map_or(1.0, |device| f64::from(device.scale_percent) / 100.0)
    }

    /// Whether the size of the viewport is among the commands.
    pub(crate) fn sets_viewport(&self) -> bool {
        self.viewport_set
            || self.settings.device.is_some()
            || self.settings.viewport != Viewport::default()
    }

    /// What each tab is told.
    pub(crate) fn commands(&self) -> Vec<(&'static str, Value)> {
        let mut commands = Vec::new();
        self.emulate(&mut commands);
        let settings = &self.settings;
        if settings.ignore_certificate_errors {
            let params = json!({ "ignore": true });
            commands.push(("Security.setIgnoreCertificateErrors", params));
        }
        if settings.basic_auth.is_some() {
            // Only of requests that are held back it is told that a password is asked for.
            let all = json!([{ "urlPattern": "*" }]);
            let params = json!({ "handleAuthRequests": true, "patterns": all });
            commands.push(("Fetch.enable", params));
        }
        if !settings.block_hosts.is_empty() {
            let hosts = settings.block_hosts.iter();
            let urls: Vec<_> =
                hosts.flat_map(|host| [format!("*://{host}*"), format!("*://*.{host}*")]).collect();
            commands.push(("Network.setBlockedURLs", json!({ "urls": urls })));
        }
        if self.headers_set {
            let headers: Map<_, _> = settings
                .headers
                .iter()
                .map(|header| (header.name.clone(), header.value.clone().into()))
                .collect();
            commands.push(("Network.setExtraHTTPHeaders", json!({ "headers": headers })));
        }
        commands
    }

    fn emulate(&self, commands: &mut Vec<(&'static str, Value)>) {
        let settings = &self.settings;
        let device = settings.device;
        let viewport = device.map_or(settings.viewport, |device| device.viewport);
        if self.sets_viewport() {
            let scale = self.scale();
            let mobile = device.is_some_and(|device| device.mobile);
            commands.push((
                "Emulation.setDeviceMetricsOverride",
                json!({
                    "width": viewport.width, "height": viewport.height,
                    "screenWidth": viewport.width, "screenHeight": viewport.height,
                    "deviceScaleFactor": scale, "mobile": mobile,
                }),
            ));
            if mobile {
                let touch = json!({ "enabled": true, "maxTouchPoints": 5 });
                commands.push(("Emulation.setTouchEmulationEnabled", touch));
            }
        }
        let agent = settings
            .user_agent
            .clone()
            .or_else(|| device.map(|device| device.user_agent.replace("{major}", &self.major)));
        if agent.is_some() || settings.locale.is_some() {
            let mut params = json!({ "userAgent": agent.unwrap_or_default() });
            if let Some(locale) = &settings.locale {
                let language = locale.split('-').next().unwrap_or(locale);
                params["acceptLanguage"] = format!("{locale},{language}").into();
            }
            commands.push(("Emulation.setUserAgentOverride", params));
        }
        if let Some(locale) = &settings.locale {
            let locale = json!({ "locale": locale.replace('-', "_") });
            commands.push(("Emulation.setLocaleOverride", locale));
        }
        if let Some(zone) = &settings.timezone {
            commands.push(("Emulation.setTimezoneOverride", json!({ "timezoneId": zone })));
        }
    }
}

/// A cookie as Chrome is told of it.
pub(crate) fn cookie(cookie: &Cookie, url: Option<&str>) -> Value {
    let mut params = w3c_cookie(cookie);
    if let Some(url) = url {
        params["url"] = url.into();
    }
    params
}

/// A cookie as W3C `WebDriver` writes it, which Chrome's own way agrees with.
pub(crate) fn w3c_cookie(cookie: &Cookie) -> Value {
    let mut params = json!({
        "name": cookie.name, "value": cookie.value, "path": cookie.path,
        "secure": cookie.secure, "httpOnly": cookie.http_only,
    });
    if let Some(domain) = &cookie.domain {
        params["domain"] = domain.as_str().into();
    }
    if let Some(site) = &cookie.same_site {
        params["sameSite"] = site.as_str().into();
    }
    params
}
