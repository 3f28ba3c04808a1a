//! How Chromium is started, whoever drives it.

use std::path::Path;

use rustix::process::geteuid;
use url::Url;

use super::user::BrowserUser;

/// The list of what goes past the proxy: nothing. Without this, loopback addresses would.
pub(crate) const ALL_THROUGH_THE_PROXY: &str = "<-loopback>";

/// What the browser does not need, and what would disturb or leave traces.
const COMMON: [&str; 24] = [
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
    // The browser without windows knows it by one name, the full one by the other.
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    // What pages write to their consoles is not for its own log.
    "--log-level=2",
    "--metrics-recording-only",
    "--mute-audio",
    "--password-store=basic",
    "--use-mock-keychain",
];

/// The arguments of every Chromium.
pub(crate) fn common(proxy: Option<&str>) -> Vec<String> {
    let mut args: Vec<String> = COMMON.iter().map(|arg| (*arg).to_owned()).collect();
    match proxy {
        Some(proxy) => args.extend(through(proxy)),
        None => args.push("--host-resolver-rules=MAP *.invalid ~NOTFOUND".to_owned()),
    }
    args
}

/// What a browser is told that goes through a proxy, and nowhere else.
fn through(proxy: &str) -> [String; 3] {
    let host = Url::parse(proxy).ok().and_then(|url| url.host_str().map(str::to_owned));
    [
        format!("--proxy-server={proxy}"),
        format!("--proxy-bypass-list={ALL_THROUGH_THE_PROXY}"),
        // It asks nobody for a name: the proxy does that.
        format!("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {}", host.unwrap_or_default()),
    ]
}

/// What one on this machine is told besides.
pub(crate) fn local(profile: &Path, user: Option<BrowserUser>) -> Vec<String> {
    let mut args = vec![format!("--user-data-dir={}", profile.display())];
    if user.is_none() && geteuid().is_root() {
        // As root there is no sandbox to be had.
        args.push("--no-sandbox".to_owned());
    }
    args
}
