//! What is asked of a browser: constants and the operator's settings; of a flow's data only what is
//! checked, and as a value.

use std::path::Path;

use serde_json::{Map, Value, json};
use synmon_core::{browser::SessionRequest, flow::BrowserKind, step::Viewport};

use crate::local::{BrowserUser, arguments};

/// What Chromium's window without a window adds to that in height.
const FRAME_HEIGHT: u32 = 143;
/// The longest time that a page may load: more than a step may take, so the engine cuts first.
pub(super) const PAGE_LOAD_MS: u64 = 65_000;
/// After what time a script of ours is given up and run again: its page may have left without the
/// driver noticing. That a page is busy for long is the engine's to judge.
pub(super) const SCRIPT_MS: u64 = 3_000;

/// What only a local browser is told.
pub(super) struct Local<'a> {
    pub(super) chromium: &'a Path,
    pub(super) folder: &'a Path,
    pub(super) user: Option<BrowserUser>,
    pub(super) headless: bool,
}

/// The capabilities of a session.
pub(super) fn capabilities(
    request: &SessionRequest,
    proxy: Option<&str>,
    extra_args: &[String],
    local: Option<&Local<'_>>,
) -> Map<String, Value> {
    let mut capabilities = json!({
        "browserName": request.browser.as_str(),
        "pageLoadStrategy": "normal",
        // We answer dialogs ourselves: how may change from step to step.
        "unhandledPromptBehavior": "ignore",
        "acceptInsecureCerts": request.settings.ignore_certificate_errors,
        "timeouts": { "pageLoad": PAGE_LOAD_MS, "script": SCRIPT_MS, "implicit": 0 },
    });
    match request.browser {
        BrowserKind::Chrome => {
            capabilities["goog:chromeOptions"] = chrome(request, proxy, extra_args, local);
        }
        BrowserKind::Firefox => capabilities["moz:firefoxOptions"] = firefox(request, proxy),
    }
    if local.is_none() {
        // A Grid shows it, so that a session can be traced to its run.
        capabilities["se:name"] = request.tag.as_str().into();
    }
    match capabilities {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn chrome(
    request: &SessionRequest,
    proxy: Option<&str>,
    extra_args: &[String],
    local: Option<&Local<'_>>,
) -> Value {
    let mut args = arguments::common(proxy);
    let Viewport { width, height } = request.settings.viewport;
    args.push(format!("--window-size={width},{}", height + FRAME_HEIGHT));
    if local.is_none_or(|local| local.headless) {
        args.push("--headless=new".to_owned());
    }
    if let Some(local) = local {
        args.extend(arguments::local(&local.folder.join("profile"), local.user));
    }
    args.extend(extra_args.iter().cloned());
    let mut options = json!({
        "args": args,
        "prefs": {
            "autofill.credit_card_enabled": false,
            "autofill.profile_enabled": false,
            "credentials_enable_service": false,
            "download_restrictions": 3,
            "profile.default_content_setting_values.notifications": 2,
            "profile.password_manager_enabled": false,
            "profile.password_manager_leak_detection": false,
            "safebrowsing.enabled": false,
            "search.suggest_enabled": false,
            "signin.allowed": false,
            "translate.enabled": false,
        },
    });
    if let Some(local) = local {
        options["binary"] = local.chromium.display().to_string().into();
    }
    options
}

fn firefox(request: &SessionRequest, proxy: Option<&str>) -> Value {
    let Viewport { width, height } = request.settings.viewport;
    let mut prefs = json!({
        "app.normandy.enabled": false,
        "app.update.disabledForTesting": true,
        "browser.sessionhistory.max_total_viewers": 0,
        "browser.safebrowsing.malware.enabled": false,
        "browser.safebrowsing.phishing.enabled": false,
        "datareporting.policy.dataSubmissionEnabled": false,
        "dom.security.https_only_mode": false,
        "network.captive-portal-service.enabled": false,
        "network.connectivity-service.enabled": false,
        "signon.rememberSignons": false,
        "toolkit.telemetry.reportingpolicy.firstRun": false,
    });
    if let Some(agent) = &request.settings.user_agent {
        prefs["general.useragent.override"] = agent.as_str().into();
    }
    if let Some(locale) = &request.settings.locale {
        prefs["intl.accept_languages"] = locale.as_str().into();
    }
    if let Some((host, port)) = proxy.and_then(host_and_port) {
        prefs["network.proxy.type"] = 1.into();
        // Nothing goes past the proxy: not loopback, nor what fails, nor names, nor calls.
        prefs["network.proxy.allow_hijacking_localhost"] = true.into();
        prefs["network.proxy.failover_direct"] = false.into();
        prefs["network.proxy.no_proxies_on"] = "".into();
        prefs["network.dns.disablePrefetch"] = true.into();
        prefs["network.http.http3.enable"] = false.into();
        prefs["network.http.speculative-parallel-limit"] = 0.into();
        prefs["network.trr.mode"] = 5.into();
        prefs["media.peerconnection.ice.proxy_only"] = true.into();
        for scheme in ["http", "ssl"] {
            prefs[format!("network.proxy.{scheme}")] = host.clone().into();
            prefs[format!("network.proxy.{scheme}_port")] = port.into();
        }
    }
    json!({
        "args": ["-headless", format!("--width={width}"), format!("--height={height}")],
        "prefs": prefs,
    })
}

fn host_and_port(proxy: &str) -> Option<(String, u16)> {
    let url = url::Url::parse(proxy).ok()?;
    Some((url.host_str()?.to_owned(), url.port_or_known_default()?))
}
