//! Browsers of a server that runs as root: as somebody else, in Chromium's sandbox.

use std::{fs, os::unix::fs::PermissionsExt as _, sync::Arc};

use rustix::process::geteuid;
use synmon_core::browser::Browser;
use synmon_drivers::{BrowserUser, CdpBrowser, Client, LocalChromium, Pooling, WebDriverBrowser};
use synmon_testkit::{Site, until};
use tempfile::TempDir;

use crate::{
    fixture::{guarded, installed, open_tab},
    machine::{assert_clean, groups, processes_in},
};

/// A Chromium as somebody else; `None`, loudly, where that is not to be had.
fn confined() -> Option<(LocalChromium, TempDir)> {
    let (config, folder) = installed()?;
    if !geteuid().is_root() {
        eprintln!("SKIPPED: only root can start browsers as somebody else");
        return None;
    }
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let (config, unconfined) = config.confined(None);
    if let Some(why) = unconfined {
        eprintln!("SKIPPED: {why}");
        assert!(config.user.is_none());
        return None;
    }
    assert!(config.user.is_some());
    Some((config, folder))
}

/// A field of what the kernel says of a process.
fn status(pid: i32, field: &str) -> String {
    let all = fs::read_to_string(format!("/proc/{pid}/status"));
    let all = all.unwrap_or_default();
    let line = all.lines().find_map(|line| line.strip_prefix(field)).unwrap_or_default();
    line.trim_start_matches(':').split_whitespace().next().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_process_of_a_browser_is_root_s_and_none_is_left() {
    let Some((config, folder)) = confined() else { return };
    let site = Site::with(&[("/", "<title>fine</title>")]).await;
    let cdp =
        guarded(config.clone(), |config| Arc::new(CdpBrowser::local(config, Pooling::default())));
    let webdriver =
        guarded(config, |config| Arc::new(WebDriverBrowser::local(config, Client::default())));
    for browser in [cdp, webdriver] {
        let mut tab = open_tab(&browser).await;
        tab.open(&site.url("/")).await;
        assert_eq!(tab.title().await, "fine");
        let groups = groups(folder.path());
        let all = processes_in(&groups);
        for (pid, arguments) in &all {
            assert_ne!(status(*pid, "Uid"), "0", "{arguments}");
            assert!(!arguments.contains("--no-sandbox"), "{arguments}");
        }
        // Pages are in processes that may ask the kernel for little.
        let sandboxed = all.iter().filter(|(pid, arguments)| {
            arguments.contains("--type=renderer") && status(*pid, "Seccomp") == "2"
        });
        assert!(sandboxed.count() > 0, "{all:?}");
        tab.close().await;
        browser.shut_down().await;
        until("their end", async || processes_in(&groups).is_empty().then_some(())).await;
    }
    assert_clean(folder.path()).await;
}

/// Where the browser can't get at its folder, or its program, root's own is used, and that is told.
#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_a_browser_from_being_somebody_else_s_is_told() {
    let Some((config, folder)) = installed() else { return };
    let root = geteuid().is_root();
    let closed = folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    let config = LocalChromium { temp_root: closed, ..config };
    let (config, unconfined) = config.confined(None);
    assert_eq!((config.user, unconfined.is_some()), (None, root));
    if let Some(why) = unconfined {
        let why = why.to_string();
        assert!(why.contains("without Chromium's sandbox") && why.contains("SYNMON_BROWSER_USER"));
    }
    assert!(BrowserUser::named("root").is_err());
    assert!(BrowserUser::named("nobody-of-this-name").is_err());
}
