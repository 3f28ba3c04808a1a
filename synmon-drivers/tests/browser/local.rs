//! What only a browser on this machine can be tested for: its processes and its files.

use synmon_core::browser::{Browser as _, BrowserError, Health};
use synmon_drivers::{Client, LocalChromium, WebDriverBrowser};
use synmon_testkit::{Pages, Site, conformance::browser::HANGS, until};
use tokio::time::timeout;

use crate::{
    fixture::{Chromium, chromium, open_tab, request},
    machine::{assert_clean, assert_clean_after_a_killed_host, kill, processes},
};

const PAGE: Pages = &[("/", "<title>alive</title>")];

#[tokio::test(flavor = "multi_thread")]
async fn closing_leaves_nothing() {
    let Some(Chromium { browser, folder }) = chromium() else {
        return;
    };
    let mut tab = open_tab(&browser).await;
    tab.open(&Site::with(PAGE).await.url("/")).await;
    assert!(!processes(folder.path()).is_empty());
    tab.close().await;
    assert!(processes(folder.path()).is_empty(), "{:?}", processes(folder.path()));
    // Its files go in the background: some disks take their time.
    assert_clean(folder.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_a_session_leaves_nothing() {
    let Some(Chromium { browser, folder }) = chromium() else {
        return;
    };
    let mut tab = open_tab(&browser).await;
    tab.open(&Site::with(PAGE).await.url("/")).await;
    drop(tab);
    assert_clean(folder.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn giving_up_a_start_leaves_nothing() {
    let Some(Chromium { browser, folder }) = chromium() else {
        return;
    };
    let request = request(&browser);
    let started = browser.start(&request);
    tokio::select! {
        _ = started => panic!("it started before it was seen to start"),
        () = until("a browser", async || {
            processes(folder.path()).iter().any(|(_, args)| args.contains("--type=")).then_some(())
        }) => {}
    }
    assert_clean(folder.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_killed_leaves_nothing() {
    let Some(Chromium { folder, .. }) = chromium() else {
        return;
    };
    assert_clean_after_a_killed_host("local::host", folder.path()).await;
}

/// The host that gets killed: the other half of the test above.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "it is started by another test"]
async fn host() {
    let folder = std::env::current_dir().unwrap();
    let browser =
        WebDriverBrowser::local(LocalChromium::new(folder.join("runs")), Client::default());
    let mut tab = open_tab(&browser).await;
    tab.open(&Site::with(PAGE).await.url("/")).await;
    std::fs::write(folder.join("open"), "").unwrap();
    std::future::pending::<()>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_is_killed() {
    let Some(Chromium { browser, folder }) = chromium() else {
        return;
    };
    let site = Site::with(PAGE).await;
    let mut tab = open_tab(&browser).await;
    tab.open(&site.url("/")).await;
    kill(folder.path(), |args| args.contains("--user-data-dir") && !args.contains("--type="));
    let answer = timeout(HANGS, tab.0.page()).await.unwrap();
    assert!(
        matches!(answer, Err(BrowserError::Crashed(_) | BrowserError::SessionLost(_))),
        "{answer:?}"
    );
    let health = timeout(HANGS, tab.0.probe()).await.unwrap();
    assert!(matches!(health, Health::BrowserCrashed { .. }), "{health:?}");
    tab.close().await;
    assert_clean(folder.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_driver_that_is_killed() {
    let Some(Chromium { browser, folder }) = chromium() else {
        return;
    };
    let site = Site::with(PAGE).await;
    let mut tab = open_tab(&browser).await;
    tab.open(&site.url("/")).await;
    kill(folder.path(), |args| args.contains("chromedriver"));
    let answer = timeout(HANGS, tab.0.page()).await.unwrap();
    assert!(matches!(answer, Err(BrowserError::SessionLost(_))), "{answer:?}");
    let health = timeout(HANGS, tab.0.probe()).await.unwrap();
    assert!(matches!(health, Health::Lost { .. }), "{health:?}");
    tab.close().await;
    assert_clean(folder.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_process_that_is_killed() {
    let Some(Chromium { browser, folder }) = chromium() else {
        return;
    };
    let site = Site::with(PAGE).await;
    let mut tab = open_tab(&browser).await;
    tab.open(&site.url("/")).await;
    kill(folder.path(), |args| args.contains("--type=renderer"));
    let answer = timeout(HANGS, tab.0.page()).await.unwrap();
    assert!(matches!(answer, Err(BrowserError::PageCrashed(_))), "{answer:?}");
    let health = timeout(HANGS, tab.0.probe()).await.unwrap();
    assert!(matches!(health, Health::PageCrashed { .. }), "{health:?}");
    tab.close().await;
    assert_clean(folder.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_program_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = LocalChromium::new(folder.path().to_owned());
    config.chromium = Some("/nowhere/chromium".into());
    let browser = WebDriverBrowser::local(config, Client::default());
    let why = browser.ready().await.unwrap_err();
    assert!(why.contains("/nowhere/chromium") || why.contains("chromedriver"), "{why}");
    let Err(error) = browser.start(&request(&browser)).await else { panic!("it has started") };
    assert!(matches!(error, BrowserError::Unavailable(_)), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_does_not_start_is_unavailable() {
    let Some(Chromium { folder, .. }) = chromium() else {
        return;
    };
    let mut config = LocalChromium::new(folder.path().to_owned());
    config.chromium = Some("/bin/false".into());
    let browser = WebDriverBrowser::local(config, Client::default());
    let Err(error) = browser.start(&request(&browser)).await else { panic!("it has started") };
    assert!(matches!(error, BrowserError::Unavailable(_)), "{error}");
    assert_clean(folder.path()).await;
}
