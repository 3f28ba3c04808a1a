//! What is asked of a browser: constants and the operator's settings, never a flow's data.

use std::path::Path;

use serde_json::{Map, Value, json};
use synmon_core::{browser::SessionRequest, flow::BrowserKind};

/// The size of what is shown, and of each picture.
pub(super) const VIEWPORT: (i64, i64) = (1280, 720);
/// What Chromium's window without a window adds to that in height.
const FRAME_HEIGHT: i64 = 143;
/// The longest time that a page may load: more than a step may take, so the engine cuts first.
pub(super) const PAGE_LOAD_MS: u64 = 65_000;
/// After what time a script of ours is given up and run again: its page may have left without the
/// driver noticing. That a page is busy for long is the engine's to judge.
pub(super) const SCRIPT_MS: u64 = 3_000;

/// What the browser does not need, and what would disturb or leave traces.
const ARGS: [&str; 23] = [
    "--no-first-run",
    "--no-default-browser-check",
    "--no-service-autorun",
    // A page that was left must end: one that is kept would still owe answers to scripts.
    "--disable-back-forward-cache",
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-client-side-phishing-detection",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-features=Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider,\
     AutofillServerCommunication,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable",
    "--disable-quic",
    "--disable-search-engine-choice-screen",
    "--disable-sync",
    "--force-color-profile=srgb",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--host-resolver-rules=MAP *.invalid ~NOTFOUND",
    "--metrics-recording-only",
    "--mute-audio",
    "--password-store=basic",
    "--use-mock-keychain",
];

/// What only a local browser is told.
pub(super) struct Local<'a> {
    pub(super) chromium: &'a Path,
    pub(super) folder: &'a Path,
    pub(super) headless: bool,
    /// As root there is no sandbox to be had.
    pub(super) root: bool,
}

/// The capabilities of a session.
pub(super) fn capabilities(
    request: &SessionRequest,
    proxy: Option<&str>,
    extra_args: &[String],
    local: Option<&Local<'_>>,
) -> Map<String, Value> {
    let prompts = if request.accept_dialogs { "accept and notify" } else { "dismiss and notify" };
    let mut capabilities = json!({
        "browserName": request.browser.as_str(),
        "pageLoadStrategy": "normal",
        "unhandledPromptBehavior": prompts,
        "timeouts": { "pageLoad": PAGE_LOAD_MS, "script": SCRIPT_MS, "implicit": 0 },
    });
    match request.browser {
        BrowserKind::Chrome => {
            capabilities["goog:chromeOptions"] = chrome(proxy, extra_args, local);
        }
        BrowserKind::Firefox => capabilities["moz:firefoxOptions"] = firefox(proxy),
    }
    if local.is_none() {
        // A Grid shows it, so that a session can be traced to its run.
        capabilities["se:name"] = format!("synmon {}", request.run).into();
    }
    match capabilities {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn chrome(proxy: Option<&str>, extra_args: &[String], local: Option<&Local<'_>>) -> Value {
    let mut args: Vec<String> = ARGS.iter().map(|arg| (*arg).to_owned()).collect();
    let (width, height) = VIEWPORT;
    args.push(format!("--window-size={width},{}", height + FRAME_HEIGHT));
    if local.is_none_or(|local| local.headless) {
        args.push("--headless=new".to_owned());
    }
    if let Some(proxy) = proxy {
        args.push(format!("--proxy-server={proxy}"));
        // Without this, loopback addresses go past the proxy.
        args.push("--proxy-bypass-list=<-loopback>".to_owned());
    }
    if let Some(local) = local {
        args.push(format!("--user-data-dir={}", local.folder.join("profile").display()));
        if local.root {
            args.push("--no-sandbox".to_owned());
        }
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

fn firefox(proxy: Option<&str>) -> Value {
    let (width, height) = VIEWPORT;
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
    if let Some((host, port)) = proxy.and_then(host_and_port) {
        prefs["network.proxy.type"] = 1.into();
        prefs["network.proxy.allow_hijacking_localhost"] = true.into();
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
