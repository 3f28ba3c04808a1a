//! How Chromium is started, whoever drives it.

use std::path::Path;

use rustix::process::geteuid;

/// What the browser does not need, and what would disturb or leave traces.
const COMMON: [&str; 23] = [
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

/// The arguments of every Chromium.
pub(crate) fn common(proxy: Option<&str>) -> Vec<String> {
    let mut args: Vec<String> = COMMON.iter().map(|arg| (*arg).to_owned()).collect();
    if let Some(proxy) = proxy {
        args.push(format!("--proxy-server={proxy}"));
        // Without this, loopback addresses go past the proxy.
        args.push("--proxy-bypass-list=<-loopback>".to_owned());
    }
    args
}

/// What one on this machine is told besides.
pub(crate) fn local(profile: &Path) -> Vec<String> {
    let mut args = vec![format!("--user-data-dir={}", profile.display())];
    if geteuid().is_root() {
        // As root there is no sandbox to be had.
        args.push("--no-sandbox".to_owned());
    }
    args
}
